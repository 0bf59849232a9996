//! Why an element does not fit, in one sentence: the slip that was probably made, when it can be told.

use super::clock;
use super::condition::{Compare, Operator, Set, Unclear};
use super::pattern::{Pattern, Truth};
use super::request::{ContextFact, FormedKey, Request};
use super::slips;

/// Why a condition is not met.
pub(super) fn condition(operator: &Operator, key: &str, wanted: &[String], request: &Request) -> String {
    match request.fact(key) {
        ContextFact::Absent(why) => absent(operator, key, why, request),
        ContextFact::Known(_) | ContextFact::Formed(_) if operator.compare == Compare::Null => {
            "the key is there, and the policy asks that it is not".to_owned()
        }
        ContextFact::Known(_) if operator.negated => format!("{} keeps out what it names, and it names this", operator.name),
        ContextFact::Known([]) => "the token has no such value".to_owned(),
        ContextFact::Known([one]) => slips::between(operator, key, wanted, one, request),
        ContextFact::Known(_) if operator.set == Set::All => "not all of the values are among those that the policy names".to_owned(),
        ContextFact::Known(_) => "none of the values is among those that the policy names".to_owned(),
        ContextFact::Formed(_) if clock::compares(operator.name, key) => "it is a limit of time, and the time is not within it".to_owned(),
        ContextFact::Formed(_) | ContextFact::Unknown if operator.negated => {
            format!("{} keeps out what it names, and it names every value that {key} can have", operator.name)
        }
        ContextFact::Formed(formed) => formed_differs(operator, key, wanted, formed),
        // Only a variable without a value equals nothing at all.
        ContextFact::Unknown => "a policy variable in it has no value, and nothing equals that".to_owned(),
    }
}

/// Why no value of a form is one that the policy names.
fn formed_differs(operator: &Operator, key: &str, wanted: &[String], formed: &FormedKey) -> String {
    let fold = operator.compare == Compare::Fold;
    let as_pattern = |value: &String| Pattern::new(value, true, None).compare(&formed.form, fold) != Truth::No;
    let literal = matches!(operator.compare, Compare::Exact | Compare::Fold);
    if literal && wanted.iter().any(|value| value.contains(['*', '?']) && as_pattern(value)) {
        let like = if formed.form.arn_parts().is_some() { "ArnLike" } else { "StringLike" };
        return format!(
            "* and ? are plain characters under {}, and no {key} has them: it can never match; {like} reads them as wildcards",
            operator.name
        );
    }
    match formed.form.tells_something() {
        true => format!("{key} is {}, {}", formed.what, formed.form.shown()),
        false => format!("{key} is {}, and this can be none", formed.what),
    }
}

/// Why a condition cannot be decided.
pub(super) fn undecided(cause: Unclear, operator: &Operator, key: &str, request: &Request) -> String {
    let name = operator.name;
    match cause {
        Unclear::Unknown => {
            let from = if request.issuer_path.is_some() { "from the token" } else { "from here" };
            match request.fact(key) {
                ContextFact::Formed(formed) if formed.form.tells_something() => {
                    format!("{key} is known {from} in part only ({}); this cannot be decided", formed.what)
                }
                _ => format!("{key} is not known {from}; this cannot be decided"),
            }
        }
        Unclear::Variable => "a policy variable in it has a value that is not known from here".to_owned(),
        Unclear::SetOperator => {
            "the key can have several values: that needs ForAnyValue: or ForAllValues: before the operator; what IAM makes of it without one is not documented".to_owned()
        }
        Unclear::NoArnAsked => format!(
            "{name} compares ARNs, and the policy's value is none (arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE); what IAM makes of that is not documented"
        ),
        Unclear::NoArn => format!("{name} compares ARNs, and this is none; what IAM makes of that is not documented. StringLike compares texts"),
        Unclear::Kind => format!("{name} does not compare texts, and this is one; what IAM makes of that is not documented"),
        Unclear::NoBool => format!("{name} compares true and false alone; what IAM makes of another text is not documented"),
        Unclear::Several => format!("{name} takes one value, and these are several; what IAM makes of that is not documented"),
        Unclear::NoValue => "the policy names no value; what IAM makes of an empty list is not documented".to_owned(),
        Unclear::AnyIfExists => "the request has no such key; what IfExists makes of ForAnyValue then is not documented".to_owned(),
        Unclear::Time => "it cannot be told which time this is: dates are written 2026-12-31T23:59:59Z, or as seconds since 1970".to_owned(),
    }
}

