//! Zip archives: the directory, and single files of them. Neither needs the archive in memory.

use super::source::{ReadAt, ReadError};
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};
use rawzip::{CompressionMethod, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder};
use std::cell::{Cell, RefCell};
use std::io;

/// A directory is read in parts of this size. A single entry of it has to fit.
const DIRECTORY_BUFFER: usize = 64 * 1024;
/// The end record lies within this many bytes of the end: its comment has 16 bits of length.
const END_RECORD_SPACE: u64 = 64 * 1024 + 1024;
/// A compressed file is read in parts of this size.
const PART: usize = 8 * 1024;

/// How many entries of directories may still be read: one count for an archive and all that it holds.
#[derive(Debug)]
pub(super) struct EntryBudget(Cell<u32>);

impl EntryBudget {
    /// This many.
    pub(super) const fn new(entries: u32) -> EntryBudget {
        EntryBudget(Cell::new(entries))
    }

    /// Takes some of them. `false` where there are less.
    pub(super) fn take(&self, entries: u32) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(entries));
        left >= entries
    }
}

/// Whether a directory was read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    /// It was, or the caller had enough.
    Whole,
    /// It is damaged.
    Damaged,
    /// The budget is used up.
    Cut,
}

/// A zip archive.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Shared<'a>>,
}

/// A file in an archive.
#[derive(Debug, Clone, Copy)]
pub(super) struct ArchiveEntry {
    method: CompressionMethod,
    place: ZipArchiveEntryWayfinder,
    is_encrypted: bool,
}

impl ArchiveEntry {
    /// It lies there as it is, without compression.
    pub(super) fn is_stored(&self) -> bool {
        self.method == CompressionMethod::STORE && !self.is_encrypted
    }

    /// Its size, as the directory claims it.
    pub(super) fn claimed_size(&self) -> u64 {
        self.place.uncompressed_size_hint()
    }
}

impl<'a> Archive<'a> {
    /// Finds the directory. `None` where this is no zip archive. Bytes before the archive (a script that starts it) do no harm.
    pub(super) fn open(file: &'a mut dyn ReadAt) -> Result<Option<Archive<'a>>, ReadError> {
        let size = file.size();
        let mut buffer = vec![0; END_RECORD_SPACE.min(size.max(1024)) as usize];
        let located = ZipArchive::with_max_search_space(END_RECORD_SPACE).locate_in_reader(Shared::new(file), &mut buffer, size);
        match located {
            Ok(zip) => zip.get_ref().check().map(|()| Some(Archive { zip })),
            Err((shared, _)) => shared.check().map(|()| None),
        }
    }

    /// Calls `each` with the name of every file in the directory, until it says `false`.
    pub(super) fn list(
        &self,
        budget: &EntryBudget,
        mut each: impl FnMut(&[u8], ArchiveEntry) -> Result<bool, ReadError>,
    ) -> Result<Listing, ReadError> {
        let mut buffer = vec![0; DIRECTORY_BUFFER];
        let mut entries = self.zip.entries(&mut buffer);
        loop {
            let entry = match entries.next_entry() {
                Ok(Some(entry)) => entry,
                Ok(None) => return Ok(Listing::Whole),
                Err(_) => return self.zip.get_ref().check().map(|()| Listing::Damaged),
            };
            if !budget.take(1) {
                return Ok(Listing::Cut);
            }
            let name = entry.file_path();
            let found =
                ArchiveEntry { method: entry.compression_method(), place: entry.wayfinder(), is_encrypted: entry.flags().is_encrypted() };
            if !name.is_dir() && !each(name.as_bytes(), found)? {
                return Ok(Listing::Whole);
            }
        }
    }

    /// Reads a file. `None` where it is larger than `cap` bytes, whatever the directory claims, or damaged.
    pub(super) fn read(&self, entry: ArchiveEntry, cap: usize) -> Result<Option<Vec<u8>>, ReadError> {
        if entry.is_encrypted || entry.claimed_size() > cap as u64 {
            return Ok(None);
        }
        let Some(mut data) = self.data(entry)? else {
            return Ok(None);
        };
        match entry.method {
            CompressionMethod::STORE => super::read_all(&mut data, cap),
            CompressionMethod::DEFLATE => inflated(&mut data, cap),
            _ => Ok(None),
        }
    }

    /// A stored file, as a file that can be read at any place. Nothing is copied.
    pub(super) fn window(&self, entry: ArchiveEntry) -> Result<Option<ArchiveWindow<'_, 'a>>, ReadError> {
        if entry.is_stored() { self.data(entry) } else { Ok(None) }
    }

    /// The bytes of a file as they lie in the archive.
    fn data(&self, entry: ArchiveEntry) -> Result<Option<ArchiveWindow<'_, 'a>>, ReadError> {
        let shared = self.zip.get_ref();
        let Ok(found) = self.zip.get_entry(entry.place) else {
            return shared.check().map(|()| None);
        };
        let (start, end) = found.compressed_data_range();
        let size = shared.file.borrow().size();
        Ok((end <= size).then(|| ArchiveWindow { shared, start, size: end.saturating_sub(start) }))
    }
}

/// A part of an archive.
pub(super) struct ArchiveWindow<'w, 'a> {
    shared: &'w Shared<'a>,
    start: u64,
    size: u64,
}

impl ReadAt for ArchiveWindow<'_, '_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let there = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX).min(buffer.len());
        if there == 0 {
            return Ok(0);
        }
        self.shared.file.borrow_mut().read_at(self.start.saturating_add(offset), &mut buffer[..there])
    }
}

