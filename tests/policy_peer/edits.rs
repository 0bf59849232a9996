//! Every proposed edit, applied and asked of the peer: for the pod that it is for, for those who are like it, and for all who have the role.

use super::asked::{Asked, asked, plain, texts};
use super::callers::{CLUSTER, Caller, OTHER_CLUSTER, World};
use super::compare::{Asking, Outcome, compare};
use super::policies::{ACCOUNTS, AUDIENCES, AWS_PRINCIPALS, GITHUB, ISSUER, NAMESPACES, OTHER_ISSUERS, ROLE, SERVICES, bare, provider};
use super::process::{Answer, Peer, Theirs};
use super::rewrite::{like, statements};
use fastrand::Rng;
use irsa_probe::core::policy::{self, Decision};
use irsa_probe::render::json;
use serde_json::{Value, json};

/// So many requests of a caller are asked of.
const WORLDS: usize = 6;

/// What is wrong with the edit that is proposed for this policy; nothing, or how many others were asked where there is one.
pub fn check(peer: &mut Peer, policy: &Value, asking: &Asking, random: &mut Rng) -> Result<Option<usize>, String> {
    let document = policy::parse(&policy.to_string()).unwrap();
    let published: Value = serde_json::from_str(&json::trust_policy(&policy::evaluate(&document, &asking.request))).unwrap();
    let Some(edit) = published.get("edit") else { return Ok(None) };
    let edited = applied(policy, edit);
    let wrong = |what: String| Err(format!("{what}\nfor {}\nedit: {edit}\n{policy}", asking.caller.name));

    if policy::judge(&policy::parse(&edited.to_string()).unwrap(), &asking.request).decision != Decision::Allow {
        return wrong("it does not let the pod in".to_owned());
    }
    if let Outcome::Unexplained(what) = compare(peer, ROLE, &edited, asking, random) {
        return wrong(format!("the peer does not let the pod in: {what}"));
    }
    let others: Vec<Caller> = others(policy, random).into_iter().filter(|other| !is_same(other, &asking.caller)).collect();
    let worlds: Vec<(&Caller, World)> =
        others.iter().flat_map(|other| other.worlds(&edited, WORLDS, random).into_iter().map(move |world| (other, world))).collect();
    let questions: Vec<(&Caller, &World)> = worlds.iter().map(|(other, world)| (*other, world)).collect();
    let (before, after) = (peer.ask(ROLE, policy, &questions), peer.ask(ROLE, &edited, &questions));
    let Theirs::Answers(after) = after else { return wrong(format!("IAM refuses it then: {after:?}")) };
    // A policy that IAM refuses is in no role, so there is nothing to compare with.
    let Theirs::Answers(before) = before else { return wrong("the policy was refused, and an edit is proposed".to_owned()) };
    for ((other, world), (before, after)) in worlds.iter().zip(before.into_iter().zip(after)) {
        if before == Answer::Allowed && after != Answer::Allowed {
            return wrong(format!("{} loses the role with {world:?}", other.name));
        }
        if before != Answer::Allowed && after == Answer::Allowed && !names(policy, edit, &asking.caller, other) {
            return wrong(format!("{} gets the role with {world:?}", other.name));
        }
    }
    Ok(Some(worlds.len()))
}

/// Whether two callers are one pod. A pod whose cluster is not known may be one of any.
fn is_same(other: &Caller, pod: &Caller) -> bool {
    let same = |end: &str| pod.known_text(end).is_none_or(|known| other.known_text(end) == Some(known));
    let ends = [":sub", ":aud", "/kubernetes-namespace", "/kubernetes-service-account", "/eks-cluster-arn"];
    other.principal == pod.principal && ends.into_iter().all(same)
}

/// The policy with the edit, as a person would paste it.
fn applied(policy: &Value, edit: &Value) -> Value {
    let mut all = statements(policy).to_vec();
    let index = usize::try_from(edit["index"].as_u64().unwrap()).unwrap();
    let statement = edit["statement"].clone();
    match all.get_mut(index) {
        Some(old) => *old = statement,
        None => all.push(statement),
    }
    let mut edited = policy.clone();
    edited["Statement"] = json!(all);
    edited
}

