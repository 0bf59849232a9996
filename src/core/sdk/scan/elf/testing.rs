//! Makes small ELF files for tests.

use elf::abi::{PF_R, PF_W, PT_LOAD, SHF_ALLOC, SHT_PROGBITS, SHT_STRTAB};

/// Of which kind the files are.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// 64 bit, else 32.
    pub wide: bool,
    /// Big-endian, else little.
    pub big: bool,
}

pub const SHAPES: [Shape; 4] = [
    Shape { wide: true, big: false },
    Shape { wide: true, big: true },
    Shape { wide: false, big: false },
    Shape { wide: false, big: true },
];

/// A number of this many bytes.
pub fn number(shape: Shape, value: u64, size: usize) -> Vec<u8> {
    let bytes = value.to_be_bytes()[8 - size..].to_vec();
    if shape.big { bytes } else { bytes.into_iter().rev().collect() }
}

/// Where the first section's bytes lie.
const START: u64 = 256;
/// The address at which they are loaded.
pub const ADDRESS: u64 = 0x40_0000;

/// An ELF file with these sections, which a single writable segment loads. `with_headers` says whether it tells of its sections.
pub fn elf(shape: Shape, sections: &[(&str, &[u8])], with_headers: bool) -> Vec<u8> {
    let word = if shape.wide { 8 } else { 4 };
    let n = |value: u64, size: usize| number(shape, value, size);
    let (mut body, mut names, mut rows) = (Vec::new(), vec![0], vec![(0, 0, 0, 0, 0)]);
    for (name, bytes) in sections.iter().copied() {
        body.resize(body.len().next_multiple_of(16), 0);
        let kind = if name == ".dynstr" { SHT_STRTAB } else { SHT_PROGBITS };
        rows.push((names.len() as u64, kind, u64::from(SHF_ALLOC), START + body.len() as u64, bytes.len() as u64));
        body.extend_from_slice(bytes);
        names.extend_from_slice(name.as_bytes());
        names.push(0);
    }
    let loaded = body.len() as u64;
    rows.push((names.len() as u64, SHT_STRTAB, 0, START + loaded, names.len() as u64 + 10));
    names.extend_from_slice(b".shstrtab\0");
    body.extend_from_slice(&names);
    body.resize(body.len().next_multiple_of(16).max(1024), 0);
    let (header, row, segment) = if shape.wide { (64, 64, 56) } else { (52, 40, 32) };
    let table = if with_headers { START + body.len() as u64 } else { 0 };
    let mut file = vec![0x7f, b'E', b'L', b'F', if shape.wide { 2 } else { 1 }, if shape.big { 2 } else { 1 }, 1];
    file.resize(16, 0);
    let count = if with_headers { rows.len() as u64 } else { 0 };
    let parts = [
        (2, 2),
        (62, 2),
        (1, 4),
        (0, word),
        (header, word),
        (table, word),
        (0, 4),
        (header, 2),
        (segment, 2),
        (1, 2),
        (row, 2),
        (count, 2),
    ];
    parts.iter().for_each(|(value, size)| file.extend(n(*value, *size)));
    file.extend(n(count.saturating_sub(1), 2));
    let (kind, flags) = (n(u64::from(PT_LOAD), 4), n(u64::from(PF_R | PF_W), 4));
    file.extend(kind);
    if shape.wide {
        file.extend(flags.clone());
    }
    [START, ADDRESS, ADDRESS, loaded, loaded].iter().for_each(|value| file.extend(n(*value, word)));
    if !shape.wide {
        file.extend(flags);
    }
    file.extend(n(16, word));
    file.resize(START as usize, 0);
    file.extend(body);
    if with_headers {
        for (name, kind, flags, offset, size) in rows {
            file.extend(n(name, 4));
            file.extend(n(u64::from(kind), 4));
            [flags, if flags == 0 { 0 } else { ADDRESS + offset - START }, offset, size]
                .iter()
                .for_each(|value| file.extend(n(*value, word)));
            file.extend(n(0, 8));
            [16, 0].iter().for_each(|value| file.extend(n(*value, word)));
        }
    }
    file
}
