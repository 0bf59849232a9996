//! Looks for AWS SDKs in files: the edge of `core::sdk::scan`. It reads within bounds, never waits on a file, and writes nothing.

mod bounds;
mod look;
mod narrow;
mod walk;

pub use bounds::ScanLimits;
pub use look::Look;

use crate::core::sdk::scan::{Copy, ScanFacts, ScanSummary, copies};
use bounds::Budget;
use rustix::fs::{CWD, Mode, OFlags, fstatfs, openat};
use std::path::{Component, Path, PathBuf};
use walk::{FileSystem, Scope, Walk};

/// Scans everything below a folder of this process's own. The error says why the folder cannot be scanned.
pub fn scan_folder(folder: &str, limits: ScanLimits) -> Result<ScanFacts, String> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = openat(CWD, folder, flags, Mode::empty()).map_err(|errno| std::io::Error::from(errno).to_string())?;
    if fstatfs(&opened).is_ok_and(|mount| FileSystem::of(mount.f_type as u64) == FileSystem::Kernel) {
        return Err("it is a file system of the kernel, without files of an application".to_owned());
    }
    let root = absolute(folder).ok_or("the working directory cannot be found")?;
    let mut walk = Walk::new(Budget::new(limits), None);
    walk.tree(opened, root.trim_end_matches('/'), Scope::ALL);
    Ok(finish(walk, root, Vec::new()))
}

/// What a scan found. `own` are the copies that the executable itself holds.
fn finish(walk: Walk, root: String, own: Vec<Copy>) -> ScanFacts {
    let because = walk.left_out();
    let complete = because.is_none();
    // A folder elsewhere that could not be read hides no package of a place that was.
    let of_files = copies(&walk.packages, walk.budget.met.is_none());
    let mut copies: Vec<Copy> = own.into_iter().chain(of_files).collect();
    copies.sort_by(|a, b| (&a.path, a.family, &a.version).cmp(&(&b.path, b.family, &b.version)));
    let (entries, bytes, ms) = (walk.budget.entries, walk.budget.bytes, walk.budget.ms());
    ScanFacts { copies, summary: ScanSummary { root, entries, bytes, ms, complete, because } }
}

/// The path from the root on, without dots. Links in it are kept, because people know their files by these names.
fn absolute(path: &str) -> Option<String> {
    let whole = std::path::absolute(path).ok()?;
    let mut clean = PathBuf::new();
    for component in Path::new(&whole).components() {
        match component {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    Some(clean.to_string_lossy().into_owned())
}
