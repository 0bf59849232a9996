//! What the fuzz targets do with their input. `tests/fuzz_replay.rs` runs the same functions over the corpus.
//!
//! Each asserts more than that nothing panics: what holds of every input stands here.

use irsa_probe::core::aws::answer::{ForeignAnswer, ServiceAnswer, ServiceError};
use irsa_probe::core::aws::arn::{AssumedRoleArn, RoleArn};
use irsa_probe::core::aws::partition::{Region, RegionError};
use irsa_probe::core::aws::{agent_body, sts_body};
use irsa_probe::core::catalogue::{Code, Operation};
use irsa_probe::core::check::diagnose;
use irsa_probe::core::check::report::{self, Report, RunTimes, Verdict};
use irsa_probe::core::evidence::issuer;
use irsa_probe::core::evidence::{self, Call, Evidence, Fact, Issuer, SkipReason};
use irsa_probe::core::explain::{Explainer, explain};
use irsa_probe::core::plan::inputs::{Inputs, ProviderChoice, Settings};
use irsa_probe::core::plan::{Plan, Provider};
use irsa_probe::core::pod::env_file;
use irsa_probe::core::pod::environment::Environment;
use irsa_probe::core::pod::profile::Profile;
use irsa_probe::core::pod::proxy::{Proxies, bypasses};
use irsa_probe::core::pod::token::{Claims, MAX_TOKEN, decode};
use irsa_probe::core::policy::{self, Decision, Request};
use irsa_probe::core::sdk::scan::narrow::{self, NamedCommand};
use irsa_probe::core::sdk::scan::{CATALOGERS, FileCandidate, FoundSdk, ReadAt, ReadError, ScanSummary, copies, judge};
use irsa_probe::core::sdk::{SdkFamily, Surroundings, predict};
use irsa_probe::core::text::printable::printable;
use irsa_probe::core::text::time::Timestamp;
use irsa_probe::render::{Style, explain as explained, json, policy as judged, scan as scanned, sdks, termination, text};
use std::borrow::Cow;
use std::net::IpAddr;

/// A token's file.
pub fn token(data: &[u8]) {
    let Ok(claims) = decode(data) else { return };
    let token = std::str::from_utf8(data).expect("a token is text").trim();
    assert!(token.len() <= MAX_TOKEN);
    let complete = claims.issuer.is_some() && claims.subject.is_some() && !claims.audience.is_empty() && claims.expires_at.is_some();
    assert!(complete);

    // The signature leaves no trace: with another one the claims are the same, and without one there is no token.
    let (signed, _) = token.rsplit_once('.').expect("a token has three parts");
    assert_eq!(decode(format!(" {signed}.b3RoZXI\n").as_bytes()).as_ref(), Ok(&claims));
    assert!(decode(format!("{signed}.").as_bytes()).is_err() && decode(signed.as_bytes()).is_err());

    let written = serde_json::to_string(&claims).expect("claims are written");
    let again: Claims = serde_json::from_str(&written).expect("claims are read");
    assert_eq!(serde_json::to_string(&again).expect("claims are written"), written);
}

/// ARNs and regions, and whether one is a session of the other: a line each.
pub fn arn(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut roles = Vec::new();
    let mut sessions = Vec::new();
    for line in text.split('\n').chain([text]) {
        match RoleArn::parse(line) {
            Ok(role) => {
                assert_eq!(role.to_string(), line);
                assert!(!role.name.is_empty() && role.name.len() <= 64 && role.path.starts_with('/') && role.path.ends_with('/'));
                roles.push(role);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        if let Some(session) = AssumedRoleArn::parse(line) {
            assert_eq!(session.to_string(), line);
            sessions.push(session);
        }
        match Region::parse(line) {
            Ok(region) => {
                assert_eq!(region.as_str(), line);
                let hosts = [(false, false), (true, false), (false, true), (true, true)].map(|(fips, dual)| region.sts_host(fips, dual));
                assert!(hosts.iter().all(|host| host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b))));
            }
            Err(RegionError::AvailabilityZone(meant) | RegionError::Untidy(meant)) => assert!(Region::parse(&meant).is_ok(), "{meant}"),
            Err(RegionError::NotARegion) => {}
        }
    }
    for role in &roles {
        assert!(role.same_role(role));
        for session in &sessions {
            let pathless = RoleArn { path: "/".to_owned(), ..role.clone() };
            assert_eq!(role.is_role_of(session), pathless.is_role_of(session));
            assert!(!role.is_role_of(session) || role.account == session.account && role.partition == session.partition);
        }
    }
}

