//! Who asks for the role, and which condition keys the request then has, by AWS's own documentation and not by the evaluator's tables.
//!
//! IAM user guide, "AWS global condition context keys" and "IAM and AWS STS condition context keys" (the availability of each key); EKS user
//! guide, "Grant Pods access to AWS resources based on tags".

use super::asked::{Asked, asked, plain};
use super::policies::bare;
use fastrand::Rng;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The condition keys of one request, in small letters, with a text or a list.
pub type World = BTreeMap<String, Value>;

/// A caller.
#[derive(Debug, Clone)]
pub struct Caller {
    /// For a person.
    pub name: String,
    /// What `Principal` has to name.
    pub principal: String,
    /// Below which kind: `Federated`, `Service`, `AWS`.
    pub kind: &'static str,
    /// The actions that it needs.
    pub actions: &'static [&'static str],
    /// The keys with values that are always these.
    known: World,
    /// Which other keys the request has.
    facts: &'static [(&'static str, Fact)],
}

/// Whether requests have a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// With the value that [`Caller`] names.
    Known,
    /// In no request of this kind.
    Never,
    /// In every request, with a value that is not known from the pod.
    Always,
    /// In some requests.
    Sometimes,
}

/// Keys of several values: "multivalued" in the documentation.
pub const LISTS: [&str; 8] = [
    "aws:calledvia",
    "aws:principalorgpaths",
    "aws:principalservicenameslist",
    "aws:resourceorgpaths",
    "aws:sourceorgpaths",
    "aws:tagkeys",
    "aws:vpceorgpaths",
    "sts:transitivetagkeys",
];

/// AssumeRoleWithWebIdentity with a service account's token. A row that ends in a slash or a colon is about all keys that begin so.
const BY_TOKEN: [(&str, Fact); 20] = [
    // Calls that a service makes for a resource.
    ("aws:sourcearn", Fact::Never),
    ("aws:sourceaccount", Fact::Never),
    ("aws:sourceorgid", Fact::Never),
    ("aws:sourceorgpaths", Fact::Never),
    // Calls by an AWS service.
    ("aws:principalservicename", Fact::Never),
    ("aws:principalservicenameslist", Fact::Never),
    // Calls with temporary credentials; the call with a token is not signed.
    ("aws:multifactorauthpresent", Fact::Never),
    ("aws:multifactorauthage", Fact::Never),
    // Parameters that AssumeRoleWithWebIdentity does not have, and claims that Kubernetes does not put into a token.
    ("sts:externalid", Fact::Never),
    ("sts:sourceidentity", Fact::Never),
    ("sts:transitivetagkeys", Fact::Never),
    ("aws:requesttag/", Fact::Never),
    ("aws:tagkeys", Fact::Never),
    ("saml:", Fact::Never),
    ("aws:currenttime", Fact::Always),
    ("aws:epochtime", Fact::Always),
    ("aws:requestedregion", Fact::Always),
    ("aws:", Fact::Sometimes),
    ("sts:", Fact::Sometimes),
    ("iam:", Fact::Sometimes),
];

/// AssumeRole and TagSession by EKS Pod Identity.
const BY_SERVICE: [(&str, Fact); 15] = [
    ("aws:requesttag/eks-cluster-arn", Fact::Always),
    ("aws:requesttag/eks-cluster-name", Fact::Always),
    ("aws:requesttag/kubernetes-namespace", Fact::Always),
    ("aws:requesttag/kubernetes-service-account", Fact::Always),
    ("aws:requesttag/kubernetes-pod-name", Fact::Always),
    ("aws:requesttag/kubernetes-pod-uid", Fact::Always),
    ("aws:requesttag/", Fact::Never),
    // Tags of a principal of IAM; a service has none.
    ("aws:principaltag/", Fact::Never),
    ("saml:", Fact::Never),
    ("aws:currenttime", Fact::Always),
    ("aws:epochtime", Fact::Always),
    ("aws:requestedregion", Fact::Always),
    ("aws:", Fact::Sometimes),
    ("sts:", Fact::Sometimes),
    ("iam:", Fact::Sometimes),
];

