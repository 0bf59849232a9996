//! What a situation gives to the SDK: variables, files, and what the fakes answer.

use std::collections::BTreeMap;

/// The usual paths of the two tokens, and of the application's home.
pub const IRSA_TOKEN: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
pub const PIA_TOKEN: &str = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token";
pub const HOME: &str = "/home/app";
/// Stands for a good token in a file.
pub const TOKEN: &str = "@TOKEN@";
const FAKE: &str = "http://127.0.0.1:5981";

/// The legend's short words, which stand in values and in files.
const SHORT: [(&str, &str); 6] = [
    ("ROLE", "arn:aws:iam::123456789012:role/irsa"),
    ("ROLE2", "arn:aws:iam::123456789012:role/prof"),
    ("IRSA_TOKEN", IRSA_TOKEN),
    ("PIA_TOKEN", PIA_TOKEN),
    ("AGENT", "http://169.254.170.23/v1/credentials"),
    ("FAKE", FAKE),
];

/// The base of the rows 01 to 36.
const BASE_OF_36: [(&str, &str); 4] = [
    ("AWS_REGION", "us-west-2"),
    ("AWS_ENDPOINT_URL_STS", FAKE),
    ("AWS_EC2_METADATA_SERVICE_ENDPOINT", FAKE),
    ("AWS_METADATA_SERVICE_TIMEOUT", "1"),
];

/// The base of all other rows, as EKS injects it.
const BASE: [(&str, &str); 3] =
    [("AWS_REGION", "us-west-2"), ("AWS_DEFAULT_REGION", "us-west-2"), ("AWS_STS_REGIONAL_ENDPOINTS", "regional")];

/// What a file holds. A file that is not named does not exist, but for the two tokens, which are good unless said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    /// This text. `@TOKEN@` stands for a good token.
    Text(String),
    /// It exists, and its mode lets no one read it.
    Unreadable,
    /// A folder stands in its place.
    Folder,
}

/// Whether a row has the base of the rows 01 to 36: their ids are numbers alone.
fn is_of_36(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads the column `given`: the variables of the process.
pub fn variables(id: &str, cell: &str) -> Result<BTreeMap<String, String>, String> {
    let base: &[(&str, &str)] = if is_of_36(id) { &BASE_OF_36 } else { &BASE };
    let mut variables: BTreeMap<String, String> = base.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    variables.insert("HOME".to_owned(), HOME.to_owned());
    let mut set = |name: &str, value: &str| variables.insert(name.to_owned(), expand(value));
    let mut removed = Vec::new();
    for item in items(cell)? {
        match item {
            "–" | "" => {}
            "IRSA" => {
                set("AWS_ROLE_ARN", "ROLE");
                set("AWS_WEB_IDENTITY_TOKEN_FILE", "IRSA_TOKEN");
            }
            "PIA" => {
                set("AWS_CONTAINER_CREDENTIALS_FULL_URI", if is_of_36(id) { "FAKE/v1/credentials" } else { "AGENT" });
                set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "PIA_TOKEN");
            }
            item => {
                let code = code(item).ok_or_else(|| format!("unknown word {item:?} in the column given"))?;
                if let Some(name) = code.strip_prefix('-').filter(|name| is_name(name)) {
                    removed.push(name.to_owned());
                } else {
                    let assignment = code.split_once('=').filter(|(name, _)| is_name(name));
                    let (name, value) = assignment.ok_or_else(|| format!("{code:?} is neither NAME=VALUE nor -NAME"))?;
                    set(name, &unquoted(value)?);
                }
            }
        }
    }
    for name in removed {
        variables.remove(&name).ok_or_else(|| format!("-{name} takes away what is not there"))?;
    }
    Ok(variables)
}