/// Whether the statement that is edited names a caller who comes as the pod does: one of its values, wildcards read as such, is its subject. The
/// pod itself may come with another audience that the statement takes. A statement that is added is for this pod alone.
fn names(policy: &Value, edit: &Value, pod: &Caller, other: &Caller) -> bool {
    let index = usize::try_from(edit["index"].as_u64().unwrap()).unwrap();
    let Some(statement) = statements(policy).get(index) else { return false };
    let asked = asked(&json!({"Statement": [statement]}));
    let values = |end: &str| -> Vec<&String> {
        asked.iter().filter(|asked| plain(&asked.key).ends_with(end)).flat_map(|asked| &asked.values).collect()
    };
    let named = |end: &str| {
        let name = other.known_text(end);
        let values = values(end);
        name.is_some_and(|name| values.iter().any(|pattern| like(pattern, &name)))
    };
    if other.principal != pod.principal {
        return false;
    }
    match pod.kind {
        // A statement that asks for no audience is for all that the provider takes.
        "Federated" => {
            let audience = values(":aud").is_empty() || other.known_text(":aud") == pod.known_text(":aud") || named(":aud");
            (named(":sub") || other.known_text(":sub") == pod.known_text(":sub")) && audience
        }
        // A tag that the statement does not ask for may have any value. Where other statements ask for tags, and this one for none, it names no pod.
        _ => {
            let tags = ["kubernetes-namespace", "kubernetes-service-account"];
            let told = |asked: &[Asked]| asked.iter().any(|asked| tags.iter().any(|tag| plain(&asked.key).ends_with(tag)));
            let fits = || tags.into_iter().all(|tag| values(tag).is_empty() || named(tag));
            fits() && (told(&asked) || !told(&super::asked::asked(policy)))
        }
    }
}

/// Pods with like names, pods of other clusters, services, accounts, and all whom the policy names.
fn others(policy: &Value, random: &mut Rng) -> Vec<Caller> {
    let mut others = Vec::new();
    for namespace in NAMESPACES {
        for account in ACCOUNTS {
            let audience = if random.u32(0..4) == 0 { AUDIENCES[1] } else { AUDIENCES[0] };
            others.push(Caller::token(ISSUER, namespace, account, audience, provider(ISSUER)));
            let cluster = if random.bool() { CLUSTER } else { OTHER_CLUSTER };
            others.push(Caller::pod_identity(namespace, account, "111122223333", Some(cluster)));
        }
    }
    for issuer in OTHER_ISSUERS {
        for (namespace, account) in [("shop", "checkout"), ("shop", "chekout"), ("web", "frontend")] {
            others.push(Caller::token(issuer, namespace, account, AUDIENCES[0], provider(issuer)));
        }
    }
    others.push(Caller::subject(GITHUB, "repo:acme/app:ref:refs/heads/main", AUDIENCES[0], provider(GITHUB)));
    others.push(Caller::subject(GITHUB, "repo:stranger/app:ref:refs/heads/main", AUDIENCES[0], provider(GITHUB)));
    others.extend(SERVICES.iter().map(|service| Caller::other("Service", service)));
    others.extend(AWS_PRINCIPALS.iter().filter(|name| name.contains('/')).map(|name| Caller::other("AWS", name)));
    others.push(Caller::other("AWS", "arn:aws:iam::111122223333:role/another"));
    others.push(Caller::other("AWS", "arn:aws:iam::444455556666:role/stranger"));
    // Whom the policy lets in already: each of its subjects, audiences and providers.
    let asked = asked(policy);
    let values = |end: &str| -> Vec<String> {
        let of_key = asked.iter().filter(|asked| plain(&asked.key).ends_with(end)).flat_map(|asked| &asked.values);
        of_key.map(|value| value.replace(['*', '?'], "x")).collect()
    };
    let audiences: Vec<String> = values(":aud").into_iter().chain([AUDIENCES[0].to_owned()]).collect();
    for subject in values(":sub") {
        for audience in &audiences {
            others.push(Caller::subject(ISSUER, &subject, audience, provider(ISSUER)));
            others.push(Caller::subject(OTHER_ISSUERS[0], &subject, audience, provider(OTHER_ISSUERS[0])));
        }
    }
    for name in statements(policy).iter().flat_map(|statement| texts(&statement["Principal"]["Federated"])) {
        let issuer = name.split_once(":oidc-provider/").map_or("", |(_, issuer)| issuer);
        // One that differs from the pod's in capitals, a scheme or a slash alone is a slip: IAM has no such provider of EKS.
        if !issuer.is_empty() && !bare(ISSUER).eq_ignore_ascii_case(bare(issuer).trim_end_matches('/')) {
            others.push(Caller::token(issuer, "shop", "checkout", AUDIENCES[0], name.clone()));
        }
    }
    others
}
