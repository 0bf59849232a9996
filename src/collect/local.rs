//! What predictions for a process rest on: its environment, its profile and its token files. Nothing is called.

use super::environment::{self, World};
use super::file::Root;
use super::{now, token};
use crate::core::check::surroundings::token_file;
use crate::core::plan::inputs::{Inputs, Settings};
use crate::core::pod::environment::{Environment, Var};
use crate::core::sdk::{StsHosts, Surroundings, TokenFile};
use crate::core::text::secrets::Shown;
use crate::core::text::time::Timestamp;

/// What was found.
pub struct Local {
    inputs: Inputs,
    token: TokenFile,
    trimmed_token: TokenFile,
    container_token: TokenFile,
    trimmed_container_token: TokenFile,
    profile_token: TokenFile,
    sso_token: bool,
    now: Timestamp,
}

impl Local {
    /// Reads the files that this environment names. The error says what the program lacked.
    pub async fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Local, String> {
        let World { inputs, lack, .. } = environment::read_from(Settings::default(), lookup).await;
        if let Some(lack) = lack {
            return Err(lack);
        }
        let environment = &inputs.environment;
        let of = |var: &Var| var.raw().map(str::to_owned);
        let (token, container) = (of(&environment.token_file), of(&environment.container_token_file));
        let named = inputs.profile.sections.iter().find_map(|section| section.web_identity_token_file.as_ref());
        Ok(Local {
            token: state(token.as_deref()).await,
            trimmed_token: state(token.as_deref().map(str::trim)).await,
            container_token: state(container.as_deref()).await,
            trimmed_container_token: state(container.as_deref().map(str::trim)).await,
            profile_token: state(named.map(Shown::raw)).await,
            sso_token: has_sso_token(environment),
            now: now(),
            inputs,
        })
    }

    /// The surroundings of an SDK here. Each call is assumed to work.
    pub fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            token: self.token,
            trimmed_token: self.trimmed_token,
            container_token: self.container_token,
            trimmed_container_token: self.trimmed_container_token,
            profile_token: self.profile_token,
            sso_token: self.sso_token,
            hosts: StsHosts::OfEachKind,
            now: Some(self.now),
            ..Surroundings::assumed(&self.inputs.environment, &self.inputs.profile)
        }
    }
}

async fn state(path: Option<&str>) -> TokenFile {
    match path {
        // A path of white space alone, without it.
        Some("") => TokenFile::Missing,
        Some(path) => {
            let (token, text) = token::read(&Root::Own, &path.into()).await;
            let has_line_break = text.is_some_and(|text| text.contains(['\n', '\r']));
            match token_file(&token) {
                // Spaces alone go well in a header.
                TokenFile::TrailingWhitespace if !has_line_break => TokenFile::Good,
                state => state,
            }
        }
        None => TokenFile::Good,
    }
}

/// Whether a token of SSO is cached. Only a person's own log-in writes one, so that there is none in most pods.
fn has_sso_token(environment: &Environment) -> bool {
    let Some(home) = environment.home.raw() else { return false };
    let is_json = |path: std::path::PathBuf| path.extension().is_some_and(|end| end == "json");
    let cache = std::path::Path::new(home).join(".aws/sso/cache");
    std::fs::read_dir(cache).is_ok_and(|mut files| files.any(|file| file.is_ok_and(|file| is_json(file.path()))))
}
