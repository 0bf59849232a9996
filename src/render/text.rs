//! The report as text. A check that works has one line. A finding has its cause and cure. The verdict is last, because it then stands right
//! above the next prompt.

use super::page::{Page, Paint, Style};
use super::{injected, label, name, provider};
use crate::core::catalogue::{Code, Severity, Step};
use crate::core::check::checks::{Check, CheckOutcome};
use crate::core::check::report::{Report, ReportedFinding, Verdict};
use crate::core::plan::Provider;
use crate::core::sdk::scan::FoundSdk;

/// The column where the text under a check begins.
const UNDER: usize = 4;
/// The column where wrapped text after `cause: ` continues.
const HANG: usize = 11;

/// The report as text.
pub fn report(report: &Report, style: Style) -> String {
    let mut page = Page::new(style);
    header(&mut page, report);
    let mut skipped: Vec<(&str, &str)> = Vec::new();
    for step in Step::ALL {
        let checks: Vec<&Check> = report.checks.iter().filter(|check| check.step == step).collect();
        let findings: Vec<&ReportedFinding> = report.findings.iter().filter(|finding| finding.cause.step == step).collect();
        let has_lines = step == Step::Application && !report.sdk_lines.is_empty();
        let has_found = step == Step::Application && !report.application.found.is_empty();
        if has_lines || has_found || !findings.is_empty() || checks.iter().any(|check| check.outcome != CheckOutcome::Skip) {
            heading(&mut page, step.id());
            if step == Step::Application {
                found_sdks(&mut page, report);
            }
            if has_lines {
                families(&mut page, report);
                let (checks, findings): (Vec<_>, Vec<_>) =
                    (of_others(checks), findings.into_iter().filter(|found| !is_of_families(found)).collect());
                checked_step(&mut page, &checks, &findings);
            } else {
                checked_step(&mut page, &checks, &findings);
            }
        } else {
            // The step stands for its checks where all have the same reason.
            let same = checks.windows(2).all(|pair| because(pair[0]) == because(pair[1]));
            skipped.extend(checks.iter().map(|check| (if same { step.id() } else { check.id.as_str() }, because(check))));
        }
    }
    page.gap();
    if !skipped.is_empty() {
        quietly(&mut page, &skipped);
        page.gap();
    }
    verdict(&mut page, report);
    page.finish()
}

fn header(page: &mut Page, report: &Report) {
    let subject = &report.subject;
    let mut about = Vec::new();
    about.extend(subject.pid.map(|pid| format!("process {pid}")));
    about.extend(subject.pod.as_ref().map(|pod| format!("pod {pod}")));
    let unread = report.root_cause.as_ref().is_some_and(|cause| cause.code == Code::ProbeOutOfResources);
    about.push(match report.expected.provider {
        Provider::None if unread => "not looked at".to_owned(),
        _ => injected(&report.expected),
    });
    about.extend(report.expected.region.clone());
    page.line(0, &[(Paint::Bold, &name(subject)), (Paint::Plain, "  "), (Paint::Dim, &about.join(", "))]);
}

pub(super) fn heading(page: &mut Page, name: &str) {
    page.gap();
    page.line(0, &[(Paint::Bold, name)]);
    page.line(0, &[(Paint::Dim, &"-".repeat(name.len()))]);
}

/// The checks of a step in their order, each with its finding. A check names one code only. A second finding of a check follows at the end of the
/// step.
pub(super) fn checked_step(page: &mut Page, checks: &[&Check], findings: &[&ReportedFinding]) {
    for check in checks {
        match findings.iter().find(|finding| Some(finding.cause.code) == check.code) {
            Some(found) => finding(page, found),
            None if check.outcome == CheckOutcome::Skip => {}
            None => plain(page, check),
        }
    }
    for found in findings.iter().filter(|finding| !checks.iter().any(|check| check.code == Some(finding.cause.code))) {
        finding(page, found);
    }
    let silent = |check: &&&Check| check.outcome == CheckOutcome::Skip && check.code.is_none();
    let skipped: Vec<(&str, &str)> = checks.iter().filter(silent).map(|check| (check.id.as_str(), because(check))).collect();
    quietly(page, &skipped);
}