/// Why the request lacks a key: often it is another issuer's, or misspelt.
fn absent(operator: &Operator, key: &str, why: &str, request: &Request) -> String {
    let Some(path) = request.issuer_path.as_deref().filter(|_| operator.compare != Compare::Null) else {
        return format!("the request has no such key: {why}");
    };
    let (issuer, claim) = key.rsplit_once(':').unwrap_or((key, ""));
    let lower = issuer.to_ascii_lowercase();
    let ours = path.to_ascii_lowercase();
    let told = match () {
        () if claim.trim() != claim || issuer.trim() != issuer => "there is white space in the key",
        () if lower == ours => return format!("the request has no such key: {why}"),
        () if lower.contains("://") => "condition keys are written without https://",
        () if lower.starts_with("arn:") => "the key begins with the issuer, not with its provider's ARN",
        () if lower.trim_end_matches('/') == ours.trim_end_matches('/') => "a slash too many or too few after the issuer",
        () if is_trap(&lower) => "EKS issuers are spelt oidc.eks.REGION.amazonaws.com/id/ID; oidc.REGION.eks… stands in an old sample",
        () if is_same_cluster(&lower, &ours) => return format!("the host differs, the id is this cluster's; its issuer is {path}"),
        () if ours.strip_prefix(&lower).is_some_and(|rest| rest.starts_with('/')) => {
            "the key lacks the end of the issuer: /id/ID belongs to it"
        }
        () if !issuer.contains('.') => return format!("the request has no such key: {why}"),
        () if is_of_eks(&lower) => {
            return format!(
                "it is a key of another issuer (another cluster, or this one before it was created again); this token's is {path}"
            );
        }
        () => return format!("it is a key of another issuer; this token's is {path}"),
    };
    told.to_owned()
}

/// The spelling of an old sample in the webhook's README: `oidc.REGION.eks.amazonaws.com/CLUSTER_ID`.
pub(super) fn is_trap(issuer: &str) -> bool {
    let host = issuer.split('/').next().unwrap_or_default();
    host.strip_prefix("oidc.")
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(region, rest)| region != "eks" && rest.starts_with("eks."))
}

/// Whether two issuers of EKS end in the same id, which no two clusters have.
pub(super) fn is_same_cluster(issuer: &str, ours: &str) -> bool {
    let id = |issuer: &str| issuer.rsplit_once("/").map(|(_, id)| id.to_ascii_lowercase()).filter(|id| id.len() == 32);
    is_of_eks(issuer) && id(issuer).is_some() && id(issuer) == id(ours)
}

fn is_of_eks(issuer: &str) -> bool {
    let host = issuer.split('/').next().unwrap_or_default();
    host.contains(".eks.") || host.contains("eks.oidc.") || host.starts_with("oidc-eks.")
}

