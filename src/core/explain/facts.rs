//! What an error says beside its kind: who, what, on which resource, where, when. What is not plausible is not there.

use super::record::{Window, is_trail};
use crate::core::aws::arn::{Account, AssumedRoleArn, RoleArn, is_instance_id};
use crate::core::aws::partition::{PARTITIONS, Region};
use crate::core::text::secrets::redact;
use crate::core::text::time::Timestamp;
use serde::Serialize;
use std::borrow::Cow;

/// The facts of one error, as far as it states them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The ARN of who was denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// As policies write it, such as `s3:GetObject`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// An ARN, a name or `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The region's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The token's issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The caller's account, or the role's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// AWS's id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The host that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Times that AWS names in its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<Times>,
    /// The pod's role, where the text names its ARN.
    #[serde(skip)]
    pub role: Option<RoleArn>,
    /// The name of the role in a mapping of aws-auth, or that IAM does not find.
    #[serde(skip)]
    pub role_name: Option<String>,
    /// Namespace and name of the service account.
    #[serde(skip)]
    pub service_account: Option<(String, String)>,
    /// The principal is a node.
    #[serde(skip)]
    pub is_node: bool,
}

/// Times, by whose they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Times {
    /// AWS's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Timestamp>,
    /// When the caller's clock says that it signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<Timestamp>,
    /// When the token expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired: Option<Timestamp>,
}

impl Facts {
    /// Whether it is the same error again: by the same caller, for the same action, of the same mapping.
    pub(super) fn is_same(&self, other: &Facts) -> bool {
        self.principal == other.principal && self.action == other.action && self.role_name == other.role_name
    }
}

/// The facts around a place.
pub(super) fn facts(window: Window<'_>) -> Facts {
    let caller = caller(window).unwrap_or_default();
    let principal = Some(arn(caller)).filter(|arn| is_principal(arn)).map(str::to_owned);
    let named = resource(window);
    let resource = named.filter(|word| is_resource(word));
    let host = sts_host(window);
    let role = role_arn(window, resource);
    let account = principal
        .as_deref()
        .and_then(account_of)
        .or_else(|| word_after(window, "in this region for account:").map(trimmed).and_then(account))
        .or_else(|| role.as_ref().map(|role| role.account.to_string()));
    Facts {
        is_node: is_node(caller.split([' ', '"', '\'', '`', ')', '›']).next().unwrap_or_default()),
        action: action(window),
        region: region(window, host, named),
        issuer: issuer(window),
        request_id: request_id(window),
        endpoint: host.or_else(|| agent_host(window)).map(str::to_ascii_lowercase),
        times: times(window),
        service_account: service_account(window),
        role_name: word_after(window, "the role with name ").filter(|name| is_resource(name)).map(str::to_owned),
        resource: resource.map(str::to_owned),
        principal,
        account,
        role,
    }
}

/// The text after the last of these needles before the place, or after the first one behind it: what is near belongs together.
fn place_after(window: Window<'_>, needles: &str) -> Option<usize> {
    let found = |needle: &str| {
        let behind = window.lower[window.at..].find(needle).map(|at| (at, window.at + at + needle.len()));
        let before = window.lower[..window.at].rfind(needle).map(|at| (window.at - at + 1, at + needle.len()));
        [behind, before].into_iter().flatten().min()
    };
    needles.split('|').filter_map(found).min().map(|(_, at)| at)
}

fn after<'a>(window: Window<'a>, needles: &str) -> Option<&'a str> {
    window.text.get(place_after(window, needles)?..)
}

fn word_after<'a>(window: Window<'a>, needles: &str) -> Option<&'a str> {
    after(window, needles).map(word)
}

fn word(text: &str) -> &str {
    let text = text.trim_start_matches([' ', '"', '\'', '\\']);
    text.split([' ', '"', '\'', '<', ',', '`', ')', ';']).next().unwrap_or_default()
}