/// What the SDK families become, in one line for each group. It stands in the place of their check and its finding.
fn families(page: &mut Page, report: &Report) {
    let found = report.findings.iter().find(|found| is_of_families(found));
    if let Some(ignored) = found.filter(|found| found.ignored) {
        return finding(page, ignored);
    }
    if let Some(found) = found {
        page.prose(0, UNDER, &[(Paint::Dim, "- "), (Paint::Dim, &format!("{}: {}", found.cause.code, found.cause.title))]);
    }
    let indent = if found.is_some() { UNDER } else { 0 };
    for line in &report.sdk_lines {
        let (paint, mark) = if line.wanted { (Paint::Green, "√") } else { (Paint::Dim, "-") };
        page.prose(indent, indent + 2, &[(paint, mark), (Paint::Plain, &line.text)]);
    }
}

/// The SDKs that were found in the application's files, those that cannot use a provider first.
fn found_sdks(page: &mut Page, report: &Report) {
    let application = &report.application;
    let mut found: Vec<&FoundSdk> = application.found.iter().collect();
    // What it cannot use counts where this pod was given just that.
    let is_useless = |sdk: &FoundSdk| match report.expected.provider {
        Provider::Irsa => sdk.irsa.is_lacking(),
        Provider::PodIdentity => sdk.pod_identity.is_lacking(),
        Provider::None => sdk.cannot_use(),
    };
    found.sort_by_key(|sdk| !is_useless(sdk));
    for sdk in found.iter().take(MOST_FOUND) {
        let (paint, mark) = if is_useless(sdk) { (Paint::Yellow, "‼") } else { (Paint::Dim, "-") };
        let what = format!("found {}: {}", sdk.title(), sdk.describe().join("; "));
        page.prose(0, UNDER, &[(paint, mark), (Paint::Plain, &what)]);
        page.prose(UNDER, UNDER, &[(Paint::Dim, &sdk.path)]);
    }
    if found.len() > MOST_FOUND {
        let more = format!("- and {} more; --output json has all of them", found.len() - MOST_FOUND);
        page.prose(0, UNDER, &[(Paint::Dim, &more)]);
    }
    if let Some(because) = application.scan.as_ref().and_then(|scan| scan.because.as_ref()) {
        page.prose(0, UNDER, &[(Paint::Dim, &format!("- the search for SDKs is not complete: {because}"))]);
    }
}

/// So many found SDKs are listed.
const MOST_FOUND: usize = 5;

fn is_of_families(found: &ReportedFinding) -> bool {
    found.cause.code == Code::SdkDiffers
}

fn of_others(checks: Vec<&Check>) -> Vec<&Check> {
    checks.into_iter().filter(|check| Code::SdkDiffers.row().check != Some(check.id.as_str())).collect()
}

fn plain(page: &mut Page, check: &Check) {
    let (paint, mark) = match check.outcome {
        CheckOutcome::Pass | CheckOutcome::Skip => (Paint::Green, "√"),
        CheckOutcome::Warn => (Paint::Yellow, "‼"),
        CheckOutcome::Fail => (Paint::Red, "×"),
    };
    match check.detail.as_deref().filter(|detail| !detail.is_empty()) {
        Some(detail) => page.prose(0, UNDER, &[(paint, mark), (Paint::Plain, &format!("{}:", check.title)), (Paint::Dim, detail)]),
        None => page.prose(0, UNDER, &[(paint, mark), (Paint::Plain, &check.title)]),
    }
}

/// What is said of a finding that `--ignore` names.
pub(super) const IGNORED: &str = "ignored (--ignore)";

