//! AWS's own answers in a record: the Pod Identity agent's, STS's to the exchange, those to signed calls, and denials.
//!
//! Which finding an answer stands for is told by the rows of the catalogue, as in `check`; what is here finds
//! code and message in the shapes of the SDKs.

use super::facts::{account_of, facts, sts_host};
use super::record::{Record, Window, stands_alone};
use super::table::{AGENT_NETWORK, BEFORE_DNS, EXCHANGE_TEXTS, NETWORK, NODE_ITSELF, Row, SIGNED_TEXTS, Sentence, WHO_IS_NOT_SAID};
use super::{Hit, row_hit};
use crate::core::aws::answer::ServiceError;
use crate::core::aws::partition::{PARTITIONS, Region};
use crate::core::catalogue::errors::{ABOVE_THE_ROLE, known_codes, known_texts};
use crate::core::catalogue::{Code, Operation};
use crate::core::text::printable::floor;

/// What AWS answered, or the way to it refused. Each explains what follows it: the first that is found is all that counts.
pub(super) fn hits(record: &Record) -> Vec<Hit> {
    let first = agent(record).or_else(|| exchange(record)).or_else(|| signed(record)).or_else(|| denial(record));
    match first {
        Some(hit) => vec![hit],
        None => network(record),
    }
}

/// What SDKs and programs print when it was the exchange that failed. Its name alone says less: logs name the provider whose credentials
/// another call used, metrics and tests what may happen.
const EXCHANGE: &str = "operation error sts: assumerolewithwebidentity|when calling the assumerolewithwebidentity operation|webidentityerr|\
    error executing \"assumerolewithwebidentity|assumerolewithwebidentitycommand|stsassumerolewithwebidentitycredentialsprovider [|\
    assumerolewithwebidentity: |assumerolewithwebidentity failed|assumerolewithwebidentity error|failed to assumerolewithwebidentity|\
    error calling assumerolewithwebidentity|failed to call assumerolewithwebidentity|\
    error assuming role from web identity credentials|provide credentials provider=webidentitytoken|\
    provide credentials\",\"provider\":\"webidentitytoken\"|eventname\":\"assumerolewithwebidentity\"";

/// Where the agent listens.
const ADDRESSES: &str = "169.254.170.23|fd00:ec2::23";

const AGENT: &str = "169.254.170.23|fd00:ec2::23|assumeroleforpodidentity|eks auth|, fault: client|, fault: server|\
    response 429 from container metadata";

fn agent(record: &Record) -> Option<Hit> {
    let said = known_texts(Operation::AssumeRoleForPodIdentity).find_map(|text| {
        // The action is also spoken of where it is not denied.
        let is_denial = |at: &usize| !text.starts_with("eks-auth:") || record.window(*at).names("not authorized to perform");
        record.first(text).filter(is_denial)
    });
    if let Some(at) = said {
        let error = error_at(record, at, agent_code(record.window(at)));
        return Some(Hit::at(at, Code::from_error(Operation::AssumeRoleForPodIdentity, &error)));
    }
    let place = record.first(AGENT)?;
    let window = record.window(place);
    if let Some(code) = agent_code(window) {
        return Some(Hit::at(place, Code::from_error(Operation::AssumeRoleForPodIdentity, &error_at(record, place, Some(code)))));
    }
    if window.names("too many requests|statuscode: 429|response 429") {
        return Some(Hit::at(place, Code::AgentThrottled));
    }
    if window.names("unable to fetch credentials from eks auth|error fetching credentials:") {
        return Some(Hit::at(place, Code::AgentError));
    }
    let by_address = record.first(ADDRESSES).is_some();
    by_address.then(|| AGENT_NETWORK.iter().find_map(|row| row_hit(record, row, |window| window.names(ADDRESSES)))).flatten()
}

