//! What predictions for a process rest on: its environment, its profile and its token files. Nothing is called.

use super::environment::{self, World};
use super::{now, sdk_files};
use crate::core::plan::inputs::{Inputs, Settings};
use crate::core::sdk::{ProfileToken, SdkFiles, StsHosts, Surroundings};
use crate::core::text::time::Timestamp;

/// What was found.
pub struct Local {
    inputs: Inputs,
    files: SdkFiles,
    profile_tokens: Vec<ProfileToken>,
    now: Timestamp,
}

impl Local {
    /// Reads the files that this environment names. The error says what the program lacked.
    pub async fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Local, String> {
        let World { inputs, lack, root, .. } = environment::read_from(Settings::default(), lookup).await;
        if let Some(lack) = lack {
            return Err(lack);
        }
        let (files, profile_tokens) = sdk_files::read(&root, &inputs).await;
        Ok(Local { files, profile_tokens, now: now(), inputs })
    }

    /// The surroundings of an SDK here. Each call is assumed to work.
    pub fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            files: self.files,
            profile_tokens: &self.profile_tokens,
            hosts: StsHosts::OfEachKind,
            now: Some(self.now),
            ..Surroundings::assumed(&self.inputs.environment, &self.inputs.profile)
        }
    }
}