/// Reads the column `files`.
pub fn files(cell: &str) -> Result<BTreeMap<String, Content>, String> {
    let mut files: BTreeMap<String, Content> =
        [IRSA_TOKEN, PIA_TOKEN].into_iter().map(|path| (path.to_owned(), Content::Text(TOKEN.to_owned()))).collect();
    for item in items(cell)?.into_iter().filter(|item| !["–", ""].contains(item)) {
        let unknown = || format!("unknown word {item:?} in the column files");
        let (path, rest) = item.strip_prefix('`').and_then(|item| item.split_once('`')).ok_or_else(unknown)?;
        let content = match rest.trim() {
            "unreadable" => Content::Unreadable,
            "is a folder" | "is a directory" => Content::Folder,
            rest if rest.starts_with(':') && rest.ends_with("` unreadable") => Content::Unreadable,
            rest => match code(rest.strip_prefix(':').ok_or_else(unknown)?.trim()).ok_or_else(unknown)? {
                "(empty)" => Content::Text(String::new()),
                text => Content::Text(expand(&lines(text)).replace("\\r", "\r")),
            },
        };
        let path = match path.strip_prefix("~/") {
            Some(below) => format!("{HOME}/{below}"),
            None => expand(path),
        };
        if !path.starts_with('/') {
            return Err(unknown());
        }
        files.insert(path, content);
    }
    Ok(files)
}

/// Reads the column `fake`: what each service answers that does not answer well.
pub fn fakes(cell: &str) -> Result<BTreeMap<&'static str, String>, String> {
    let mut fakes = BTreeMap::new();
    for item in cell.split(", ").filter(|item| !["–", ""].contains(item)) {
        let (service, answer) = item.split_once(": ").ok_or_else(|| format!("unknown word {item:?} in the column fake"))?;
        let known = super::assume::SERVICES.into_iter().find(|known| *known == service);
        let service = known.ok_or_else(|| format!("unknown service {service:?} in the column fake"))?;
        fakes.insert(service, answer.to_owned());
    }
    Ok(fakes)
}

/// The items of a cell, which `;` divides outside of code.
fn items(cell: &str) -> Result<Vec<&str>, String> {
    let mut in_code = false;
    let items = cell.split(|letter| {
        in_code ^= letter == '`';
        letter == ';' && !in_code
    });
    let items = items.map(str::trim).collect();
    if in_code { Err(format!("a lone ` in {cell:?}")) } else { Ok(items) }
}

fn code(text: &str) -> Option<&str> {
    text.strip_prefix('`')?.strip_suffix('`').filter(|inner| !inner.contains('`'))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A value in double quotes that needs them: it is empty, or has white space, or an escape. Else the quotes are part of the value.
fn unquoted(value: &str) -> Result<String, String> {
    let Some(inner) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return if value.contains(char::is_whitespace) || value.contains('\\') || value.is_empty() {
            Err(format!("the value {value:?} wants quotes"))
        } else {
            Ok(value.to_owned())
        };
    };
    if !inner.is_empty() && !inner.contains(char::is_whitespace) && !inner.contains('\\') {
        return Ok(value.to_owned());
    }
    let mut plain = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match letters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('"') => '"',
                Some('\\') => '\\',
                other => return Err(format!("unknown escape \\{}", other.map(String::from).unwrap_or_default())),
            },
            letter => letter,
        });
    }
    Ok(plain)
}

/// ` ⏎ ` is a line break; what stands beyond its own two spaces belongs to the lines.
fn lines(text: &str) -> String {
    let mut lines = String::new();
    for (index, line) in text.split('⏎').enumerate() {
        if index > 0 {
            lines.pop();
            lines.push('\n');
        }
        lines.push_str(if index > 0 { line.strip_prefix(' ').unwrap_or(line) } else { line });
    }
    lines
}

/// Puts what the legend's short words stand for in their places.
fn expand(text: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()).max(first.len_utf8());
        let (word, after) = rest.split_at(end);
        // The two tokens in a file: `@TOKEN@` is no short word.
        expanded.push_str(SHORT.into_iter().find(|(short, _)| *short == word).map_or(word, |(_, whole)| whole));
        rest = after;
    }
    expanded
}
