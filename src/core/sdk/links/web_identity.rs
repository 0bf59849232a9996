//! The link of `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`.

use super::super::outcome::ChainEnd;
use super::super::rules::{Chain, Empty};
use super::super::surroundings::{StsCall, Surroundings, TokenFile};
use super::sts::{RoleRequest, exchange};
use super::{LinkResult, Notes};
use crate::core::pod::environment::Var;

pub(super) fn try_web_identity(chain: &Chain, surroundings: &Surroundings<'_>, notes: &mut Notes) -> LinkResult {
    let (rules, env) = (&chain.web_identity, surroundings.environment);
    if !chain.has_sts {
        notes.add("Without its package for STS it never tries the web identity.");
        return LinkResult::Passes;
    }
    let counts = |var: &Var, empty: Empty| var.value().is_some() || (var.is_set() && empty == Empty::Given);
    match (counts(&env.role_arn, rules.role), counts(&env.token_file, rules.token_file)) {
        (true, false) if rules.role_without_token_fails => {
            return LinkResult::Ends(
                ChainEnd::Error,
                "AWS_ROLE_ARN is set without AWS_WEB_IDENTITY_TOKEN_FILE, which is an error in this SDK.",
            );
        }
        (_, false) => return LinkResult::Passes,
        (false, true) if rules.token_without_role_fails => {
            return LinkResult::Fails("AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN.");
        }
        (false, true) => return LinkResult::Passes,
        (true, true) => {}
    }
    if env.token_file.is_empty() {
        return LinkResult::Fails("AWS_WEB_IDENTITY_TOKEN_FILE is empty, but counts as a path in this SDK.");
    }
    let file = if rules.trims_path { surroundings.files.trimmed_token } else { surroundings.files.token };
    if file == TokenFile::NotAFile && rules.folder_crashes {
        return LinkResult::Ends(ChainEnd::Error, "The token file is a folder, and this SDK then ends the process.");
    }
    if let Some(why) = token_failure(file) {
        return LinkResult::Fails(why);
    }
    let role = env.role_arn.raw().unwrap_or_default();
    let role = if rules.trims_role { role.trim() } else { role };
    match exchange(chain, surroundings, &RoleRequest { role, session_name: true, is_hop: false }, notes) {
        Ok(()) => LinkResult::Gives {
            end: ChainEnd::Irsa,
            why: "AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE are set.".into(),
            arn: Some(role.into()),
        },
        Err(why) if surroundings.sts == StsCall::Alien && rules.alien_answer_crashes => LinkResult::Ends(ChainEnd::Error, why),
        Err(why) => LinkResult::Fails(why),
    }
}

/// Why there is no exchange with this file.
pub(super) fn token_failure(file: TokenFile) -> Option<&'static str> {
    match file {
        TokenFile::Missing => Some("The token file is missing."),
        TokenFile::Unreadable => Some("The token file cannot be read."),
        TokenFile::NotAFile => Some("The token file is not a file."),
        TokenFile::Empty => Some("The token file is empty."),
        TokenFile::NotAToken => Some("The token file does not hold a token."),
        TokenFile::Good | TokenFile::TrailingWhitespace => None,
    }
}