/// The first ARN in a text; `rolearn:` is none.
pub(super) fn next_arn(text: &str) -> &str {
    let begins = |at: &usize| !text[..*at].ends_with(|c: char| c.is_alphanumeric());
    text.match_indices("arn:").map(|(at, _)| at).find(begins).map_or("", |at| arn(&text[at..]))
}

/// How a sentence of AWS goes on after an ARN.
const GOES_ON: [&str; 7] = [" is not ", " isn't ", " does not ", " because ", " with an explicit ", " on resource", " by "];

/// The ARN at the beginning of a text, as a sentence or a log has it. Commas and dots are letters of a name (IAM user guide, "IAM and AWS STS
/// quotas"). At the end they belong to the sentence, unless that continues behind the ARN; a comma before `name=` or another ARN separates two fields.
pub(super) fn arn(text: &str) -> &str {
    let word = text.split([' ', '"', '\'', '<', '`', ')', ';', '}']).next().unwrap_or_default();
    if GOES_ON.iter().any(|words| text[word.len()..].starts_with(words)) {
        return word;
    }
    let is_field = |rest: &str| {
        let name = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        name.len() < rest.len() && name.starts_with(['=', ':'])
    };
    let end = word.match_indices(',').find(|(at, _)| is_field(&word[at + 1..])).map_or(word.len(), |(at, _)| at);
    trimmed(&word[..end]).trim_end_matches([',', '.'])
}

fn trimmed(word: &str) -> &str {
    word.trim_end_matches(['.', ':', '\\', '}', ']', '|']).trim_start_matches(['(', '['])
}

/// The text from the ARN of who was denied on.
fn caller<'a>(window: Window<'a>) -> Option<&'a str> {
    if let Some(record) = trail(window) {
        // The session comes before the role that issued it.
        let identity =
            record.split_once("\"userIdentity\"").or_else(|| record.split_once("\"principal\"")).map_or(record, |(_, rest)| rest);
        let at = ["\"arn\":\"", "\"arn\": \""].iter().filter_map(|key| Some(identity.find(key)? + key.len())).min()?;
        return identity.get(at..).filter(|arn| arn.starts_with("arn:"));
    }
    // Pages set names apart with signs of their own.
    let undecorated = |at: usize| Some(window.text.get(at..)?.trim_start_matches(['`', '*', '\'', '"', '(', '‹', '<', ' ']));
    let named = place_after(window, "user: |user:\"|user \"|arn is not mapped: ").and_then(undecorated);
    let named = named.filter(|text| text.starts_with("arn:") || text.starts_with("assumed-role/"));
    // aws-iam-authenticator's log of today, in a field of its own.
    let of_mapping = || window.lower.contains("arn is not mapped").then(|| after(window, " arn=\"")).flatten();
    // Who stands right before the sentence.
    let of_sentence = || {
        let at = window.lower.find(" is not authorized to perform")?;
        let word = window.text[..at].rsplit([' ', '"', '\'', '`']).next()?;
        word.starts_with("arn:").then(|| &window.text[at - word.len()..])
    };
    named.or_else(of_mapping).or_else(of_sentence)
}

/// The record of CloudTrail, or of `aws sts decode-authorization-message`, that a place is in. Its window is the whole record and no more.
fn trail<'a>(window: Window<'a>) -> Option<&'a str> {
    (window.text.starts_with('{') && is_trail(window.lower)).then_some(window.text)
}

fn is_principal(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam" | "sts", "", account_id, resource] = parts[..] else { return false };
    let known = ["assumed-role/", "user/", "role/", "federated-user/", "root"].iter().any(|kind| resource.starts_with(kind));
    // IAM user guide, "IAM and AWS STS quotas": no name is longer. What is longer is none.
    let known = known && resource.split('/').all(|name| name.len() <= 128);
    // A session has a name; without it, or within an instance's, the ARN was broken.
    let session = resource.strip_prefix("assumed-role/").map(|rest| rest.split_once('/').map_or("", |(_, session)| session));
    let known = known && session.is_none_or(|session| !session.is_empty() && !session.contains('/') && session != "i-");
    PARTITIONS.iter().any(|row| row.id == partition) && account(account_id).is_some() && known && is_tidy(arn)
}