/// A cluster, by its name and its ARN.
pub type Cluster = (&'static str, &'static str);

/// The cluster of the pod where it is known.
pub const CLUSTER: Cluster = ("production", "arn:aws:eks:us-west-2:111122223333:cluster/production");
/// Another one of the same account.
pub const OTHER_CLUSTER: Cluster = ("unknown", "arn:aws:eks:eu-west-1:111122223333:cluster/unknown");

impl Caller {
    /// A pod of a cluster, by its token.
    pub fn token(issuer: &str, namespace: &str, account: &str, audience: &str, provider: String) -> Caller {
        Caller::subject(issuer, &format!("system:serviceaccount:{namespace}:{account}"), audience, provider)
    }

    /// Somebody with a token of an issuer.
    pub fn subject(issuer: &str, subject: &str, audience: &str, provider: String) -> Caller {
        let path = bare(issuer).to_ascii_lowercase();
        Caller {
            name: format!("{subject} of {path} for {audience}"),
            principal: provider,
            kind: "Federated",
            actions: &["sts:AssumeRoleWithWebIdentity"],
            known: world([
                (format!("{path}:sub"), json!(subject)),
                (format!("{path}:aud"), json!(audience)),
                // STS has HTTPS endpoints only, and the pod calls it itself.
                ("aws:securetransport".to_owned(), json!("true")),
                ("aws:viaawsservice".to_owned(), json!("false")),
            ]),
            facts: &BY_TOKEN,
        }
    }

    /// A pod by EKS Pod Identity, of a cluster where that is known.
    pub fn pod_identity(namespace: &str, account: &str, owner: &str, cluster: Option<Cluster>) -> Caller {
        let tags = [
            "eks-cluster-arn",
            "eks-cluster-name",
            "kubernetes-namespace",
            "kubernetes-service-account",
            "kubernetes-pod-name",
            "kubernetes-pod-uid",
        ];
        let mut known = world([
            ("aws:requesttag/kubernetes-namespace".to_owned(), json!(namespace)),
            ("aws:requesttag/kubernetes-service-account".to_owned(), json!(account)),
            ("aws:tagkeys".to_owned(), json!(tags)),
            ("sts:transitivetagkeys".to_owned(), json!(tags)),
            ("aws:sourceaccount".to_owned(), json!(owner)),
            ("aws:principalservicename".to_owned(), json!("pods.eks.amazonaws.com")),
            ("aws:principalisawsservice".to_owned(), json!("true")),
        ]);
        if let Some((name, arn)) = cluster {
            known.extend(world([
                ("aws:requesttag/eks-cluster-name".to_owned(), json!(name)),
                ("aws:requesttag/eks-cluster-arn".to_owned(), json!(arn)),
                ("aws:sourcearn".to_owned(), json!(arn)),
            ]));
        }
        Caller {
            name: format!("{namespace}/{account} of {} by Pod Identity", cluster.map_or("some cluster", |(name, _)| name)),
            principal: "pods.eks.amazonaws.com".to_owned(),
            kind: "Service",
            actions: &["sts:AssumeRole", "sts:TagSession"],
            known,
            facts: &BY_SERVICE,
        }
    }

    /// An AWS service, a role or a user that assumes the role by itself; nothing more is known of it.
    pub fn other(kind: &'static str, principal: &str) -> Caller {
        Caller {
            name: principal.to_owned(),
            principal: principal.to_owned(),
            kind,
            actions: &["sts:AssumeRole"],
            known: World::new(),
            facts: &[("aws:", Fact::Sometimes), ("sts:", Fact::Sometimes)],
        }
    }

    /// What it has for the key that ends so.
    pub fn known_text(&self, end: &str) -> Option<String> {
        self.known.iter().find(|(key, _)| key.ends_with(end)).and_then(|(_, value)| value.as_str()).map(str::to_owned)
    }

    /// Whether its requests have a key.
    pub fn fact(&self, key: &str) -> Fact {
        let key = plain(key);
        if self.known.contains_key(&key) {
            return Fact::Known;
        }
        let is = |row: &str| key == row || (row.ends_with(['/', ':']) && key.starts_with(row));
        self.facts.iter().find(|(row, _)| is(row)).map_or(Fact::Never, |(_, fact)| *fact)
    }

