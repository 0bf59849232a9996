//! Who else may come by a statement. An edit is for one pod: whoever has the role today has it afterwards, and nobody gets it whom the
//! statement does not mean.
//!
//! Not everybody can be asked for; those are whom a statement speaks of (its principals and values, patterns filled in) and strangers.

use super::condition::{Compare, Operator};
use super::grammar::shown;
use super::pattern::{Pattern, Truth};
use super::request::{ContextFact, NOBODY, Request};
use super::{Document, Json, one, reasons, variables};
use crate::core::text::printable::{distance, is_object_name};

/// Somebody else who may ask for the role.
struct Other {
    request: Request,
    /// The statement is for them, too: where a slip kept them out, they may get in when it is mended.
    meant: bool,
    /// They come another way, and little is known of them: that an answer hangs on what is not known says nothing, unless the conditions stay.
    another_way: bool,
}

/// So many values of a key are looked at.
const VALUES: usize = 12;

/// Whether an edit of a statement changes nothing for anybody else, but that whom it meant may get in.
pub(super) fn harmless(before: &Json, after: &Json, asker: &Request, document: &Document) -> bool {
    let variables = variables(document);
    let answers = |statement: &Json, other: &Other| -> Vec<Truth> {
        let judged = one(0, statement, &other.request, variables);
        (0..other.request.actions.len()).map(|action| judged.of(action)).collect()
    };
    let allows = after.get("Effect").and_then(Json::text) == Some("Allow");
    let same_conditions = before.get("Condition") == after.get("Condition");
    let fits = |other: &Other| {
        let same = |was: Truth, is: Truth| was == is && (was != Truth::Maybe || !other.another_way || same_conditions);
        let mut pairs = answers(before, other).into_iter().zip(answers(after, other));
        pairs.all(|(was, is)| same(was, is) || (allows && other.meant && was == Truth::No))
    };
    others(before, asker, document).iter().all(fits)
}

/// Whether any statement tells namespaces or service accounts of EKS Pod Identity apart: then it is not for all of them.
pub(super) fn tells_pods_apart(document: &Document, asker: &Request) -> bool {
    document.statements().iter().any(|statement| asker.own_keys().iter().any(|key| !asked(statement, key, asker).is_empty()))
}

fn others(statement: &Json, asker: &Request, document: &Document) -> Vec<Other> {
    let mut others = match &asker.issuer_path {
        Some(path) => of_this_issuer(statement, asker, path),
        None => of_pod_identity(statement, asker, document),
    };
    others.extend(by_other_principals(statement, asker));
    others
}

/// Whether somebody else's principal is named, too.
pub(super) fn is_shared(statement: &Json, asker: &Request) -> bool {
    !by_other_principals(statement, asker).is_empty()
}

fn by_other_principals(statement: &Json, asker: &Request) -> Vec<Other> {
    let mut others = Vec::new();
    for (kind, values) in statement.get("Principal").map(Json::members).unwrap_or_default() {
        let named = values.many().iter().map(shown).filter(|value| *value != asker.principal);
        others.extend(named.take(VALUES).flat_map(|value| of_principal(statement, kind, &value, asker)));
    }
    others
}

/// Other service accounts of the asker's cluster, and with other audiences.
fn of_this_issuer(statement: &Json, asker: &Request, path: &str) -> Vec<Other> {
    let (sub, aud) = (format!("{path}:sub"), format!("{path}:aud"));
    let mut audiences = asked(statement, &aud, asker);
    // A misspelt audience is nobody's, nor is a subject in its place: it stands for the asker's.
    if let ContextFact::Known([ours]) = asker.fact(&aud) {
        let slip = |value: &str| distance(value.trim(), ours, 3) <= 3 || value.starts_with("system:serviceaccount:");
        audiences.iter_mut().flat_map(|asked| &mut asked.values).filter(|value| slip(value)).for_each(|value| value.clone_from(ours));
    }
    let subjects = asked(statement, &sub, asker);
    let mut others = Vec::new();
    for subject in samples(&subjects, strangers(&asker.who)) {
        let names = subject.strip_prefix("system:serviceaccount:").and_then(|names| names.split_once(':'));
        if subject == asker.who || !names.is_some_and(|(namespace, account)| is_object_name(namespace) && is_object_name(account)) {
            continue;
        }
        let ours = asker.fact(&aud).values().to_vec();
        for audience in samples(&audiences, ours) {
            let meant = means(&subjects, &subject) == Some(true) && means(&audiences, &audience) != Some(false);
            others.push(Other { request: asker.with(&sub, &subject).with(&aud, &audience), meant, another_way: false });
        }
    }
    others
}

