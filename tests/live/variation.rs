//! The same situation with other names and paths, and with variables and lines that no SDK heeds when it chooses credentials.
//!
//! A prediction that changes with them rests on a name, and not on what the name stands for.

use crate::documents::{Content, Situation, given};
use crate::pod::with_paths;
use fastrand::Rng;
use regex::{Captures, Regex};
use std::collections::BTreeMap;

/// No SDK chooses credentials or an endpoint by these.
const IRRELEVANT: [(&str, &str); 16] = [
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("LANG", "C.UTF-8"),
    ("TZ", "Asia/Tokyo"),
    ("TERM", "xterm"),
    ("PWD", "/"),
    ("HOSTNAME", "web-7d9f"),
    ("MY_SERVICE_PORT", "tcp://10.0.0.7:80"),
    ("KUBERNETES_SERVICE_HOST", "10.0.0.1"),
    ("KUBERNETES_SERVICE_PORT", "443"),
    ("KUBERNETES_PORT_443_TCP", "tcp://10.0.0.1:443"),
    ("AWS_EXECUTION_ENV", "shop"),
    ("AWS_MAX_ATTEMPTS", "4"),
    ("AWS_RETRY_MODE", "standard"),
    ("AWS_PAGER", ""),
    ("AWS_SDK_UA_APP_ID", "shop"),
    ("JAVA_TOOL_OPTIONS", "-Xmx256m"),
];

/// Variables that name a profile.
const OF_PROFILES: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];

/// New names, each for one old name.
struct Names<'a> {
    random: &'a mut Rng,
    known: BTreeMap<String, String>,
}

impl Names<'_> {
    /// The new name for an old one. Two names that differ in capitals alone still do.
    fn of(&mut self, kind: &str, old: &str) -> String {
        let random = &mut *self.random;
        let make = || {
            let word = ["payments", "q", "shop", "orders", "web"][random.usize(..5)];
            format!("{word}{}{}", ["-", "_"][random.usize(..2)], random.u32(..1000))
        };
        let new = self.known.entry(format!("{kind} {}", old.to_ascii_lowercase())).or_insert_with(make).clone();
        if old.chars().any(|letter| letter.is_ascii_lowercase()) { new } else { new.to_ascii_uppercase() }
    }

    fn profile(&mut self, old: &str) -> String {
        let name = old.trim();
        if name.is_empty() || name.eq_ignore_ascii_case("default") {
            return old.to_owned();
        }
        let new = self.of("profile", name);
        old.replace(name, &new)
    }

    fn digits(&mut self, old: &str) -> String {
        let digits: String = (0..old.len()).map(|_| char::from(b'1' + self.random.u8(..9))).collect();
        self.known.entry(old.to_owned()).or_insert(digits).clone()
    }

    /// A key id of the same kind.
    fn key(&mut self, old: &str) -> String {
        let rest: String = (4..old.len()).map(|_| char::from(b'A' + self.random.u8(..26))).collect();
        self.known.entry(old.to_owned()).or_insert(format!("{}{rest}", &old[..4])).clone()
    }
}

/// Varies the situation. The seed alone decides how.
pub fn vary(situation: &Situation, seed: u64) -> Situation {
    let random = &mut Rng::with_seed(seed ^ situation.id.bytes().fold(0, |sum, byte| sum * 256 + u64::from(byte)));
    let paths = new_paths(random);
    let port = random.u16(1024..30_000).to_string();
    let mut order = random.fork();
    let mut names = Names { random, known: BTreeMap::new() };
    let plain = |text: &str, names: &mut Names<'_>| {
        let text = with_paths(text, &|path| {
            let (old, new) = paths.iter().find(|(old, _)| begins(path, old))?;
            Some((old.len(), new.clone()))
        });
        of_aws(&text, names).replace("127.0.0.1:5981", &format!("127.0.0.1:{port}"))
    };
    let mut varied = situation.clone();
    for (name, value) in &mut varied.variables {
        *value = match name.as_str() {
            name if OF_PROFILES.contains(&name) => names.profile(value),
            "AWS_SECRET_ACCESS_KEY" | "AWS_SECRET_KEY" if value == "s" => names.of("secret", "s"),
            _ => plain(value, &mut names),
        };
    }
    for (name, value) in IRRELEVANT {
        varied.variables.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    let files = std::mem::take(&mut varied.files).into_iter();
    let file = |(path, content): (String, Content)| {
        let content = match content {
            Content::Text(text) if text.lines().any(|line| line.starts_with('[')) => {
                Content::Text(of_profiles(&plain(&text, &mut names), &mut names, &mut order))
            }
            Content::Text(text) => Content::Text(plain(&text, &mut names)),
            other => other,
        };
        (plain(&path, &mut names), content)
    };
    varied.files = files.map(file).collect();
    varied
}