/// An environment and settings, down to the report of an attempt that called nothing: `NAME=value`, a line each (or with NUL
/// between them, as in `/proc/PID/environ`). A number in place of a name is the variable at that place of the list.
pub fn inputs_plan(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let inputs = inputs(text);
    let plan = Plan::from_inputs(&inputs);
    assert!(plan.defects.iter().map(|defect| defect.code).is_sorted());
    assert!(plan.defects.iter().all(|defect| !defect.detail.is_empty()));
    assert!(plan.provider != Provider::None || plan.failure().is_some(), "what is not injected is a failure");
    assert!(plan.agent_url.is_none() || plan.provider == Provider::PodIdentity);
    let env = &inputs.environment;
    let overridden = env.endpoint_url.is_set() || env.endpoint_url_sts.is_set();
    assert!(overridden || plan.endpoints.iter().all(|endpoint| endpoint.url.raw() == format!("https://{}", endpoint.host)));
    assert!(plan.endpoints.iter().all(|endpoint| !endpoint.host.is_empty()));

    let evidence = untried(inputs);
    let diagnosis = diagnose(&evidence);
    let report = report::report(&evidence, RunTimes { duration_ms: 1, attempts: 1 });
    assert_eq!(report.verdict == Verdict::Pass, diagnosis.root_cause().is_none());
    let root = report.root_cause.as_ref().map(|cause| cause.code);
    match plan.failure() {
        Some(failure) if !evidence.inputs.settings.strict => assert_eq!(root, Some(failure.code), "nothing else can be to blame"),
        Some(_) => assert!(root.is_some()),
        None => assert!(root.is_none() || evidence.inputs.settings.strict),
    }
    shown_safely(&evidence, &report);
}

fn inputs(text: &str) -> Inputs {
    let separator = if text.contains('\0') { '\0' } else { '\n' };
    let mut settings = Settings::default();
    let mut variables: Vec<(&str, &str)> = Vec::new();
    for (name, value) in text.split(separator).filter_map(|pair| pair.split_once('=')) {
        match name {
            "--strict" => settings.strict = true,
            "--no-imds" => settings.no_imds = true,
            "--provider" => settings.provider = if value == "irsa" { ProviderChoice::Irsa } else { ProviderChoice::PodIdentity },
            "--expect-role-arn" => settings.expect_role_arn = RoleArn::parse(value).ok(),
            "--sts-region" => settings.sts_regions.extend(Region::parse(value)),
            _ => {
                let place = name.parse().ok().and_then(|place: usize| Environment::NAMES.get(place).copied());
                variables.push((place.unwrap_or(name), value));
            }
        }
    }
    let lookup = |name: &str| variables.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned());
    Inputs { environment: Environment::from_lookup(lookup), settings, ..Inputs::default() }
}

fn untried(inputs: Inputs) -> Evidence {
    Evidence {
        schema: evidence::SCHEMA.to_owned(),
        taken_at: Timestamp(1_795_383_243),
        lack: None,
        inputs,
        token: Fact::NotAttempted(SkipReason::PlanFailed),
        default_token: Fact::NotAttempted(SkipReason::PlanFailed),
        namespace: None,
        sdk_files: None,
        profile_tokens: Vec::new(),
        scan: None,
        endpoints: Vec::new(),
        agent: Fact::NotAttempted(SkipReason::PlanFailed),
        imds: Fact::NotAttempted(SkipReason::NotAsked),
        chain: Fact::NotAttempted(SkipReason::PlanFailed),
        issuer: Fact::NotAttempted(SkipReason::NotAsked),
        remembered: evidence::Remembered::default(),
    }
}

