//! PowerShell modules.

use super::found::Package;
use super::source::{ReadAt, ReadError};
use super::{Candidate, Cataloger};

pub(super) const CATALOGER: Cataloger = Cataloger { name: "powershell", wants, read };

fn wants(_: &Candidate<'_>) -> bool {
    false
}

fn read(_: &Candidate<'_>, _: &mut dyn ReadAt) -> Result<Vec<Package>, ReadError> {
    Ok(Vec::new())
}
