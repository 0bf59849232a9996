//! Zips of Python modules that are run as they are: zipapp, shiv, pex. Only the zip's directory is read.

use super::super::archive::{Archive, EntryBudget};
use super::super::source::{ReadAt, ReadError};
use super::Bundle;

/// The most entries that are read.
const ENTRIES: u32 = 100_000;

/// What the zip holds. `None` for other files.
pub(super) fn holds(file: &mut dyn ReadAt) -> Result<Option<Bundle>, ReadError> {
    let Some(archive) = Archive::open(file)? else { return Ok(None) };
    let mut found = None;
    archive.list(&EntryBudget::new(ENTRIES), |name, _| {
        // The AWS CLI brings a botocore of its own.
        found = bundle(name).or(found);
        Ok(found != Some(Bundle::CliV2))
    })?;
    Ok(found)
}

/// What this entry is a part of.
fn bundle(name: &[u8]) -> Option<Bundle> {
    let package = name.strip_suffix(b"/__init__.py").or_else(|| name.strip_suffix(b"/__init__.pyc"))?;
    let above = package.strip_suffix(b"botocore")?;
    let is_of_cli = above.strip_suffix(b"awscli/").is_some_and(|above| above.is_empty() || above.ends_with(b"/"));
    match above {
        _ if is_of_cli => Some(Bundle::CliV2),
        [] | [.., b'/'] => Some(Bundle::Botocore),
        _ => None,
    }
}
