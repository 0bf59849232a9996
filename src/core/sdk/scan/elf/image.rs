//! The parts of an ELF file, read within bounds: whatever its headers claim, little is read and less is kept.

use super::super::source::{ReadAt, ReadError, read_part};
use elf::abi::{DT_NEEDED, ELFMAGIC, PF_W, PF_X, PT_LOAD, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHN_XINDEX, SHT_NOBITS, SHT_NULL};
use elf::dynamic::Dyn;
use elf::endian::AnyEndian;
use elf::file::{Class, FileHeader, parse_ident};
use elf::parse::{ParseAt, ParsingTable};
use elf::section::SectionHeader;
use elf::segment::ProgramHeader;

/// Bounds of what is read of the headers. A linked file has some 40 sections and 15 segments.
const SECTIONS: usize = 512;
const SEGMENTS: usize = 64;
const NAMES: usize = 16 * 1024;
const DYNAMIC: usize = 8 * 1024;
const LIBRARIES: usize = 64;
const LIBRARY_NAME: usize = 32;

/// Strings are searched in windows of this size, with some bytes before and after, so that what lies on a border is seen whole.
const WINDOW: u64 = 64 * 1024;
const BEFORE: u64 = 64;
const AFTER: u64 = 256;

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Range {
    /// Where it begins.
    pub offset: u64,
    /// Its length. It may be longer than the file.
    pub size: u64,
}

/// The headers of an ELF file.
#[derive(Debug)]
pub(in super::super) struct Elf {
    class: Class,
    endian: AnyEndian,
    sections: Vec<SectionHeader>,
    segments: Vec<ProgramHeader>,
    names: Vec<u8>,
}

impl Elf {
    /// `None` where it is no ELF file, or its header is cut.
    pub fn parse(file: &mut dyn ReadAt) -> Result<Option<Elf>, ReadError> {
        let head = read_part(file, 0, 64)?;
        if !head.starts_with(&ELFMAGIC) || head.len() < 64 {
            return Ok(None);
        }
        let Ok(ident) = parse_ident::<AnyEndian>(&head) else { return Ok(None) };
        let Ok(header) = FileHeader::parse_tail(ident, &head[elf::abi::EI_NIDENT..]) else { return Ok(None) };
        let (class, endian) = (header.class, header.endianness);
        let section_count = usize::from(header.e_shnum).min(SECTIONS);
        let sections = match header.e_shoff {
            0 => Vec::new(),
            offset => table::<SectionHeader>(file, class, endian, offset, section_count, usize::from(header.e_shentsize))?,
        };
        let segments =
            table(file, class, endian, header.e_phoff, usize::from(header.e_phnum).min(SEGMENTS), usize::from(header.e_phentsize))?;
        let names = match sections.get(usize::from(header.e_shstrndx)) {
            Some(section) if header.e_shstrndx != SHN_XINDEX && section.sh_type != SHT_NOBITS => {
                read_part(file, section.sh_offset, usize::try_from(section.sh_size).unwrap_or(usize::MAX).min(NAMES))?
            }
            _ => Vec::new(),
        };
        Ok(Some(Elf { class, endian, sections, segments, names }))
    }

    /// The section of this name that has bytes in the file.
    pub fn section(&self, name: &str) -> Option<Range> {
        let is_it = |section: &&SectionHeader| has_bytes(section) && self.name(section) == name.as_bytes();
        self.sections.iter().find(is_it).map(range)
    }

    /// Whether its sections were stripped.
    pub fn has_sections(&self) -> bool {
        !self.names.is_empty()
    }