/// The code of EKS Auth's that is nearest to the place.
fn agent_code(window: Window<'_>) -> Option<&'static str> {
    nearest_code(window, Operation::AssumeRoleForPodIdentity).map(|(_, code)| code)
}

/// The code of this operation that is nearest to the place, with its distance.
fn nearest_code(window: Window<'_>, operation: Operation) -> Option<(usize, &'static str)> {
    let found = known_codes(operation).filter_map(|code| Some((word(window.text, code)?.abs_diff(window.at), code)));
    found.min_by_key(|(distance, _)| *distance)
}

/// The answer to AssumeRoleWithWebIdentity.
fn exchange(record: &Record) -> Option<Hit> {
    if let Some((at, code)) = sentence(record, EXCHANGE_TEXTS) {
        return Some(Hit::at(at, Code::from_error(Operation::AssumeRoleWithWebIdentity, &error_at(record, at, Some(code)))));
    }
    let place = record.first(EXCHANGE)?;
    let window = record.window(place);
    // Of another call that the same text tells of.
    let other = window.names("authorized to perform: ") || SIGNED_TEXTS.iter().any(|(text, ..)| window.lower.contains(text));
    let nearest = nearest_code(window, Operation::AssumeRoleWithWebIdentity);
    if let Some((_, code)) = nearest.filter(|(distance, _)| *distance < 400 && !other) {
        return Some(Hit::at(place, Code::from_error(Operation::AssumeRoleWithWebIdentity, &error_at(record, place, Some(code)))));
    }
    // A code that no table knows: AWS's own shape says that it is one.
    let named = shaped_code(window).filter(|_| !other)?;
    Some(Hit::at(place, Code::from_error(Operation::AssumeRoleWithWebIdentity, &error_at(record, place, Some(named)))))
}

/// The first of AWS's sentences that stands in a record, and the code that it goes with.
fn sentence(record: &Record, sentences: &[Sentence]) -> Option<(usize, &'static str)> {
    sentences.iter().find_map(|(text, code, near)| {
        let at = record.places(text).find(|at| record.window(*at).has(near))?;
        Some((at, *code))
    })
}

/// `(CODE) when calling the AssumeRoleWithWebIdentity operation`, `AssumeRoleWithWebIdentity, … api error CODE:`.
fn shaped_code<'a>(window: Window<'a>) -> Option<&'a str> {
    let plain = |word: &&str| (4..=60).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric());
    let boto = window.lower.find(") when calling the assumerolewithwebidentity operation").and_then(|end| {
        let start = window.text[..end].rfind('(')?;
        window.text.get(start + 1..end)
    });
    let go = || {
        let start = window.lower[window.at..].find("api error ")? + window.at + "api error ".len();
        window.text[start..].split(':').next()
    };
    boto.or_else(go).filter(plain)
}

/// The answer to a signed call, whichever it is: keys, signature and clock are the same for all services.
fn signed(record: &Record) -> Option<Hit> {
    if let Some((at, code)) = sentence(record, SIGNED_TEXTS) {
        return Some(clocked(record, Hit::at(at, Code::from_error(Operation::GetCallerIdentity, &error_at(record, at, Some(code))))));
    }
    let found = known_codes(Operation::GetCallerIdentity).filter_map(|code| Some((word(&record.text, code)?, code)));
    let (at, code) = found.min_by_key(|(at, _)| *at)?;
    let window = record.window(at);
    // What every service answers in its own name means STS only where STS is named.
    let of_sts = window.names(
        "getcalleridentity|operation error sts|service: sts|service: awssecuritytokenservice|://sts.|\
            when calling the assumerole operation",
    );
    const BY_ANY: [&str; 8] = [
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "RequestInTheFuture",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "ExpiredToken",
    ];
    let denied = code.starts_with("AccessDenied");
    let counts = match of_sts {
        true => !denied || window.names("sts:getcalleridentity|when calling the getcalleridentity|sts: getcalleridentity"),
        false => {
            BY_ANY.contains(&code) && window.names("aws|when calling the |api error|status code|request id|requestid|exception|<code>")
        }
    };
    counts.then(|| clocked(record, Hit::at(at, Code::from_error(Operation::GetCallerIdentity, &error_at(record, at, Some(code))))))
}

