//! Where the failing program runs, who called, with which kind of credentials: what a fix depends on beside the code.
//!
//! Structure decides, not a word: a subject of GitHub's form, a principal's kind, an access key id, a path's beginning. What the text does not
//! show stays unknown.

use super::facts::Facts;
use crate::core::catalogue::elsewhere::{Caller, IssuerKind, Key, Site};
use crate::core::text::secrets::redact;
use std::borrow::Cow;

/// The situation that a text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Situation<'a> {
    pub place: Site,
    pub caller: Caller,
    pub key: Key,
    pub issuer: IssuerKind,
    /// The subject of a CI job's token, as written.
    pub subject: Option<&'a str>,
    /// The operation that failed, where the text names one alone.
    pub operation: Option<&'a str>,
    /// Its service, as the SDK writes it.
    pub service: Option<&'a str>,
    /// The text in lower case.
    pub lower: &'a str,
}

impl<'a> Situation<'a> {
    /// What the surroundings of an error show. `lower` is `text` in ASCII lower case.
    pub(super) fn of(text: &'a str, lower: &'a str, facts: &Facts) -> Situation<'a> {
        let subject = subject(text);
        let issuer = issuer(facts, subject, lower);
        let caller = caller(facts);
        let (service, operation) = operation(text, lower);
        Situation { place: place(text, lower, issuer, caller), caller, key: key(text, caller), issuer, subject, operation, service, lower }
    }
}

/// Words as a log separates them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_ascii_whitespace() || "\"'`,;()<>[]{}=".contains(c)).filter(|word| !word.is_empty())
}

/// `repo:ORG/NAME:…` of GitHub (docs.github.com, "OpenID Connect reference"), `project_path:GROUP/PROJECT:ref_type:…` of GitLab.
fn subject(text: &str) -> Option<&str> {
    let word = words(text).map(|word| word.trim_end_matches('.')).find(|word| is_github(word) || is_gitlab(word))?;
    let plain = word.len() <= 255 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:@".contains(&b));
    (plain && is_no_secret(word)).then_some(word)
}

fn is_no_secret(word: &str) -> bool {
    matches!(redact(word), Cow::Borrowed(_))
}

fn is_github(word: &str) -> bool {
    let named = word.strip_prefix("repo:").and_then(|rest| rest.split_once(':'));
    named.is_some_and(|(repository, rest)| repository.matches('/').count() == 1 && !rest.is_empty())
}

fn is_gitlab(word: &str) -> bool {
    word.strip_prefix("project_path:").is_some_and(|rest| rest.contains('/') && rest.contains(":ref"))
}

fn issuer(facts: &Facts, subject: Option<&str>, lower: &str) -> IssuerKind {
    let host = facts.issuer.as_deref().and_then(|url| url.strip_prefix("https://")).map(|rest| rest.split('/').next().unwrap_or_default());
    let host = host.unwrap_or_default().to_ascii_lowercase();
    match subject {
        Some(subject) if is_github(subject) => IssuerKind::GitHub,
        Some(_) => IssuerKind::GitLab,
        None if host == GITHUB || words(lower).any(|word| word.trim_start_matches("https://").split(['/', ':']).next() == Some(GITHUB)) => {
            IssuerKind::GitHub
        }
        None if host == "gitlab.com" || host.starts_with("gitlab.") => IssuerKind::GitLab,
        None if host.starts_with("oidc.eks.") || host.starts_with("oidc-eks.") || facts.service_account.is_some() => IssuerKind::Cluster,
        None if !host.is_empty() => IssuerKind::Unknown,
        None if any(lower, OF_GITHUB) => IssuerKind::GitHub,
        None if any(lower, OF_GITLAB) => IssuerKind::GitLab,
        None => IssuerKind::Unknown,
    }
}

/// GitHub's issuer.
pub(super) const GITHUB: &str = "token.actions.githubusercontent.com";

