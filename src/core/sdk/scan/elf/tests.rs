use super::testing::{ADDRESS, SHAPES, Shape, elf, number};
use super::*;
use miniz_oxide::deflate::compress_to_vec_zlib;

const PATH: &str = "/app/server";
const LIST: &str = "path\texample.org/app\nmod\texample.org/app\t(devel)\t\ndep\tgithub.com/aws/aws-sdk-go\tv1.44.1-0.20230101000000-abcdefabcdef\th1:x=\n\
    dep\tgithub.com/aws/aws-sdk-go-v2\tv1.21.2\th1:x=\ndep\tgithub.com/aws/aws-sdk-go-v2/config\tv1.18.45\th1:x=\n\
    dep\tgithub.com/aws/aws-sdk-go-v2/configsources\tv1.1.1\th1:x=\ndep\tgithub.com/aws/aws-sdk-go-v2/service/sts\tv1.23.2\th1:x=\n\
    dep\tgithub.com/other/aws-sdk-go\tv1.0.0\th1:x=\nbuild\t-compiler=gc\n";
const CONFIG: &str = "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/aws-config-1.5.10/src/default_provider/region.rs";
const AGENT: &[u8] = b"\0aws-sdk-cpp/\0";
const CHAIN: &[u8] = b"\0AWS_SECRET_ACCESS_KEY\0";
const VERSION: &[u8] = b"s3-external-1\x001.11.591\0GCC#14.2.1\0";
const RUSTC: (&str, &[u8]) = (".comment", b"GCC: (Debian 12.2.0)\0rustc version 1.95.0 (59807616e 2026-04-14)\0");
const SHAPE: Shape = SHAPES[0];

fn candidate(size: u64) -> FileCandidate<'static> {
    FileCandidate { path: PATH, folder: "/app", name: "server", size, executable: true }
}

fn packages(file: &[u8]) -> Vec<Package> {
    read(&candidate(file.len() as u64), &mut &*file).unwrap()
}

/// The names and versions that a file tells.
fn found(file: &[u8]) -> Vec<(String, Option<String>)> {
    packages(file).into_iter().map(|package| (package.name, package.version)).collect()
}

fn one(name: &str, version: Option<&str>) -> Vec<(String, Option<String>)> {
    vec![(name.to_owned(), version.map(str::to_owned))]
}

