//! Names that IAM, STS, the configuration files and Kubernetes allow, above all such that look like secrets or like words of an error.
//!
//! Sources: the service models of IAM (`roleNameType` `[\w+=,.@-]{1,64}`, `pathType` `/` or `/…/` of `!` to `~` in 512) and STS
//! (`roleSessionNameType` `[\w+=,.@-]{2,64}`), Kubernetes' "Object Names and IDs" (RFC 1123), S3's "General purpose buckets naming rules".
#![allow(dead_code, reason = "two test programs take of it what they need")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// The names of one pod.
#[derive(Debug, Clone)]
pub struct PodNames {
    pub role: String,
    pub path: String,
    pub session: String,
    pub profile: String,
    /// The token's, an absolute path.
    pub file: String,
    pub namespace: String,
    pub account: String,
}

impl PodNames {
    /// Such as have nothing in common with anything else that is said. A role without a path (`/`) stays one.
    pub fn plain(path: &str) -> PodNames {
        let text = str::to_owned;
        PodNames {
            role: text("plain-role"),
            path: text(if path == "/" { "/" } else { "/plain-path/" }),
            session: text("plain-session"),
            profile: text("plain-profile"),
            file: text("/plain-file/of/token"),
            namespace: text("plain-space"),
            account: text("plain-account"),
        }
    }

    pub fn arn(&self) -> String {
        format!("arn:aws:iam::111122223333:role{}{}", self.path, self.role)
    }

    pub fn session_arn(&self) -> String {
        format!("arn:aws:sts::111122223333:assumed-role/{}/{}", self.role, self.session)
    }

    /// What is said of the ordinary names, with these in their places.
    pub fn instead_of_plain(&self, said: &str) -> String {
        let plain = PodNames::plain(&self.path);
        let pairs = [
            (&plain.role, &self.role),
            (&plain.path, &self.path),
            (&plain.session, &self.session),
            (&plain.profile, &self.profile),
            (&plain.file, &self.file),
            (&plain.namespace, &self.namespace),
            (&plain.account, &self.account),
        ];
        pairs.iter().fold(said.to_owned(), |said, (plain, name)| said.replace(plain.as_str(), name))
    }
}

/// Good as the name of a role, of a session and of a profile.
pub const NAMES: [&str; 46] = [
    // CamelCase with `eyJ` at its start, in its middle and at its end.
    "SurveyJobs",
    "KeyJanitor",
    "MoneyJar",
    "HoneyJob",
    "eyJobs",
    "DonkeyJ",
    "eyJ",
    "eyJ.eyJ.eyJ",
    "TheyJustWork-eyJustDoIt",
    // A whole token: 43 characters, and each of them is allowed. Then its parts.
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2ln",
    "eyJhbGciOiJSUzI1NiJ9",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.",
    "web.eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2ln",
    // Ids of keys.
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "AROAIOSFODNN7EXAMPLEAID",
    // Secret keys: 40 characters of base64, with and without its `+` and `=`.
    "wJalrXUtnFEMI+K7MDENG+bPxRfiCYEXAMPLEKEY",
    "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4MTIzNDU2",
    "0123456789abcdef0123456789abcdef01234567",
    "CheckoutServiceRole1234567890ABCDEFGHIJK",
    // Beginnings of session tokens, to the longest that fits.
    "FwoGZXIvYXdzEBYaDExampleToken1234567890",
    "IQoJb3JpZ2luX2VjEJr-example",
    "IQoJb3JpZ2luX2VjEJr1234567890abcdefghijklmnopqrstuvwxyzABCDEFGHI",
    "FwoGZXIvYXdzEBYaDabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJK",
    // Names of secrets, with what looks like one behind them.
    "password=hunter2",
    "password=Tiger123,token=abc12345",
    "secret_access_key=wJalrXUtnFEMIK7MDENG",
    "session_token=1234567890",
    "api_key=12345678",
    "Bearer=CanaryBearer0123456789",
    "Bearer",
    "Authorization=Basic-dXNlcjpwYXNz1",
    "X-Amz-Signature=ab821ae955788b0e33ebd34c208442cc",
    "Signature=ab821ae955",
    "aws-ec2-metadata-token=AQAEAExample123",
    "basic.token.2024",
    // What mail addresses and proxies' users look like.
    "user=pass@host",
    "jane.doe@example.com",
    "@web@",
    // What sessions are called, and what is odd but allowed.
    "1717079343811266923",
    "botocore-session-1717079343",
    "i-0abc1234def567890",
    "a,b=c",
    "_Check+out=1,2.3@x-y",
    "The.longest.name-that_IAM+allows=has,64@characters.and.not.more1",
];

