//! Helpers for text: making it safe to print, removing secrets, times, durations, percent-encoding and XML.

pub mod duration;
pub mod percent;
pub mod printable;
pub mod secrets;
pub mod time;
pub mod xml;