/// The build info as Go writes it since 1.18.
fn build_info(list: &str) -> Vec<u8> {
    let list = if list.is_empty() { String::new() } else { format!("0123456789abcdef{list}0123456789abcdef") };
    let mut info = b"\xff Go buildinf:\x08\x02".to_vec();
    info.resize(32, 0);
    info.extend(b"\x06go1.26");
    let mut size = list.len();
    while size > 0x7f {
        info.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    info.push(size as u8);
    info.extend(list.as_bytes());
    info
}

/// The build info as Go wrote it up to 1.17, at the start of the data.
fn old_build_info(shape: Shape, list: &str) -> Vec<u8> {
    let word = if shape.wide { 8 } else { 4 };
    let list = format!("0123456789abcdef{list}0123456789abcdef");
    let mut info = b"\xff Go buildinf:".to_vec();
    info.extend([word as u8, u8::from(shape.big)]);
    [ADDRESS + 64, ADDRESS + 64].iter().for_each(|at| info.extend(number(shape, *at, word)));
    info.resize(64, 0);
    [ADDRESS + 128, list.len() as u64].iter().for_each(|value| info.extend(number(shape, *value, word)));
    info.resize(128, 0);
    info.extend(list.as_bytes());
    info
}

fn rust(strings: &[u8]) -> Vec<u8> {
    elf(SHAPE, &[(".rodata", strings), RUSTC], true)
}

fn cpp(strings: &[&[u8]]) -> Vec<u8> {
    elf(SHAPE, &[(".rodata", &strings.concat()), (".gcc_except_table", b"x")], true)
}

fn audited(list: &str) -> Vec<u8> {
    elf(SHAPE, &[(".dep-v0", &compress_to_vec_zlib(list.as_bytes(), 6)), (".rodata", CONFIG.as_bytes()), RUSTC], true)
}

#[test]
fn programs_and_libraries_are_wanted() {
    let is_wanted = |name: &str, size: u64, executable: bool| wants(&FileCandidate { path: PATH, folder: "/app", name, size, executable });
    assert!(is_wanted("server", 4096, true));
    for name in ["libarrow.so", "libarrow.so.1500", "libx.so.1.2.3", "lib.cpython-311-x86_64-linux-gnu.so"] {
        assert!(is_wanted(name, 4096, false), "{name}");
    }
    for name in ["server", ".so", "notes.so.txt", "libx.soap", "libx.so.conf"] {
        assert!(!is_wanted(name, 4096, false), "{name}");
    }
    assert!(!is_wanted("libarrow.so", 1023, true));
}

#[test]
fn go_modules_are_read_in_both_forms_and_with_all_shapes() {
    let expected = [
        ("github.com/aws/aws-sdk-go", "1.44.1-0.20230101000000-abcdefabcdef"),
        ("github.com/aws/aws-sdk-go-v2", "1.21.2"),
        ("github.com/aws/aws-sdk-go-v2/config", "1.18.45"),
    ]
    .map(|(name, version)| (name.to_owned(), Some(version.to_owned())));
    for shape in SHAPES {
        for info in [build_info(LIST), old_build_info(shape, LIST)] {
            assert_eq!(found(&elf(shape, &[(".go.buildinfo", &info), (".rodata", b"x")], true)), expected, "{shape:?}");
            // Without sections, or with a section of Go alone, it lies at the start of the data.
            assert_eq!(found(&elf(shape, &[(".data", &info)], false)), expected, "{shape:?}");
            assert_eq!(found(&elf(shape, &[(".data", &info), (".gopclntab", b"x")], true)), expected, "{shape:?}");
        }
    }
    let first = &packages(&elf(SHAPE, &[(".go.buildinfo", &build_info(LIST))], true))[0];
    assert_eq!((first.place.as_str(), first.path.as_str(), first.by), (PATH, PATH, super::super::FoundBy::GoBuildinfo));
}

#[test]
fn a_replaced_module_has_the_version_of_what_replaces_it() {
    let of = |lines: &str| found(&elf(SHAPE, &[(".go.buildinfo", &build_info(lines))], true));
    let name = "github.com/aws/aws-sdk-go";
    let dep = "dep\tgithub.com/aws/aws-sdk-go\tv1.20.0";
    assert_eq!(of(&format!("{dep}\n=>\tgithub.com/fork/aws-sdk-go\tv1.55.8\th1:x=\n")), one(name, Some("1.55.8")));
    assert_eq!(of(&format!("{dep}\n=>\t./fork\t(devel)\t\n")), one(name, None));
    assert_eq!(of(&format!("{dep}\th1:x=\ndep\tother\tv1.0.0\n=>\tfork\tv3.0.0\n")), one(name, Some("1.20.0")));
    assert_eq!(of("mod\tgithub.com/aws/aws-sdk-go\t(devel)\t\n"), one(name, None));
    assert_eq!(of(""), []);
}

#[test]
fn build_info_elsewhere_or_cut_tells_nothing() {
    let info = build_info(LIST);
    // A program of another language that holds such bytes (as a scanner may).
    assert_eq!(found(&elf(SHAPE, &[(".data", &info), (".rodata", b"x")], true)), []);
    let shifted = [b"12345678", &info[..]].concat();
    assert_eq!(found(&elf(SHAPE, &[(".go.buildinfo", &shifted)], true)), []);
    for length in 0..info.len() {
        assert_eq!(found(&elf(SHAPE, &[(".go.buildinfo", &info[..length])], true)), [], "{length}");
    }
    let mut claims = info[..40].to_vec();
    claims.extend([0xff, 0xff, 0xff, 0x7f]);
    assert_eq!(found(&elf(SHAPE, &[(".go.buildinfo", &claims)], true)), []);
}

#[test]
fn crates_are_found_by_the_paths_of_their_sources() {
    for shape in SHAPES {
        let file = elf(shape, &[(".rodata", CONFIG.as_bytes()), RUSTC], true);
        assert_eq!(found(&file), one("aws-config", Some("1.5.10")), "{shape:?}");
    }
    // The prefix was taken away: strings of Rust stand one after the other.
    assert_eq!(found(&rust(b"region_modeaws-config-1.13.0/src/ecs.rsaws-config-1.13.0/src/ecs.rs")), one("aws-config", Some("1.13.0")));
    assert_eq!(found(&rust(b"/vendor/aws-config/src/default_provider/region.rs")), one("aws-config", None));
    let two = found(&rust(b"/aws-config-0.56.1/src/lib.rs /aws-config-1.5.10-rc.1/src/lib.rs /aws-runtime-1.4.3/src/lib.rs"));
    let pairs: Vec<_> = two.iter().map(|(name, version)| (name.as_str(), version.as_deref().unwrap())).collect();
    assert_eq!(pairs, [("aws-config", "0.56.1"), ("aws-config", "1.5.10-rc.1"), ("aws-runtime", "1.4.3")]);
    // Packagers strip the compilers' names. mold has another section for strings.
    let needs = |library: &[u8]| {
        elf(
            SHAPE,
            &[(".rodata.str", CONFIG.as_bytes()), (".dynamic", &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]), (".dynstr", library)],
            true,
        )
    };
    assert_eq!(found(&needs(b"\0libgcc_s.so.1\0")), one("aws-config", Some("1.5.10")));
    assert_eq!(found(&needs(b"\0libc.so.6\0")), [], "a program of C");
}