    /// Requests that differ in what is not known of it, at most so many: each key that the policy asks for has values that meet a condition,
    /// and others. The key `aws:SourceArn` of Pod Identity is always the ARN of a cluster of the role's account.
    pub fn worlds(&self, policy: &Value, most: usize, random: &mut Rng) -> Vec<World> {
        let asked = asked(policy);
        let mut open: Vec<(String, Vec<Option<Value>>)> = Vec::new();
        for key in asked.iter().map(|asked| plain(&asked.key)).collect::<BTreeSet<_>>() {
            if matches!(self.fact(&key), Fact::Sometimes | Fact::Always) {
                open.push((key.clone(), self.samples(&key, &asked)));
            }
        }
        let all: usize = open.iter().map(|(_, samples)| samples.len()).product();
        let mut worlds = Vec::new();
        for nth in 0..all.min(most) {
            let mut rest = if all <= most { nth } else { random.usize(0..all) };
            let mut world = self.known.clone();
            for (key, samples) in &open {
                if let Some(value) = &samples[rest % samples.len()] {
                    world.insert(key.clone(), value.clone());
                }
                rest /= samples.len();
            }
            worlds.push(world);
        }
        worlds
    }

    /// Values that a key may have: those of the policy, close to them, and others; `None` where it may be absent.
    pub fn samples(&self, key: &str, asked: &[Asked]) -> Vec<Option<Value>> {
        let domain = DOMAINS.iter().find(|domain| domain.key == key && (domain.by.is_empty() || domain.by == self.principal));
        let mut texts: BTreeSet<String> =
            domain.map_or(&["other"][..], |domain| domain.samples).iter().map(|text| (*text).to_owned()).collect();
        for asked in asked.iter().filter(|asked| plain(&asked.key) == *key) {
            for value in &asked.values {
                // The value itself is one, too: under an operator without wildcards, or with a variable in a document of 2008-10-17.
                let filled = FILLS.iter().map(|fill| filled(value, fill, &self.known)).chain([value.clone()]).collect::<BTreeSet<_>>();
                let near = filled.iter().flat_map(|value| around(&asked.operator, value));
                texts.extend(near.filter(|text| domain.is_none_or(|domain| (domain.valid)(text))));
            }
        }
        let list = LISTS.contains(&key);
        let mut samples: Vec<Option<Value>> = texts.into_iter().map(|text| Some(if list { json!([text]) } else { json!(text) })).collect();
        if list {
            samples.push(Some(json!(["other", "another"])));
        }
        if self.fact(key) == Fact::Sometimes {
            samples.push(None);
        }
        samples
    }
}

/// What the wildcards of a pattern are filled with.
const FILLS: [&str; 3] = ["x", "1", "us-west-2:111122223333:cluster/x"];

/// The values that a key can have.
struct Domain {
    /// In small letters.
    key: &'static str,
    /// The principal that it is so for; empty: for all.
    by: &'static str,
    /// Some of them.
    samples: &'static [&'static str],
    /// Whether a text is one.
    valid: fn(&str) -> bool,
}