/// Inflates a file, part by part. `None` where it is larger than `cap` bytes, or damaged.
fn inflated(data: &mut dyn ReadAt, cap: usize) -> Result<Option<Vec<u8>>, ReadError> {
    let mut state = InflateState::new_boxed(DataFormat::Raw);
    let (mut output, mut part, mut space) = (Vec::new(), vec![0; PART], vec![0; PART]);
    let mut offset = 0;
    loop {
        let count = data.read_at(offset, &mut part)?;
        offset += count as u64;
        let mut rest = &part[..count];
        loop {
            let step = inflate(&mut state, rest, &mut space, MZFlush::None);
            rest = rest.get(step.bytes_consumed..).unwrap_or_default();
            if output.len() + step.bytes_written > cap {
                return Ok(None);
            }
            output.extend_from_slice(&space[..step.bytes_written]);
            match step.status {
                Ok(MZStatus::StreamEnd) => return Ok(Some(output)),
                Ok(_) if step.bytes_written == space.len() || !rest.is_empty() => {}
                Ok(_) => break,
                // It wants more bytes.
                Err(miniz_oxide::MZError::Buf) => break,
                Err(_) => return Ok(None),
            }
            if step.bytes_consumed == 0 && step.bytes_written == 0 {
                break;
            }
        }
        if count == 0 {
            return Ok(None);
        }
    }
}

/// The file under an archive, for all that read from it. It keeps the error of the file, which the zip crate does not know.
struct Shared<'a> {
    file: RefCell<&'a mut dyn ReadAt>,
    failed: Cell<Option<ReadError>>,
}