fn caller(facts: &Facts) -> Caller {
    let principal = facts.principal.as_deref().unwrap_or_default();
    let session = principal.split_once(":assumed-role/").and_then(|(_, rest)| rest.split_once('/'));
    match session {
        _ if facts.is_node => Caller::Node,
        Some((role, _)) if role.starts_with("AWSReservedSSO_") => Caller::Person,
        // `eks-CLUSTER-POD-UUID`
        Some((_, session)) if session.starts_with("eks-") && ends_with_uuid(session) => Caller::PodIdentity,
        Some(_) => Caller::Role,
        None if principal.contains(":user/") => Caller::User,
        None if principal.contains(":role/") => Caller::Role,
        None => Caller::Unknown,
    }
}

fn ends_with_uuid(session: &str) -> bool {
    let uuid = session.len().checked_sub(36).and_then(|at| session.get(at..)).unwrap_or_default();
    let parts: Vec<usize> = uuid.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && uuid.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// An access key id says what kind it is (IAM user guide, "Understanding unique ID prefixes").
fn key(text: &str, caller: Caller) -> Key {
    let of_kind = |kind: &str| {
        words(text).flat_map(|word| word.split([':', '/'])).any(|word| {
            let rest = word.strip_prefix(kind).unwrap_or_default();
            rest.len() >= 8 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'*')
        })
    };
    match caller {
        Caller::User => Key::Static,
        _ if of_kind("ASIA") => Key::Session,
        _ if of_kind("AKIA") => Key::Static,
        Caller::Role | Caller::Node | Caller::Person | Caller::PodIdentity => Key::Session,
        Caller::Unknown => Key::Unknown,
    }
}

/// What only a job of GitHub Actions has, and the sentence of its action for AWS.
const OF_GITHUB: &[&str] = &[
    "aws-actions/configure-aws-credentials",
    "could not assume role with oidc",
    "/home/runner/work/",
    "actions_id_token_request_url",
    "actions_id_token_request_token",
];
/// What only a job of GitLab has.
const OF_GITLAB: &[&str] = &["ci_job_jwt", "ci_job_token", "gitlab-runner ", ".gitlab-ci.yml"];
/// What only a CI job has, of whatever system.
const OF_CI: &[&str] = &["##[error]", "id-token: write", "role-to-assume"];
/// What only a pod has. A mount below the kubelet's folder is a pod's, too.
const OF_POD: &[&str] = &[
    "/var/run/secrets/eks.amazonaws.com/",
    "/var/run/secrets/pods.eks.amazonaws.com/",
    "/var/run/secrets/kubernetes.io/",
    "/var/lib/kubelet/pods/",
    "169.254.170.23",
    "fd00:ec2::23",
    "system:serviceaccount:",
    "reconciler error",
    "\"reconciler group\"",
    "\"controllergroup\"",
    "\"controller\":",
    "\"controller\"=",
];
/// What only a person's machine has.
const OF_WORKSTATION: &[&str] = &[
    "aws sso login",
    "~/.aws/",
    "c:\\users\\",
    "c:\\\\users\\\\",
    ".aws\\",
    "sso session",
    "sso token",
    "memcache.go:",
    "registry.terraform.io/hashicorp/aws",
];
/// What only an EC2 instance has.
const OF_INSTANCE: &[&str] = &["/home/ec2-user/", "[ec2-user@", "cloud-init[", "/opt/codedeploy-agent/"];

fn place(text: &str, lower: &str, issuer: IssuerKind, caller: Caller) -> Site {
    match () {
        () if matches!(issuer, IssuerKind::GitHub | IssuerKind::GitLab) => Site::Ci,
        () if caller == Caller::Person => Site::Workstation,
        () if caller == Caller::PodIdentity || issuer == IssuerKind::Cluster || any(lower, OF_POD) || of_container(text) => Site::Pod,
        () if any(lower, OF_CI) => Site::Ci,
        () if any(lower, OF_INSTANCE) => Site::Instance,
        () if any(lower, OF_WORKSTATION) || text.contains("/Users/") || in_home(lower) => Site::Workstation,
        () => Site::Unknown,
    }
}

