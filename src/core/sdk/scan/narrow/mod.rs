//! What a command names: the few places where the SDK of a program lies, found without a walk over a file system.
//!
//! `words` finds the program behind wrappers, `PROGRAMS` says what its kind looks at. Not followed: shell scripts, Java's `@argfile`, and
//! `Class-Path` in a jar's manifest (the `lib` folder beside the jar stands for it).

mod programs;
mod words;

#[cfg(test)]
mod tests;

/// A command, and what its program looks at.
pub struct NamedCommand<'a> {
    /// Its words, as `exec -- CMD…` gets them or `/proc/N/cmdline` shows them.
    pub words: &'a [String],
    /// The working directory.
    pub folder: &'a str,
    /// Its environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The path of the executable of `program`, with links resolved, where that is known.
    pub executable: Option<&'a str>,
    /// The first line of the file of `program`, where that is a script.
    pub shebang: Option<&'a str>,
}

/// A place to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPlace {
    /// Its path. A `*` in it stands for any rest of one name, also for none.
    pub path: String,
    /// How it is searched.
    pub kind: PlaceKind,
    /// It is the executable itself, or what it was told to run: its script, its class path.
    pub own: bool,
}

/// How a place is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    /// As one file.
    File,
    /// As a folder.
    Folder {
        /// How many levels of names: with 1, what lies in the folder itself.
        depth: u8,
        /// How the names in the folder itself start that matter. With none, all do.
        only: &'static [&'static str],
    },
}

/// How many places there are at most.
const PLACES: usize = 64;

/// The program that the command runs in the end, after its wrappers: a path, or a name that `PATH` finds. `None` where that cannot be told.
pub fn program(command: &NamedCommand<'_>) -> Option<String> {
    words::program(command.words.to_vec(), command.variable)?.into_iter().next()
}

/// The places that the command names, the first ones first.
pub fn places(command: &NamedCommand<'_>) -> Vec<NamedPlace> {
    let mut places = Places { command, found: Vec::new() };
    if let Some(words) = words::program(command.words.to_vec(), command.variable) {
        programs::look(&mut places, words);
    }
    places.found
}

/// The places so far.
struct Places<'a> {
    command: &'a NamedCommand<'a>,
    found: Vec<NamedPlace>,
}

impl Places<'_> {
    fn add(&mut self, path: &str, kind: PlaceKind, own: bool) {
        let place = NamedPlace { path: absolute(self.command.folder, path), kind, own };
        let is_known = |other: &NamedPlace| other.path == place.path && other.kind == place.kind;
        if self.found.len() < PLACES && !self.found.iter().any(is_known) {
            self.found.push(place);
        }
    }

    fn file(&mut self, path: &str, own: bool) {
        self.add(path, PlaceKind::File, own);
    }

    fn folder(&mut self, path: &str, depth: u8, only: &'static [&'static str]) {
        self.add(path, PlaceKind::Folder { depth, only }, false);
    }

    /// The variable's value, unless it is empty.
    fn variable(&self, name: &str) -> Option<String> {
        (self.command.variable)(name).filter(|value| !value.is_empty())
    }

    /// The parts of a list like `PATH`.
    fn list(&self, name: &str) -> Vec<String> {
        self.variable(name).unwrap_or_default().split(':').filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// The path as the application has it, seen from the working directory.
    fn absolute(&self, path: &str) -> String {
        absolute(self.command.folder, path)
    }
}

/// The path without `.`, `..` and double slashes, seen from a folder.
fn absolute(folder: &str, path: &str) -> String {
    let base = if path.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The folder of a path. The one of `/` is `/`.
fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((folder, _)) => folder,
    }
}

/// The last name of a path.
fn name_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The path of something in a folder.
fn join(folder: &str, below: &str) -> String {
    format!("{}/{below}", folder.trim_end_matches('/'))
}

/// The folder and all folders above it, the nearest first.
fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| (*folder != "/").then(|| parent(folder)))
}
