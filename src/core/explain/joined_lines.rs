//! Sentences that a terminal, a chat or `terraform -no-color` has broken at some column, without an indent to show it.
//!
//! Two lines of a log must not become one error: that a line is long, or that the next begins in lower case, says nothing. Lines are joined
//! where what is known to be one phrase stands on both; where one ends with a word that ends no sentence, or the next begins with one
//! that begins none; and below such a place for as long as they are as full as the lines of a broken paragraph. What begins as a
//! record does (a time, a level, an error's name) is one.

use super::service::DENIED;
use super::table::{AGENT_NETWORK, BEFORE_DNS, EXCHANGE_TEXTS, FAMILIES, NETWORK, NODE_ITSELF, SIGNED_TEXTS};
use crate::core::catalogue::{Operation, errors};
use crate::core::text::printable::floor;

/// Nobody breaks lines at a column beyond it.
const WIDEST: usize = 200;
/// No phrase is longer.
const REACH: usize = 160;

/// What stands before a time or an error's name, with which records begin otherwise.
const AWAITING: &str = " date/time| earlier than| later than| api error| rpc";

/// What no line ends with unless it goes on (in lower case).
const ENDS: &str = "a|an|the|this|your|of|to|for|from|with|within|and|or|is|are|was|be|been|has|have|could|cannot|must|should|after|\
    value at|to call|read udp|read tcp|dial tcp";

/// What none begins with.
const BEGINS: &str = "is |are |was |be |been |to |of |for |on |by |by: |not |and |or |has |have |cannot |should |must |does |doesn't |\
    operation: |operation (|authorized |perform: |resource: |: |sts.|https://sts|http://169.254.170.23|\
    (https://|(http://|(sts.|(Service: |(provider=|(Aws::|(/";

/// Phrases of the SDKs around what varies. No table needs them to tell an error.
const PHRASES: &str = "an error occurred (|) when calling the |1 validation error detected: |\
    the requested durationseconds exceeds the |operation error sts: assumerole|operation error sts: getcalleridentity|\
    operation error ec2: |operation error eks auth: |https response error statuscode: |api error |\
    exceeded maximum number of attempts, |request send failed, |send request failed|post \"http|get \"http|\
    unable to execute http request|failed to refresh cached credentials, |failed to retrieve credentials|failed to load credentials, |\
    get identity: get credentials: |user: arn:|is not authorized to perform: |not authorized to perform this operation|\
    no identity-based policy allows the |no resource-based policy allows the |with an explicit deny in a service control policy|\
    with an explicit deny in a resource control policy|; status code: |; error code: |; request id: |, status code: |, request id: |\
    doesn't match configured thumbprint|current date/time |expiration date/time |is now earlier than |is still later than |\
    the difference between the request time and the current time is too large|the token included in the request is expired|\
    could not find file '|no such file or directory: '|no such file or directory, open '|permission denied: '|\
    permission denied, open '|error trying to connect: http connect timeout|within the configured timeout of |\
    request canceled (client.timeout exceeded while awaiting headers)|the full uri (|credentials) contained with|\
    environment variable aws_container_credentials_full_uri|'. can only retrieve metadata from |too many requests|\
    error fetching credentials: |unable to fetch credentials from eks auth|failed to regenerate asg cache|arn is not mapped|\
    failed calling webhook \"|error looking up service account |serviceaccount \"|\" not found|: access denied|\
    rpc error: code = unknown desc = |failed to resolve reference: unexpected status: ";

/// Whether a line goes on with the text of a record. `last` is the length of the line before; `width` that of the longest in this
/// paragraph, once it is known to be broken.
pub(super) fn goes_on(text: &str, line: &str, last: usize, width: Option<usize>) -> bool {
    if text.is_empty() || line.is_empty() || last > WIDEST {
        return false;
    }
    let tail = text[floor(text, text.len().saturating_sub(REACH))..].to_ascii_lowercase();
    let head = line[..floor(line, REACH)].to_ascii_lowercase();
    if opens(line, &head) {
        return AWAITING.split('|').any(|end| tail.ends_with(end));
    }
    let mut broken = false;
    let mut see = |phrases: &str| broken = broken || is_broken(phrases, &tail, &head);
    for row in FAMILIES.iter().chain([&NETWORK, &AGENT_NETWORK]).flat_map(|family| family.iter()) {
        see(row.text);
    }
    EXCHANGE_TEXTS.iter().chain(SIGNED_TEXTS).for_each(|(text, ..)| see(text));
    errors::known_texts(Operation::AssumeRoleForPodIdentity).for_each(&mut see);
    [DENIED, BEFORE_DNS, NODE_ITSELF, PHRASES].into_iter().for_each(see);
    if broken {
        return true;
    }
    let first = line.split(' ').next().unwrap_or_default();
    let ends = |word: &str| tail.strip_suffix(word).is_some_and(|before| before.ends_with([' ', '"', '(']));
    let begins = |words: &str| line.starts_with(words) || words.strip_suffix(' ') == Some(line);
    // "lookup HOST on|172.20.0.10:53: no such host"
    let address = is_address(first) && first.ends_with(':');
    // A long first word would fit nowhere, a sentence may end at any column, and an error begins with its name.
    let full = width.is_some_and(|width| last + 1 + first.len().min(16) > width && line.len() <= width);
    let sentence = text.ends_with('.') || first.ends_with(':');
    full && !sentence || address || ENDS.split('|').any(ends) || BEGINS.split('|').any(begins)
}

