//! A file that is read in parts.

use std::fmt;

/// A file that can be read at any place. Nothing more of it is read than a parser asks for.
pub trait ReadAt {
    /// Its size in bytes.
    fn size(&self) -> u64;

    /// Reads from this offset on, as much as the buffer holds or the file has. 0 at the end. The error ends the parsing.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, ReadError>;
}

/// Why a file could not be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadError {
    /// The file system said so.
    Io,
    /// A bound of the scan was met. The scan ends.
    Bound,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReadError::Io => "it could not be read",
            ReadError::Bound => "a limit of the scan was reached",
        })
    }
}

impl std::error::Error for ReadError {}

/// Bytes in memory.
impl ReadAt for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// Reads a part of the file: `length` bytes from `offset` on, or less where the file ends before.
pub fn read_part(file: &mut dyn ReadAt, offset: u64, length: usize) -> Result<Vec<u8>, ReadError> {
    let there = usize::try_from(file.size().saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; length.min(there)];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(offset + filled as u64, &mut bytes[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Reads the whole file. `None` where it is larger than `cap` bytes.
pub fn read_all(file: &mut dyn ReadAt, cap: usize) -> Result<Option<Vec<u8>>, ReadError> {
    if file.size() > cap as u64 {
        return Ok(None);
    }
    read_part(file, 0, cap).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_with_the_file() {
        let mut file: &[u8] = b"0123456789";
        assert_eq!(read_part(&mut file, 8, 5).unwrap(), b"89");
        assert_eq!(read_part(&mut file, 2, 3).unwrap(), b"234");
        assert_eq!(read_part(&mut file, u64::MAX, 3).unwrap(), b"");
        assert_eq!(read_all(&mut file, 10).unwrap().unwrap(), b"0123456789");
        assert_eq!(read_all(&mut file, 9).unwrap(), None);
    }
}
