//! The selected profile where variables are set, too: what is wrong with it, and what it would give where this is not tested.

use super::inputs::Inputs;
use crate::core::catalogue::Code;
use crate::core::pod::profile::{Profile, SharedFile};
use crate::core::pod::profile_chain::{ProfileChain, ProfileFault};
use crate::core::text::secrets::InputValue;

/// What is wrong with the selected profile, if anything is: the code and a text.
pub fn profile_fault(inputs: &Inputs) -> Option<(Code, String)> {
    fault(inputs, &inputs.profile.role_chain())
}

pub(super) fn fault(inputs: &Inputs, chain: &Result<Option<ProfileChain>, ProfileFault>) -> Option<(Code, String)> {
    let profile = &inputs.profile;
    if profile.missing {
        return Some((Code::ProfileMissing, format!("AWS_PROFILE is {:?}. {}", profile.name, files_read(inputs))));
    }
    let fault = chain.as_ref().err()?;
    Some((Code::ProfileBroken, format!("{} {}", fault.describe(), files_read(inputs))))
}

/// Which configuration files there are, and whose.
fn files_read(inputs: &Inputs) -> String {
    let profile = &inputs.profile;
    let whose = inputs.settings.pid.map_or_else(|| "this container's own files".to_owned(), |pid| format!("the files of process {pid}"));
    let mut said = match profile.files.as_slice() {
        [] => format!("This check read {whose}, and found no configuration file."),
        files => format!("This check read {whose}: {}.", list(files)),
    };
    if let Some(error) = &profile.error {
        said.push_str(&format!(" {}.", error.trim_end_matches('.')));
    }
    let unprefixed = |file: SharedFile| profile.sections.iter().any(|section| section.file == file && section.unprefixed);
    if profile.missing && unprefixed(SharedFile::Config) {
        let name = &profile.name;
        said.push_str(&format!(" The configuration file has [{name}] instead of [profile {name}], which most SDKs do not read."));
    }
    let trimmed = profile.name.raw().trim();
    if profile.missing && trimmed != profile.name.raw() && profile.sections.iter().any(|section| section.name.raw() == trimmed) {
        said.push_str(&format!(" There is a profile {trimmed:?}: remove the white space from AWS_PROFILE."));
    }
    said
}

/// What SDKs get from a profile that this check does not test.
pub(super) fn describe(profile: &Profile, chain: &ProfileChain) -> String {
    let (name, root) = (&profile.name, chain.root.describe());
    match chain.last_role() {
        Some(role) if chain.web_identity().is_none() => {
            format!(" SDKs that read profile {name:?} assume {role} with {root}; this check does not test that.")
        }
        Some(role) => format!(" SDKs that read profile {name:?} get {role} with {root}."),
        None => format!(" SDKs that read profile {name:?} use {root}; this check does not test that."),
    }
}

pub(super) fn list(files: &[InputValue]) -> String {
    files.iter().map(InputValue::to_string).collect::<Vec<_>>().join(", ")
}
