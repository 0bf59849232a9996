//! Which connection is closed when there are too many.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::ServerLimits;

/// What a client has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientActivity {
    /// It has been connected for this time and has not sent a byte.
    Mute(Duration),
    /// The head of its first request has been incomplete for this time.
    Speaking(Duration),
    /// The number of its latest request, counted over all clients.
    Served(u64),
    /// It has had its last answer.
    Leaving,
}

/// What makes room.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Eviction {
    /// Closing this one.
    Close(usize),
    /// Waiting, no longer than this, for one that can be closed.
    Wait(Duration),
}

/// How long a head may take before its client counts as slow. A head that is larger than a packet has arrived by then.
const SLOW: Duration = Duration::from_millis(10);

/// Which client matters least. `clients` are in the order of their arrival.
///
/// 1. One that has had its last answer.
/// 2. The first one that is slow to send its head.
/// 3. The one that was served longest ago, whether it is idle or reads its answer slowly: it has its answer. But clients that send nothing and
///    connect again and again get no more than half of the places in this way.
/// 4. The first one that has sent nothing, once its grace has ended. Until then its request may still arrive. Otherwise many clients that
///    connect at once would all be closed for the next ones before they could send a request, and a probe among them.
///
/// The newest is never closed, because it had no time to send its request.
pub(super) fn choose_eviction(clients: &[ClientActivity], grace: Duration, places: usize) -> Eviction {
    let others = clients.len().saturating_sub(1);
    let others = || clients.iter().copied().enumerate().take(others);
    let first = |wanted: fn(&ClientActivity) -> bool| others().find(|(_, client)| wanted(client)).map(|(index, _)| index);
    let slow = |client: &ClientActivity| matches!(client, ClientActivity::Speaking(time) if *time >= SLOW);
    if let Some(index) = first(|client| *client == ClientActivity::Leaving).or_else(|| first(slow)) {
        return Eviction::Close(index);
    }
    let unserved = others().filter(|(_, client)| matches!(client, ClientActivity::Mute(_) | ClientActivity::Speaking(_))).count();
    let longest_ago =
        others().filter_map(|(index, client)| if let ClientActivity::Served(number) = client { Some((number, index)) } else { None }).min();
    if let Some((_, index)) = longest_ago.filter(|_| unserved <= places / 2) {
        return Eviction::Close(index);
    }
    let mute = others().find_map(|(index, client)| if let ClientActivity::Mute(time) = client { Some((index, time)) } else { None });
    match mute {
        Some((index, time)) if time >= grace => Eviction::Close(index),
        Some((_, time)) => Eviction::Wait(grace - time),
        // A head is on its way, or there is none but the newest.
        None => Eviction::Wait(SLOW),
    }
}

/// How long to wait for a client that has sent nothing. It depends on the clients before it. If they sent requests late, because their machine is
/// busy, it is almost [`ServerLimits::grace`]. If they sent nothing, it is a twentieth of it, so that thousands of them are closed soon.
pub(super) struct Patience {
    longest: u64,
    micros: AtomicU64,
}

impl Patience {
    pub(super) fn new(limits: &ServerLimits) -> Self {
        let longest = u64::try_from(limits.grace.as_micros()).unwrap_or(u64::MAX);
        Self { longest, micros: AtomicU64::new(longest) }
    }

    pub(super) fn grace(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed))
    }

    /// A client was heard.
    pub(super) fn client_spoke(&self) {
        let more = self.micros.load(Ordering::Relaxed).saturating_add(self.longest / 10);
        self.micros.store(more.min(self.longest), Ordering::Relaxed);
    }

    /// One was waited for in vain.
    pub(super) fn waited_in_vain(&self) {
        let less = self.micros.load(Ordering::Relaxed) / 10 * 9;
        self.micros.store(less.max(self.longest / 20), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ClientActivity::{Leaving, Mute, Served, Speaking};
    use Eviction::{Close, Wait};

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn which_connection_is_closed() {
        let (new, old) = (Mute(ms(1)), Mute(ms(25)));
        for (clients, expected) in [
            // The newest is spared, whatever it is.
            (vec![Served(7), Leaving], Close(0)),
            (vec![Speaking(ms(99)), Speaking(ms(99))], Close(0)),
            (vec![old], Wait(SLOW)),
            (vec![], Wait(SLOW)),
            // The one that leaves, before all others.
            (vec![old, Speaking(ms(99)), Served(3), Leaving, Served(9)], Close(3)),
            // The first one that is slow.
            (vec![old, Served(3), Speaking(ms(10)), Speaking(ms(99)), Served(4)], Close(2)),
            // None that may only be late, while others have been served: of those, the one served longest ago.
            (vec![Served(8), Served(3), Served(4), old, new], Close(1)),
            (vec![old, Served(8), Served(3), Speaking(ms(9)), Served(5)], Close(2)),
            // When most are not served yet, the first that is mute, once it has had its grace.
            (vec![Served(8), new, old, old, new], Wait(ms(24))),
            (vec![Served(8), old, new, new, new], Close(1)),
            (vec![Served(8), Speaking(ms(9)), old, new, new], Close(2)),
            (vec![old, new], Close(0)),
            // Nor is a head interrupted that has just begun.
            (vec![Speaking(ms(1)), Speaking(ms(1)), Speaking(ms(1)), Speaking(ms(1)), new], Wait(SLOW)),
            // All have been served.
            (vec![Served(8), Served(3), Served(4), Served(2), Served(1)], Close(3)),
        ] {
            assert_eq!(choose_eviction(&clients, ms(25), 4), expected, "{clients:?}");
        }
    }

    #[test]
    fn patience_is_for_those_who_talk() {
        let patience = Patience::new(&ServerLimits { grace: ms(100), ..ServerLimits::default() });
        assert_eq!(patience.grace(), ms(100));
        let mut waited = Duration::ZERO;
        for _ in 0..1000 {
            waited += patience.grace();
            patience.waited_in_vain();
        }
        assert_eq!(patience.grace(), ms(5));
        assert!(waited / 64 < ms(100), "a thousand mute clients hold up the next one for {:?}", waited / 64);
        // Where one in five is waited for in vain, the others have their time.
        for _ in 0..100 {
            (0..4).for_each(|_| patience.client_spoke());
            patience.waited_in_vain();
        }
        assert!(patience.grace() >= ms(80), "{:?}", patience.grace());
        patience.client_spoke();
        patience.client_spoke();
        assert_eq!(patience.grace(), ms(100));
    }
}