/// A session named after an instance. Who shares a log often takes account and digits out, or writes the id short:
/// `i-0xxxxxxxxxxxxxxxx` is one still, and so are `i-<id>`, `i-***`, `i-REDACTED`, `i-0abc` and `i-0abc…`, but not `i-web`.
fn is_node(principal: &str) -> bool {
    const MASKS: &str = "<|{|[|***|redacted|instance_id";
    let Some((role, session)) = principal.rsplit_once('/') else { return false };
    let hidden = session.strip_prefix("i-").is_some_and(|id| {
        let lower = id.to_ascii_lowercase();
        let masked =
            MASKS.split('|').any(|mask| lower.starts_with(mask)) || id.len() >= 4 && lower.trim_start_matches(['0', 'x', '*']).is_empty();
        let whole = id.len() == 17 && id.starts_with('0') && id.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
        let shown = id.trim_end_matches(['…', '.']);
        let cut = id.ends_with('…') || id.ends_with("...");
        let short = shown.bytes().all(|b| b.is_ascii_digit() || b"abcdef".contains(&b));
        masked || whole || short && (cut || shown.bytes().any(|b| b.is_ascii_digit()))
    });
    // Pages set bold text between stars.
    let bold = session.trim_end_matches('*');
    let id = if bold.len() > 3 { bold } else { session }.to_ascii_lowercase();
    // A name that ends there was broken, or its id was taken out.
    let named = id == "i-" || id.strip_prefix("i-").is_some_and(|id| ["x", "instance"].iter().any(|mask| id.starts_with(mask)));
    role.contains("assumed-role/") && (is_instance_id(&id) || hidden || named)
}

fn account(text: &str) -> Option<String> {
    Account::parse(text).map(|account| account.to_string())
}

/// The account in an ARN.
pub(super) fn account_of(arn: &str) -> Option<String> {
    account(arn.split(':').nth(4)?)
}

/// IAM user guide, "IAM identifiers".
const LONGEST_ARN: usize = 2048;

/// Fit to be said again, and to stand in a command: of ordinary length and characters, whole, and no secret.
fn is_tidy(text: &str) -> bool {
    let plain = text.len() <= LONGEST_ARN && text.bytes().all(|b| b.is_ascii_graphic() && !b"<>{}\"'`".contains(&b));
    plain && !is_masked(text) && matches!(redact(text), Cow::Borrowed(_))
}

/// Another tool took something out of the log before it came here.
fn is_masked(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("[redacted") || lower.contains("redacted]") || lower.contains("[masked") || lower.contains("***")
}

fn is_resource(word: &str) -> bool {
    // Of an ARN that was masked further on, only a beginning is left.
    let whole = !word.starts_with("arn:") || word.matches(':').count() >= 5;
    let filled = whole && !word.contains("XXXX") && !word.contains("xxxx") && !word.contains("***");
    // A key's blanks are in quotes, and nothing else has any.
    // IAM names the kind before the name, an option is no name, and a signed URL is a secret.
    let is_kind = ["role", "user", "group", "policy", "instance"].contains(&word);
    let is_name = !word.is_empty()
        && !is_kind
        && !word.starts_with('-')
        && !["?x-amz-", "&x-amz-"].iter().any(|part| word.to_ascii_lowercase().contains(part));
    is_name && is_tidy(&word.replace(' ', "")) && filled
}

/// What was denied, or what was left of it. In quotes it may hold anything: object keys have blanks and commas.
fn resource<'a>(window: Window<'a>) -> Option<&'a str> {
    let decoded = || {
        let record = trail(window).filter(|record| record.contains("\"allowed\""))?;
        record.split_once("\"resource\"").map(|(_, rest)| rest.trim_start_matches([':', ' ', '"']))
    };
    let rest = after(window, "on resource: |on the resource: |on resource ").or_else(decoded)?;
    let quoted = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')).map(|(arn, _)| arn);
    if let Some(arn) = quoted.filter(|arn| arn.starts_with("arn:")) {
        return Some(arn);
    }
    let plain = if rest.starts_with("arn:") { arn(rest) } else { trimmed(word(rest)) };
    // The one ARN that ends with a colon is that of no log stream yet.
    let whole = rest.get(..plain.len() + 1).filter(|whole| whole.starts_with(plain) && whole.ends_with(":log-stream:"));
    Some(whole.unwrap_or(plain))
}