/// Why a principal is not the one that asks.
pub(super) fn principal(kind: &str, wanted: &str, request: &Request) -> String {
    let ours = request.principal.as_str();
    let Some(path) = request.issuer_path.as_deref() else { return service(kind, wanted, ours) };
    let lower = wanted.to_ascii_lowercase();
    let told = match kind {
        "AWS" => "AWS names accounts, users and roles; a token comes from an OIDC provider: Federated",
        "Service" => "Service names AWS services; a token comes from an OIDC provider: Federated",
        "CanonicalUser" => "a token comes from an OIDC provider: Federated",
        _ if wanted.trim() != wanted => "there is white space around the ARN",
        _ if wanted == ours => "a token's provider stands under Federated, spelt like this",
        _ if lower == ours.to_ascii_lowercase() => "capitals differ; ARNs are compared to the letter",
        _ if lower.trim_start_matches("https://").trim_end_matches('/') == path.to_ascii_lowercase() => {
            "the provider is named by its ARN: arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER"
        }
        _ if lower.contains("://") => "a provider's ARN has no https:// in it",
        _ if lower.contains(":saml-provider/") => "it is a SAML provider; a token comes from an OIDC provider",
        _ if wanted.contains(['*', '?']) => "a principal takes no wildcards; name the provider",
        _ => return provider(wanted, ours, path),
    };
    told.to_owned()
}

fn provider(wanted: &str, ours: &str, path: &str) -> String {
    let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let (theirs, ours) = (parts(wanted), parts(ours));
    let ([_, partition, service, _, account, resource], [_, our_partition, _, _, our_account, our_resource]) =
        (theirs.as_slice(), ours.as_slice())
    else {
        return "it is not the ARN of an OIDC provider".to_owned();
    };
    let Some(issuer) = resource.strip_prefix("oidc-provider/").filter(|_| service == "iam") else {
        return "it is not the ARN of an OIDC provider".to_owned();
    };
    if resource == our_resource {
        return match partition == our_partition {
            false => format!("it is of the partition {partition}; the role is of {our_partition}"),
            true => format!("it is the provider in account {account}; a role trusts the one in its own account, {our_account}"),
        };
    }
    let told = match () {
        () if is_trap(issuer) => "EKS issuers are spelt oidc.eks.REGION.amazonaws.com/id/ID; oidc.REGION.eks… stands in an old sample",
        () if issuer.trim_end_matches('/') == path.trim_end_matches('/') => "a slash too many or too few after the issuer",
        () if path.strip_prefix(issuer).is_some_and(|rest| rest.starts_with('/')) => "it lacks the end of the issuer: /id/ID belongs to it",
        () if is_same_cluster(issuer, path) => return format!("the host differs, the id is this cluster's; its issuer is {path}"),
        () if is_of_eks(issuer) => "it is the provider of another issuer: another cluster's, or this one's before it was created again",
        () => "it is the provider of another issuer",
    };
    told.to_owned()
}

fn service(kind: &str, wanted: &str, ours: &str) -> String {
    match kind {
        "Service" if wanted.eq_ignore_ascii_case(ours) => "services are spelt in small letters".to_owned(),
        "Service" => format!("it is another service; Pod Identity's is {ours}"),
        "Federated" => format!("that is for IRSA; Pod Identity comes as the service {ours}"),
        _ => format!("Pod Identity comes as the service {ours}"),
    }
}

/// Why none of the actions is one that is asked for.
pub(super) fn action(wanted: &[String], request: &Request) -> String {
    let is = |name: &str| wanted.iter().any(|action| action.eq_ignore_ascii_case(name));
    let misspelt = |name: &&str| {
        wanted.iter().any(|action| crate::core::text::printable::distance(&action.to_ascii_lowercase(), &name.to_ascii_lowercase(), 3) <= 3)
    };
    let bare = |name: &&str| name.split_once(':').is_some_and(|(_, name)| is(name));
    let first = request.actions[0];
    match () {
        () if wanted.is_empty() => "the policy names no action".to_owned(),
        () if request.issuer_path.is_some() && is("sts:AssumeRole") => {
            format!("sts:AssumeRole is for callers with AWS credentials; a token asks for {first}")
        }
        () if request.issuer_path.is_none() && is("sts:AssumeRoleWithWebIdentity") => {
            "that is for IRSA; Pod Identity assumes the role by sts:AssumeRole and sts:TagSession".to_owned()
        }
        () if request.actions.iter().any(bare) => format!("an action begins with its service: {first}"),
        () if request.actions.iter().any(misspelt) => format!("it is misspelt; write {first}"),
        () => format!("it is another action; this is {first}"),
    }
}