/// A finding. Its title replaces the check's title. An assertion that is not true is easily misread, even with a mark beside it.
fn finding(page: &mut Page, finding: &ReportedFinding) {
    let cause = &finding.cause;
    match finding.severity {
        _ if finding.ignored => {
            page.prose(0, UNDER, &[(Paint::Dim, "- "), (Paint::Dim, &format!("{}: {}; {IGNORED}", cause.code, cause.title))]);
        }
        Severity::Info => {
            page.prose(0, UNDER, &[(Paint::Dim, "- "), (Paint::Dim, &format!("{}: {}. {}", cause.code, cause.title, cause.detail))]);
        }
        Severity::Warn => {
            page.prose(0, UNDER, &[(Paint::Yellow, "‼"), (Paint::Yellow, &format!("{}:", cause.code)), (Paint::Plain, &cause.title)]);
            page.prose(UNDER, UNDER, &[(Paint::Plain, &cause.detail)]);
            page.entry(UNDER, "cure:", HANG, (Paint::Plain, &cause.remedy.text));
        }
        Severity::Fail => {
            page.prose(0, UNDER, &[(Paint::Red, "×"), (Paint::Red, &format!("{}:", cause.code)), (Paint::Bold, &cause.title)]);
            page.prose(UNDER, UNDER, &[(Paint::Plain, &cause.detail)]);
            // When the title is not the catalogue's, the catalogue's cause does not fit either. The detail holds the cause then.
            if cause.title == cause.code.row().title {
                page.entry(UNDER, "cause:", HANG, (Paint::Plain, cause.code.row().cause));
            }
            page.entry(UNDER, "cure:", HANG, (Paint::Plain, &cause.remedy.text));
            page.commands(HANG, &cause.remedy.commands);
            if let Some(snippet) = &cause.remedy.snippet {
                page.line(UNDER, &[(Paint::Bold, label(cause.code.row().document))]);
                page.document(UNDER + 2, snippet);
            }
            page.entry(UNDER, "docs:", HANG, (Paint::Dim, &cause.docs));
        }
    }
}

/// The skipped checks and the reasons, in one dim line. Names with the same reason are grouped. Each name appears once.
pub(super) fn quietly(page: &mut Page, skipped: &[(&str, &str)]) {
    let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, reason) in skipped {
        match by_reason.iter_mut().find(|(known, _)| known == reason) {
            Some((_, names)) if names.contains(name) => {}
            Some((_, names)) => names.push(name),
            None => by_reason.push((reason, vec![name])),
        }
    }
    let words: Vec<String> = by_reason.iter().map(|(reason, names)| format!("{} – {reason}", names.join(", "))).collect();
    if !words.is_empty() {
        page.prose(0, 2, &[(Paint::Dim, "- skipped:"), (Paint::Dim, &words.join("; "))]);
    }
}

/// Why a check was skipped.
pub(super) fn because(check: &Check) -> &str {
    let reason = check.because.as_deref().unwrap_or("not looked at");
    reason.strip_prefix("skipped ").unwrap_or(reason)
}

fn verdict(page: &mut Page, report: &Report) {
    let cause = report.root_cause.as_ref().map(|cause| format!("{}: {}", cause.code, cause.title)).unwrap_or_default();
    let words = match report.verdict {
        Verdict::Pass => who(report),
        Verdict::Fail => cause,
        Verdict::Unknown => format!("{}: {cause}", attempts(report)),
    };
    last_line(page, report.verdict, &words);
    if let Some(line) = meanwhile(report, TERMINAL) {
        page.line(0, &[(Paint::Yellow, &line)]);
    }
}

/// The columns of the terminal that the last block has to fit.
const TERMINAL: usize = 80;

/// Which SDKs use the node's role while the identity is not proven, in one line of this width: `meanwhile: java-v2, cpp and 3 more use the node's
/// role eks-node`.
pub(super) fn meanwhile(report: &Report, width: usize) -> Option<String> {
    const LABEL: &str = "meanwhile: ";
    report.root_cause.as_ref()?;
    let uses = report.meanwhile.as_ref()?.one_line(width.saturating_sub(LABEL.len()))?;
    // What stands at the end is the name that IMDS gave.
    Some(format!("{LABEL}{}", uses.trim_end()))
}