/// A session that ended, or a signature that expired, by how much.
fn clocked(record: &Record, hit: Hit) -> Hit {
    let times = facts(record.window(hit.at)).times;
    let skew = times.and_then(|times| Some(times.signed?.since(times.server?))).filter(|_| hit.code == Code::ClockSkew);
    match skew {
        Some(skew) if skew != 0 => {
            let way = if skew < 0 { "behind" } else { "ahead of" };
            hit.saying(format!("The caller's clock is {} {way} AWS's.", crate::core::text::time::format_duration(skew)))
        }
        _ => hit,
    }
}

/// `… is not authorized to perform: ACTION …`, and the shapes in which services say less.
fn denial(record: &Record) -> Option<Hit> {
    let Some(at) = record.places("is not authorized to perform: ").next() else { return wordless_denial(record) };
    let before = record.window(at);
    // The denial begins with whom it is said of.
    let at = before.lower[..before.at].rfind("user: ").map_or(at, |user| at - (before.at - user));
    let window = record.window(at);
    let facts = facts(window);
    let action = facts.action.as_deref().unwrap_or_default().to_ascii_lowercase();
    if action.starts_with("sts:assumerolewith") {
        return None;
    }
    // Organisations' policies and boundaries deny a node as they deny others, but the node's identity is the earlier fault.
    if facts.is_node && !(window.names(NODE_ITSELF)) {
        let hit = Hit::at(at, Code::NodeRoleFallback);
        return Some(hit.saying("The caller is a node (session i-…): this pod uses the node's role, because it has no identity of its own. What is missing is that identity, not this permission; do not give it to the node's role. irsa-probe check in the pod says why there is none."));
    }
    let of_node = facts
        .is_node
        .then(|| "The caller is the node itself, which here is as it should be: the permission belongs into the node's role.".to_owned());
    let code = match action.as_str() {
        "iam:passrole" => Code::PassRoleMissing,
        "sts:assumerole" | "sts:tagsession" | "sts:setsourceidentity" => Code::RoleChainDenied,
        _ => Code::PermissionMissing,
    };
    let above = ABOVE_THE_ROLE.iter().find(|policy| window.lower[window.at..].contains(*policy));
    if let Some(policy) = above {
        return Some(Hit::at(at, Code::ExplicitlyDenied).saying(format!("AWS names it: a {}.", policy.replace("vpc", "VPC"))));
    }
    let accounts = (facts.principal.as_deref().and_then(account_of), facts.resource.as_deref().and_then(account_of));
    let across = match accounts {
        (Some(caller), Some(owner)) if caller != owner => Some(format!(
            "Caller and resource are in different accounts ({caller} and {owner}): both sides have to allow it, the caller's policy in {caller}, and in {owner} the resource's own policy."
        )),
        _ => None,
    };
    Some(Hit { detail: of_node.or(across), ..Hit::at(at, code) })
}

/// Shapes of SDKs around an AccessDenied that does not say who was denied.
pub(super) const DENIED: &str = "(accessdenied) when calling the |(accessdeniedexception) when calling the |\
    (unauthorizedoperation) when calling the |api error accessdenied|api error unauthorizedoperation|error code: accessdenied|error code: unauthorizedoperation|\
    code: 'accessdenied|aws error access_denied|accessdenied: access denied|errors::accessdenied|\
    unauthorizedoperation: you are not authorized|accessdenied (client)|accessdeniedexception (client)|\
    exception: access denied (service: |exception: (service: s3, status code: 403|null (service: s3, status code: 403|\
    amazons3exception: access denied|code: some(\"accessdenied\"|<message>access to the resource https://sqs.|\
    (403) when calling the |api error forbidden: forbidden|forbidden: forbidden status code: 403, request id: ";

/// Shapes of AssumeRole's own failure. The last is aws-iam-authenticator's, which does nothing else before a token.
const NEXT_ROLE: &str =
    "when calling the assumerole operation|operation error sts: assumerole,|assumerole (service: sts|could not get token: accessdenied";

fn wordless_denial(record: &Record) -> Option<Hit> {
    let at = record.first(DENIED)?;
    let window = record.window(at);
    if window.names("sts:assumerolewith") || window.names(EXCHANGE) {
        return None;
    }
    let chain = window.names(NEXT_ROLE);
    let code = if chain { Code::RoleChainDenied } else { Code::PermissionMissing };
    Some(Hit::at(at, code).saying(WHO_IS_NOT_SAID))
}