/// Other places for the tokens, the home, and what does not exist. The longest path comes first.
fn new_paths(random: &mut Rng) -> Vec<(String, String)> {
    let folder = |path: &str| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let mut number = || random.u32(..1000);
    let irsa = format!("/srv/{}/aws", number());
    let agent = format!("/run/{}/agent", number());
    vec![
        (given::IRSA_TOKEN.to_owned(), format!("{irsa}/jwt-{}", number())),
        (given::PIA_TOKEN.to_owned(), format!("{agent}/jwt-{}", number())),
        (folder(given::IRSA_TOKEN), irsa),
        (folder(given::PIA_TOKEN), agent),
        (given::HOME.to_owned(), format!("/opt/{}/user", number())),
        ("/nope".to_owned(), format!("/missing-{}/file", number())),
    ]
}

/// The path is this one or lies below it.
fn begins(path: &str, old: &str) -> bool {
    path.strip_prefix(old)
        .is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric() || ['_', '.', '-'].contains(&letter)))
}

/// Other accounts, roles and key ids.
fn of_aws(text: &str, names: &mut Names<'_>) -> String {
    let text = Regex::new(r"\b\d{12}\b").unwrap().replace_all(text, |found: &Captures<'_>| names.digits(&found[0])).into_owned();
    let role = |found: &Captures<'_>, names: &mut Names<'_>| format!("role/{}", names.of("role", &found[1]));
    let text = Regex::new(r"\brole/([A-Za-z]+)").unwrap().replace_all(&text, |found: &Captures<'_>| role(found, names)).into_owned();
    Regex::new(r"\bA[KS]IA[A-Z0-9]{8,}").unwrap().replace_all(&text, |found: &Captures<'_>| names.key(&found[0])).into_owned()
}

/// A configuration file with other names of profiles, with comments and blank lines, and with its sections in another order. Sections of the same
/// name keep theirs, for there it matters.
fn of_profiles(text: &str, names: &mut Names<'_>, random: &mut Rng) -> String {
    let head = Regex::new(r"(?m)^\[(\s*(?:profile|services|sso-session)\s+|\s*)([^\]]*)\]").unwrap();
    let text = head.replace_all(text, |found: &Captures<'_>| format!("[{}{}]", &found[1], names.profile(&found[2]))).into_owned();
    let value = Regex::new(r"(?m)^(\s*(?:source_profile|services|sso_session)\s*=)(.*)$").unwrap();
    let text = value.replace_all(&text, |found: &Captures<'_>| format!("{}{}", &found[1], names.profile(&found[2]))).into_owned();
    let secret = Regex::new(r"(?m)^(\s*aws_secret_access_key\s*=\s*)s$").unwrap();
    let text = secret.replace_all(&text, |found: &Captures<'_>| format!("{}{}", &found[1], names.of("secret", "s"))).into_owned();
    let starts: Vec<usize> = head.find_iter(&text).map(|found| found.start()).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let mut sections: Vec<&str> = starts.iter().zip(ends).map(|(start, end)| text[*start..end].trim_end()).collect();
    let head_of = |section: &str| section.lines().next().unwrap_or_default().to_owned();
    let distinct = sections.iter().map(|section| head_of(section)).collect::<std::collections::BTreeSet<_>>().len();
    if distinct == sections.len() {
        random.shuffle(&mut sections);
    }
    let before = &text[..starts.first().copied().unwrap_or(text.len())];
    let mut varied = format!("# made by the platform team\n\n{before}");
    for section in sections {
        varied += &format!("# {}\n{section}\n\n", random.u32(..));
    }
    varied
}