fn shown_safely(evidence: &Evidence, report: &Report) {
    let pages = [text::report(report, Style::default()), json::report(report), json::evidence(evidence), termination::message(report)];
    pages.iter().for_each(|page| harmless(page));
    assert!(pages[3].len() <= termination::LIMIT);
    // What a report has for people alone is not written.
    assert_eq!(json::report(&serde_json::from_str::<Report>(&pages[1]).expect("a report is read")), pages[1]);
    // Evidence is written without secrets, so it is the written form that comes back; the verdict can be made again from it.
    let again: Evidence = serde_json::from_str(&pages[2]).expect("evidence is read");
    assert_eq!(json::evidence(&again), pages[2]);
    let report_of =
        |evidence: &Evidence| irsa_probe::core::check::report::report(evidence, RunTimes { duration_ms: 0, attempts: 1 }).verdict;
    assert_eq!(report_of(&again), report_of(evidence));
}

/// An answer's body, its status in the first two bytes: read as STS's and as the agent's.
pub fn sts_body(data: &[u8]) {
    let (status, body) = match data {
        [a, b, body @ ..] => (u16::from_be_bytes([*a, *b]), body),
        _ => (0, data),
    };
    match sts_body::parse_error(status, body, Some("header-id")) {
        ServiceAnswer::Success(never) => match never {},
        ServiceAnswer::Error(error) => {
            assert_eq!(error.status, status);
            assert!(error.code.is_some() && error.request_id.is_some());
            // A byte that is no UTF-8 becomes three; nothing else grows.
            assert!(error.message.len() <= 3 * body.len());
            classified(&error);
        }
        ServiceAnswer::Alien(alien) => assert!(alien.status == status && !alien.what.is_empty() && alien.what.len() < 40),
    }
    let text = String::from_utf8_lossy(body);
    let error = agent_body::parse_error(status, &text);
    assert!(error.message.len() <= text.len());
    classified(&error);
    well_formed(status, &text);
}

fn classified(error: &ServiceError) {
    let codes = Operation::ALL.map(|operation| Code::from_error(operation, error));
    assert!(codes.iter().all(|code| !code.row().title.is_empty()));
}

/// What AWS would send for this code and message is read as that, in each of the forms that it has, whatever the message quotes.
fn well_formed(status: u16, text: &str) {
    let (code, message) = text.split_once(':').unwrap_or((text, ""));
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    if code.is_empty() {
        return;
    }
    let message = message.trim();
    let expected = ServiceAnswer::Error(ServiceError {
        status,
        code: Some(code.clone()),
        message: message.to_owned(),
        request_id: Some("r-1".to_owned()),
    });
    let xml = WRITERS.iter().flat_map(|write| {
        let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{}</Message></Error><RequestId>r-1</RequestId>", write(message));
        [
            format!("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">{error}</ErrorResponse>"),
            format!(
                "\u{feff}<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"http://webservices.amazon.com/AWSFault/2005-15-09\">\n{error}\n</ErrorResponse>\n"
            ),
        ]
    });
    let json = serde_json::json!({"Error": {"Code": code, "Message": message, "Type": "Sender"}, "RequestId": "r-1"}).to_string();
    for body in xml.chain([json]) {
        assert_eq!(sts_body::parse_error(status, body.as_bytes(), None), expected, "{body:?}");
    }
    let agent = agent_body::parse_error(status, &format!("[r-1]: ({code}): {message}, fault: client\n"));
    assert_eq!((agent.code.as_deref(), agent.message.as_str(), agent.request_id.as_deref()), (Some(code.as_str()), message, Some("r-1")));
}

/// How a message becomes text in XML. Nothing says which of them AWS's services use, or what they do with characters that XML 1.0 does
/// not allow.
const WRITERS: [fn(&str) -> String; 4] = [as_entities, as_little_as_possible, as_references, as_data];

fn as_entities(message: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&apos;".to_owned(),
        '\u{fffe}' | '\u{ffff}' => format!("&#x{:X};", u32::from(c)),
        c if c.is_control() => format!("&#{};", u32::from(c)),
        c => c.to_string(),
    };
    message.chars().map(escape).collect()
}