impl<'a> Shared<'a> {
    fn new(file: &'a mut dyn ReadAt) -> Shared<'a> {
        Shared { file: RefCell::new(file), failed: Cell::new(None) }
    }

    fn check(&self) -> Result<(), ReadError> {
        self.failed.get().map_or(Ok(()), Err)
    }
}

impl ReaderAt for Shared<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.borrow_mut().read_at(offset, buffer).map_err(|error| {
            self.failed.set(Some(error));
            io::ErrorKind::Other.into()
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::core::sdk::scan::source::read_all;
    use miniz_oxide::deflate::compress_to_vec;

    /// A file for `zip`.
    #[derive(Debug, Clone)]
    pub(in super::super) struct File {
        name: String,
        method: u16,
        data: Vec<u8>,
        size: u32,
    }

    pub(in super::super) fn stored(name: &str, bytes: &[u8]) -> File {
        File { name: name.to_owned(), method: 0, data: bytes.to_vec(), size: bytes.len() as u32 }
    }

    pub(in super::super) fn packed(name: &str, bytes: &[u8]) -> File {
        File { name: name.to_owned(), method: 8, data: compress_to_vec(bytes, 6), size: bytes.len() as u32 }
    }

    /// An entry of the directory, or the header before a file, which is the same without some fields.
    fn header(file: &File, local: bool, offset: usize) -> Vec<u8> {
        let two = |number: usize| (number as u16).to_le_bytes();
        let four = |number: usize| (number as u32).to_le_bytes();
        let mut bytes = if local { b"PK\x03\x04".to_vec() } else { b"PK\x01\x02\x14\0".to_vec() };
        bytes.extend([20, 0, 0, 0]);
        bytes.extend(file.method.to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(four(file.data.len()));
        bytes.extend(file.size.to_le_bytes());
        bytes.extend(two(file.name.len()));
        bytes.extend([0; 2]);
        if !local {
            bytes.extend([0; 10]);
            bytes.extend(four(offset));
        }
        bytes.extend(file.name.as_bytes());
        bytes
    }

    fn end(entries: usize, size: usize, offset: usize) -> Vec<u8> {
        let mut bytes = b"PK\x05\x06\0\0\0\0".to_vec();
        for _ in 0..2 {
            bytes.extend((entries.min(0xFFFF) as u16).to_le_bytes());
        }
        bytes.extend((size as u32).to_le_bytes());
        bytes.extend((offset as u32).to_le_bytes());
        bytes.extend([0; 2]);
        bytes
    }

    /// A zip archive with these files.
    pub(in super::super) fn zip(files: &[File]) -> Vec<u8> {
        let (mut bytes, mut directory) = (Vec::new(), Vec::new());
        for file in files {
            directory.extend(header(file, false, bytes.len()));
            bytes.extend(header(file, true, 0));
            bytes.extend(&file.data);
        }
        let offset = bytes.len();
        bytes.extend(&directory);
        bytes.extend(end(files.len(), directory.len(), offset));
        bytes
    }

    /// A zip archive whose entries are all the same file, which lies there once.
    pub(in super::super) fn overlapping(data: &[u8], names: &[String]) -> Vec<u8> {
        let mut bytes = header(&stored("x", data), true, 0);
        bytes.extend(data);
        let offset = bytes.len();
        let directory: Vec<u8> = names.iter().flat_map(|name| header(&stored(name, data), false, 0)).collect();
        bytes.extend(&directory);
        bytes.extend(end(names.len(), directory.len(), offset));
        bytes
    }

    fn names(mut bytes: &[u8], entries: u32) -> Option<(Vec<String>, Listing)> {
        let archive = Archive::open(&mut bytes).unwrap()?;
        let mut names = Vec::new();
        let listing = archive.list(&EntryBudget::new(entries), |name, _| {
            names.push(String::from_utf8_lossy(name).into_owned());
            Ok(true)
        });
        Some((names, listing.unwrap()))
    }

    fn content(mut bytes: &[u8], cap: usize) -> Option<Vec<u8>> {
        let archive = Archive::open(&mut bytes).unwrap().unwrap();
        let mut content = None;
        archive
            .list(&EntryBudget::new(9), |_, entry| {
                content = archive.read(entry, cap)?;
                Ok(false)
            })
            .unwrap();
        content
    }

    #[test]
    fn the_directory_is_listed() {
        let bytes = zip(&[stored("a", b"1"), packed("b/c", b"2"), stored("d/", b"")]);
        assert_eq!(names(&bytes, 9), Some((vec!["a".to_owned(), "b/c".to_owned()], Listing::Whole)));
        assert_eq!(names(&bytes, 1), Some((vec!["a".to_owned()], Listing::Cut)));
        assert_eq!(names(&[b"#!/bin/sh\n", bytes.as_slice()].concat(), 9).unwrap().0.len(), 2);
        assert_eq!(names(&bytes[..bytes.len() - 1], 9), None);
        assert_eq!(names(b"", 9), None);
        assert_eq!(names(b"PK", 9), None);
        let damaged = [&bytes[..bytes.len() - 30], b"x", &bytes[bytes.len() - 29..]].concat();
        assert_ne!(names(&damaged, 9).map(|(_, listing)| listing), Some(Listing::Cut));
    }

    #[test]
    fn the_ends_of_large_archives_are_known() {
        let bytes = zip(&[stored("a", b"1"), packed("b/c", b"2")]);
        let (files, offset) =
            (&bytes[..bytes.len() - 22], u64::from(u32::from_le_bytes(bytes[bytes.len() - 6..bytes.len() - 2].try_into().unwrap())));
        let mut large = files.to_vec();
        large.extend(b"PK\x06\x06");
        large.extend(44u64.to_le_bytes());
        large.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [2, 2, files.len() as u64 - offset, offset] {
            large.extend(number.to_le_bytes());
        }
        large.extend(b"PK\x06\x07\0\0\0\0");
        large.extend((files.len() as u64).to_le_bytes());
        large.extend([1, 0, 0, 0]);
        large.extend(b"PK\x05\x06\0\0\0\0");
        large.extend([0xFF; 12]);
        large.extend([0, 0]);
        assert_eq!(names(&large, 9), names(&bytes, 9));
        assert_eq!(names(&large, 9).unwrap().0.len(), 2);
    }

    #[test]
    fn a_file_is_read_up_to_the_cap() {
        let text: Vec<u8> = (0..100_000u32).flat_map(|number| (number % 251 * number % 17).to_le_bytes()).collect();
        for file in [stored("a", &text), packed("a", &text)] {
            let bytes = zip(&[file]);
            assert!(content(&bytes, text.len()).as_ref() == Some(&text));
            assert_eq!(content(&bytes, text.len() - 1), None);
        }
        assert_eq!(content(&zip(&[packed("a", b"")]), 9), Some(Vec::new()));
    }

    #[test]
    fn a_bomb_is_larger_than_it_claims() {
        let bomb = File { size: 9, ..packed("a", &vec![0; 10_000_000]) };
        assert!(bomb.data.len() < 20_000);
        assert_eq!(content(&zip(&[bomb]), 1_000_000), None);
    }

    #[test]
    fn a_damaged_file_is_none() {
        let whole = packed("a", b"some text that is not that short, not that short at all");
        for end in 0..whole.data.len() {
            assert_eq!(content(&zip(&[File { data: whole.data[..end].to_vec(), ..whole.clone() }]), 1_000), None, "{end}");
        }
        assert_eq!(content(&zip(&[File { method: 12, ..whole.clone() }]), 1_000), None);
        assert_eq!(content(&zip(&[File { data: vec![0xFF; 90], ..whole }]), 1_000), None);
    }

    #[test]
    fn a_stored_file_is_read_in_place() {
        let bytes = zip(&[stored("a", b"0123456789")]);
        let mut file = bytes.as_slice();
        let archive = Archive::open(&mut file).unwrap().unwrap();
        archive
            .list(&EntryBudget::new(9), |_, entry| {
                let mut window = archive.window(entry)?.unwrap();
                assert_eq!(read_all(&mut window, 10)?.unwrap(), b"0123456789");
                assert_eq!(window.read_at(8, &mut [0; 9]), Ok(2));
                assert_eq!(window.read_at(u64::MAX, &mut [0; 9]), Ok(0));
                Ok(true)
            })
            .unwrap();
    }
}