/// "AWS global condition context keys" names what each holds; the characters of a session's name and of tags stand in the API reference of
/// AssumeRole, those of an organization's id in that of Organizations, and Kubernetes documents its own names.
const DOMAINS: [Domain; 18] = [
    Domain { key: "aws:currenttime", by: "", samples: &[NOW], valid: |_| false },
    Domain { key: "aws:epochtime", by: "", samples: &[NOW_SECONDS], valid: |_| false },
    Domain {
        key: "aws:tokenissuetime",
        by: "",
        samples: &["2001-01-01T00:00:00Z", "2099-01-01T00:00:00Z"],
        valid: |text| text.len() > 4 && text.starts_with(|c: char| c.is_ascii_digit()),
    },
    Domain { key: "aws:requestedregion", by: "", samples: &["us-west-2", "eu-west-1"], valid: label },
    Domain { key: "aws:sourceaccount", by: "", samples: &["444455556666"], valid: account },
    Domain { key: "aws:principalaccount", by: "", samples: &["444455556666"], valid: account },
    Domain { key: "aws:principalorgid", by: "", samples: &["o-other12345"], valid: |text| text.strip_prefix("o-").is_some_and(label) },
    Domain { key: "aws:sourcevpc", by: "", samples: &["vpc-0other"], valid: |text| text.strip_prefix("vpc-").is_some_and(label) },
    Domain { key: "aws:sourcevpce", by: "", samples: &["vpce-0other"], valid: |text| text.strip_prefix("vpce-").is_some_and(label) },
    Domain { key: "aws:sourceip", by: "", samples: &["192.0.2.1", "2001:db9::7"], valid: |_| true },
    Domain { key: "aws:vpcsourceip", by: "", samples: &["10.0.0.1"], valid: |_| true },
    Domain {
        key: "sts:rolesessionname",
        by: "",
        samples: &["1764417600"],
        valid: |text| text.len() > 1 && text.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)),
    },
    Domain { key: "aws:sourcearn", by: PODS, samples: &[CLUSTER.1, OTHER_CLUSTER.1], valid: cluster },
    Domain { key: "aws:requesttag/eks-cluster-arn", by: PODS, samples: &[CLUSTER.1, OTHER_CLUSTER.1], valid: cluster },
    Domain { key: "aws:requesttag/eks-cluster-name", by: PODS, samples: &[CLUSTER.0, OTHER_CLUSTER.0], valid: cluster_name },
    Domain { key: "aws:multifactorauthage", by: "", samples: &["-1", "60", "86400"], valid: |text| text.parse::<i64>().is_ok() },
    Domain {
        key: "aws:securetransport",
        by: "",
        samples: &["true", "false"],
        valid: |text| ["true", "false"].contains(&text.to_ascii_lowercase().as_str()),
    },
    Domain {
        key: "aws:multifactorauthpresent",
        by: "",
        samples: &["true", "false"],
        valid: |text| ["true", "false"].contains(&text.to_ascii_lowercase().as_str()),
    },
];

const PODS: &str = "pods.eks.amazonaws.com";

/// When the requests are made.
pub const NOW: &str = "2026-11-29T12:00:00Z";
const NOW_SECONDS: &str = "1795953600";

fn label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The ARN of a cluster of the role's account.
fn cluster(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let [_, "aws", "eks", region, "111122223333", resource] = parts.as_slice() else { return false };
    label(region) && resource.strip_prefix("cluster/").is_some_and(cluster_name)
}

/// EKS API reference, "CreateCluster".
fn cluster_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn world<const N: usize>(entries: [(String, Value); N]) -> World {
    entries.into_iter().collect()
}

/// A pattern with its wildcards and variables filled in.
fn filled(value: &str, fill: &str, known: &World) -> String {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, tail)) = after.split_once('}') else { break };
        text += &before.replace('*', fill).replace('?', "x");
        let (key, default) = name.split_once(',').unwrap_or((name, "other"));
        text += match name {
            "*" | "?" | "$" => name,
            _ => known.get(&key.to_ascii_lowercase()).and_then(Value::as_str).unwrap_or(default.trim().trim_matches('\'')),
        };
        rest = tail;
    }
    text + &rest.replace('*', fill).replace('?', "x")
}

/// Values that meet a condition, and ones that just do not.
fn around(operator: &str, value: &str) -> Vec<String> {
    let name = operator.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
    if name.starts_with("numeric") {
        return value
            .parse::<i64>()
            .map(|number| [number - 1, number, number + 1].map(|number| number.to_string()).to_vec())
            .unwrap_or_default();
    }
    if name.contains("ipaddress") {
        return vec![value.split('/').next().unwrap_or_default().to_owned()];
    }
    match name.as_str() {
        "null" => Vec::new(),
        _ if name.starts_with("date") => ["2001-01-01T00:00:00Z", value, "2099-01-01T00:00:00Z"].map(str::to_owned).to_vec(),
        _ if name.starts_with("bool") => vec!["true".to_owned(), "false".to_owned()],
        _ => vec![value.to_owned()],
    }
}
