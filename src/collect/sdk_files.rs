//! The files that SDKs read for their credentials: token files, and the cache of SSO.

use super::file::Root;
use super::token;
use crate::core::check::surroundings::token_file;
use crate::core::evidence::Token;
use crate::core::plan::inputs::Inputs;
use crate::core::pod::environment::{Environment, Var};
use crate::core::sdk::{ProfileToken, SdkFiles, TokenFile};

/// Reads the files that the environment and the selected profile name. Each path is read once.
pub async fn read(root: &Root, inputs: &Inputs) -> (SdkFiles, Vec<ProfileToken>) {
    let environment = &inputs.environment;
    let of = |var: &Var| var.raw().map(str::to_owned);
    let (token, container) = (of(&environment.token_file), of(&environment.container_token_file));
    let mut seen = Seen { root, files: Vec::new() };
    let files = SdkFiles {
        token: seen.state(token.as_deref()).await,
        trimmed_token: seen.state(token.as_deref().map(str::trim)).await,
        container_token: seen.state(container.as_deref()).await,
        trimmed_container_token: seen.state(container.as_deref().map(str::trim)).await,
        sso_token: has_sso_token(root, environment),
    };
    let mut of_profiles: Vec<ProfileToken> = Vec::new();
    for path in inputs.profile.sections.iter().filter_map(|section| section.web_identity_token_file.as_ref()) {
        if of_profiles.iter().all(|known| known.path != *path) {
            of_profiles.push(ProfileToken { path: path.clone(), file: seen.state(Some(path.raw())).await });
        }
    }
    (files, of_profiles)
}

/// The files that were read already.
struct Seen<'a> {
    root: &'a Root,
    files: Vec<(String, TokenFile)>,
}

impl Seen<'_> {
    async fn state(&mut self, path: Option<&str>) -> TokenFile {
        match path {
            // A path of white space alone, without it.
            Some("") => TokenFile::Missing,
            Some(path) => {
                if let Some((_, state)) = self.files.iter().find(|(known, _)| known == path) {
                    return *state;
                }
                let (token, text) = token::read(self.root, &path.into()).await;
                let state = state_of(&token, text.as_ref().map(|text| text.as_str()));
                self.files.push((path.to_owned(), state));
                state
            }
            None => TokenFile::Good,
        }
    }
}

fn state_of(token: &Token, text: Option<&str>) -> TokenFile {
    match token_file(token) {
        // Spaces alone go well in a header.
        TokenFile::TrailingWhitespace if !text.is_some_and(|text| text.contains(['\n', '\r'])) => TokenFile::Good,
        state => state,
    }
}

/// Whether a token of SSO is cached. Only a person's own log-in writes one, so that there is none in most pods. The home of another process is not
/// read.
fn has_sso_token(root: &Root, environment: &Environment) -> bool {
    let (Root::Own, Some(home)) = (root, environment.home.raw()) else { return false };
    let is_json = |path: std::path::PathBuf| path.extension().is_some_and(|end| end == "json");
    let cache = std::path::Path::new(home).join(".aws/sso/cache");
    std::fs::read_dir(cache).is_ok_and(|mut files| files.any(|file| file.is_ok_and(|file| is_json(file.path()))))
}