/// Names that are words of AWS's errors, of SDKs and of what `explain` looks for.
pub const WORDS: [&str; 9] = [
    "AccessDenied",
    "ExpiredToken",
    "SignatureDoesNotMatch",
    "Throttling",
    "AssumeRoleWithWebIdentity",
    "WebIdentityErr",
    "service-control-policy",
    "sts.amazonaws.com",
    "not-authorized",
];

/// Paths of roles.
pub const PATHS: [&str; 12] = [
    "/",
    "/TeamMoney/",
    "/KeyJar/",
    "/eyJhbGciOiJSUzI1NiJ9/",
    "/eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2ln/",
    "/aws-reserved/sso.amazonaws.com/eu-west-1/",
    "/password=hunter2/token=abc12345/",
    "/user:pass@host/",
    "/wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY/",
    "/Bearer:abc12345/",
    "/a!b#c$d%e&f*g/",
    "/http://user:hunter2@host/",
];

/// Paths of files.
pub const FILES: [&str; 10] = [
    "/tmp/KeyJar/token",
    "/mnt/eyJhbGciOiJSUzI1NiJ9/token",
    "/mnt/eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2ln",
    "/var/run/secrets/SurveyJobs.MoneyJar.HoneyJob/token",
    "/run/secrets/password=hunter2",
    "/srv/FwoGZXIvYXdzEBYaDabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJK/token",
    "/srv/wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "/opt/user:pass@host/token",
    "/opt/Bearer/0123456789/token",
    "/data/2024/authorization=abc12345/token",
];

/// Names of namespaces and service accounts.
pub const OBJECTS: [&str; 9] = [
    "a",
    "0",
    "surveyjobs",
    "eyj",
    "password",
    "bearer-token-1234567890",
    "secret-access-key",
    "akiaiosfodnn7example",
    "a123456789012345678901234567890123456789012345678901234567890bc",
];

/// Hosts that are no secret.
pub const HOSTS: [&str; 3] = ["eyj.example", "eyJ.example.com", "KeyJar-1.SurveyJobs.eyJ.Example"];
/// Ids of requests: of most services, and of S3.
pub const REQUESTS: [&str; 2] = ["5c3f9ce5-ba7d-495e-98b1-ffcd5cf85133", "79104EXAMPLEB723"];
/// S3's extended one: 76 characters of base64.
pub const EXTENDED_ID: &str = "eftixk72aD6Ap51TnqcoF8eFidJG9Z/2mkiDFu8yU9AS1ed4OpIszj7UDNEHGran+Zw1abcd3A==";
/// Buckets and keys in them.
pub const OBJECTS_OF_S3: [&str; 5] = [
    "eyjobs-prod/SurveyJobs/2024",
    "my-bucket/eyJhbGciOiJSUzI1NiJ9/report.csv",
    "logs.123456789012/AWSLogs/0123456789ABCDEFabcdef0123456789ABCDEFabcdef",
    "b-1/password=hunter2",
    "data/wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
];