    /// Sections of data that the program does not change.
    pub fn read_only_data(&self) -> impl Iterator<Item = Range> + '_ {
        let is_read_only = |section: &&SectionHeader| {
            let flags = section.sh_flags & u64::from(SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR);
            let name = self.name(section);
            // One linker (mold) keeps strings in sections of their own.
            has_bytes(section) && flags == u64::from(SHF_ALLOC) && (name.starts_with(b".rodata") || name.starts_with(b".lrodata"))
        };
        self.sections.iter().filter(is_read_only).map(range)
    }

    /// The first segment of data.
    pub fn data_segment(&self) -> Option<Range> {
        let is_data =
            |segment: &&ProgramHeader| segment.p_type == PT_LOAD && segment.p_flags & (PF_X | PF_W) == PF_W && segment.p_filesz > 0;
        self.segments.iter().find(is_data).map(|segment| Range { offset: segment.p_offset, size: segment.p_filesz })
    }

    /// What the file holds from this address on, to the end of its segment.
    pub fn at_address(&self, address: u64) -> Option<Range> {
        self.segments.iter().filter(|segment| segment.p_type == PT_LOAD).find_map(|segment| {
            let inside = address.checked_sub(segment.p_vaddr)?;
            let size = segment.p_filesz.checked_sub(inside).filter(|size| *size > 0)?;
            Some(Range { offset: segment.p_offset.checked_add(inside)?, size })
        })
    }

    /// The beginnings of the names of the libraries that it needs.
    pub fn needed(&self, file: &mut dyn ReadAt) -> Result<Vec<Vec<u8>>, ReadError> {
        let (Some(dynamic), Some(strings)) = (self.section(".dynamic"), self.section(".dynstr")) else { return Ok(Vec::new()) };
        let bytes = part(file, dynamic, 0, DYNAMIC)?;
        let entries = ParsingTable::<AnyEndian, Dyn>::new(self.endian, self.class, &bytes);
        let mut names = Vec::new();
        for entry in entries.iter().filter(|entry| entry.d_tag == DT_NEEDED).take(LIBRARIES) {
            names.push(part(file, strings, entry.d_val(), LIBRARY_NAME)?);
        }
        Ok(names)
    }

    /// Reads a range in windows. The function gets each window and the positions in it that are its own: what begins before or after them begins in
    /// another window.
    pub fn windows(
        &self,
        file: &mut dyn ReadAt,
        range: Range,
        mut look: impl FnMut(&[u8], std::ops::Range<usize>),
    ) -> Result<(), ReadError> {
        let size = range.size.min(file.size().saturating_sub(range.offset));
        let mut buffer = vec![0; usize::try_from((BEFORE + WINDOW + AFTER).min(size)).unwrap_or_default()];
        let mut at = 0;
        while at < size {
            let (start, end) = (at.saturating_sub(BEFORE), (at + WINDOW + AFTER).min(size));
            let wanted = usize::try_from(end - start).unwrap_or_default().min(buffer.len());
            let mut filled = 0;
            while filled < wanted {
                match file.read_at(range.offset + start + filled as u64, &mut buffer[filled..wanted])? {
                    0 => break,
                    count => filled += count,
                }
            }
            let first = usize::try_from(at - start).unwrap_or_default();
            look(&buffer[..filled], first..first + usize::try_from(WINDOW).unwrap_or_default());
            if filled < wanted {
                break;
            }
            at += WINDOW;
        }
        Ok(())
    }

    fn name(&self, section: &SectionHeader) -> &[u8] {
        let start = usize::try_from(section.sh_name).unwrap_or(usize::MAX);
        let rest = self.names.get(start..).unwrap_or_default();
        memchr::memchr(0, rest).and_then(|end| rest.get(..end)).unwrap_or_default()
    }
}

/// Reads a part of a range: `length` bytes from `at` on, or less where the range or the file ends before.
pub(in super::super) fn part(file: &mut dyn ReadAt, range: Range, at: u64, length: usize) -> Result<Vec<u8>, ReadError> {
    let length = length.min(usize::try_from(range.size.saturating_sub(at)).unwrap_or(usize::MAX));
    match range.offset.checked_add(at) {
        Some(offset) => read_part(file, offset, length),
        None => Ok(Vec::new()),
    }
}

fn range(section: &SectionHeader) -> Range {
    Range { offset: section.sh_offset, size: section.sh_size }
}

fn has_bytes(section: &SectionHeader) -> bool {
    section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL && section.sh_size > 0
}

/// The entries of a table of headers.
fn table<P: ParseAt>(
    file: &mut dyn ReadAt,
    class: Class,
    endian: AnyEndian,
    offset: u64,
    count: usize,
    size: usize,
) -> Result<Vec<P>, ReadError> {
    if P::validate_entsize(class, size).is_err() {
        return Ok(Vec::new());
    }
    let bytes = read_part(file, offset, count * size)?;
    Ok(ParsingTable::<AnyEndian, P>::new(endian, class, &bytes).iter().take(count).collect())
}
