//! Text as such: what may be shown of it, secrets in it, times, durations, percent-encoding and XML.

pub mod duration;
pub mod percent;
pub mod printable;
pub mod secrets;
pub mod time;
pub mod xml;
