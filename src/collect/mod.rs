//! The only I/O.

pub mod http;