/// Subjects that only share something with the asker's.
fn strangers(who: &str) -> Vec<String> {
    let parts: Vec<&str> = who.split(':').collect();
    let [.., namespace, account] = parts.as_slice() else { return Vec::new() };
    [(NOBODY, NOBODY), (namespace, NOBODY), (NOBODY, account)].map(|(namespace, account)| super::subject(namespace, account)).to_vec()
}

/// Other pods that come by EKS Pod Identity.
fn of_pod_identity(statement: &Json, asker: &Request, document: &Document) -> Vec<Other> {
    let keys = asker.own_keys();
    let [namespace_tag, account_tag] = keys.as_slice() else { return Vec::new() };
    let one_of = |tag: &String| {
        let asked = asked(statement, tag, asker);
        let samples = samples(&asked, [asker.fact(tag).values(), &[NOBODY.to_owned()]].concat());
        (asked, samples)
    };
    let ((namespaces, in_namespaces), (accounts, as_accounts)) = (one_of(namespace_tag), one_of(account_tag));
    // A statement without conditions of its own on pods is for all of them, unless another one, or a key that there is not, keeps some out.
    let mut conditions = statement.get("Condition").map(Json::members).unwrap_or_default().iter().flat_map(|(_, keys)| keys.members());
    let mut for_all =
        || !tells_pods_apart(document, asker) && !conditions.any(|(key, _)| matches!(asker.fact(key), ContextFact::Absent(_)));
    let told_apart = !namespaces.is_empty() || !accounts.is_empty() || for_all();
    let mut others = Vec::new();
    for namespace in &in_namespaces {
        for account in &as_accounts {
            let request = asker.with(namespace_tag, namespace).with(account_tag, account);
            let is_asker = keys.iter().all(|key| request.fact(key) == asker.fact(key));
            if is_asker || !is_object_name(namespace) || !is_object_name(account) {
                continue;
            }
            let is = |asked: &[Asked], value: &str| means(asked, value) != Some(false);
            let meant = told_apart && is(&namespaces, namespace) && is(&accounts, account);
            others.push(Other { request, meant, another_way: false });
        }
    }
    others
}