/// The action of a record of CloudTrail or of a decoded message.
fn action_of_trail(record: &str) -> Option<String> {
    let value = |name: &str| {
        let rest = record.split_once(&format!("\"{name}\""))?.1.trim_start_matches([':', ' ']);
        rest.strip_prefix('"')?.split('"').next()
    };
    if record.contains("\"allowed\"") {
        return value("action").map(str::to_owned);
    }
    Some(format!("{}:{}", value("eventSource")?.strip_suffix(".amazonaws.com")?, value("eventName")?))
}

/// `service:Action`
fn action(window: Window<'_>) -> Option<String> {
    // With the colon it is always an action; without it, "this operation" may follow.
    let named = word_after(window, "authorized to perform: ").or_else(|| word_after(window, "authorized to perform "));
    // CloudTrail's, and that of decoded messages.
    let of_record = named.is_none().then(|| trail(window).and_then(action_of_trail)).flatten();
    let word = trimmed(named.or(of_record.as_deref())?);
    let (service, name) = word.split_once(':')?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'*');
    (plain(service) && plain(name) && service.len() <= 40 && name.len() <= 80).then(|| word.to_owned())
}

/// The role whose ARN stands there: the resource if that is one, else one that a policy or a log line names.
fn role_arn(window: Window<'_>, resource: Option<&str>) -> Option<RoleArn> {
    let parse = |word: &str| RoleArn::parse(word).ok();
    resource.and_then(parse).or_else(|| window.text.match_indices("arn:aws").find_map(|(at, _)| parse(arn(&window.text[at..]))))
}

/// An STS host as it stands in the text, even one that cannot exist: the nearest.
pub(super) fn sts_host<'a>(window: Window<'a>) -> Option<&'a str> {
    let mut nearest: Option<(usize, &str)> = None;
    let mut from = 0;
    while let Some(at) = window.lower.get(from..)?.find("sts") {
        let at = from + at;
        from = at + 3;
        let rest = &window.lower.as_bytes()[from..];
        let distance = at.abs_diff(window.at);
        // A role may be named so.
        let in_arn = window.text[..at].rsplit([' ', '"', '\'']).next().is_some_and(|word| word.starts_with("arn:"));
        let is_name = !in_arn && !at.checked_sub(1).is_some_and(|before| is_of_label(window.lower.as_bytes()[before]));
        if is_name && (rest.starts_with(b".") || rest.starts_with(b"-fips.")) && nearest.is_none_or(|(known, _)| distance < known) {
            let host = host_around(window.text, at);
            let lower = host.to_ascii_lowercase();
            if PARTITIONS.iter().any(|row| lower.ends_with(row.dns_suffix) || lower.ends_with(row.dual_stack_suffix)) {
                nearest = Some((distance, host));
            }
        }
    }
    nearest.map(|(_, host)| host)
}

fn is_of_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// The whole host name that a place is in.
fn host_around(text: &str, at: usize) -> &str {
    let bytes = text.as_bytes();
    let belongs = |byte: &&u8| is_of_label(**byte) || **byte == b'.';
    let before = bytes[..at].iter().rev().take_while(belongs).count();
    let behind = bytes[at..].iter().take_while(belongs).count();
    text.get(at - before..at + behind).unwrap_or_default().trim_matches('.')
}

/// The label after `sts.`: the region that the host was made from, `None` for the global endpoint.
pub(super) fn host_region(host: &str) -> Option<&str> {
    let rest = host.split_once("sts.").or_else(|| host.split_once("sts-fips."))?.1;
    let label = rest.split('.').next()?;
    (label != "amazonaws").then_some(label)
}