/// Pieces of names: alone they mean nothing, together they look like secrets.
const PIECES: [&str; 26] = [
    "eyJ",
    "Key",
    "Jar",
    "Money",
    "Jobs",
    "AKIA",
    "ASIA",
    "FwoGZXIvYXdz",
    "IQoJb3JpZ2luX2Vj",
    "password=",
    "token",
    "Bearer",
    "Basic=",
    "Authorization=",
    "Signature=",
    "secret_key=",
    "eyJhbGciOiJSUzI1NiJ9",
    ".eyJzdWIiOiJzIn0",
    ".c2ln",
    "@",
    ",",
    "=",
    ".",
    "-",
    "+",
    "_",
];

fn any_name() -> BoxedStrategy<String> {
    let piece = prop_oneof![3 => select(&PIECES[..]).prop_map(str::to_owned), 2 => "[A-Za-z0-9]{1,8}", 1 => "[0-9]{1,20}"];
    let jwt = ("[A-Za-z0-9_-]{1,8}", "[A-Za-z0-9_-]{0,12}")
        .prop_map(|(claims, signature)| format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ{claims}.{signature}"));
    prop_oneof![
        4 => select(&NAMES[..]).prop_map(str::to_owned),
        4 => vec(piece, 1..8).prop_map(|pieces| pieces.concat()),
        2 => "[A-Za-z0-9_+=,.@-]{1,64}",
        1 => "[A-Za-z0-9+=]{40}",
        1 => "(AKIA|ASIA)[A-Z2-7]{16}",
        1 => "[A-Za-z0-9_+=,.@-]",
        1 => "[0-9]{1,64}",
        1 => jwt,
    ]
    .prop_map(|name| name.chars().take(64).collect())
    .boxed()
}

/// The name of a role or of a profile.
pub fn name() -> BoxedStrategy<String> {
    any_name()
}

/// The name of a session.
pub fn session() -> BoxedStrategy<String> {
    any_name().prop_map(|name| if name.len() < 2 { format!("{name}1") } else { name }).boxed()
}

/// The path of a role.
pub fn path() -> BoxedStrategy<String> {
    let part = prop_oneof![any_name(), "[!-.0-~]{1,20}"];
    prop_oneof![
        2 => select(&PATHS[..]).prop_map(str::to_owned),
        1 => Just("/".to_owned()),
        3 => vec(part, 1..6).prop_map(|parts| format!("/{}/", parts.join("/"))),
    ]
    .boxed()
}

/// Without the characters that logs write around an ARN or in place of a part of it, where it cannot be told whose they are. But for the
/// comma only a path holds them.
pub fn without_syntax(path: &str) -> String {
    path.replace(|c: char| "\"'`<>()[]{};\\&|,*".contains(c), "_")
}

/// The path of a file: characters that no shell has to quote.
pub fn file() -> BoxedStrategy<String> {
    let part = prop_oneof![any_name(), "[A-Za-z0-9_.=@:+-]{1,20}"];
    prop_oneof![1 => select(&FILES[..]).prop_map(str::to_owned), 2 => vec(part, 1..5).prop_map(|parts| format!("/{}", parts.join("/")))]
        .boxed()
}

/// The name of a namespace or of a service account.
pub fn object() -> BoxedStrategy<String> {
    prop_oneof![1 => select(&OBJECTS[..]).prop_map(str::to_owned), 2 => "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"].boxed()
}

#[test]
fn every_one_is_allowed() {
    let of_iam = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)) && (2..=64).contains(&name.len());
    assert!(NAMES.iter().all(|name| of_iam(name)), "{:?}", NAMES.iter().find(|name| !of_iam(name)));
    assert!(NAMES.iter().any(|name| name.len() == 64));
    assert!(PATHS.iter().all(|path| path.starts_with('/') && path.ends_with('/') && path.bytes().all(|b| b.is_ascii_graphic())));
    let of_kubernetes = |name: &str| irsa_probe::core::text::printable::is_object_name(name) && name.len() <= 63;
    assert!(OBJECTS.iter().all(|name| of_kubernetes(name)));
}