/// Those behind another principal.
fn of_principal(statement: &Json, kind: &str, value: &str, asker: &Request) -> Vec<Other> {
    const BY_CREDENTIALS: &[&str] = &["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    const BY_SAML: &[&str] = &["sts:AssumeRoleWithSAML", "sts:TagSession"];
    let other = |request: Request| Other { request, meant: false, another_way: true };
    match kind {
        "AWS" => vec![other(Request::unknown("AWS", value, BY_CREDENTIALS))],
        "CanonicalUser" => vec![other(Request::unknown("CanonicalUser", value, BY_CREDENTIALS))],
        // A misspelt name is nobody's.
        "Service" if distance(&value.to_ascii_lowercase(), &asker.principal, 2) > 2 && !value.starts_with(&asker.principal) => {
            vec![other(Request::unknown("Service", value, BY_CREDENTIALS))]
        }
        "Federated" if value.contains(":saml-provider/") => vec![other(Request::unknown("Federated", value, BY_SAML))],
        "Federated" => {
            let issuer = issuer_of(value, asker).filter(|issuer| is_another(issuer, asker));
            let tokens = |issuer: &str| {
                let subjects = samples(&asked(statement, &format!("{issuer}:sub"), asker), vec![NOBODY.to_owned()]);
                let audiences = samples(&asked(statement, &format!("{issuer}:aud"), asker), vec!["sts.amazonaws.com".to_owned()]);
                let token = |subject: &String, audience: &String| Request::bearer(value, issuer, subject, vec![audience.clone()]);
                subjects
                    .iter()
                    .flat_map(|subject| audiences.iter().map(|audience| other(token(subject, audience))).collect::<Vec<_>>())
                    .collect()
            };
            issuer.map(tokens).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// The issuer of a provider that a role may trust: one of its own account, or one that AWS knows by its bare name.
fn issuer_of<'a>(value: &'a str, asker: &Request) -> Option<&'a str> {
    match (value.split_once(":oidc-provider/"), asker.principal.split_once(":oidc-provider/")) {
        (Some((account, issuer)), Some((ours, _))) => (account == ours).then_some(issuer),
        (Some((_, issuer)), None) => Some(issuer),
        (None, _) => Some(value),
    }
}

/// Whether it can be somebody's issuer, and is not the asker's misspelt.
fn is_another(issuer: &str, asker: &Request) -> bool {
    let ours = asker.issuer_path.as_deref().unwrap_or_default().to_ascii_lowercase();
    let lower = issuer.to_ascii_lowercase();
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let host = lower.split('/').next().unwrap_or_default();
    let shaped = host.contains('.') && host.chars().all(is_host) && !lower.ends_with('/');
    shaped && !reasons::is_trap(&lower) && !ours.starts_with(&lower) && !reasons::is_same_cluster(&lower, &ours)
}

/// What a statement asks of a key: a value of these, or none of them.
struct Asked {
    values: Vec<String>,
    negated: bool,
}

/// All that a statement asks of a key, slips in key and operator aside: what is another issuer's key is not this one.
fn asked(statement: &Json, key: &str, asker: &Request) -> Vec<Asked> {
    let owner = |key: &str| key.trim().rsplit_once([':', '/']).map(|(owner, _)| owner.to_ascii_lowercase()).unwrap_or_default();
    let is_it = |other: &str| {
        let slip = asker.meant_key(other).as_deref() == Some(key) && !is_another(&owner(other), asker);
        other.eq_ignore_ascii_case(key) || slip
    };
    let values = |values: &Json| values.many().iter().map(shown).collect();
    let mut found = Vec::new();
    for (name, keys) in statement.get("Condition").map(Json::members).unwrap_or_default() {
        let operator = Operator::parse(name).or_else(|meant| Operator::parse(meant.as_deref().unwrap_or_default()));
        match operator {
            Ok(operator) if matches!(operator.compare, Compare::Null | Compare::Bool) => {}
            Ok(Operator { negated, .. }) => {
                let of_key = keys.members().iter().filter(|(key, _)| is_it(key));
                found.extend(of_key.map(|(_, asked)| Asked { values: values(asked), negated }));
            }
            // A key in the place of its operator.
            Err(_) if is_it(name) => found.push(Asked { values: values(keys), negated: false }),
            Err(_) => {}
        }
    }
    found
}

/// Whether all that is asked of a key means a value, wildcards read as such; nothing is asked: `None`.
fn means(asked: &[Asked], value: &str) -> Option<bool> {
    let named = |asked: &Asked| asked.values.iter().any(|pattern| Pattern::new(pattern, true, None).matches(value, false) == Truth::Yes);
    (!asked.is_empty()).then(|| asked.iter().all(|asked| named(asked) && !asked.negated))
}

/// The values that are asked of a key, their wildcards filled in, and more.
fn samples(asked: &[Asked], more: Vec<String>) -> Vec<String> {
    let values = asked.iter().flat_map(|asked| &asked.values).take(VALUES).map(|value| value.replace(['*', '?'], "x"));
    let mut samples = more;
    for value in values {
        if !samples.contains(&value) {
            samples.push(value);
        }
    }
    samples
}
