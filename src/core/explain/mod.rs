//! From an error's text, or a whole log, to findings: what the SDKs, AWS, kubectl and controllers print, mapped to the catalogue.
//!
//! ```text
//!  bytes ─► needles (index) ─► records around them ─► evidence: forms, words, facts ─► hits (classify) ─► matches, the root first
//! ```
//!
//! It guesses nothing: a text that no recogniser knows gives no match. Nothing that looks like a secret comes out again.

mod classify;
mod facts;
mod forms;
mod index;
mod permission;
mod plain;
mod record;
mod remedy;
mod repeats;
mod situation;
mod stream;
mod table;
#[cfg(test)]
mod tests;

pub use facts::{Facts, Times};
pub use index::needles;

use crate::core::catalogue::remedy::{Remedy, Values};
use crate::core::catalogue::{Class, Code, Severity, Step};
use crate::core::text::printable::{floor, printable, shorten};
use crate::core::text::secrets::{redact, redact_around};
use classify::Evidence;
use record::{Record, Window};
use remedy::Advice;
use repeats::{Repeat, Repeats};
use serde::Serialize;
use situation::Situation;
use stream::Stream;

/// The value of `Explanation::schema`.
pub const SCHEMA: &str = "irsa-probe/explain/v1";

/// More different errors than this are not listed, only counted.
const MAX_MATCHES: usize = 25;
/// Characters of an excerpt.
const EXCERPT: usize = 200;

/// What a text means.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// `irsa-probe/explain/v1`
    pub schema: &'static str,
    /// The finding that explains the others.
    pub root_cause: Option<Code>,
    /// Why that one, when there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The root first.
    pub matches: Vec<Match>,
    /// Matches beyond those listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub omitted: Option<usize>,
}

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
    #[serde(skip)]
    last_line: usize,
}

/// A recogniser's answer.
struct Hit {
    at: usize,
    code: Code,
    detail: Option<String>,
}

impl Hit {
    fn at(at: usize, code: Code) -> Hit {
        Hit { at, code, detail: None }
    }

    fn saying(self, detail: impl Into<String>) -> Hit {
        Hit { detail: Some(detail.into()), ..self }
    }
}

/// Explains a log that comes in pieces.
pub struct Explainer {
    stream: Stream,
    found: FoundMatches,
}

#[derive(Default)]
struct FoundMatches {
    matches: Vec<Match>,
    omitted: usize,
    repeats: Repeats,
}

impl Explainer {
    /// Nothing has come yet.
    #[allow(clippy::new_without_default, reason = "an explainer is begun, not defaulted")]
    pub fn new() -> Explainer {
        Explainer { stream: Stream::new(), found: FoundMatches::default() }
    }

    /// The next bytes, of any length.
    pub fn push(&mut self, bytes: &[u8]) {
        self.stream.push(bytes, &mut |record| self.found.see(record));
    }

    /// What all of it means.
    pub fn finish(mut self) -> Explanation {
        self.stream.finish(&mut |record| self.found.see(record));
        let FoundMatches { mut matches, omitted, .. } = self.found;
        sort(&mut matches);
        Explanation {
            schema: SCHEMA,
            root_cause: matches.first().map(|root| root.code),
            why: why(&matches),
            matches,
            omitted: (omitted > 0).then_some(omitted),
        }
    }
}