#[test]
fn what_only_looks_like_a_crate_is_none() {
    for strings in [
        &b"/my-aws-config-1.5.10/src/lib.rs"[..],
        b"/aws-config-1.5.10/README.md",
        b"/aws-config-1.5.10/src/lib.txt",
        b"/aws-config-1.5/src/lib.rs",
        b"/aws-config-1.5.x/src/lib.rs",
        b"/aws-config-loader-1.5.1/src/lib.rs",
        b"aws-config = \"1.5.10\"",
        b"/build/aws-config/src/main.rs",
        b"aws-config-1.5.10/src/",
        b"aws-config",
    ] {
        assert_eq!(found(&rust(strings)), [], "{}", String::from_utf8_lossy(strings));
    }
    let other = elf(SHAPE, &[(".rodata", CONFIG.as_bytes()), (".comment", b"GCC: (Debian 12.2.0)\0")], true);
    assert_eq!(found(&other), [], "not made by rustc");
    assert_eq!(found(&elf(SHAPE, &[(".text", CONFIG.as_bytes()), RUSTC], true)), [], "not a string");
}

#[test]
fn strings_on_the_border_of_a_window_are_found_once_and_whole() {
    for at in ((65_536 - 200)..(65_536 + 4)).step_by(7).chain(65_534..65_538) {
        let mut strings = vec![b'.'; 140_000];
        strings[at..at + CONFIG.len()].copy_from_slice(CONFIG.as_bytes());
        assert_eq!(found(&rust(&strings)), one("aws-config", Some("1.5.10")), "{at}");
    }
    for at in (65_536 - 40..65_536 + 4).step_by(3) {
        let mut strings = [AGENT, CHAIN].concat();
        strings.resize(140_000, b'.');
        strings[at..at + VERSION.len()].copy_from_slice(VERSION);
        assert_eq!(found(&cpp(&[&strings])), one("aws-sdk-cpp", Some("1.11.591")), "{at}");
    }
}

