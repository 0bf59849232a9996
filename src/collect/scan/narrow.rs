//! What a command names: placeholder until the pure part is merged.

use super::walk::Walk;
use crate::collect::process::TargetProcess;
use crate::core::sdk::scan::Package;
use std::ffi::OsString;

#[derive(Debug)]
pub struct Program {
    words: Vec<String>,
}

impl Program {
    pub fn own(words: &[OsString]) -> Program {
        Program { words: words.iter().map(|word| word.to_string_lossy().into_owned()).collect() }
    }

    pub fn of_process(_: &TargetProcess) -> Program {
        Program { words: Vec::new() }
    }

    pub fn name(&self) -> String {
        self.words.first().cloned().unwrap_or_default()
    }
}

pub fn look_at(_: &mut Walk, _: &Program) -> Vec<Package> {
    Vec::new()
}