impl FoundMatches {
    fn see(&mut self, record: &Record) {
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
        let hits = Evidence::of(record).hits();
        let repeats = hits.iter().map(|hit| Repeat { nth: self.add(record, hit), line: record.line(hit.at) - first }).collect();
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

/// Explains an error message or a log.
pub fn explain(text: &str) -> Explanation {
    let mut explainer = Explainer::new();
    explainer.push(text.as_bytes());
    explainer.finish()
}

/// A row of the catalogue in the same form.
pub fn explain_code(code: Code) -> Explanation {
    Explanation { schema: SCHEMA, root_cause: Some(code), why: None, matches: vec![of_catalogue(code)], omitted: None }
}

/// The whole catalogue in the same form: nothing of it was found anywhere.
pub fn list() -> Explanation {
    Explanation {
        schema: SCHEMA,
        root_cause: None,
        why: None,
        matches: Code::ALL.iter().map(|code| of_catalogue(*code)).collect(),
        omitted: None,
    }
}

/// The beginning of a text that is not known, fit to be shown.
pub fn beginning(text: &str) -> String {
    let head = &text[..floor(text, 4096)];
    let plain: Vec<_> = head.lines().map(|line| plain::plain(line.as_bytes())).collect();
    shorten(redact(&plain.join(" ")).trim(), 80).into_owned()
}

fn of_catalogue(code: Code) -> Match {
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
    let from = floor(&clean, at.saturating_sub(60));
    // From the beginning of a word.
    let from = clean[from..].find(' ').filter(|blank| from > 0 && from + blank < at).map_or(from, |blank| from + blank + 1);
    let cut = if from > 0 { "…" } else { "" };
    format!("{cut}{}", shorten(&printable(&clean[from..]), EXCERPT))
}

/// A stage, and why it stands where it does.
struct Stage {
    codes: &'static [Code],
    name: &'static str,
}

/// What a step's order alone does not say: causes that an SDK or a controller has before a credential travels, and what comes of having none.
const BEFORE: Stage = Stage {
    codes: &[
        Code::WebhookMissing,
        Code::ServiceAccountMissing,
        Code::RoleMissing,
        Code::SdkModuleMissing,
        Code::SdkTooOld,
        Code::DnsPolicyDeadlock,
        Code::ProfileMissing,
        Code::ProfileBroken,
    ],
    name: "a missing piece",
};
const STEPS: [(Step, &str); 9] = [
    (Step::Injection, "what the pod was given"),
    (Step::Token, "the token"),
    (Step::Issuer, "the token's issuer"),
    (Step::Network, "the way to STS"),
    (Step::AssumeRole, "the exchange with STS"),
    (Step::PodIdentity, "the Pod Identity agent"),
    (Step::Identity, "the identity"),
    (Step::Node, "the node's role"),
    (Step::Redundancy, "other regions"),
];
const AFTER: [Stage; 4] = [
    Stage { codes: &[Code::NoCredentialsFound], name: "the SDK's chain as a whole" },
    Stage { codes: &[Code::RoleChainDenied], name: "the next role" },
    Stage { codes: &[Code::PassRoleMissing, Code::PermissionMissing], name: "what it may do" },
    Stage { codes: &[Code::AwsAuthRolePath, Code::KubernetesAccessMissing], name: "access to Kubernetes" },
];

/// Where an error stands on a credential's way, and the name of that place.
fn stage(one: &Match) -> (usize, &'static str) {
    // An organisation's policy can deny the exchange, and anything else just as well.
    let of_exchange = one.facts.action.as_deref().is_none_or(|action| action.starts_with("sts:"));
    let code = if one.code == Code::ExplicitlyDenied && !of_exchange { Code::PermissionMissing } else { one.code };
    if BEFORE.codes.contains(&code) {
        return (0, BEFORE.name);
    }
    if let Some(at) = AFTER.iter().position(|stage| stage.codes.contains(&code)) {
        return (1 + STEPS.len() + at, AFTER[at].name);
    }
    let step = code.step();
    let at = STEPS.iter().position(|(one, _)| *one == step);
    at.map_or((1 + STEPS.len() + AFTER.len(), "the rest"), |at| (1 + at, STEPS[at].1))
}

/// Whether a match shows that credentials had been got by then: AWS knew the caller.
fn proves_identity(one: &Match) -> bool {
    let known = one.facts.principal.is_some() && !one.facts.is_node;
    known && matches!(one.code, Code::PermissionMissing | Code::PassRoleMissing | Code::RoleChainDenied | Code::ExplicitlyDenied)
}

/// Whether a text that means this code tells of a failure. What a check only warns of has stopped an application that logs it.
fn is_failure(code: Code) -> bool {
    code.row().severity == Severity::Fail || code.step() == Step::Application
}

/// The root first: failures before warnings, then by stage; what had passed when AWS knew the caller explains nothing after it.
fn sort(matches: &mut [Match]) {
    let known_at = matches.iter().filter(|one| proves_identity(one)).filter_map(|one| one.line).min();
    let passed = |one: &Match| {
        let transient = one.code.row().class == Class::Transient || one.code == Code::NoCredentialsFound;
        transient && known_at.is_some_and(|line| one.last_line < line)
    };
    let rank = |one: &Match| {
        let within = Code::ALL.iter().position(|code| *code == one.code);
        (!is_failure(one.code), passed(one), stage(one).0, within, one.line)
    };
    // By insertion: they are few, and the library's sort would be the largest part of this module in the binary.
    for end in 1..matches.len() {
        for at in (1..=end).rev() {
            if rank(&matches[at]) >= rank(&matches[at - 1]) {
                break;
            }
            matches.swap(at, at - 1);
        }
    }
}

/// Why the first is the root, in one clause.
fn why(matches: &[Match]) -> Option<String> {
    let [root, others @ ..] = matches else { return None };
    let (at, name) = stage(root);
    let next = others.iter().map(|one| (stage(one), one)).min_by_key(|((at, _), _)| *at)?;
    let ((next_at, next_name), next) = next;
    Some(match () {
        () if others.iter().all(|one| !is_failure(one.code)) && is_failure(root.code) => {
            "it is the failure, and the rest is only worth knowing".to_owned()
        }
        () if next_at < at && is_failure(next.code) => {
            format!("{next_name} failed too, but it had worked when AWS knew the caller")
        }
        () if next_at > at => {
            format!("{name} comes before {next_name} in the order in which credentials are made: what fails first explains the rest")
        }
        () => "it is the more basic one of those at the same step".to_owned(),
    })
}
