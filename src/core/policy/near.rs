//! Near misses: values that stand for the pod's own and can belong to no other pod.
//!
//! Kubernetes' names have no capitals and no white space ("Object Names and IDs"), and a service account's subject is always
//! `system:serviceaccount:NAMESPACE:NAME` (docs/facts.md#projected-token), so that what only looks like one is no token's.

use crate::core::text::printable::{distance, is_object_name};

/// The audience that EKS gives to tokens for AWS.
const AUDIENCE: &str = "sts.amazonaws.com";

/// What is left of a value without white space, capitals, scheme and slashes at its end.
fn bare(value: &str) -> String {
    let lower = value.trim().to_ascii_lowercase();
    let path = lower.rsplit_once("://").map_or(lower.as_str(), |(_, path)| path);
    path.trim_end_matches('/').to_owned()
}

/// A provider's ARN that is ours but for its spelling. The same issuer in another account is another provider. Capitals tell issuers apart, other
/// than those of EKS: no two ids differ in capitals alone.
pub(super) fn is_slip_of_provider(value: &str, ours: &str) -> bool {
    let is_of_eks = ours.contains("/id/");
    let plain = |value: &str| {
        let value = value.trim().trim_end_matches('/').replace("oidc-provider/https://", "oidc-provider/");
        if is_of_eks { value.to_ascii_lowercase() } else { value }
    };
    plain(value) == plain(ours)
}

/// A subject that is none, and holds the names of ours: without its beginning, with a slash, in capitals.
pub(super) fn is_slip_of_subject(value: &str, ours: &str) -> bool {
    let words = |text: &str| text.split([':', '/']).map(str::to_owned).collect::<Vec<String>>();
    let (theirs, ours_words) = (words(&bare(value)), words(ours));
    let ([head @ .., namespace, account], [_, _, our_namespace, our_account]) = (theirs.as_slice(), ours_words.as_slice()) else {
        return false;
    };
    let is_beginning = |word: &String| ["system", "serviceaccount"].iter().any(|beginning| distance(word, beginning, 2) <= 2);
    let names = namespace == our_namespace && account == our_account && head.iter().all(is_beginning);
    names && value != ours
}

/// A subject that can be somebody's and is a letter or two off, or has the names the other way round.
pub(super) fn is_like_subject(value: &str, ours: &str) -> bool {
    let names = |subject: &str| subject.strip_prefix("system:serviceaccount:")?.split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned()));
    match (names(value), names(ours)) {
        (Some((namespace, account)), Some(ours_names)) => {
            let swapped = (account.clone(), namespace.clone()) == ours_names;
            is_object_name(&namespace) && is_object_name(&account) && (swapped || distance(value, ours, 2) <= 2)
        }
        _ => false,
    }
}

/// A value of `sub` that is surely another service account's: it has the form of a subject and is not like ours. `wild` says that the operator reads
/// wildcards.
pub(super) fn is_another_subject(value: &str, ours: &str, wild: bool) -> bool {
    let is_name = |name: &str| is_object_name(&if wild { name.replace(['*', '?'], "x") } else { name.to_owned() });
    let names = value.strip_prefix("system:serviceaccount:").and_then(|names| names.split_once(':'));
    let is_subject = names.is_some_and(|(namespace, account)| is_name(namespace) && is_name(account));
    is_subject && value != ours && !is_slip_of_subject(value, ours) && !is_like_subject(value, ours)
}

/// An audience that is ours but for its spelling: white space, and of the usual one capitals, a scheme, another host of STS, another spelling of
/// AWS's domain, or a subject in its place. Other audiences that differ by little can be two, as `eks.amazonaws.com` is.
pub(super) fn is_slip_of_audience(value: &str, ours: &str) -> bool {
    let bare = bare(value);
    let is_host = [".amazonaws.com", ".amazonaws.com.cn"].iter().any(|domain| bare.ends_with(domain));
    let of_sts = bare.starts_with("sts.") && (is_host || distance(&bare, AUDIENCE, 3) <= 3);
    let of_usual = of_sts || bare.starts_with("system:serviceaccount:");
    value != ours && !value.contains(['*', '?']) && (value.trim() == ours || (ours == AUDIENCE && of_usual))
}
