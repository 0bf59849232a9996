//! What a command names: the edge of `core::sdk::scan::narrow`. It finds the program, and looks at the places that it names.

use super::walk::{Scope, Walk};
use crate::collect::process::{Environ, TargetProcess};
use crate::collect::root::OtherRoot;
use crate::core::evidence::{FileFailure, FileFailureKind};
use crate::core::sdk::scan::narrow::{self, NamedCommand, NamedPlace, PlaceKind};
use crate::core::sdk::scan::{Copy, Package, copies};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat, stat};
use rustix::io::pread;
use std::ffi::OsString;

/// A program, as it was or will be started. Its environment may hold secrets.
pub struct StartedProgram {
    /// Its words.
    words: Vec<String>,
    /// The working directory.
    folder: String,
    /// The path of the executable, where the kernel tells it.
    executable: Option<String>,
    /// The environment of another process. `None` for this one's.
    environ: Option<Environ>,
}

impl StartedProgram {
    /// The program that this process becomes.
    pub fn own(words: &[OsString]) -> StartedProgram {
        let folder = std::env::current_dir().map_or_else(|_| "/".to_owned(), |folder| folder.to_string_lossy().into_owned());
        let words = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        StartedProgram { words, folder, executable: None, environ: None }
    }

    /// The program of another process. `None` where it cannot be read.
    pub fn of_process(process: &TargetProcess) -> Option<StartedProgram> {
        let (environ, _) = process.inspect().ok()?;
        Some(StartedProgram { words: process.words(), folder: process.cwd(), executable: process.executable(), environ: Some(environ) })
    }

    /// What it is called in a report.
    pub fn name(&self) -> String {
        self.words.first().cloned().unwrap_or_default()
    }

    fn variable(&self, name: &str) -> Option<String> {
        match &self.environ {
            Some(environ) => environ.get(name),
            None => std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()),
        }
    }
}

/// Looks at the places that a program names. The copies that the executable itself holds are returned. The other packages are the walk's.
pub fn look_at(walk: &mut Walk, program: &StartedProgram) -> Vec<Copy> {
    let variable = |name: &str| program.variable(name);
    let line =
        |executable, shebang| NamedCommand { words: &program.words, folder: &program.folder, variable: &variable, executable, shebang };
    let Some(name) = narrow::program(&line(None, None)) else { return Vec::new() };
    let found = find_program(walk, &name, program);
    let shebang = found.as_ref().and_then(|(file, _)| first_line(file));
    // A script is run by its interpreter, which the kernel names.
    let resolved = found.map(|(_, path)| path);
    let executable = program.executable.clone().or(resolved);
    let places = narrow::places(&line(executable.as_deref(), shebang.as_deref()));
    let mut own: Vec<Package> = Vec::new();
    for place in &places {
        let before = walk.packages.len();
        for path in expand(walk, &place.path) {
            look_at_place(walk, place, &path);
        }
        if place.own {
            own.extend(walk.packages.drain(before..));
        }
    }
    // The class path is one place, wherever its jars lie.
    own.iter_mut().for_each(|package| program.name().clone_into(&mut package.place));
    copies(&own, walk.budget.met.is_none()).into_iter().map(|copy| Copy { own: true, ..copy }).collect()
}

/// The file of the program, and its path with links resolved, as far as it can be seen.
fn find_program(walk: &Walk, name: &str, program: &StartedProgram) -> Option<(OwnedFd, String)> {
    let candidates: Vec<String> = if name.contains('/') {
        vec![below(&program.folder, name)]
    } else {
        let path = program.variable("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".to_owned());
        path.split(':').filter(|folder| !folder.is_empty()).map(|folder| below(&program.folder, &below(folder, name))).collect()
    };
    candidates.into_iter().find_map(|path| {
        let (file, _) = open(walk, &path, FileType::RegularFile)?;
        // Another process's path is known by the kernel's link to its executable.
        let resolved = if walk.other.is_none() { resolved(&file) } else { None };
        Some((file, resolved.unwrap_or(path)))
    })
}

