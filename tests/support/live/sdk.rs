//! How the documents name SDKs: in the heads of columns, in the first column, and in the line "Versions:".

use std::collections::BTreeMap;

/// An SDK family in one version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sdk {
    /// The family's id, as `irsa-probe sdks` names it.
    pub family: &'static str,
    /// The version, as `--sdk NAME@VERSION` takes it.
    pub version: String,
    /// Java without the module `sts`. No command can name it, so that only a test of the library can ask for it.
    pub without_sts: bool,
}

impl Sdk {
    /// As `--sdk` takes it.
    pub fn argument(&self) -> String {
        format!("{}@{}", self.family, self.version)
    }
}

impl std::fmt::Display for Sdk {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}{}", self.family, self.version, if self.without_sts { " without sts" } else { "" })
    }
}

/// The version of each family that was current at a measurement, by the family's id.
pub type Current = BTreeMap<&'static str, String>;

/// The heads of columns that name a family alone. Its version is the current one.
const COLUMNS: [(&str, &str); 16] = [
    ("botocore", "botocore"),
    ("CLI 1", "cli-v1"),
    ("CLI 2", "cli-v2"),
    ("Go 2", "go-v2"),
    ("Go 1", "go-v1"),
    ("JS 3", "js-v3"),
    ("JS 2", "js-v2"),
    ("Java 2", "java-v2"),
    ("Java 1", "java-v1"),
    ("Kotlin", "kotlin"),
    ("Rust", "rust"),
    ("Ruby", "ruby"),
    ("C++", "cpp"),
    ("PHP", "php"),
    (".NET", "dotnet"),
    ("PowerShell", "powershell"),
];

/// Other names that stand before a version. The two CLIs may be told apart by the version alone.
const NAMES: [(&str, &str); 16] = [
    ("CLI", "cli"),
    ("AWS CLI", "cli"),
    ("Go v2 config", "go-v2"),
    ("Go 2 config", "go-v2"),
    ("Go v1", "go-v1"),
    ("JS v3 client-sts", "js-v3"),
    ("JS 3 client-sts", "js-v3"),
    ("JS v3", "js-v3"),
    ("JS v2", "js-v2"),
    ("Java v2", "java-v2"),
    ("Java v1", "java-v1"),
    ("Kotlin aws-config", "kotlin"),
    ("Rust aws-config", "rust"),
    ("Ruby aws-sdk-core", "ruby"),
    ("AWS Tools for PowerShell", "powershell"),
    ("PHP aws-sdk-php", "php"),
];

/// Reads the head of a column, such as `CLI 1` or `Go v2 config 1.18.45`.
pub fn column(head: &str, current: &Current) -> Result<Sdk, String> {
    let Some((_, family)) = COLUMNS.into_iter().find(|(name, _)| *name == head) else { return versioned(head) };
    let version = current.get(family).ok_or_else(|| format!("no line \"Versions:\" names the version of {head:?}"))?;
    Ok(Sdk { family, version: version.clone(), without_sts: false })
}

/// Reads a name with a version, such as `Java v2 2.57.8 without sts` or `C++ 1.10.55 (in pyarrow 12.0.1)`.
pub fn versioned(text: &str) -> Result<Sdk, String> {
    let unknown = || format!("unknown SDK {text:?}");
    let plain = match text.split_once(" (") {
        Some((before, inner)) if inner.ends_with(')') => before,
        Some(_) => return Err(unknown()),
        None => text,
    };
    let (plain, without_sts) = match (plain.strip_suffix(" without sts"), plain.strip_suffix(" + sts")) {
        (Some(plain), _) => (plain, true),
        (None, with) => (with.unwrap_or(plain), false),
    };
    let (name, version) = plain.rsplit_once(' ').filter(|(_, version)| is_version(version)).ok_or_else(unknown)?;
    Ok(Sdk { family: family_of(name, version).ok_or_else(unknown)?, version: version.to_owned(), without_sts })
}

fn family_of(name: &str, version: &str) -> Option<&'static str> {
    match NAMES.into_iter().chain(COLUMNS).find(|(known, _)| *known == name)?.1 {
        "cli" if version.starts_with("1.") => Some("cli-v1"),
        "cli" if version.starts_with("2.") => Some("cli-v2"),
        "cli" => None,
        family => Some(family),
    }
}

fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() >= 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Reads the paragraph "Versions: NAME 1.2.3, 1.1.0 · NAME …". The first version of a name is the current one. What follows
/// "Not measured:" names no versions.
pub fn current(document: &str) -> Result<Option<Current>, String> {
    let Some(start) = document.lines().position(|line| line.starts_with("Versions: ")) else { return Ok(None) };
    let paragraph: Vec<&str> = document.lines().skip(start).take_while(|line| !line.trim().is_empty()).collect();
    let text = without_brackets(&paragraph.join(" "));
    let text = text.trim_start_matches("Versions: ");
    let list = text.split(" Not measured:").next().unwrap_or(text).split(". ").next().unwrap_or(text).trim_end_matches('.');
    let mut current = Current::new();
    for item in list.split('·').map(str::trim) {
        let words: Vec<&str> = item.split_whitespace().collect();
        let first =
            words.iter().position(|word| is_version(word.trim_end_matches(','))).ok_or_else(|| format!("no version in {item:?}"))?;
        for word in &words[first..] {
            if !is_version(word.trim_end_matches(',')) && !["with", "and", "without", "`sts`", "`sts`,"].contains(word) {
                return Err(format!("unknown word {word:?} in {item:?}"));
            }
        }
        let version = words[first].trim_end_matches(',');
        let family = family_of(&words[..first].join(" "), version).ok_or_else(|| format!("unknown SDK {item:?}"))?;
        if current.insert(family, version.to_owned()).is_some() {
            return Err(format!("{family} is named twice"));
        }
    }
    Ok(Some(current))
}

/// The text without what stands in brackets.
fn without_brackets(text: &str) -> String {
    let mut depth = 0;
    let mut plain = String::new();
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            letter if depth == 0 => plain.push(letter),
            _ => {}
        }
    }
    plain.replace(" ,", ",")
}