/// The verdict, in one line that is never wrapped.
pub(super) fn last_line(page: &mut Page, verdict: Verdict, words: &str) {
    let (paint, word) = match verdict {
        Verdict::Pass => (Paint::Green, "PASS"),
        Verdict::Fail => (Paint::Red, "FAIL"),
        Verdict::Unknown => (Paint::Yellow, "UNKNOWN"),
    };
    page.line(0, &[(paint, word), (Paint::Plain, "  "), (Paint::Plain, words)]);
}

/// `not proven in 60 s (2 attempts)`
pub(super) fn attempts(report: &Report) -> String {
    let attempts = match report.attempts {
        1 => "1 attempt".to_owned(),
        n => format!("{n} attempts"),
    };
    match report.duration_ms {
        ms @ 0..1000 => format!("not proven in {ms} ms ({attempts})"),
        ms => format!("not proven in {} s ({attempts})", ms.saturating_add(500) / 1000),
    }
}

/// The identity of a pod that passed, and the number of its warnings.
pub(super) fn who(report: &Report) -> String {
    let expected = report.expected.provider;
    let identity = match &report.identity {
        Some(identity) => format!("this pod is {} ({})", identity.arn, identity.provider.id()),
        None if expected == Provider::None => "nothing is injected, and nothing was expected".to_owned(),
        None => format!("{} hands out credentials, though whose was not confirmed", provider(expected)),
    };
    let warnings: Vec<&str> =
        report.findings.iter().filter(|f| f.severity == Severity::Warn && !f.ignored).map(|f| f.cause.code.id()).collect();
    with_warnings(identity, &warnings)
}