/// The path of what is open, without links.
fn resolved(file: &OwnedFd) -> Option<String> {
    let link = readlinkat(CWD, format!("/proc/self/fd/{}", file.as_raw_fd()), Vec::new()).ok()?;
    link.into_string().ok().filter(|path| path.starts_with('/'))
}

/// The first line of a script.
fn first_line(file: &OwnedFd) -> Option<String> {
    let mut start = [0; 256];
    let count = pread(file, &mut start, 0).ok()?;
    let text = String::from_utf8_lossy(&start[..count]);
    text.starts_with("#!").then(|| text.lines().next().unwrap_or_default().to_owned())
}

fn look_at_place(walk: &mut Walk, place: &NamedPlace, path: &str) {
    match place.kind {
        PlaceKind::File => {
            if let Some((file, _)) = open(walk, path, FileType::RegularFile) {
                walk.read(&file, path, path.rfind('/').unwrap_or_default());
            }
        }
        PlaceKind::Folder { depth, only } => {
            if let Some((folder, _)) = open(walk, path, FileType::Directory) {
                walk.tree(folder, path.trim_end_matches('/'), Scope { depth: usize::from(depth).saturating_sub(1), names: only });
            }
        }
    }
}

/// Opens what a path leads to, if it is of this kind and may be read. Nothing else is opened, so that nothing waits.
fn open(walk: &Walk, path: &str, kind: FileType) -> Option<(OwnedFd, Stat)> {
    let is_kind = |stat: &Stat| FileType::from_raw_mode(stat.st_mode) == kind;
    match &walk.other {
        Some(other) => open_other(other, path, is_kind),
        None => {
            stat(path).ok().filter(is_kind)?;
            let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            let file = openat(CWD, path, flags, Mode::empty()).ok()?;
            let stat = fstat(&file).ok().filter(is_kind)?;
            Some((file, stat))
        }
    }
}

fn open_other(other: &OtherRoot, path: &str, is_kind: impl Fn(&Stat) -> bool) -> Option<(OwnedFd, Stat)> {
    let other_kind = || FileFailure { kind: FileFailureKind::Other, text: String::new(), access: None };
    other.open(path, |stat| if is_kind(stat) { Ok(()) } else { Err(other_kind()) }).ok()
}

/// The paths that a path with stars in its names stands for.
fn expand(walk: &mut Walk, path: &str) -> Vec<String> {
    let mut paths = vec![String::new()];
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let Some((start, end)) = part.split_once('*') else {
            paths.iter_mut().for_each(|path| [path.as_str(), "/", part].concat().clone_into(path));
            continue;
        };
        paths = paths.iter().flat_map(|folder| names_like(walk, folder, start, end)).take(MOST_PATHS).collect();
    }
    paths
}

/// So many paths one place may stand for.
const MOST_PATHS: usize = 64;

/// What lies in a folder and has such a name.
fn names_like(walk: &mut Walk, folder: &str, start: &str, end: &str) -> Vec<String> {
    let Some((opened, _)) = open(walk, if folder.is_empty() { "/" } else { folder }, FileType::Directory) else { return Vec::new() };
    let Ok(entries) = Dir::read_from(&opened) else { return Vec::new() };
    let mut paths: Vec<String> = Vec::new();
    for entry in entries {
        let Ok(entry) = entry else { break };
        if !walk.budget.enter() {
            break;
        }
        let name = entry.file_name().to_string_lossy();
        let is_like = name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)) && !matches!(&*name, "." | "..");
        if is_like {
            paths.push([folder, "/", &name].concat());
        }
    }
    paths.sort();
    paths
}

/// A path, seen from a folder.
fn below(folder: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { [folder.trim_end_matches('/'), "/", path].concat() }
}