fn as_little_as_possible(message: &str) -> String {
    message.replace('&', "&amp;").replace('<', "&lt;")
}

fn as_references(message: &str) -> String {
    message.chars().map(|c| format!("&#x{:x};", u32::from(c))).collect()
}

fn as_data(message: &str) -> String {
    format!("<![CDATA[{}]]>", message.replace("]]>", "]]]]><![CDATA[>"))
}

/// What is kept of an issuer's text at most, with the words that say that it was cut.
const KEPT: usize = 256 + "… (cut at 256 characters)".len();

/// An issuer or `jwks_uri` in the first line, a document of it in the rest.
pub fn issuer(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (Ok(named), body) = (std::str::from_utf8(&data[..end]), data.get(end + 1..).unwrap_or_default()) else { return };
    if let Ok(url) = issuer::discovery_url(named) {
        assert!(url.strip_suffix("/.well-known/openid-configuration").is_some_and(|of| of == named || format!("{of}/") == named));
    }
    match issuer::may_be_asked(named) {
        Ok(()) => is_of_the_world(named),
        Err(why) => assert!(!why.is_empty()),
    }

    let discovery = issuer::discovery(body, named);
    let keys = issuer::key_set(body, Some("k1"));
    if let Ok(document) = &discovery {
        assert!(document.issuer == named || document.issuer.chars().count() <= KEPT);
    }
    if let Ok(set) = &keys {
        let without = issuer::key_set(body, None).expect("the key that is looked for makes no document");
        assert_eq!((without.keys, &without.key_ids, without.has_token_key), (set.keys, &set.key_ids, None));
        assert!(
            set.has_token_key.is_some()
                && set.key_ids.len() <= set.keys as usize
                && set.key_ids.iter().all(|id| id.chars().count() <= KEPT)
        );
    }
    let inputs =
        inputs("AWS_ROLE_ARN=arn:aws:iam::111122223333:role/apps/checkout\nAWS_WEB_IDENTITY_TOKEN_FILE=/token\nAWS_REGION=us-west-2");
    let settings = Settings { check_issuer: true, ..Settings::default() };
    let evidence = Evidence {
        issuer: Fact::Known(Issuer {
            issuer: named.to_owned(),
            key_id: Some("k1".to_owned()),
            discovery: read(discovery),
            keys: Fact::Known(read(keys)),
        }),
        ..untried(Inputs { settings, ..inputs })
    };
    shown_safely(&evidence, &report::report(&evidence, RunTimes { duration_ms: 1, attempts: 1 }));
}

fn read<T>(document: Result<T, &'static str>) -> Call<T> {
    let alien = |what: &str| ServiceAnswer::Alien(ForeignAnswer { status: 200, what: what.to_owned() });
    Call { exchange: None, answer: Ok(document.map_or_else(alien, ServiceAnswer::Success)) }
}

/// By another reading than the code's: https, or loopback, without a password, and no link-local address.
fn is_of_the_world(url: &str) {
    let (scheme, rest) = url.split_once("://").expect("an absolute URL");
    let authority = rest.split(['/', '?', '#']).next().expect("the first piece");
    assert!(!authority.contains('@') && authority.is_ascii(), "{url}");
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().expect("the first piece"),
        None => authority.split(':').next().expect("the first piece"),
    };
    let address = host.trim_end_matches('.').parse::<IpAddr>().map(|address| address.to_canonical());
    let near = match address {
        Ok(IpAddr::V4(address)) => address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_unicast_link_local() || address.segments()[..2] == [0xfd00, 0xec2],
        Err(_) => host.is_empty() || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'),
    };
    assert!(!near, "{url}");
    let here = host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback());
    assert!(scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") && here, "{url}");
}