/// The Pod Identity agent's address.
fn agent_host<'a>(window: Window<'a>) -> Option<&'a str> {
    ["169.254.170.23", "fd00:ec2::23"].into_iter().find_map(|host| {
        let at = window.lower.find(host)?;
        window.text.get(at..at + host.len())
    })
}

fn region(window: Window<'_>, host: Option<&str>, resource: Option<&str>) -> Option<String> {
    let valid = |code: &str| Region::parse(code).ok().filter(|region| !region.is_global()).map(|region| region.to_string());
    // "Credential should be scoped to a valid region, not 'us-east-2'."
    let scoped = || word_after(window, "to a valid region, not ").map(trimmed).and_then(valid);
    let of_host = || host.and_then(host_region).and_then(valid);
    let of_issuer = || word_after(window, "//oidc.eks.|//oidc-eks.").and_then(|rest| valid(rest.split('.').next()?));
    let of_resource = || resource.and_then(|arn| valid(arn.split(':').nth(3)?));
    let of_any_host = || {
        let host = host_around(window.lower, window.lower.find(".amazonaws.com")?);
        valid(host.split_once(".amazonaws.com")?.0.rsplit('.').next()?)
    };
    scoped().or_else(of_host).or_else(of_issuer).or_else(of_resource).or_else(of_any_host)
}

fn issuer(window: Window<'_>) -> Option<String> {
    let of_eks = || {
        let at = ["https://oidc.eks.", "https://oidc-eks."].into_iter().find_map(|begin| window.lower.find(begin))?;
        window.text.get(at + "https://".len()..)
    };
    let word = after(window, "provider found in your account for https://").or_else(of_eks)?;
    let word = word[..word.find(|c: char| !(c.is_ascii_alphanumeric() || "-._/:%".contains(c))).unwrap_or(word.len())]
        .trim_end_matches(['.', ':']);
    let (host, path) = word.split_once('/').unwrap_or((word, ""));
    // Of an EKS issuer the id is all that tells it from another: without it (taken out of the log) there is no issuer.
    let eks = host.starts_with("oidc.eks.") || host.starts_with("oidc-eks.");
    let id = path.strip_prefix("id/").is_some_and(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_alphanumeric()));
    (host.contains('.') && host.len() >= 4 && (!eks || id) && is_tidy(word)).then(|| format!("https://{word}"))
}

fn request_id(window: Window<'_>) -> Option<String> {
    const NAMES: &str = "request id: |requestid: |requestid\":|requestid':|requestid=|<requestid>|request_id\": |request_id=|request id ";
    // The agent puts it before the code: "[ID]: (CODE): message".
    let of_agent = || window.lower.find("]: (").and_then(|end| window.text[..end].rsplit('[').next());
    let word = trimmed(word_after(window, NAMES).or_else(of_agent)?);
    let shape = (16..=64).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let filled = word.bytes().any(|b| b.is_ascii_digit() && b != b'0');
    (shape && filled).then(|| word.to_owned())
}

/// Times in STS's texts: unix seconds, RFC 3339, or the compact form of signatures.
fn times(window: Window<'_>) -> Option<Times> {
    let at = |needles: &str| word_after(window, needles).map(trimmed).and_then(time);
    let signed = at("signature expired: |signature not yet current: ");
    let times = match signed {
        Some(signed) => {
            // "A is now earlier than B (C - 15 min.)": C is the server's clock.
            let server = after(window, "is now earlier than |is still later than ").and_then(|rest| rest.split_once('('));
            Times { signed: Some(signed), server: server.and_then(|(_, rest)| time(rest.split(' ').next()?)), expired: None }
        }
        None => Times {
            server: at("current date/time "),
            signed: None,
            // Some versions of the text lack the space.
            expired: at("expiration date/time |expiration date/time"),
        },
    };
    (times != Times::default()).then_some(times)
}

