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
            "the request has the key, and the policy requires that it has not".to_owned()
        }
        ContextFact::Known(_) if operator.negated => format!("{} excludes the values that it names, and it names this one", operator.name),
        ContextFact::Known([]) => "the token has no value for this key".to_owned(),
        ContextFact::Known([one]) => slips::between(operator, key, wanted, one, request),
        ContextFact::Known(_) if operator.set == Set::All => "the policy does not name all of the values".to_owned(),
        ContextFact::Known(_) => "the policy names none of the values".to_owned(),
        ContextFact::Formed(_) if clock::compares(operator.name, key) => {
            "it is a limit of time, and the time now is outside of it".to_owned()
        }
        ContextFact::Formed(_) | ContextFact::Unknown if operator.negated => {
            format!("{} excludes the values that it names, and it names every value that {key} can have", operator.name)
        }
        ContextFact::Formed(formed) => formed_differs(operator, key, wanted, formed),
        // Only a variable without a value equals nothing at all.
        ContextFact::Unknown => "it has a policy variable without a value, and nothing equals that".to_owned(),
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
            "* and ? are plain characters under {}, and {key} never has them: this can never match; {like} reads them as wildcards",
            operator.name
        );
    }
    match formed.form.tells_something() {
        true => format!("{key} is {}, {}", formed.what, formed.form.shown()),
        false => format!("{key} is {}, and this value is not one", formed.what),
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
                    format!("{key} is known {from} only in part ({}), so that this cannot be decided", formed.what)
                }
                _ => format!("{key} is not known {from}, so that this cannot be decided"),
            }
        }
        Unclear::Variable => "it has a policy variable whose value is not known here".to_owned(),
        Unclear::SetOperator => {
            "the key can have several values, and needs ForAnyValue: or ForAllValues: before the operator. AWS does not document what IAM does without one".to_owned()
        }
        Unclear::NoArnAsked => format!(
            "{name} compares ARNs, and the policy's value is not an ARN (arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE). AWS does not document what IAM does then"
        ),
        Unclear::NoArn => format!("{name} compares ARNs, and this value is not an ARN. AWS does not document what IAM does then. StringLike compares texts"),
        Unclear::Kind => format!("{name} does not compare texts, and this value is a text. AWS does not document what IAM does then"),
        Unclear::NoBool => format!("{name} compares only true and false. AWS does not document what IAM does with another text"),
        Unclear::Several => format!("{name} takes one value, and here are several. AWS does not document what IAM does then"),
        Unclear::NoValue => "the policy names no value. AWS does not document what IAM does with an empty list".to_owned(),
        Unclear::AnyIfExists => "the request has no such key. AWS does not document what ForAnyValue with IfExists does then".to_owned(),
        Unclear::Time => "this value is not a time: write a date as 2026-12-31T23:59:59Z, or as seconds since 1970".to_owned(),
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
        () if lower.trim_end_matches('/') == ours.trim_end_matches('/') => "there is one slash too many or too few after the issuer",
        () if is_trap(&lower) => "EKS issuers are spelt oidc.eks.REGION.amazonaws.com/id/ID; oidc.REGION.eks… is from an old sample",
        () if is_same_cluster(&lower, &ours) => return format!("the id is this cluster's, and the host is another; the issuer is {path}"),
        () if ours.strip_prefix(&lower).is_some_and(|rest| rest.starts_with('/')) => "the end of the issuer, /id/ID, is missing in the key",
        () if !issuer.contains('.') => return format!("the request has no such key: {why}"),
        () if is_of_eks(&lower) => {
            return format!(
                "it is a key of another issuer (of another cluster, or of this one before it was created again); this token's issuer is {path}"
            );
        }
        () => return format!("it is a key of another issuer; this token's issuer is {path}"),
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
        "AWS" => "AWS is for accounts, users and roles; a token comes from an OIDC provider, which is Federated",
        "Service" => "Service is for AWS services; a token comes from an OIDC provider, which is Federated",
        "CanonicalUser" => "a token comes from an OIDC provider, which is Federated",
        _ if wanted.trim() != wanted => "there is white space around the ARN",
        _ if wanted == ours => "a token's provider belongs under Federated, in exactly this spelling",
        _ if lower == ours.to_ascii_lowercase() => "upper and lower case differ, and ARNs have to be exactly equal",
        _ if lower.trim_start_matches("https://").trim_end_matches('/') == path.to_ascii_lowercase() => {
            "name the provider with its ARN: arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER"
        }
        _ if lower.contains("://") => "a provider's ARN has no https:// in it",
        _ if lower.contains(":saml-provider/") => "it is a SAML provider, and a token comes from an OIDC provider",
        _ if wanted.contains(['*', '?']) => "a principal has no wildcards; name the provider",
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
            false => format!("it is in partition {partition}, and the role is in {our_partition}"),
            true => format!("it is the provider in account {account}, and a role trusts the provider in its own account, {our_account}"),
        };
    }
    let told = match () {
        () if is_trap(issuer) => "EKS issuers are spelt oidc.eks.REGION.amazonaws.com/id/ID; oidc.REGION.eks… is from an old sample",
        () if issuer.trim_end_matches('/') == path.trim_end_matches('/') => "there is one slash too many or too few after the issuer",
        () if path.strip_prefix(issuer).is_some_and(|rest| rest.starts_with('/')) => "the end of the issuer, /id/ID, is missing in it",
        () if is_same_cluster(issuer, path) => return format!("the id is this cluster's, and the host is another; the issuer is {path}"),
        () if is_of_eks(issuer) => "it is the provider of another issuer (of another cluster, or of this one before it was created again)",
        () => "it is the provider of another issuer",
    };
    told.to_owned()
}

fn service(kind: &str, wanted: &str, ours: &str) -> String {
    match kind {
        "Service" if wanted.eq_ignore_ascii_case(ours) => "services are written in lower case".to_owned(),
        "Service" => format!("it is another service; Pod Identity is {ours}"),
        "Federated" => format!("that is for IRSA; Pod Identity calls as the service {ours}"),
        _ => format!("Pod Identity calls as the service {ours}"),
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
            "that is for IRSA; Pod Identity assumes the role with sts:AssumeRole and sts:TagSession".to_owned()
        }
        () if request.actions.iter().any(bare) => format!("an action begins with its service: write {first}"),
        () if request.actions.iter().any(misspelt) => format!("it is misspelt; write {first}"),
        () => format!("it is another action; the call is {first}"),
    }
}
