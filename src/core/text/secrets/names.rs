//! Finds the names in a text. A name is never a secret, even if it looks like one.
//!
//! IAM allows `[\w+=,.@-]{1,64}` for a role and a session, and any printable ASCII in a role's path of up to 512 characters (IAM user
//! guide, "IAM and AWS STS quotas" and "IAM identifiers"). So a name may look like a key, a token, or `password=…`.

use std::ops::Range;

/// The kind of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameKind {
    /// An ARN, or its last part: `assumed-role/NAME/SESSION`, `system:serviceaccount:NAMESPACE:NAME`.
    Arn,
    /// A role, session or profile after a word such as `profile`.
    Name,
    /// A role or session that STS quotes as a parameter.
    Parameter,
    /// A request's id, or an encoded authorization message, which is one long word of base64.
    Id,
    /// A path of a file, or of a URL.
    Path,
    /// The host in a URL.
    Host,
}

/// The longest name of a role or session.
pub(super) const NAME: usize = 64;
/// The longest path and name of a role.
pub(super) const PATH_AND_NAME: usize = 512 + NAME;
/// The longest label of a host name, and the longest host name (RFC 1035, section 2.3.4).
const LABEL: usize = 63;
const HOST: usize = 253;
/// The shortest signature of a JWT: 32 bytes in base64url (RFC 7518, section 3.2).
const SIGNATURE: usize = 43;

/// The names in a text.
pub(super) struct NamePlaces(Vec<(Range<usize>, NameKind)>);

impl NamePlaces {
    pub(super) fn find_in(text: &str) -> NamePlaces {
        let mut names: Vec<_> = arns(text).into_iter().map(|at| (at, NameKind::Arn)).collect();
        let lower = text.to_ascii_lowercase();
        labelled(text, &lower, &mut names);
        quoted_parameters(text, &lower, &mut names);
        paths(text, &mut names);
        urls(text, &mut names);
        NamePlaces(names)
    }

    /// The kind of the name that holds this whole place.
    pub(super) fn around(&self, place: &Range<usize>) -> Option<NameKind> {
        let holds = |at: &Range<usize>| at.start <= place.start && place.end <= at.end;
        self.0.iter().find(|(at, _)| holds(at)).map(|(_, kind)| *kind)
    }

    /// Whether three parts with dots between them are a name at this place, and no token. A signed JWT is longer than a name: with the weakest
    /// algorithm (RFC 7515, HS256), its signature has 43 characters and its header 20.
    pub(super) fn has_jwt_like(&self, place: &Range<usize>, text: &str) -> bool {
        let jwt = &text[place.clone()];
        match self.around(place) {
            Some(NameKind::Arn) => jwt.len() <= PATH_AND_NAME,
            // A host has no underscore. A last part that is as long as a signature belongs to a token.
            Some(NameKind::Host) => {
                let is_signed = jwt.rsplit('.').next().is_some_and(|signature| signature.len() >= SIGNATURE);
                jwt.len() <= HOST && !jwt.contains('_') && jwt.split('.').all(|label| label.len() <= LABEL) && !is_signed
            }
            Some(NameKind::Name | NameKind::Parameter | NameKind::Id | NameKind::Path) => jwt.len() <= NAME,
            None => false,
        }
    }

    /// Whether a word of base64 is a name at this place, and no key.
    pub(super) fn has_key_like(&self, place: &Range<usize>) -> bool {
        match self.around(place) {
            Some(NameKind::Arn) => place.len() <= PATH_AND_NAME,
            Some(NameKind::Path) => place.len() <= FILE,
            Some(NameKind::Name | NameKind::Parameter) => place.len() <= NAME,
            Some(NameKind::Id | NameKind::Host) => true,
            None => false,
        }
    }
}

/// The longest name of a file (`NAME_MAX`, limits.h).
const FILE: usize = 255;

/// The end of a word that may hold any character of a name. A quote ends the word, because JSON without blanks has other text right after the
/// name.
fn end_of_word(text: &str, from: usize) -> usize {
    from + text[from..].find(|c: char| c.is_whitespace() || "\"'<>`".contains(c)).unwrap_or(text.len() - from)
}

fn begins_word(text: &str, at: usize) -> bool {
    !text[..at].chars().next_back().is_some_and(char::is_alphanumeric)
}

/// Finds ARNs, the rest of an ARN whose beginning was cut off or masked, and the user ids of sessions.
pub(super) fn arns(text: &str) -> Vec<Range<usize>> {
    const BEGINNINGS: [&str; 3] = ["arn:aws", "assumed-role/", "system:serviceaccount:"];
    let mut found = Vec::new();
    for begin in BEGINNINGS {
        let mut done = 0;
        for (at, _) in text.match_indices(begin) {
            if at >= done && begins_word(text, at) {
                done = end_of_word(text, at);
                found.push(at..done);
            }
        }
    }
    // `AROA…:SESSION`, the user id of a session (IAM user guide, "IAM identifiers").
    for (at, _) in text.match_indices("AROA") {
        let id = text[at..].bytes().take_while(u8::is_ascii_alphanumeric).count();
        if begins_word(text, at) && text[at + id..].starts_with(':') {
            found.push(at..end_of_word(text, at));
        }
    }
    found
}

/// Words before a name, in lower case.
const NAMED: [&str; 9] = [
    "profile",
    "rolesessionname",
    "role_session_name",
    "role session name",
    "session name",
    "rolename",
    "role_name",
    "role-name",
    "role name",
];
/// Words before an id. S3 has a second request id of 76 characters of base64 (S3 user guide, "Getting Amazon S3 request IDs").
const IDENTIFIED: [&str; 9] =
    ["requestid", "request id", "request_id", "request-id", "hostid", "host id", "host_id", "x-amz-id-2", "authorization failure message"];

