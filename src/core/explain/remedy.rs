//! The words and the fix of a code in the situation that a text shows, filled with what the text states.

use super::facts::{self, Facts};
use super::permission;
use super::situation::{GITHUB, Situation};
use crate::core::catalogue::Code;
use crate::core::catalogue::commands::FixCommand;
use crate::core::catalogue::elsewhere::{Elsewhere, IssuerKind, ROWS, Site, When};
use crate::core::catalogue::remedy::{Remedy, Values};

/// What is said of a code.
pub(super) struct Advice {
    pub title: &'static str,
    pub cause: &'static str,
    pub remedy: Remedy,
}

/// The advice for a code: the words of its situation, or else those of the catalogue. `detail` is what `explain` says beyond the catalogue.
pub(super) fn remedy(code: Code, facts: &Facts, situation: &Situation<'_>, detail: Option<&str>) -> Advice {
    let row = code.row();
    let (values, path_lost) = values(facts, situation);
    let mut advice = match elsewhere(code, facts, situation, detail) {
        Some(Elsewhere { cause, wording, document, .. }) => {
            let mut remedy = values.fix(wording.fix, wording.commands);
            remedy.snippet = document.map(|document| values.document(document));
            note_lost_path(&mut remedy, path_lost, wording.fix, wording.commands);
            Advice { title: wording.title, cause, remedy }
        }
        None => {
            let mut remedy = values.remedy(row);
            note_lost_path(&mut remedy, path_lost, row.fix, row.commands);
            Advice { title: row.title, cause: row.cause, remedy }
        }
    };
    if let Some((name, _)) = facts::user(facts) {
        speak_of_user(&mut advice.remedy, name);
    }
    advice
}

/// The first row that fits.
fn elsewhere(code: Code, facts: &Facts, situation: &Situation<'_>, detail: Option<&str>) -> Option<&'static Elsewhere> {
    ROWS.iter().find(|row| row.codes.contains(&code) && fits(&row.when, facts, situation, detail))
}

fn fits(when: &When, facts: &Facts, situation: &Situation<'_>, detail: Option<&str>) -> bool {
    let lower = |text: Option<&str>| text.unwrap_or_default().to_ascii_lowercase();
    among(when.places, &situation.place)
        && among(when.callers, &situation.caller)
        && among(when.keys, &situation.key)
        && among(when.issuers, &situation.issuer)
        && lower(facts.action.as_deref()).starts_with(when.action)
        && (when.operation.is_empty() || lower(situation.operation) == when.operation)
        // Where `explain` adds nothing, AWS's own words count.
        && lower(detail.or(Some(situation.lower))).contains(when.detail)
        && when.says.split('|').any(|says| situation.lower.contains(says))
}

/// Whether a list holds a value, or asks for nothing.
fn among<T: PartialEq>(list: &[T], value: &T) -> bool {
    list.is_empty() || list.contains(value)
}

/// What templates are filled with; whether the role's ARN may lack its path.
fn values(facts: &Facts, situation: &Situation<'_>) -> (Values, bool) {
    let (mut known, path_lost) = facts::values(facts);
    known.extend(facts::user(facts).map(|(name, _)| ("userName", name.to_owned())));
    if facts.action.is_none() {
        let derived = situation.operation.and_then(|operation| permission::of(situation.service, operation));
        known.extend(derived.map(|action| ("action", action)));
    }
    if situation.place != Site::Ci {
        return (Values::from(known), path_lost);
    }
    // GitHub's issuer is known where the text does not spell it. GitLab's can be anyone's, and so can its audience.
    let (named, subject, unnamed) = match situation.issuer {
        IssuerKind::GitHub => (Some(format!("https://{GITHUB}")), "repo:ORG/REPO:ref:refs/heads/BRANCH", None),
        IssuerKind::GitLab => (None, "project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH", Some(("audience", "AUDIENCE".to_owned()))),
        _ => (None, "SUBJECT", None),
    };
    if let Some(url) = named.filter(|_| facts.issuer.is_none()) {
        known.push(("issuerPath", url.trim_start_matches("https://").to_owned()));
        known.push(("issuer", url));
    }
    known.extend(unnamed);
    (Values::from(known).with_subject(Some(situation.subject.unwrap_or(subject).to_owned())), path_lost)
}

/// A session's ARN has lost the path of its role.
fn note_lost_path(remedy: &mut Remedy, path_lost: bool, fix: &str, commands: &[FixCommand]) {
    let templates = commands.iter().map(|command| command.template);
    if path_lost && std::iter::once(fix).chain(templates).any(|text| text.contains("{roleArn}")) {
        remedy
            .text
            .push_str(" (A session does not show its role's path. If the role has a path, write it before the name in the role's ARN.)");
    }
}

/// A user has no role's policies.
fn speak_of_user(remedy: &mut Remedy, name: &str) {
    remedy.text = remedy.text.replace(&format!("policy of role {name}"), &format!("policy of user {name}"));
    for command in &mut remedy.commands {
        command.command = command.command.replace("list-attached-role-policies --role-name", "list-attached-user-policies --user-name");
    }
}

#[cfg(test)]
mod tests;
