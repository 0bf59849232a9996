//! The parsers of flags' values, and the words of their errors. An error says what is wrong with the value.

use super::suggest::did_you_mean;
use crate::core::aws::arn::RoleArn;
use crate::core::catalogue::Code;
use crate::core::sdk::{Sdk, SdkFamily};
use crate::core::text::duration;
use std::time::Duration;

/// Names in a sentence, with a word before the last one: `check, serve and exec`.
pub(super) fn sentence(names: &[&str], word: &str) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {word} {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// The choice that has this name.
pub(super) fn one_of<T: Copy>(value: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let names = || choices.iter().map(|(name, _)| *name);
    choices.iter().find(|(name, _)| *name == value).map(|(_, choice)| *choice).ok_or_else(|| {
        let meant = did_you_mean(value, names());
        format!("{value:?} is none of {}{meant}", names().collect::<Vec<_>>().join(", "))
    })
}

/// Any text but an empty one.
pub(super) fn set_text(target: &mut Option<String>, value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err("it must not be empty".to_owned());
    }
    *target = Some(value.to_owned());
    Ok(())
}

/// A duration that is not zero.
pub(super) fn set_timeout(target: &mut Duration, value: &str) -> Result<(), String> {
    *target = duration::parse(value)?;
    if target.is_zero() { Err("it must be longer than zero; write it like 500ms or 60s".to_owned()) } else { Ok(()) }
}

/// A switch: on, or off where its value says so.
pub(super) fn set_switch(target: &mut bool, value: &str) -> Result<(), String> {
    *target =
        one_of(&value.to_ascii_lowercase(), &[("true", true), ("1", true), ("yes", true), ("false", false), ("0", false), ("no", false)])?;
    Ok(())
}

/// A role's ARN.
pub(super) fn set_role(target: &mut Option<RoleArn>, value: &str) -> Result<(), String> {
    let role =
        RoleArn::parse(value).map_err(|error| format!("{value:?} is not a role's ARN: {error}; write arn:aws:iam::ACCOUNT:role/NAME"))?;
    *target = Some(role);
    Ok(())
}

/// An SDK's name, with or without a version.
pub(super) fn set_sdk_version(target: &mut Option<Sdk>, value: &str) -> Result<(), String> {
    *target = Some(sdk(value, &[])?);
    Ok(())
}

/// An SDK's name, with or without a version, or `auto`.
pub(super) fn set_app_sdk(target: &mut Option<Sdk>, value: &str) -> Result<(), String> {
    *target = match value {
        "auto" => None,
        name => Some(sdk(name, &["auto"])?),
    };
    Ok(())
}

/// `others` are what may stand in its place.
fn sdk(value: &str, others: &[&str]) -> Result<Sdk, String> {
    Sdk::parse(value).map_err(|error| {
        let name = value.split('@').next().unwrap_or_default();
        if SdkFamily::parse(name).is_some() {
            return error;
        }
        let names = SdkFamily::ALL.into_iter().flat_map(|family| [family.id()].into_iter().chain(family.aliases().iter().copied()));
        error + &did_you_mean(name, names.chain(others.iter().copied()))
    })
}

/// The items of a list with commas or white space between them.
pub(super) fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(|c: char| c == ',' || c.is_whitespace()).filter(|item| !item.is_empty())
}

/// Adds codes of the catalogue, each of them once.
pub(super) fn add_codes(target: &mut Vec<Code>, value: &str) -> Result<(), String> {
    for id in items(value) {
        let code = Code::parse(id).ok_or_else(|| {
            let meant = match did_you_mean(id, Code::ALL.iter().map(|code| code.id())) {
                none if none.is_empty() => "; irsa-probe explain --list shows the codes".to_owned(),
                meant => meant,
            };
            format!("{id:?} is no code of the catalogue{meant}")
        })?;
        if !target.contains(&code) {
            target.push(code);
        }
    }
    Ok(())
}