fn labelled(text: &str, lower: &str, names: &mut Vec<(Range<usize>, NameKind)>) {
    let labels = NAMED.iter().map(|label| (*label, NameKind::Name)).chain(IDENTIFIED.iter().map(|label| (*label, NameKind::Id)));
    for (label, kind) in labels {
        for (at, _) in lower.match_indices(label) {
            let after = at + label.len();
            let word = text[after..].trim_start_matches([' ', ':', '=', '"', '\'', '(', '[', '{', '<', '>', '\\', '`']);
            let start = text.len() - word.len();
            let end = start + word.find(|c: char| c.is_whitespace() || "\"'<>()[]{}`;".contains(c)).unwrap_or(word.len());
            // There has to be a separator between `profile` and the name.
            if start > after && end > start {
                names.push((start..end, kind));
            }
        }
    }
}

/// Finds names that a ValidationError of AWS quotes: `Value 'NAME' at 'roleSessionName' failed to satisfy constraint`.
fn quoted_parameters(text: &str, lower: &str, names: &mut Vec<(Range<usize>, NameKind)>) {
    for parameter in ["' at 'rolesessionname'", "' at 'rolearn'"] {
        for (end, _) in lower.match_indices(parameter) {
            let start = text[..end].rfind('\'').map_or(end, |quote| quote + 1);
            names.push((start..end, NameKind::Parameter));
        }
    }
}

/// Finds words that begin like a path.
fn paths(text: &str, names: &mut Vec<(Range<usize>, NameKind)>) {
    let mut from = 0;
    while let Some(at) = text[from..].find(['/', '~', '.']) {
        let at = from + at;
        let rest = &text[at..];
        let is_path = ["/", "~/", "./", "../"].iter().any(|begin| rest.starts_with(begin)) && !rest.starts_with("//");
        let begins = !text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "+/_.~-%".contains(c));
        from = at + 1;
        if is_path && begins {
            let end = end_of_word(text, at);
            // The text after a `?` is a query, which may hold a token.
            let end = text[at..end].find('?').map_or(end, |query| at + query);
            names.push((at..end, NameKind::Path));
            from = end.max(from);
        }
    }
}

/// Finds the host of a URL, and its path. The query is left out, because it may hold a token.
fn urls(text: &str, names: &mut Vec<(Range<usize>, NameKind)>) {
    let mut done = 0;
    for (at, _) in text.match_indices("://") {
        if at < done {
            continue;
        }
        let start = at + "://".len();
        done = end_of_word(text, start);
        let url = &text[start..done];
        let host = url.find(['/', '?', '#']).unwrap_or(url.len());
        let path = url.find(['?', '#']).unwrap_or(url.len());
        let after_userinfo = url[..host].rfind('@').map_or(0, |at| at + 1);
        names.push((start + after_userinfo..start + host, NameKind::Host));
        names.push((start + host..start + path, NameKind::Path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_stand() {
        for (text, name, kind) in [
            ("User: arn:aws:sts::111122223333:assumed-role/web/s is not", "arn:aws:sts::111122223333:assumed-role/web/s", NameKind::Arn),
            (r#"{"Arn":"arn:aws-cn:iam::1:role/a","K":"v"}"#, "arn:aws-cn:iam::1:role/a", NameKind::Arn),
            ("***:assumed-role/web/s,", "assumed-role/web/s,", NameKind::Arn),
            ("sub system:serviceaccount:shop:web.", "system:serviceaccount:shop:web.", NameKind::Arn),
            ("The config profile (WebJobs) could not", "WebJobs", NameKind::Name),
            ("AWS_PROFILE=WebJobs", "WebJobs", NameKind::Name),
            ("Value 'Web.Jobs.' at 'roleSessionName' failed", "Web.Jobs.", NameKind::Parameter),
            ("AWS_CONFIG_FILE=/mnt/a.b.c/d", "/mnt/a.b.c/d", NameKind::Path),
            ("'roleSessionName': 'x/y'", "x/y", NameKind::Name),
            ("Request ID: 0f3c-1", "0f3c-1", NameKind::Id),
            ("<RequestId>0f3c</RequestId>", "0f3c", NameKind::Id),
            ("S3 Extended Request ID: a/b+c=", "a/b+c=", NameKind::Id),
            ("open /tmp/KeyJar/token: no", "/tmp/KeyJar/token:", NameKind::Path),
            ("reading ~/.aws/config", "~/.aws/config", NameKind::Path),
            ("Get \"https://a.example/b/c?d=e\"", "a.example", NameKind::Host),
            ("Get \"https://a.example/b/c?d=e\"", "/b/c", NameKind::Path),
            ("s3://Bucket/key", "Bucket", NameKind::Host),
        ] {
            let at = text.find(name).unwrap();
            assert_eq!(NamePlaces::find_in(text).around(&(at..at + name.len())), Some(kind), "{text}");
        }
        for (text, other) in [
            ("https://a.example/b?d=e", "d=e"),
            ("GET /b?d=e", "d=e"),
            (r#"{"Arn":"arn:aws-cn:iam::1:role/a","K":"v"}"#, "v"),
            ("https://user:pw@a.example", "user:pw"),
            ("key wJal/K7MD", "wJal/K7MD"),
            ("profiled", "d"),
        ] {
            let at = text.rfind(other).unwrap();
            assert_eq!(NamePlaces::find_in(text).around(&(at..at + other.len())), None, "{text}");
        }
    }

    #[test]
    fn a_line_of_nothing_but_beginnings_takes_no_longer() {
        for piece in ["arn:aws", "://", "profile ", "request id: ", "/", "../", "assumed-role/"] {
            NamePlaces::find_in(&piece.repeat(100_000 / piece.len()));
        }
    }
}
