//! Jars: for Java and Kotlin. Of a jar only its directory is read, and the few files in it that tell a version.

mod signs;
#[cfg(test)]
mod tests;

use super::archive::{Archive, ArchiveEntry, EntryBudget, Listing};
use super::found::{FoundBy, Package};
use super::source::{ReadAt, ReadError, read_all};
use super::{Cataloger, FileCandidate};
use signs::{CLASS, Module, SIGNS, Says, is_of_sdk, sign_of, version_in, version_of_file};

pub(super) const CATALOGER: Cataloger = Cataloger { name: "java", wants, read };

/// Entries of directories that are read for one file, with all jars in it.
const ENTRIES: u32 = 1_000_000;
/// What it costs to open a jar, in entries.
const OPEN: u32 = 200;
/// How deep jars lie in jars: an ear holds wars, and a war holds jars.
const DEPTH: usize = 3;
/// The largest packed jar that is inflated to look into it, and all that is inflated so for one file.
const INFLATED_JAR: usize = 4 * 1024 * 1024;
const INFLATED: usize = 24 * 1024 * 1024;
/// The largest file that tells a version.
const SMALL: usize = 64 * 1024;
/// Packages of one file.
const PACKAGES: usize = 1_000;
/// The longest name of a jar in a jar.
const NAME: usize = 1024;

/// Ends of names of jars that hold no code of the module that they name.
const BESIDE: &[&str] = &["-sources.jar", "-javadoc.jar", "-tests.jar", "-test-sources.jar"];

fn wants(file: &FileCandidate<'_>) -> bool {
    if file.size == 0 {
        return false;
    }
    match file.name.rsplit_once('.') {
        Some((_, "class" | "properties")) => loose_sign(file.path).is_some(),
        _ => is_archive(file.name.as_bytes()),
    }
}

/// Whether this is the name of an archive of Java.
fn is_archive(name: &[u8]) -> bool {
    let is_end = |end: &&[u8; 4]| name.last_chunk::<4>().is_some_and(|last| last.eq_ignore_ascii_case(*end));
    [b".jar", b".war", b".ear"].iter().any(is_end) && !BESIDE.iter().any(|end| name.ends_with(end.as_bytes()))
}

/// The sign that a file outside of a jar is, and where its end starts. Only what moves with the code tells there: after shading, Maven's files lie
/// in other folders than the code.
fn loose_sign(path: &str) -> Option<(usize, usize)> {
    sign_of(path.as_bytes()).filter(|(sign, _)| !SIGNS[*sign].end.starts_with("META-INF"))
}

fn read(candidate: &FileCandidate<'_>, file: &mut dyn ReadAt) -> Result<Vec<Package>, ReadError> {
    if let Some((sign, start)) = loose_sign(candidate.path) {
        return loose(candidate, file, sign, start);
    }
    let entries = EntryBudget::new(ENTRIES);
    let mut scan = Scan { file: candidate, entries: &entries, inflatable: INFLATED, is_cut: false, packages: Vec::new() };
    scan.archive(file, candidate.path, Level { depth: 0, is_inflated: false })?;
    if scan.is_cut {
        scan.packages.iter_mut().for_each(|package| package.partial = true);
    }
    Ok(scan.packages)
}

/// A file of a jar that was unpacked.
fn loose(candidate: &FileCandidate<'_>, file: &mut dyn ReadAt, sign: usize, start: usize) -> Result<Vec<Package>, ReadError> {
    let sign = SIGNS[sign];
    let bytes = read_all(file, SMALL)?;
    // The class of a client may be larger.
    let is_class = bytes.as_ref().is_none_or(|bytes| bytes.starts_with(&CLASS));
    let version = version_in(&bytes.unwrap_or_default(), sign.says);
    let tells = if sign.says == Says::Code { is_class && sign.module.core().is_some() } else { version.is_some() };
    let place = match candidate.path[..start].trim_end_matches('/') {
        "" => "/",
        folder => folder,
    };
    Ok(if tells { vec![package(sign.module, version, place, candidate.path)] } else { Vec::new() })
}

fn package(module: Module, version: Option<String>, place: &str, path: &str) -> Package {
    let (group, artifact) = module.name();
    Package {
        by: FoundBy::Pom,
        name: format!("{group}:{artifact}"),
        version,
        place: place.to_owned(),
        path: path.to_owned(),
        partial: false,
    }
}

/// Where an archive lies.
#[derive(Debug, Clone, Copy)]
struct Level {
    depth: usize,
    /// It lies in memory.
    is_inflated: bool,
}

/// One file, with all jars in it.
struct Scan<'s> {
    file: &'s FileCandidate<'s>,
    entries: &'s EntryBudget,
    inflatable: usize,
    is_cut: bool,
    packages: Vec<Package>,
}

/// What the directory of one archive shows.
#[derive(Default)]
struct SeenSigns {
    /// The file of each sign, and whether it lies below a folder: shading moved its package.
    signs: [Option<(ArchiveEntry, bool)>; SIGNS.len()],
    /// There is a class.
    has_code: bool,
    /// It is an application with its libraries in it.
    is_application: bool,
}

impl SeenSigns {
    /// The first file that shows code of this module.
    fn code(&self, module: Module) -> Option<(ArchiveEntry, bool)> {
        let is_code =
            |(index, _): &(usize, &Option<(ArchiveEntry, bool)>)| SIGNS[*index].module == module && SIGNS[*index].says != Says::Version;
        self.signs.iter().enumerate().filter(is_code).find_map(|(_, found)| *found)
    }

    fn has_any(&self, module: Module) -> bool {
        SIGNS.iter().zip(&self.signs).any(|(sign, found)| sign.module == module && found.is_some())
    }
}

