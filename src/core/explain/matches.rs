//! Errors that are known, as `explain` shows them: once each, with what the text states and the fix.

use super::classify::{Hit, RecordEvidence};
use super::facts::{self, Facts};
use super::record::{Record, Window};
use super::remedy::{self, Advice};
use super::repeats::{self, SeenHit, SeenRecords};
use super::situation::Situation;
use crate::core::catalogue::remedy::{Remedy, Values};
use crate::core::catalogue::{Code, Step};
use crate::core::text::printable::{floor, printable, shorten};
use crate::core::text::secrets::{REDACTED, redact_around};
use serde::Serialize;

/// More different errors than this are not listed, only counted.
const MAX_MATCHES: usize = 25;
/// Characters of an excerpt.
const EXCERPT: usize = 200;

/// One error that is known.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// The finding.
    pub code: Code,
    /// Its step.
    pub step: Step,
    /// Its title: the catalogue's, or that of the text's situation.
    pub title: &'static str,
    /// What this text says beyond the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Its likely causes, of the catalogue or of the text's situation.
    pub cause: &'static str,
    /// The fix, filled with the facts.
    pub remedy: Remedy,
    /// What the text states.
    pub facts: Facts,
    /// Where it stands first, counted from 1; none for a code of the catalogue.
    pub line: Option<usize>,
    /// How often it stands there, when more than once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// The place, shortened and without secrets.
    pub excerpt: Option<String>,
    /// Where it stands last.
    #[serde(skip)]
    pub(super) last_line: usize,
}

/// The errors of a log.
#[derive(Default)]
pub(super) struct FoundMatches {
    pub matches: Vec<Match>,
    /// How many more there were.
    pub omitted: usize,
    repeats: SeenRecords,
}

impl FoundMatches {
    /// Adds what a record says.
    pub fn see(&mut self, record: &Record) {
        let fingerprint = repeats::fingerprint(record);
        let first = record.first_line();
        if let Some(known) = self.repeats.find(fingerprint) {
            for repeat in known {
                match repeat.nth {
                    Some(nth) => self.matches[nth].came_again(first + repeat.line),
                    None => self.omitted += 1,
                }
            }
            return;
        }
        let hits = RecordEvidence::of(record).hits();
        let repeats = hits.iter().map(|hit| SeenHit { nth: self.add(record, hit), line: record.line(hit.at) - first }).collect();
        self.repeats.learn(fingerprint, repeats);
    }

    /// The match of a hit, if it is listed.
    fn add(&mut self, record: &Record, hit: &Hit) -> Option<usize> {
        let window = record.window(hit.at);
        let facts = if hit.code == Code::AwsAuthRolePath { facts_of_mapping(window) } else { facts::facts(window) };
        let same = |one: &Match| one.code == hit.code && one.facts.is_same(&facts);
        if let Some(nth) = self.matches.iter().position(same) {
            self.matches[nth].came_again(record.line(hit.at));
            return Some(nth);
        }
        // One of each kind whatever their number: the root may stand last.
        if self.matches.len() >= MAX_MATCHES && self.matches.iter().any(|one| one.code == hit.code) {
            self.omitted += 1;
            return None;
        }
        self.matches.push(found(record, hit, facts));
        Some(self.matches.len() - 1)
    }
}

impl Match {
    fn came_again(&mut self, line: usize) {
        self.count = Some(self.count.unwrap_or(1) + 1);
        self.last_line = line;
    }
}

/// A row of the catalogue, found nowhere.
pub(super) fn of_catalogue(code: Code) -> Match {
    let row = code.row();
    Match {
        code,
        step: row.step,
        title: row.title,
        detail: None,
        cause: row.cause,
        remedy: Values::unknown().remedy(row),
        facts: Facts::default(),
        line: None,
        count: None,
        excerpt: None,
        last_line: 0,
    }
}

fn found(record: &Record, hit: &Hit, facts: Facts) -> Match {
    let window = record.window(hit.at);
    let situation = Situation::of(window.text, window.lower, &facts);
    let Advice { title, cause, remedy } = remedy::remedy(hit.code, &facts, &situation, hit.detail.as_deref());
    let line = record.line(hit.at);
    Match {
        title,
        detail: hit.detail.clone().or_else(|| expiry(hit.code, &facts)),
        cause,
        remedy,
        line: Some(line),
        excerpt: Some(excerpt(record, hit.at)),
        last_line: line,
        facts,
        ..of_catalogue(hit.code)
    }
}

/// A mapping has a role and nothing else.
fn facts_of_mapping(window: Window<'_>) -> Facts {
    let arn = facts::next_arn(&window.text[window.at..]);
    let role = crate::core::aws::arn::RoleArn::parse(arn).ok();
    Facts {
        resource: role.as_ref().map(ToString::to_string),
        account: role.as_ref().map(|role| role.account.to_string()),
        // Known also where the account was masked.
        role_name: arn.rsplit_once('/').map(|(_, name)| name.to_owned()),
        role,
        ..Facts::default()
    }
}

fn expiry(code: Code, facts: &Facts) -> Option<String> {
    let times = facts.times.as_ref().filter(|_| code == Code::TokenExpiredAtSts)?;
    let since = times.server?.since(times.expired?);
    (since > 0).then(|| format!("It had expired {} before.", crate::core::text::time::format_duration(since)))
}

/// So much of a record on either side is searched for secrets: more than the longest session token, so that none is cut in two.
const SEARCHED: usize = 8 * 1024;

/// The text around the place, without secrets: from a little before it, so that it can be found again.
fn excerpt(record: &Record, at: usize) -> String {
    let (begin, end) = (floor(&record.text, at.saturating_sub(SEARCHED)), floor(&record.text, at + SEARCHED));
    let (clean, at) = redact_around(&record.text[begin..end], at - begin);
    let clean = without_rests(&clean);
    let at = floor(&clean, at.min(clean.len()));
    let from = floor(&clean, at.saturating_sub(60));
    // From the beginning of a word.
    let from = clean[from..].find(' ').filter(|blank| from > 0 && from + blank < at).map_or(from, |blank| from + blank + 1);
    let cut = if from > 0 { "…" } else { "" };
    format!("{cut}{}", shorten(&printable(&clean[from..]), EXCERPT))
}

/// Without what a broken line has left of a secret behind the part that was taken out.
fn without_rests(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut parts = text.split(REDACTED);
    clean.push_str(parts.next().unwrap_or_default());
    for part in parts {
        clean.push_str(REDACTED);
        let rest = part.trim_start_matches([' ', '"', '\'', '>', '|', '+']);
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+/=_-.".contains(c)).unwrap_or(rest.len());
        let word = &rest.as_bytes()[..length];
        let is_rest = length >= 12
            && word.iter().any(u8::is_ascii_digit)
            && word.iter().any(u8::is_ascii_uppercase)
            && word.iter().any(u8::is_ascii_lowercase);
        clean.push_str(if is_rest { &rest[length..] } else { part });
    }
    clean
}