fn any(lower: &str, needles: &[&str]) -> bool {
    needles.iter().any(|needle| lower.contains(needle))
}

/// klog's header of the first process of a container: `E0301 10:00:00.000000       1 file.go:167]`.
fn of_container(text: &str) -> bool {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    words.windows(4).any(|four| {
        let [level, time, pid, place] = four else { return false };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        level.len() == 5
            && level.starts_with(['E', 'W', 'I', 'F'])
            && digits(&level[1..])
            && time.matches(':').count() == 2
            && *pid == "1"
            && place.ends_with(']')
            && place.contains(".go:")
    })
}

/// A file of the AWS CLI in a person's home: `/home/mary/.aws/config`, `/Users/mary/.aws/credentials`.
fn in_home(lower: &str) -> bool {
    ["/home/", "/users/"].iter().any(|folder| {
        lower.match_indices(folder).any(|(at, _)| {
            let (user, file) = lower[at + folder.len()..].split_once('/').unwrap_or_default();
            !["runner", "ec2-user", "app", "nonroot", ""].contains(&user) && file.starts_with(".aws/")
        })
    })
}

/// Service and operation, as SDKs write them. Where a text names several operations, none of them.
fn operation<'a>(text: &'a str, lower: &str) -> (Option<&'a str>, Option<&'a str>) {
    let is_name = |name: &str| (3..=60).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric()) && is_no_secret(name);
    let mut found: Vec<(Option<&str>, &str)> = Vec::new();
    // boto3 and the AWS CLI; the C++ SDK in Arrow.
    for (begin, end) in [("when calling the ", " operation"), (" error during ", " operation"), ("during ", " operation:")] {
        for (at, _) in lower.match_indices(begin) {
            let rest = &text[at + begin.len()..];
            found.extend(rest.split_once(end).map(|(name, _)| (None, name)));
        }
    }
    // Go 2: `operation error S3: HeadObject, `.
    for (at, begin) in lower.match_indices("operation error ") {
        let (service, rest) = text[at + begin.len()..].split_once(": ").unwrap_or_default();
        found.push((Some(service), rest.split([',', ' ', ':']).next().unwrap_or_default()));
    }
    found.retain(|(_, name)| is_name(name));
    found.dedup();
    match found[..] {
        [(service, name)] => (service.filter(|service| service.len() <= 60), Some(name)),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::facts;
    use super::super::record::Window;
    use super::*;

    fn of(text: &str) -> (Site, Caller, Key, IssuerKind) {
        let lower = text.to_ascii_lowercase();
        let situation = Situation::of(text, &lower, &facts(Window { text, lower: &lower, at: 0 }));
        (situation.place, situation.caller, situation.key, situation.issuer)
    }

    #[test]
    fn the_place_is_told_by_structure() {
        for (text, place) in [
            ("sub repo:shop/checkout:ref:refs/heads/main is not allowed", Site::Ci),
            ("No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com", Site::Ci),
            ("Run aws-actions/configure-aws-credentials@v4 Error: Could not assume role", Site::Ci),
            ("##[error]Process completed with exit code 1.", Site::Ci),
            ("id_tokens of .gitlab-ci.yml", Site::Ci),
            ("\"sub\": \"project_path:shop/checkout:ref_type:branch:ref:main\"", Site::Ci),
            ("open /var/run/secrets/eks.amazonaws.com/serviceaccount/token: no such file", Site::Pod),
            ("MountVolume failed for /var/lib/kubelet/pods/0a/volumes/x: User: arn:aws:sts::111122223333:assumed-role/a/s", Site::Pod),
            ("E0301 10:00:00.000000       1 controller.go:167] failed", Site::Pod),
            (
                "User: arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0a1b2c3d4e5f6a7b/mary is not authorized to perform: a:B",
                Site::Workstation,
            ),
            ("open /Users/mary/.aws/config: no such file", Site::Workstation),
            ("E0408 11:11:19.589785    6069 memcache.go:265] couldn't get", Site::Workstation),
            ("/home/ec2-user/app.py: Unable to locate credentials", Site::Instance),
            // Near misses: prose, a repository without a subject, a user of a container, another host.
            ("repo: shop/checkout, a pod of the CI team", Site::Unknown),
            ("see repo:shop/checkout", Site::Unknown),
            ("/home/app/.aws/config", Site::Unknown),
            ("https://nottoken.actions.githubusercontent.com.example.com/", Site::Unknown),
            ("the kubelet is fine", Site::Unknown),
        ] {
            assert_eq!(of(text).0, place, "{text}");
        }
    }

    #[test]
    fn the_issuer_is_the_one_that_is_named_or_that_of_the_ci_system() {
        const OF_EKS: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
        let missing =
            |issuer: &str| format!("Could not assume role with OIDC: No OpenIDConnect provider found in your account for {issuer}");
        for (text, issuer) in [
            (missing("https://token.actions.githubusercontent.com"), IssuerKind::GitHub),
            (missing("https://gitlab.com"), IssuerKind::GitLab),
            (missing("https://gitlab.example.com"), IssuerKind::GitLab),
            (missing(OF_EKS), IssuerKind::Cluster),
            (missing("https://issuer.example.com"), IssuerKind::Unknown),
            ("Could not assume role with OIDC: Not authorized".to_owned(), IssuerKind::GitHub),
            ("Not authorized, sub system:serviceaccount:shop:checkout".to_owned(), IssuerKind::Cluster),
            ("Not authorized".to_owned(), IssuerKind::Unknown),
        ] {
            assert_eq!(of(&text).3, issuer, "{text}");
        }
    }

    #[test]
    fn the_caller_and_the_key_are_told_by_their_names() {
        let denied = |arn: &str| format!("User: {arn} is not authorized to perform: s3:GetObject");
        for (text, caller, key) in [
            (denied("arn:aws:iam::111122223333:user/ops/mary"), Caller::User, Key::Static),
            (denied("arn:aws:sts::111122223333:assumed-role/node/i-0123456789abcdef0"), Caller::Node, Key::Session),
            (
                denied("arn:aws:sts::111122223333:assumed-role/checkout/eks-prod-checkout-6-0a0b0c0d-1111-2222-3333-444455556666"),
                Caller::PodIdentity,
                Key::Session,
            ),
            (denied("arn:aws:sts::111122223333:assumed-role/checkout/eks-prod"), Caller::Role, Key::Session),
            ("key AKIAIOSFODNN7EXAMPLE is refused".to_owned(), Caller::Unknown, Key::Static),
            ("Credential=ASIAIOSFODNN7EXAMPLE/20240301/us-east-1".to_owned(), Caller::Unknown, Key::Session),
            ("keys of NAKIAMO and AKIA".to_owned(), Caller::Unknown, Key::Unknown),
        ] {
            let (_, found, kind, _) = of(&text);
            assert_eq!((found, kind), (caller, key), "{text}");
        }
    }

    #[test]
    fn the_operation_is_named_by_the_sdk_and_alone() {
        let of = |text: &str| {
            let lower = text.to_ascii_lowercase();
            let (service, operation) = operation(text, &lower);
            (service.map(str::to_owned), operation.map(str::to_owned))
        };
        let named = |service: Option<&str>, name: &str| (service.map(str::to_owned), Some(name.to_owned()));
        assert_eq!(of("An error occurred (403) when calling the HeadObject operation: Forbidden"), named(None, "HeadObject"));
        assert_eq!(of("operation error S3: HeadObject, https response error"), named(Some("S3"), "HeadObject"));
        assert_eq!(of("AWS Error ACCESS_DENIED during HeadObject operation: No response body."), named(None, "HeadObject"));
        assert_eq!(of("operation error S3: HeadObject, x operation error SQS: SendMessage, y"), (None, None));
        assert_eq!(of("when calling the big red operation"), (None, None));
    }
}