/// An environment as a file: what each SDK makes of it, and the same once more as the kernel would have it.
pub fn env_file(data: &[u8]) {
    let Some(given) = env_file::parse(data) else { return };
    let text = String::from_utf8_lossy(data);
    assert!(given.not_understood <= text.split('\n').count());
    if text.contains('\0') {
        // No quotes, no comments, and the first of several counts.
        let pairs = || text.trim_start_matches('\u{feff}').split('\0').filter_map(|pair| pair.split_once('='));
        let first = |name: &str| pairs().find(|(given, _)| *given == name).map(|(_, value)| value.to_owned());
        assert_eq!(given.environment, Environment::from_lookup(first));
    } else if !text.contains(['"', '\'', '#', ' ', '\t', '\r', '\u{feff}']) {
        let last = |name: &str| {
            let mut pairs = text.split('\n').filter_map(|line| line.trim_start().split_once('='));
            pairs.rfind(|(given, _)| *given == name).map(|(_, value)| value.to_owned())
        };
        assert_eq!(given.environment, Environment::from_lookup(last));
    }

    let name = given.environment.profile.value().cloned().unwrap_or_else(|| "default".into());
    let profile = Profile { name, ..Profile::default() };
    let situation = Surroundings::assumed(&given.environment, &profile);
    let predictions: Vec<_> = SdkFamily::ALL.into_iter().map(|sdk| predict(sdk, &situation)).collect();
    harmless(&json::sdks("", &predictions, None));
    harmless(&sdks::table("", &predictions, Style::default()));
    predictions.iter().for_each(|one| harmless(&sdks::one("", one.sdk.into(), one, Style::default())));
}

/// `HTTPS_PROXY`, `NO_PROXY` and a host, a line each.
pub fn proxy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.splitn(3, '\n');
    let [value, no_proxy, host] = [(); 3].map(|()| lines.next().unwrap_or_default());
    let proxies = Proxies::from_env([("HTTPS_PROXY", value), ("NO_PROXY", no_proxy)]);
    let found = proxies.for_url(true, host, 443);
    assert!(proxies.for_url(false, host, 443).is_none(), "plain http goes to the node only");
    assert!(["169.254.169.254", "[fd00:ec2::254]"].iter().all(|host| proxies.for_url(true, host, 443).is_none()));
    assert!(found.is_none() || !bypasses(no_proxy, host, 443));
    assert!(bypasses(&format!("{no_proxy},*"), host, 443));
    // Neither the value nor its password is in what is said of it: another one makes no difference.
    let hidden = value.rsplit_once('@').map(|(_, rest)| format!("http://u:p@{rest}"));
    match found {
        Some(Ok(proxy)) => {
            assert!(proxy.port != 0 && !proxy.host.is_empty());
            let said = format!("{proxy:?} {}", proxy.authority());
            assert!(!said.contains('@'), "{said}");
            if let Some(hidden) = hidden.filter(|_| !proxy.tls) {
                let other = Proxies::from_env([("HTTPS_PROXY", hidden.as_str()), ("NO_PROXY", no_proxy)]);
                let other = other.for_url(true, host, 443).and_then(Result::ok).expect("a proxy with another password is one");
                assert_eq!(format!("{other:?} {}", other.authority()), said);
            }
        }
        Some(Err(why)) => assert!(why.len() < 100 && why.starts_with("HTTPS_PROXY is unusable: ")),
        None => {}
    }
}

/// A trust policy, judged for IRSA and for EKS Pod Identity.
pub fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(document) = policy::parse(text) else { return };
    let role = RoleArn::parse("arn:aws:iam::111122223333:role/apps/checkout").expect("it is one");
    let issuer = "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    for request in [
        Request::irsa(issuer, &policy::subject("shop", "checkout"), vec!["sts.amazonaws.com".to_owned()], &role),
        Request::pod_identity(Some("shop"), Some("checkout"), Some(&role)),
    ] {
        let evaluation = policy::evaluate(&document, &request);
        assert_eq!(evaluation.statements.len(), document.statements().len());
        let lets_in = evaluation.statements.iter().any(|statement| statement.effect == "Allow" && statement.matches);
        let keeps_out = evaluation.statements.iter().any(|statement| statement.effect == "Deny" && statement.matches);
        assert!(evaluation.decision != Decision::Allow || (lets_in && !keeps_out), "allowed by nothing");
        assert!(!keeps_out || evaluation.decision == Decision::ExplicitDeny, "a Deny is beaten");
        assert!(evaluation.decision != Decision::Allow || (evaluation.edit.is_none() && evaluation.undecided.is_empty()));
        harmless(&judged::evaluation(&evaluation, &request, Some(&role.to_string()), Style::default()));
        harmless(&json::trust_policy(&evaluation));
    }
}