/// A verdict's text, with the number of warnings.
pub(super) fn with_warnings(words: String, warnings: &[&str]) -> String {
    match warnings {
        [] => words,
        [one] => format!("{words}; 1 warning: {one}"),
        several => format!("{words}; {} warnings: {}", several.len(), several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::core::text::printable::printable;
    use serde_json::Value;

    fn all() -> Vec<Report> {
        let evidence =
            [testing::healthy(), testing::not_injected(), testing::trust_policy_denied(), testing::connect_timeout(), testing::warnings()];
        evidence.into_iter().map(|evidence| testing::report(evidence, 60_200, 2)).collect()
    }

    fn plain(evidence: Value) -> String {
        report(&testing::report(evidence, 60_200, 2), Style::default())
    }

    #[test]
    fn a_healthy_pod_golden() {
        let text = plain(testing::healthy());
        let expected = "\
shop/checkout  pod checkout-5d8f7c9b4-x2k8p, IRSA, eu-central-1

injection
---------
√ an AWS identity is injected into this container: IRSA
√ AWS_ROLE_ARN is the ARN of the expected role: arn:aws:iam::111122223333:role/checkout
√ the region is known and belongs to the role's partition: eu-central-1
√ no other credentials shadow the injected identity
√ STS is called at its regional endpoint: sts.eu-central-1.amazonaws.com

token
-----
√ the token file can be read: /var/run/secrets/eks.amazonaws.com/serviceaccount/token
√ it holds a service account token: system:serviceaccount:shop:checkout
√ the token is valid now and rotated in time: expires in 23h
√ the token is meant for AWS: sts.amazonaws.com
√ the token was issued to this pod: checkout-5d8f7c9b4-x2k8p

network
-------
√ the STS host name resolves: 10.0.3.17
√ STS accepts connections
√ its certificate is trusted
√ STS answers: 42 ms

assume-role
-----------
√ STS exchanges the token for the role's credentials: until 2026-11-22T22:34:03Z

identity
--------
√ GetCallerIdentity names the expected role:
    arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe
√ this node's clock agrees with STS's
√ an SDK's default chain becomes this identity

node
----
√ the node's role is out of this pod's reach: the hop limit keeps IMDSv2 from pods

application
-----------
√ all 16 SDK families become arn:aws:iam::111122223333:role/checkout
- skipped: profile – no profile is selected; app-sdk – the application's SDK is not known (--app-sdk
  names it)

- skipped: issuer – it was not asked for; pod-identity – the injected provider has no use for it;
  redundancy – one region only (--sts-region adds more)

PASS  this pod is arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe (irsa)
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_failing_pod_golden() {
        let text = plain(testing::connect_timeout());
        let expected = "\
network
-------
√ the STS host name resolves: 10.0.3.17
× connect-timeout: no connection to STS within the deadline
    sts.eu-central-1.amazonaws.com: no address accepted a connection within 2 s (10.0.3.17:443). The
    name resolves to private addresses: a VPC endpoint, whose security group has to admit this pod
    or node on port 443.
    cause: Packets are dropped. With a public address: no NAT gateway and no VPC endpoint, or a
           network policy. With a private one: the STS VPC endpoint's security group does not admit
           this pod or node on port 443.
    cure:  Allow egress to sts.eu-central-1.amazonaws.com:443; for a private address, admit the
           pod's or node's security group on the VPC endpoint.
           aws ec2 describe-vpc-endpoints --region eu-central-1 --filters Name=service-name,Values=com.amazonaws.eu-central-1.sts
           kubectl -n shop get networkpolicy
    docs:  docs/findings.md#connect-timeout
- skipped: tls, sts – no address accepted a connection within 2 s (10.0.3.17:443)

node
----
√ the node's role is out of this pod's reach: the hop limit keeps IMDSv2 from pods

application
-----------
- all 16 SDK families get no credentials: STS is not reached
- skipped: profile – no profile is selected; app-sdk – the application's SDK is not known (--app-sdk
  names it)

- skipped: issuer – it was not asked for; assume-role, pod-identity, identity, chain – because of
  connect-timeout; clock – STS's clock was not seen; redundancy – one region only (--sts-region adds
  more)

UNKNOWN  not proven in 60 s (2 attempts): connect-timeout: no connection to STS within the deadline
";
        assert_eq!(&text[text.find("network\n").unwrap()..], expected);
    }

    #[test]
    fn a_statement_can_be_copied_as_it_is() {
        let text = plain(testing::trust_policy_denied());
        let label = "    the statement in the trust policy:\n";
        let from = text.find(label).unwrap() + label.len();
        let to = text[from..].find("    docs:").unwrap() + from;
        let statement: Value = serde_json::from_str(&text[from..to]).unwrap();
        assert_eq!(statement["Action"], "sts:AssumeRoleWithWebIdentity");
        assert!(text.contains("\n           aws iam get-role --role-name checkout --query Role.AssumeRolePolicyDocument\n"), "{text}");
        assert!(text.ends_with("\n\nFAIL  trust-policy-denied: the role's trust policy does not accept this service account\n"));
    }

    #[test]
    fn warnings_are_short_and_information_shorter() {
        let text = plain(testing::warnings());
        assert!(text.contains(
            "‼ node-role-reachable: the node's role can be reached from this pod\n    IMDSv2 names the role eks-node to this pod.\n    cure:  Require"
        ));
        assert!(text.contains("\n- endpoint-override: an endpoint URL for STS is configured. AWS_ENDPOINT_URL_STS is\n    https://vpce"));
        assert!(text.ends_with("checkout/irsa-probe (irsa); 1 warning: node-role-reachable\n"));
    }

    #[test]
    fn what_is_ignored_is_one_line_and_no_warning() {
        let mut evidence = testing::warnings();
        evidence["inputs"]["settings"] = serde_json::json!({"ignore": ["node-role-reachable", "endpoint-override"]});
        let text = plain(evidence);
        assert!(text.contains("\n- node-role-reachable: the node's role can be reached from this pod; ignored (--ignore)\n"), "{text}");
        assert!(text.contains("\n- endpoint-override: an endpoint URL for STS is configured; ignored (--ignore)\n"), "{text}");
        assert!(!text.contains("IMDSv2 names") && text.ends_with("checkout/irsa-probe (irsa)\n"), "{text}");
    }

    #[test]
    fn every_finding_is_shown_once_under_its_step() {
        for report_ in all() {
            let text = report(&report_, Style::default());
            for finding in &report_.findings {
                let headline = format!(" {}: {}", finding.cause.code, finding.cause.title);
                let lines = text.lines().filter(|line| !line.starts_with(['F', 'U']) && line.contains(&headline)).count();
                assert_eq!(lines, 1, "{headline}\n{text}");
            }
        }
        // A check names one code only. A second finding of the same check must not be lost.
        let mut two = all().remove(2);
        two.findings.push(ReportedFinding { severity: Severity::Warn, cause: two.findings[0].cause.clone(), ignored: false });
        two.findings[1].cause.code = crate::core::catalogue::Code::Throttled;
        assert!(report(&two, Style::default()).contains("\n‼ throttled: "));
    }

    #[test]
    fn lines_are_neat_also_in_colour() {
        for report_ in all() {
            let plain = report(&report_, Style::default());
            assert!(plain.lines().all(|line| line == line.trim_end()), "{plain}");
            assert!(plain.ends_with('\n') && !plain.ends_with("\n\n") && !plain.contains("\n\n\n"));
            assert_eq!(unpainted(&report(&report_, Style { color: true })), plain);
        }
    }

    /// Removes the escape codes that a page writes. Any other escape character stays.
    fn unpainted(text: &str) -> String {
        ["0", "1", "2", "1;31", "1;32", "1;33"].iter().fold(text.to_owned(), |text, code| text.replace(&format!("\u{1b}[{code}m"), ""))
    }

    /// Replaces every string of every report in turn by a hostile one.
    #[test]
    fn no_foreign_text_paints_or_breaks_a_line() {
        const HOSTILE: &str = "A\u{1b}]0;owned\u{7}\u{1b}[31m\u{202e}\r\nINJECTED \u{9b}31m\u{2028}B";
        let mut replaced = 0;
        for report_ in all() {
            let document = serde_json::to_value(&report_).unwrap();
            let mut paths = Vec::new();
            strings(&document, String::new(), &mut paths);
            for path in paths {
                let mut hostile = document.clone();
                *hostile.pointer_mut(&path).unwrap() = HOSTILE.into();
                // Codes, steps and times are no free text: a report with such a value cannot be read.
                let Ok(hostile) = serde_json::from_value::<Report>(hostile) else { continue };
                replaced += 1;
                let texts = [
                    unpainted(&report(&hostile, Style { color: true })),
                    report(&hostile, Style::default()),
                    super::super::termination::message(&hostile),
                    super::super::json::report(&hostile),
                ];
                for text in texts {
                    for line in text.lines() {
                        assert_eq!(printable(line), line, "{path}");
                        // A document has several lines, so line breaks are kept there.
                        assert!(!line.trim_start().starts_with("INJECTED") || path.ends_with("/snippet"), "{path}: {line}");
                    }
                }
            }
        }
        assert!(replaced > 300, "{replaced}");
    }

    fn strings(value: &Value, path: String, found: &mut Vec<String>) {
        match value {
            Value::String(_) => found.push(path),
            Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| strings(item, format!("{path}/{at}"), found)),
            Value::Object(fields) => fields.iter().for_each(|(name, field)| strings(field, format!("{path}/{name}"), found)),
            _ => {}
        }
    }

    #[test]
    fn a_pass_without_an_identity_says_so() {
        let mut report = testing::report(testing::healthy(), 900, 1);
        report.identity = None;
        report.expected.provider = Provider::PodIdentity;
        assert_eq!(who(&report), "EKS Pod Identity hands out credentials, though whose was not confirmed");
        assert_eq!(attempts(&report), "not proven in 900 ms (1 attempt)");
    }
}
