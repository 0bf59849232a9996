//! The termination message. `kubectl describe pod` shows it for a container that ended.

use super::text::{attempts, meanwhile, sentences, who};
use crate::core::check::report::{Report, Verdict};
use crate::core::text::printable::printable;

/// The longest message, in bytes. The kubelet cuts a message at 4096 bytes, and all containers of a pod share 12 KiB. A message needs less.
pub const LIMIT: usize = 1024;

/// Code and title, what was seen, and the fix, in one line each, and one line about the SDKs that use the node's role meanwhile. For a pass, the
/// pod's identity.
pub fn message(report: &Report) -> String {
    let Some(cause) = &report.root_cause else {
        return cut(&printable(&format!("pass: {}", who(report))), LIMIT);
    };
    let unproven = if report.verdict == Verdict::Unknown { format!("; {}", attempts(report)) } else { String::new() };
    let what = cut(&printable(&format!("{}: {}{unproven}", cause.code, cause.title)), 240);
    // The first sentence is the fix. The others are cautions, which the report has room for.
    let fix = sentences(&cause.remedy.text)[0];
    let fix = cut(&printable(&format!("fix: {}", fix.trim_end_matches('.'))), 360);
    let why = if cause.detail.is_empty() { cause.code.row().cause } else { &cause.detail };
    let meanwhile =
        meanwhile(report, 120).map(|uses| format!("\n{}", cut(&printable(&format!("meanwhile: {uses}")), 160))).unwrap_or_default();
    // The detail holds foreign text of any length. It gets the room that the other lines leave.
    let why = cut(&printable(&format!("cause: {why}")), LIMIT - what.len() - fix.len() - meanwhile.len() - 2);
    format!("{what}\n{why}\n{fix}{meanwhile}")
}

/// The text cut to `limit` bytes. It ends with `…` if something was cut.
fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limit.saturating_sub('…'.len_utf8()));
    format!("{}…", text[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn a_failure_is_code_cause_and_fix() {
        let mut report = testing::report(testing::trust_policy_denied(), 60_000, 9);
        report.root_cause.as_mut().unwrap().detail = "STS answered 403.".into();
        assert_eq!(
            message(&report),
            "trust-policy-denied: the role does not trust this service account\n\
             cause: STS answered 403.\n\
             fix: Add the statement that `irsa-probe trust-policy` prints to the trust policy of role checkout, and keep its other statements"
        );
    }

    #[test]
    fn what_was_not_proven_says_how_long_it_was_tried() {
        let message = message(&testing::report(testing::connect_timeout(), 60_200, 7));
        assert!(
            message.starts_with("connect-timeout: the connection to STS timed out; not proven in 60 s (7 attempts)\ncause: "),
            "{message}"
        );
    }

    #[test]
    fn a_pass_says_who() {
        assert_eq!(
            message(&testing::report(testing::warnings(), 120, 1)),
            "pass: this pod is arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe (irsa); 1 warning: node-role-reachable"
        );
    }

    #[test]
    fn the_limit_is_of_bytes_and_cuts_no_character() {
        let mut report = testing::report(testing::trust_policy_denied(), 0, 1);
        let mut passing = testing::report(testing::healthy(), 0, 1);
        for (text, length) in
            ["ä", "€", "🦀", "\u{1b}\n", "x y"].into_iter().flat_map(|text| (300..1100).step_by(61).map(move |n| (text, n)))
        {
            let cause = report.root_cause.as_mut().unwrap();
            (cause.title, cause.detail, cause.remedy.text) = (text.repeat(length), text.repeat(length), text.repeat(length));
            passing.identity.as_mut().unwrap().arn = text.repeat(length);
            for message in [message(&report), message(&passing)] {
                assert!(message.len() <= LIMIT, "{} bytes", message.len());
                assert!(message.lines().all(|line| printable(line) == line));
            }
            assert_eq!(message(&report).lines().count(), 3);
            assert!(message(&report).len() > LIMIT - 8 || length < 500, "the room is used");
        }
        assert_eq!(cut("€€€€", 12), "€€€€");
        assert_eq!(cut("€€€€€", 12), "€€€…");
        assert_eq!(cut("ä€€€€", 12), "ä€€…", "a cut in the middle of a character goes back to its start");
    }
}