#[test]
fn an_auditable_list_tells_more_than_paths() {
    let package =
        |name: &str, version: &str, more: &str| format!(r#"{{"name":"{name}","version":"{version}","source":"crates.io"{more}}}"#);
    let list = |packages: &[String]| audited(&format!(r#"{{"packages":[{}]}}"#, packages.join(",")));
    let config = package("aws-config", "1.1.7", r#","dependencies":[1]"#);
    assert_eq!(found(&list(&[package("aws-configs", "2.0.0", ""), config.clone()])), one("aws-config", Some("1.1.7")));
    assert_eq!(found(&list(&[package("app", "1.0.0", r#","root":true"#)])), [], "the paths are not searched");
    assert_eq!(found(&list(&[package("aws-config", "1.1.7", r#","kind":"build""#)])), []);
    assert_eq!(found(&list(&[config, package("irsa-probe", "0.1.0", r#","root":true"#)])), [], "this program");
    // A list that cannot be read leaves the paths.
    assert_eq!(found(&audited("{")), one("aws-config", Some("1.5.10")));
    assert_eq!(found(&audited(&" ".repeat(2 * 1024 * 1024))), one("aws-config", Some("1.5.10")), "a bomb");
}

#[test]
fn this_program_leaves_itself_out() {
    assert_eq!(found(&rust(format!("{CONFIG}{OWN_MARK}").as_bytes())), []);
    assert_eq!(found(&rust(format!("{CONFIG}irsa-probe").as_bytes())), one("aws-config", Some("1.5.10")));
}

#[test]
fn the_sdk_for_cpp_needs_its_agent_and_its_chain() {
    let sdk = |version| one("aws-sdk-cpp", version);
    assert_eq!(found(&cpp(&[AGENT, CHAIN, VERSION])), sdk(Some("1.11.591")));
    assert_eq!(found(&cpp(&[AGENT, CHAIN, b"\x001.8.83\0GCC/9.3.1\0"])), sdk(Some("1.8.83")));
    assert_eq!(found(&cpp(&[AGENT, CHAIN, b"\x001.11.4\0Clang/14.0.0\0"])), sdk(Some("1.11.4")));
    let aligned = b"\0us-east-1\0\0\0\0\0\0\x001.11.285\0\0\0\0\0\0\0\0GCC#10.2.1\0";
    assert_eq!(found(&cpp(&[AGENT, CHAIN, aligned])), sdk(Some("1.11.285")));
    assert_eq!(packages(&cpp(&[AGENT, CHAIN]))[0].by, super::super::FoundBy::Elf);
    // A version that stands alone may be any library's, and of two none is sure.
    assert_eq!(found(&cpp(&[AGENT, CHAIN, b"\x001.11.591\0other\0"])), sdk(None));
    assert_eq!(found(&cpp(&[AGENT, CHAIN, VERSION, b"\x001.8.83\0GCC/9.3.1\0"])), sdk(None));
    assert_eq!(found(&cpp(&[AGENT, CHAIN, b"\x0015.0.2\0GCC/9.3.1\0"])), sdk(None));
    assert_eq!(found(&cpp(&[AGENT, CHAIN, b"\x001.11.591\0GCC/next\0"])), sdk(None));
    // Parts of it, and texts about it.
    assert_eq!(found(&cpp(&[AGENT, VERSION])), []);
    assert_eq!(found(&cpp(&[CHAIN, VERSION])), []);
    assert_eq!(found(&cpp(&[b"see aws-sdk-cpp/ and set AWS_SECRET_ACCESS_KEY", VERSION])), []);
    assert_eq!(
        found(&elf(
            SHAPE,
            &[
                (".rodata", &[AGENT, CHAIN].concat()),
                (".dynamic", &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
                (".dynstr", b"\0libc.so.6\0")
            ],
            true
        )),
        []
    );
}

#[test]
fn versions_are_found_in_real_data() {
    for (bytes, version) in [
        (&include_bytes!("../../../../../tests/scan/fixtures/cpp/tensorflow-2.0.0.rodata")[..], "1.5.8"),
        (include_bytes!("../../../../../tests/scan/fixtures/cpp/pyarrow-3.0.0.rodata"), "1.8.83"),
        (include_bytes!("../../../../../tests/scan/fixtures/cpp/pyarrow-17.0.0-aarch64.rodata"), "1.11.285"),
        (include_bytes!("../../../../../tests/scan/fixtures/cpp/pyarrow-22.0.0.rodata"), "1.11.591"),
    ] {
        assert_eq!(found(&cpp(&[bytes])), one("aws-sdk-cpp", Some(version)));
    }
}

/// Reads at most what a file has, and counts it.
struct CountingFile<'a>(&'a [u8], u64);

impl ReadAt for CountingFile<'_> {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let count = self.0.read_at(offset, buffer)?;
        self.1 += count as u64;
        Ok(count)
    }
}

#[test]
fn cut_and_changed_files_do_no_harm() {
    let old = old_build_info(SHAPE, LIST);
    let list = compress_to_vec_zlib(br#"{"packages":[{"name":"aws-config","version":"1.1.7"}]}"#, 6);
    for shape in SHAPES {
        for file in [
            elf(shape, &[(".go.buildinfo", &build_info(LIST))], true),
            elf(shape, &[(".go.buildinfo", &old)], true),
            elf(shape, &[(".dep-v0", &list), (".rodata", &[CONFIG.as_bytes(), AGENT, CHAIN, VERSION].concat()), RUSTC], true),
        ] {
            for length in (0..file.len()).step_by(7) {
                packages(&file[..length]);
            }
            let mut changed = file.clone();
            for at in 0..file.len() {
                for value in [0xff, file[at] ^ 1] {
                    changed[at] = value;
                    let mut counted = CountingFile(&changed, 0);
                    read(&candidate(changed.len() as u64), &mut counted).unwrap();
                    // Each part is read a few times at most, however often headers name it.
                    assert!(counted.1 < 8 * file.len() as u64, "{at}: {}", counted.1);
                }
                changed[at] = file[at];
            }
        }
    }
}

#[test]
fn sections_that_name_the_same_bytes_are_not_read_again_and_again() {
    let strings = vec![b'.'; 300_000];
    let mut sections: Vec<(&str, &[u8])> = vec![(".rodata", b"x"); 400];
    sections.push((".rodata", &strings));
    sections.push(RUSTC);
    let mut file = elf(SHAPE, &sections, true);
    // All name the whole file.
    let (size, rows) = (file.len() as u64, file.len() - 64 * 404);
    for row in rows..file.len() {
        if (row - rows) % 64 == 24 && (64..64 * 402).contains(&(row - rows)) {
            file[row..row + 8].copy_from_slice(&0_u64.to_le_bytes());
            file[row + 8..row + 16].copy_from_slice(&size.to_le_bytes());
        }
    }
    let mut counted = CountingFile(&file, 0);
    assert_eq!(read(&candidate(size), &mut counted).unwrap(), []);
    assert!(counted.1 > size && counted.1 < 2 * size, "{} of {size}", counted.1);
}

#[test]
fn other_files_are_left_alone() {
    assert_eq!(found(&[0x7f, b'E', b'L', b'F'].repeat(1024)), []);
    assert_eq!(found(b"#!/bin/sh\n"), []);
    assert_eq!(found(b""), []);
}
