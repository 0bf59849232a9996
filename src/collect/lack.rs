//! What the probe itself can run out of: descriptors, threads, memory. Such a failure says nothing of the pod or its network.

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::error::Error;
use std::io;

/// Whether an error of the kernel is a lack of the probe's own: EMFILE and ENFILE (open(2), socket(2)), ENOMEM, ENOBUFS (connect(2)).
pub fn is_lack(errno: Errno) -> bool {
    matches!(errno, Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS)
}

/// The same for an error and all its causes. An `io::Error` that std made itself has no number, but a kind.
pub fn is_lacking(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            if io.kind() == io::ErrorKind::OutOfMemory || Errno::from_io_error(io).is_some_and(is_lack) {
                return true;
            }
            // An `io::Error` around another error gives that error's source as its own and so skips the error itself.
            if io.get_ref().is_some_and(|inner| is_lacking(inner)) {
                return true;
            }
        }
        next = error.source();
    }
    false
}

/// The error of a thread that could not be started (pthread_create(3): EAGAIN), as a lack.
pub fn no_thread(error: io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::OutOfMemory, format!("no thread can be started: {error}"))
}

/// Fails when fewer than `many` descriptors are left. For calls that would panic without them, or hide that they lacked them.
pub fn spare_descriptors(many: usize) -> io::Result<()> {
    let open = |_| rustix::fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
    let held: Result<Vec<_>, Errno> = (0..many).map(open).collect();
    match held {
        Err(errno) if is_lack(errno) => Err(errno.into()),
        // Another reason for not opening `/` says nothing of descriptors.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_lack_of_the_probes_own() {
        for (errno, expected) in [
            (24, true),  // EMFILE
            (23, true),  // ENFILE
            (12, true),  // ENOMEM
            (105, true), // ENOBUFS
            (13, false), // EACCES
            (1, false),  // EPERM
            (2, false),  // ENOENT
            (5, false),  // EIO
            (40, false), // ELOOP
            (11, false), // EAGAIN: a lack only where a thread was asked for
            (28, false), // ENOSPC
            (99, false), // EADDRNOTAVAIL
        ] {
            let error = io::Error::from_raw_os_error(errno);
            assert_eq!(is_lacking(&error), expected, "{errno}");
            assert_eq!(is_lacking(&io::Error::other(error)), expected, "{errno}, wrapped");
        }
        assert!(is_lacking(&io::Error::from(io::ErrorKind::OutOfMemory)));
        assert!(is_lacking(&no_thread(io::Error::from_raw_os_error(11))));
        assert!(!is_lacking(&io::Error::other("Too many open files")), "words alone prove nothing");
    }

    #[test]
    fn here_are_some_left() {
        assert!(spare_descriptors(4).is_ok());
    }
}