/// A log, or an error's text; and the same in pieces, as a pipe gives it.
pub fn log(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let explanation = explain(&text);
    let whole = in_pieces(data, |_| data.len());
    let half = data.len() / 2;
    // A cut anywhere: within a character, a needle, a colour's code, CRLF, or a mark of UTF-16. The input itself says where.
    assert_eq!(in_pieces(data, |rest| 1 + usize::from(rest[rest.len() / 2])), whole);
    assert_eq!(in_pieces(data, |rest| if rest.len() > half { rest.len() - half } else { half }), whole);
    if data.len() <= 4096 {
        assert_eq!(in_pieces(data, |_| 1), whole);
    }
    // A mark at the beginning may make other text of the same bytes.
    if std::str::from_utf8(data).is_ok_and(|text| !text.starts_with('\u{feff}')) {
        assert_eq!(json::explanation(&explanation), whole);
    }
    assert_eq!(explanation.root_cause, explanation.matches.first().map(|root| root.code));
    let lines = text.lines().count();
    assert!(explanation.matches.iter().all(|one| one.line.is_some_and(|line| (1..=lines).contains(&line))));
    harmless(&explained::text(&explanation, Style::default()));
    harmless(&json::explanation(&explanation));
}

/// What is said of a log that comes in pieces of these sizes.
fn in_pieces(data: &[u8], size: impl Fn(&[u8]) -> usize) -> String {
    let mut explainer = Explainer::new();
    let mut rest = data;
    while !rest.is_empty() {
        let (piece, next) = rest.split_at(size(rest).clamp(1, rest.len()));
        explainer.push(piece);
        rest = next;
    }
    json::explanation(&explainer.finish())
}

/// Files that each are wanted by a cataloger, and whether they may be executed. The first byte of an input chooses one: `a` the first.
pub const FILES: &[(&str, bool)] = &[
    ("/venv/lib/python3.11/site-packages/botocore-1.34.41.dist-info/METADATA", false),
    ("/app/app.jar", false),
    ("/app/node_modules/aws-sdk/package.json", false),
    ("/app/dist/bundle.js", false),
    ("/app/server", true),
    ("/app/vendor/composer/installed.json", false),
    ("/app/app.deps.json", false),
    ("/usr/lib/ruby/gems/3.1.0/specifications/aws-sdk-core-3.168.1.gemspec", false),
    ("/opt/microsoft/powershell/7/Modules/AWS.Tools.Common/AWS.Tools.Common.psd1", false),
    ("/usr/lib/libaws-cpp-sdk-core.so", false),
    ("/app/app.pyz", false),
    ("/app/AWSSDK.Core.dll", false),
    ("/app/Aws/Sdk.php", false),
    ("/app/aws.phar", false),
    ("/app/.yarn/cache/@aws-sdk-client-s3-npm-3.540.0-890ff44e4d-0123456789.zip", false),
    ("/app/classes/software/amazon/awssdk/core/util/VersionInfo.class", false),
    ("/app/classes/com/amazonaws/sdk/versionInfo.properties", false),
    ("/app/vendor/bundler/gems/aws-sdk-ruby-0123456789ab/gems/aws-sdk-core/VERSION", false),
    ("/usr/local/aws-cli/v2/2.15.0/dist/aws", true),
];

/// A file that tells of SDKs, by its first byte one of `FILES`; or behind any other byte the words of a command, a line each.
pub fn scan(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    match FILES.get(usize::from(first.wrapping_sub(b'a'))) {
        Some((path, executable)) => file(path, *executable, bytes),
        None => command(bytes),
    }
}

