//! What the probe itself can run out of: descriptors, threads, memory. Such a failure says nothing of the pod or its network.

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::error::Error;
use std::io;

/// The errors by which the kernel says so, whatever was asked for: EMFILE and ENFILE (open(2), socket(2)), ENOMEM, ENOBUFS (connect(2)).
pub fn is_lack(errno: Errno) -> bool {
    matches!(errno, Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS)
}

/// The same of an error and of all its causes. An error in `io::Error`'s own words has no number, but a kind.
pub fn is_lacking(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            if io.kind() == io::ErrorKind::OutOfMemory || Errno::from_io_error(io).is_some_and(is_lack) {
                return true;
            }
            // `source` of an error that holds another one is that one's source: the one in between would be missed.
            if io.get_ref().is_some_and(|inner| is_lacking(inner)) {
                return true;
            }
        }
        next = error.source();
    }
    false
}

/// A thread could not be had, for whatever reason (pthread_create(3): EAGAIN): a lack, in words that say so.
pub fn no_thread(error: io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::OutOfMemory, format!("no thread can be started: {error}"))
}

/// Fails when fewer than `many` descriptors are left. For what would panic without them, or hide that it lacked them.
pub fn spare_descriptors(many: usize) -> io::Result<()> {
    let open = |_| rustix::fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
    let held: Result<Vec<_>, Errno> = (0..many).map(open).collect();
    match held {
        Err(errno) if is_lack(errno) => Err(errno.into()),
        // Where `/` cannot be opened for another reason, nothing is known of descriptors.
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
        assert!(!is_lacking(&io::Error::other("Too many open files")), "words alone are anybody's");
    }

    #[test]
    fn here_are_some_left() {
        assert!(spare_descriptors(4).is_ok());
    }
}