impl Scan<'_> {
    /// Adds the packages of an archive and of the ones in it.
    fn archive(&mut self, file: &mut dyn ReadAt, path: &str, level: Level) -> Result<(), ReadError> {
        if !self.entries.take(OPEN) {
            self.is_cut = true;
            return Ok(());
        }
        let Some(archive) = Archive::open(file)? else {
            return Ok(());
        };
        let (before, entries) = (self.packages.len(), self.entries);
        let mut seen = SeenSigns::default();
        let listing = archive.list(entries, |name, entry| {
            if let Some((sign, start)) = sign_of(name) {
                seen.signs[sign].get_or_insert((entry, start > 0));
            }
            // Nearly every file is a class.
            if name.ends_with(b".class") {
                seen.has_code = true;
            } else if is_archive(name) {
                seen.is_application |= name.starts_with(b"BOOT-INF/") || name.starts_with(b"WEB-INF/");
                self.nested(&archive, &String::from_utf8_lossy(name), entry, path, level)?;
            }
            Ok(true)
        })?;
        match listing {
            Listing::Whole => {}
            // Java does not open it either.
            Listing::Damaged => {
                self.packages.truncate(before);
                return Ok(());
            }
            Listing::Cut => self.is_cut = true,
        }
        seen.is_application |= self.packages.len() > before;
        self.modules(&archive, &seen, path, level)
    }

    /// Adds the packages of an archive in an archive.
    fn nested(&mut self, archive: &Archive<'_>, name: &str, entry: ArchiveEntry, path: &str, level: Level) -> Result<(), ReadError> {
        if level.depth >= DEPTH || level.is_inflated {
            return Ok(());
        }
        if name.len() > NAME {
            self.is_cut = true;
            return Ok(());
        }
        let (path, depth) = (format!("{path}!/{name}"), level.depth + 1);
        if let Some(mut window) = archive.window(entry)? {
            return self.archive(&mut window, &path, Level { depth, is_inflated: false });
        }
        let is_war = name.to_ascii_lowercase().ends_with(".war");
        if !is_war && !is_of_sdk(name.rsplit('/').next().unwrap_or(name)) {
            return Ok(());
        }
        let cap = INFLATED_JAR.min(self.inflatable);
        if is_war || entry.claimed_size() > cap as u64 {
            // What it holds is not seen.
            self.is_cut = true;
            return Ok(());
        }
        let bytes = archive.read(entry, cap)?;
        self.inflatable = self.inflatable.saturating_sub(bytes.as_ref().map_or(cap, Vec::len));
        bytes.map_or(Ok(()), |bytes| self.archive(&mut bytes.as_slice(), &path, Level { depth, is_inflated: true }))
    }

    /// Adds the modules that an archive itself holds.
    fn modules(&mut self, archive: &Archive<'_>, seen: &SeenSigns, path: &str, level: Level) -> Result<(), ReadError> {
        if !seen.has_code {
            return Ok(());
        }
        let mut found: Vec<(Module, Option<String>)> = Vec::new();
        for module in Module::ALL.into_iter().filter(|module| seen.has_any(*module)) {
            // Where the core is, it tells all that this module tells.
            if module == Module::V2Auth && found.iter().any(|(found, _)| *found == Module::V2Core) {
                continue;
            }
            let code = seen.code(module);
            let version = self.version(archive, seen, path, module)?;
            let is_there = match module.core() {
                // Shading that leaves out what is not used leaves out its code, since only a name in a string refers to it.
                Some(core) => code.is_some() || (version.is_some() && seen.code(core).is_none()),
                None => code.is_some() || version.is_some(),
            };
            if is_there {
                found.push((module, version));
            }
        }
        for (module, version) in &found {
            if self.packages.len() >= PACKAGES {
                self.is_cut = true;
                return Ok(());
            }
            let core = module.core().unwrap_or(*module);
            let is_moved = seen.code(core).or(seen.code(*module)).is_some_and(|(_, is_moved)| is_moved);
            let has_all = core.sts().is_some_and(|sts| [core, sts].iter().all(|one| found.iter().any(|(found, _)| found == one)));
            let stands_alone = is_moved || (level.depth == 0 && (has_all || seen.is_application));
            let folder = if level.depth == 0 { around(self.file, *module) } else { self.file.path };
            let place = if stands_alone { path } else { folder };
            self.packages.push(package(*module, version.clone(), place, path));
            // The other jars of the folder find it here too.
            if stands_alone && !is_moved && !seen.is_application && module.core().is_some() {
                self.packages.push(package(*module, version.clone(), folder, path));
            }
        }
        Ok(())
    }

    /// The version of a module: what its files tell, else the name of the jar.
    fn version(&self, archive: &Archive<'_>, seen: &SeenSigns, path: &str, module: Module) -> Result<Option<String>, ReadError> {
        for (sign, found) in SIGNS.iter().zip(&seen.signs).filter(|(sign, _)| sign.module == module && sign.says != Says::Code) {
            let Some((entry, _)) = found else { continue };
            let bytes = archive.read(*entry, SMALL)?.unwrap_or_default();
            if let Some(version) = version_in(&bytes, sign.says) {
                return Ok(Some(version));
            }
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        Ok(version_of_file(name, module).filter(|_| seen.code(module).is_some()))
    }
}

/// The place of a jar with this module: its folder. In a repository each jar has its own folder, and the repository is the place.
fn around<'c>(file: &FileCandidate<'c>, module: Module) -> &'c str {
    let (group, artifact) = module.name();
    let start = |group: &str| file.folder.find(&format!("/{group}/{artifact}/"));
    match start(group).or_else(|| start(&group.replace('.', "/"))) {
        Some(0) => "/",
        Some(end) => &file.folder[..end],
        None => file.folder,
    }
}
