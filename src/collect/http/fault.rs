//! Why a phase failed.

use crate::core::evidence::exchange::FailureKind;

/// A failure before its phase is added, and whether a deadline caused it: the SDK tells timeouts from I/O errors.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: FailureKind,
    pub(super) text: String,
    pub(super) timed_out: bool,
}

impl Fault {
    pub(super) fn new(kind: FailureKind, text: String) -> Self {
        Self { kind, text, timed_out: false }
    }

    pub(super) fn timeout(kind: FailureKind, text: String) -> Self {
        Self { kind, text, timed_out: true }
    }
}