fn time(text: &str) -> Option<Timestamp> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if digits && text.len() == 10 {
        return text.parse().ok().map(Timestamp);
    }
    if text.len() == 16 && text.is_ascii() {
        // 20220127T001427Z
        let part = |from: usize, to: usize| &text[from..to];
        let rfc = format!("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 6), part(6, 8), part(9, 11), part(11, 13), part(13, 15));
        return Timestamp::parse(&rfc);
    }
    Timestamp::parse(text)
}

/// `system:serviceaccount:NAMESPACE:NAME`, or what the API server looks up.
fn service_account(window: Window<'_>) -> Option<(String, String)> {
    let named = word_after(window, "system:serviceaccount:").and_then(|word| word.split_once(':'));
    let looked_up = || word_after(window, "looking up service account ").and_then(|word| word.trim_end_matches(':').split_once('/'));
    let (namespace, name) = named.or_else(looked_up)?;
    let plain = |text: &str| {
        (1..=253).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
    };
    let name = name.split(':').next()?.trim_end_matches('.');
    (plain(namespace) && plain(name)).then(|| (namespace.to_owned(), name.to_owned()))
}

/// The name and the ARN of an IAM user who was denied.
pub(super) fn user(facts: &Facts) -> Option<(&str, &str)> {
    let arn = facts.principal.as_deref()?;
    let (_, path) = arn.split_once(":user/")?;
    Some((path.rsplit('/').next()?, arn))
}