/// Bytes in memory that count how much of them is read.
struct Counted<'a> {
    bytes: &'a [u8],
    read: u64,
}

impl ReadAt for Counted<'_> {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let count = self.bytes.read_at(offset, buffer)?;
        self.read += count as u64;
        Ok(count)
    }
}

fn file(path: &str, executable: bool, bytes: &[u8]) {
    let (folder, name) = path.rsplit_once('/').expect("a path has a folder");
    // Small files are taken to be as large as real ones. A file that is cut meanwhile is smaller than the walk saw it, too.
    let size = (bytes.len() as u64).max(1 << 20);
    let candidate = FileCandidate { path, folder, name, size, executable };
    let (mut packages, mut is_wanted) = (Vec::new(), false);
    for cataloger in CATALOGERS.iter().filter(|cataloger| (cataloger.wants)(&candidate)) {
        is_wanted = true;
        let mut source = Counted { bytes, read: 0 };
        let found = cataloger.packages(&candidate, &mut source).expect("memory can be read");
        assert!(found.len() <= 1_001, "{} packages", found.len());
        // Jars may share their bytes with the jars in them, each of which is opened; but not any number of times.
        let times = if cataloger.name == "java" { 20_000 } else { 16 };
        assert!(source.read <= (bytes.len() as u64 + 1) * times, "{} read {} of {}", cataloger.name, source.read, bytes.len());
        packages.extend(found);
    }
    assert!(is_wanted, "{path}");
    for package in &packages {
        assert!(!package.name.is_empty() && package.name.len() <= 128, "{package:?}");
        assert!(package.version.as_ref().is_none_or(|version| is_short(version)), "{package:?}");
        assert!(package.path.starts_with(path) && package.path.len() <= path.len() + 4 * 1024, "{package:?}");
        assert!(package.path.starts_with(&package.place), "{package:?}");
    }
    for complete in [false, true] {
        let copies = copies(&packages, complete);
        assert!(copies.is_sorted_by(|a, b| (&a.path, a.family, &a.version) <= (&b.path, b.family, &b.version)));
        assert!(copies.iter().all(|copy| complete || copy.missing.is_none()));
        let found: Vec<FoundSdk> = copies.iter().map(|copy| judge(copy, Timestamp(1_795_383_243))).collect();
        let because = (!complete).then(|| "it ended".to_owned());
        let summary = ScanSummary { root: "/".to_owned(), entries: 1, bytes: 1, ms: 1, complete, because };
        harmless(&scanned::found(&found, &summary, Style::default()));
        harmless(&json::sdks("", &[], Some((&found, &summary))));
    }
}

fn is_short(version: &str) -> bool {
    (1..=100).contains(&version.len()) && version.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Lines are words, but for `$NAME=value`, `!` with the executable's path, and `#!` with a script's first line.
fn command(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (mut words, mut variables, mut executable, mut shebang) = (Vec::new(), Vec::new(), None, None);
    for line in text.lines() {
        match (line.strip_prefix('$').and_then(|rest| rest.split_once('=')), line.strip_prefix('!')) {
            (Some(variable), _) => variables.push(variable),
            (_, Some(path)) => executable = Some(path),
            _ if line.starts_with("#!") => shebang = Some(line),
            _ => words.push(line.to_owned()),
        }
    }
    let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let command = NamedCommand { words: &words, folder: "/app", variable: &variable, executable, shebang };
    let program = narrow::program(&command);
    let places = narrow::places(&command);
    assert!(program.is_some() || places.is_empty());
    assert!(places.len() <= 64);
    for place in &places {
        let path = &place.path;
        assert!(path.starts_with('/') && !path.contains("//") && !path.split('/').any(|part| part == ".." || part == "."), "{path:?}");
    }
}

fn harmless(page: &str) {
    assert!(page.split('\n').all(|line| matches!(printable(line), Cow::Borrowed(_))), "{page:?}");
}
