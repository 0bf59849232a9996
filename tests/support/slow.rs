//! Distance: a connection on which every turn of the conversation costs a round trip.
//!
//! What the client sends after the server has spoken (or first of all) arrives one round trip late. TCP's own handshake stays as fast as loopback is.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// A stream, one round trip away.
pub struct Slow<I> {
    io: I,
    round_trip: Duration,
    /// It is the client's turn: what it says next is late.
    turn: bool,
    /// What has arrived and is not yet due.
    held: Option<(Vec<u8>, Pin<Box<Sleep>>)>,
}

impl<I> Slow<I> {
    pub const fn new(io: I, round_trip: Duration) -> Self {
        Self { io, round_trip, turn: true, held: None }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Slow<I> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.held.is_none() {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut this.io).poll_read(context, buffer))?;
            if !this.turn || this.round_trip.is_zero() || buffer.filled().len() == before {
                return Poll::Ready(Ok(()));
            }
            let bytes = buffer.filled()[before..].to_vec();
            buffer.set_filled(before);
            this.held = Some((bytes, Box::pin(sleep(this.round_trip))));
        }
        if let Some((bytes, due)) = &mut this.held {
            ready!(due.as_mut().poll(context));
            let now = bytes.len().min(buffer.remaining());
            buffer.put_slice(&bytes[..now]);
            bytes.drain(..now);
            if bytes.is_empty() {
                this.held = None;
                this.turn = false;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Slow<I> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.turn = true;
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