/// What templates are filled with. The second: the role's ARN was made from a session's, which has lost the path.
pub(super) fn values(facts: &Facts) -> (Vec<(&'static str, String)>, bool) {
    let mut known: Vec<(&'static str, String)> = Vec::new();
    let session = facts.principal.as_deref().and_then(AssumedRoleArn::parse);
    // The role that the exchange is for is the pod's; another action's role is what it is done to.
    let of_exchange = facts.action.as_deref().is_none_or(|action| action.to_ascii_lowercase().starts_with("sts:assumerolewith"));
    let role = if of_exchange { facts.role.clone() } else { facts.principal.as_deref().and_then(|arn| RoleArn::parse(arn).ok()) };
    let mut path_lost = false;
    if let Some(session) = &session {
        known.push(("roleName", session.role.clone()));
        known.push(("partition", session.partition.to_string()));
        if session.is_instance_session() {
            known.push(("instanceId", session.session.clone()));
        }
        // IAM Identity Center's roles always have a path, which holds its region.
        if !session.role.starts_with("AWSReservedSSO_") {
            known.push(("roleArn", format!("arn:{}:iam::{}:role/{}", session.partition, session.account, session.role)));
            path_lost = true;
        }
    } else if let Some((user, arn)) = user(facts) {
        known.push(("roleName", user.to_owned()));
        known.push(("roleArn", arn.to_owned()));
    } else if let Some(role) = &role {
        known.push(("roleName", role.name.clone()));
        known.push(("partition", role.partition.to_string()));
        known.push(("roleArn", role.to_string()));
    }
    if known.is_empty() {
        known.extend(facts.role_name.clone().map(|name| ("roleName", name)));
    }
    let mut set = |name, value: &Option<String>| known.extend(value.clone().map(|value| (name, value)));
    set("action", &facts.action);
    set("resource", &facts.resource);
    set(
        "resourceName",
        &facts.resource.as_deref().filter(|arn| arn.contains(':')).and_then(|arn| arn.rsplit(['/', ':']).next()).map(str::to_owned),
    );
    set("region", &facts.region);
    set("clusterRegion", &facts.issuer.as_deref().and_then(Region::of_issuer).map(|region| region.to_string()));
    set("issuer", &facts.issuer);
    set("issuerPath", &facts.issuer.as_deref().and_then(|url| url.strip_prefix("https://")).map(str::to_owned));
    set("account", &facts.account);
    set("host", &facts.endpoint);
    let (namespace, name) = facts.service_account.clone().unzip();
    set("namespace", &namespace);
    set("serviceAccount", &name);
    if let Some(region) =
        facts.region.as_deref().and_then(|code| Region::parse(code).ok()).filter(|_| session.is_none() && facts.role.is_none())
    {
        known.push(("partition", region.partition().to_string()));
    }
    (known, path_lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Facts {
        let lower = text.to_ascii_lowercase();
        facts(Window { text, lower: &lower, at: 0 })
    }

    #[test]
    fn a_denial_names_who_what_and_where() {
        let facts = of(
            "User: arn:aws-us-gov:sts::367652197469:assumed-role/karpenter/1706310212742318132 is not authorized to perform: iam:PassRole on resource: arn:aws-us-gov:iam::367652197469:role/a/b because no identity-based policy allows the iam:PassRole action\tstatus code: 403, request id: cf4801ad-e7f6-47e5-b725-7f9269092cd2",
        );
        assert_eq!(facts.principal.as_deref(), Some("arn:aws-us-gov:sts::367652197469:assumed-role/karpenter/1706310212742318132"));
        assert_eq!(facts.action.as_deref(), Some("iam:PassRole"));
        assert_eq!(facts.resource.as_deref(), Some("arn:aws-us-gov:iam::367652197469:role/a/b"));
        assert_eq!(facts.account.as_deref(), Some("367652197469"));
        assert_eq!(facts.request_id.as_deref(), Some("cf4801ad-e7f6-47e5-b725-7f9269092cd2"));
        assert!(!facts.is_node);
        let (values, path_lost) = values(&facts);
        assert!(path_lost && values.contains(&("roleArn", "arn:aws-us-gov:iam::367652197469:role/karpenter".into())), "{values:?}");
        assert!(values.contains(&("resourceName", "b".into())));
    }

    #[test]
    fn a_key_in_quotes_may_hold_blanks() {
        let resource = |text: &str| of(text).resource;
        let denied = "User: arn:aws:sts::111122223333:assumed-role/a/s is not authorized to perform: s3:GetObject on resource: ";
        assert_eq!(
            resource(&format!("{denied}\"arn:aws:s3:::b/a key, with.txt\" because")).as_deref(),
            Some("arn:aws:s3:::b/a key, with.txt")
        );
        assert_eq!(resource(&format!("{denied}arn:aws:s3:::b/k\" because of \"x\"")).as_deref(), Some("arn:aws:s3:::b/k"));
        assert_eq!(resource(&format!("{denied}\"arn:aws:s3:::<bucket>/a b\" because")), None);
    }

    #[test]
    fn what_was_taken_out_is_not_there() {
        let facts = of(
            "User: arn:aws:sts::<account-id>:assumed-role/<node role>/i-0123456789abcdef0 is not authorized to perform: secretsmanager:GetSecretValue on resource: <secret-name> request id: ??????",
        );
        assert_eq!((facts.principal, facts.resource, facts.account, facts.request_id), (None, None, None, None));
        let facts = of(
            "No OpenIDConnect provider found in your account for https://oidc.eks.us-east-1.amazonaws.com/id/<redacted> RequestId: 00000000-0000-0000-0000-000000000000",
        );
        assert_eq!((facts.issuer, facts.region.as_deref(), facts.request_id), (None, Some("us-east-1"), None));
    }

    #[test]
    fn nodes_are_recognised_also_where_digits_were_masked() {
        for (principal, yes) in [
            ("arn:aws:sts::111122223333:assumed-role/node/i-0e5afb93460d609d2", true),
            ("arn:aws:sts::xxxxxxxxxx:assumed-role/eks-nodes-sandbox/i-076b0f0634dsabdbf", true),
            ("arn:aws:sts::1:assumed-role/node/i-xxxxxxxxxxxxxxxxx", true),
            ("arn:aws:sts::1:assumed-role/node/i-0000", true),
            ("arn:aws:sts::1:assumed-role/node/i-0abc", true),
            ("arn:aws:sts::1:assumed-role/node/i-123456789", true),
            ("arn:aws:sts::1:assumed-role/node/i-0abc…", true),
            ("arn:aws:sts::1:assumed-role/node/i-...", true),
            ("arn:aws:sts::1:assumed-role/node/i-REDACTED", true),
            ("arn:aws:sts::1:assumed-role/node/i-***", true),
            ("arn:aws:sts::111122223333:assumed-role/checkout/i-cafe", false),
            ("arn:aws:sts::111122223333:assumed-role/checkout/i-web-1", false),
            ("arn:aws:sts::111122223333:assumed-role/checkout/i-", true),
            ("arn:aws:sts::111122223333:assumed-role/checkout/i-web", false),
            ("arn:aws:sts::111122223333:assumed-role/checkout/i-checkout-service-1", false),
            ("arn:aws:sts::111122223333:assumed-role/hybrid/mi-0123456789abcdef0", false),
            ("arn:aws:iam::111122223333:user/i-0123456789abcdef0", false),
        ] {
            assert_eq!(of(&format!("User: {principal} is not authorized to perform: a:B")).is_node, yes, "{principal}");
        }
    }

    #[test]
    fn times_are_read_in_every_form() {
        let times = |text: &str| of(text).times;
        assert_eq!(
            times("Token expired: current date/time 1753382758 must be before the expiration date/time 1753089571"),
            Some(Times { server: Some(Timestamp(1_753_382_758)), signed: None, expired: Some(Timestamp(1_753_089_571)) })
        );
        assert_eq!(
            times("current date/time 1626271164 must be before the expiration date/time1626191469").unwrap().expired,
            Some(Timestamp(1_626_191_469))
        );
        assert_eq!(
            times("current date/time 2025-07-06T07:02:09.314833331Z must").unwrap().server,
            Timestamp::parse("2025-07-06T07:02:09Z")
        );
        let skew = times("Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (20220127T015928Z - 15 min.)").unwrap();
        assert_eq!((skew.signed, skew.server), (Timestamp::parse("2022-01-27T00:14:27Z"), Timestamp::parse("2022-01-27T01:59:28Z")));
        assert_eq!(times("Token expired: current date/time soon"), None);
        assert_eq!(times("Signature expired: ☃☃☃☃☃☃☃☃ is now earlier than"), None);
    }

    /// A call's region is not the cluster's, which its issuer tells.
    #[test]
    fn the_issuer_alone_gives_the_cluster_s_region() {
        let call = of("Post \"https://sts.us-east-1.amazonaws.com/\": dial");
        let of_region = |facts: &Facts| {
            let (known, _) = values(facts);
            ["region", "clusterRegion"].map(|name| known.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()))
        };
        assert_eq!(of_region(&call), [Some("us-east-1".to_owned()), None]);
        let issuer = Some("https://oidc.eks.eu-west-1.amazonaws.com/id/A".to_owned());
        assert_eq!(of_region(&Facts { issuer, ..call }), [Some("us-east-1".to_owned()), Some("eu-west-1".to_owned())]);
    }

    #[test]
    fn hosts_give_the_region() {
        for (text, host, region) in [
            ("Post \"https://sts.eu-west-1.amazonaws.com/\": dial", Some("sts.eu-west-1.amazonaws.com"), Some("eu-west-1")),
            ("lookup sts.cn-north-1.amazonaws.com.cn: no", Some("sts.cn-north-1.amazonaws.com.cn"), Some("cn-north-1")),
            ("https://sts.amazonaws.com/", Some("sts.amazonaws.com"), None),
            ("https://vpce-0a-b.sts.us-east-1.vpce.amazonaws.com/", Some("vpce-0a-b.sts.us-east-1.vpce.amazonaws.com"), Some("us-east-1")),
            ("lookup sts.REGION.amazonaws.com on", Some("sts.region.amazonaws.com"), None),
            ("lookup sts..amazonaws.com: no such host", Some("sts..amazonaws.com"), None),
            ("https://dynamodb.us-east-1.amazonaws.com/", None, Some("us-east-1")),
            ("posts.amazonaws.com and tests.eu-west-1.example.com", None, None),
        ] {
            let facts = of(text);
            assert_eq!((facts.endpoint.as_deref(), facts.region.as_deref()), (host, region), "{text}");
        }
    }
}