/// The way to STS: what failed, the host that cannot exist, the controller that waits for itself.
fn network(record: &Record) -> Vec<Hit> {
    let near_sts = |window: Window<'_>| {
        let other_host = || PARTITIONS.iter().any(|row| window.lower.contains(&format!(".{}", row.dns_suffix)));
        sts_host(window).is_some() || (window.names(EXCHANGE) || window.names("provider=webidentitytoken")) && !other_host()
    };
    let Some(hit) = NETWORK.iter().find_map(|row: &Row| row_hit(record, row, near_sts)) else { return Vec::new() };
    let window = record.window(hit.at);
    let host = sts_host(window);
    let region = host.and_then(super::facts::host_region);
    let is_lookup = matches!(hit.code, Code::DnsNotFound | Code::DnsFailed);
    let code = match (hit.code, region.map(Region::parse)) {
        (Code::DnsNotFound | Code::DnsFailed, Some(Err(_))) if region.is_some_and(str::is_empty) => Code::RegionMissing,
        (Code::DnsNotFound | Code::DnsFailed, Some(Err(_))) => Code::RegionMalformed,
        (Code::DnsNotFound, Some(Ok(region))) if host.is_some_and(|host| host.contains("sts-fips.")) && !region.has_fips_sts() => {
            Code::FipsEndpointAbsent
        }
        (Code::DnsFailed, _) if waits_for_itself(window) => Code::DnsPolicyDeadlock,
        (code, _) => code,
    };
    let global = !is_lookup && host.is_some_and(|host| host.eq_ignore_ascii_case("sts.amazonaws.com"));
    let at = hit.at;
    let mut hits = vec![Hit { code, detail: hit.detail.filter(|_| code == hit.code), ..hit }];
    if global
        && matches!(
            code,
            Code::ConnectTimeout | Code::ConnectRefused | Code::NetworkUnreachable | Code::RequestTimeout | Code::ConnectionLost
        )
    {
        hits.push(Hit::at(at, Code::GlobalEndpointConfigured).saying("The call went to the global endpoint, which a VPC endpoint for STS never serves: in a subnet without a way to the internet that is why.".to_owned()));
    }
    hits
}

/// A controller that CoreDNS waits for, by its own name: `karpenter.sh/…` is also a label of everybody's pods.
fn waits_for_itself(window: Window<'_>) -> bool {
    let named = |name: &str| {
        window.lower.match_indices(name).any(|(at, _)| {
            let rest = &window.lower[at + name.len()..];
            let logger = window.lower[..at].ends_with("group\": \"") || window.lower[..at].ends_with("group\":\"");
            logger || !(rest.starts_with(".sh/") || rest.starts_with(".k8s.aws/"))
        })
    };
    BEFORE_DNS.split('|').any(named)
}

/// Code and message at a place, as the tables want them. The message ends where an SDK goes on with its own.
fn error_at(record: &Record, at: usize, code: Option<&str>) -> ServiceError {
    const ENDS: [&str; 7] = ["request id", "requestid", "(service:", "</message>", "\",\"", "$metadata", "errorverbose"];
    let start = at.min(record.text.len());
    let end = floor(&record.lower, start + 700);
    let message = &record.text[start..end.max(start)];
    let lower = message.to_ascii_lowercase();
    let cut = ENDS.iter().filter_map(|end| lower.find(end)).min().unwrap_or(message.len());
    let status = ["status code: ", "statuscode: ", "non 200 response ", "statuscode\":", "status: "]
        .iter()
        .find_map(|name| {
            let window = record.window(at);
            let found = window.lower.find(name)? + name.len();
            window.lower.get(found..found + 3)?.parse::<u16>().ok()
        })
        .unwrap_or(0);
    ServiceError { status, code: code.map(str::to_owned), message: message[..cut].to_owned(), request_id: None }
}

/// The place of a word that stands by itself.
fn word(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word).map(|(at, _)| at).find(|at| stands_alone(text, *at, word.len()))
}
