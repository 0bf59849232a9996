//! `irsa-probe install DIR`: copies the running program into a shared volume. The image has no shell and no `cp`.

use crate::cli::InstallOptions;
use crate::core::text::printable::printable;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The program's name in the folder.
const NAME: &str = "irsa-probe";
/// The mode of the copy: any user may read and execute it, as the application may run as any user; only the owner may change it.
const MODE: u32 = 0o755;

/// Installs the program and prints its path; exit code 1 when it could not be written.
pub fn run(options: &InstallOptions) -> u8 {
    let dir = &options.dir;
    let target = dir.join(NAME);
    let shown = target.display().to_string();
    let shown = printable(&shown);
    match install(dir, &target) {
        Ok(()) => {
            super::print(&format!("{shown}\n"));
            0
        }
        Err(error) => {
            let fix = match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => "DIR must be a folder that exists; mount an emptyDir there",
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    "this user cannot write there; mount a writable emptyDir there"
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the volume is full; it needs about 5 MB (an emptyDir's sizeLimit)",
                _ => "DIR must be a writable folder, such as an emptyDir",
            };
            super::print_error(&format!("{shown} cannot be written: {error}; {fix}"));
            1
        }
    }
}

/// Writes a file beside the target and renames it. A running program cannot be overwritten ("text file busy"), which an init container that
/// is restarted would get. And no container may execute half of a program.
fn install(dir: &Path, target: &Path) -> io::Result<()> {
    let beside = dir.join(format!(".{NAME}.{}", std::process::id()));
    // A container that was killed may have left it: in containers the process number is mostly the same.
    let _ = std::fs::remove_file(&beside);
    let written = copy(&beside).and_then(|()| std::fs::rename(&beside, target));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn copy(to: &Path) -> io::Result<()> {
    let mut program = File::open("/proc/self/exe")?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(to)?;
    io::copy(&mut program, &mut file)?;
    // The umask has changed the mode above.
    file.set_permissions(Permissions::from_mode(MODE))
}