/// Whether one of the phrases begins at the end of one line and goes on at the beginning of the next, which may be all of that. By the
/// places where it could be broken: a log has many lines, and few places come after the byte that one ends with.
fn is_broken(phrases: &str, tail: &str, head: &str) -> bool {
    let end = [*tail.as_bytes().last().unwrap_or(&b'|'), b' '];
    phrases.as_bytes().windows(2).enumerate().filter(|(_, pair)| *pair == end).any(|(at, _)| {
        let begun = phrases[..=at].rsplit('|').next().unwrap_or_default();
        let rest = phrases[at + 2..].split('|').next().unwrap_or_default();
        let all = || rest.strip_prefix(head).is_some_and(|rest| rest.starts_with(' '));
        tail.ends_with(begun) && (head.starts_with(rest) || all())
    })
}

/// How records begin: with a bracket, a time, a level, their first field or an error of their own.
fn opens(line: &str, lower: &str) -> bool {
    const LEVELS: &str = "info|warn|warning|error|debug|fatal|trace";
    const FIRST: &str = "{|[|<|time=|ts=|level=|msg=|an error occurred (|operation error |user: ";
    let (word, lower_word) = (line.split(' ').next().unwrap_or_default(), lower.split(' ').next().unwrap_or_default());
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let time = digits >= 6 && word.contains(['-', ':', '/']) && word.bytes().all(|b| b.is_ascii_digit() || b"-/:,.TZ+".contains(&b));
    let klog = word.len() == 5 && digits == 4;
    // A line may go on with "error", but not with "ERROR" or "error:".
    let level = LEVELS.split('|').any(|level| level == lower_word) && word != "error";
    let error = lower_word.ends_with("error:") || lower_word.ends_with("exception:");
    time && !is_address(word) || klog || level || error || FIRST.split('|').any(|first| lower.starts_with(first))
}

fn is_address(word: &str) -> bool {
    word.matches('.').count() == 3 && word.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_one(lines: &str) -> bool {
        let (text, line) = lines.split_once('\n').expect("two lines");
        goes_on(text, line, text.len(), None)
    }

    #[test]
    fn phrases_are_in_lower_case_and_can_be_broken() {
        for phrase in PHRASES.split('|') {
            assert!(phrase == phrase.to_ascii_lowercase() && phrase.find(' ') > Some(0), "{phrase}");
        }
        assert!(ENDS == ENDS.to_ascii_lowercase() && DENIED == DENIED.to_ascii_lowercase());
    }

    #[test]
    fn what_was_one_line_is_one_again() {
        for lines in [
            "when calling the GetCallerIdentity operation: Credential\nshould be scoped to a valid region",
            "An error occurred (AccessDenied) when calling the GetObject\noperation: Access Denied",
            "https response error StatusCode: 403, RequestID: 1, api\nerror AccessDenied: no",
            "The requested\nDurationSeconds exceeds the MaxSessionDuration set",
            "must be before the expiration date/time\n2024-02-09T10:47:44Z.",
            "lookup sts.eu-west-1.amazonaws.com on\n172.20.0.10:53: no such host",
            // All of a line.
            "No OpenIDConnect provider\nfound in",
        ] {
            assert!(is_one(lines), "{lines}");
        }
    }

    #[test]
    fn two_lines_of_a_log_stay_two() {
        for lines in [
            "reading the file\nopen /etc/app/config.yaml: permission denied",
            "waiting for the\n2024-03-01T10:00:00Z INFO ready",
            "waiting for the\nE0301 10:00:00.000000 1 main.go:1] failed",
            "waiting for\nlevel=info msg=ready",
            "AssumeRoleWithWebIdentity\nerror: something else",
            "is not authorized to perform: s3:GetObject\noperation error S3: PutObject, AccessDenied",
            "permission\ngranted",
        ] {
            assert!(!is_one(lines), "{lines}");
        }
    }

    #[test]
    fn a_broken_paragraph_goes_on_while_its_lines_are_full() {
        let goes_on = |text: &str, line: &str| goes_on(text, line, text.len(), Some(40));
        assert!(goes_on("thirty-five characters, or a few more", "identity-based policies"));
        assert!(!goes_on("a short line is its end", "identity-based policies"));
        assert!(!goes_on("thirty-five characters, or a few more", "AccessDenied: another error"));
        assert!(!goes_on("thirty-five characters and a full st.", "identity-based policies"));
        assert!(!goes_on("thirty-five characters, or a few more", "a line that is longer than any of a paragraph that was broken"));
    }
}
