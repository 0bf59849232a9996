//! What a policy is asked: who comes, what for, and what is known of the condition keys that it may ask about.

use super::clock;
use super::form::{CharClass, Form, FormPiece};
use crate::core::aws::arn::RoleArn;
use crate::core::text::time::Timestamp;
use std::sync::Arc;

/// A pod that asks for a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Whom `Principal` has to name: the provider's ARN, or the service.
    pub principal: String,
    /// Of which kind: `Federated`, `Service`.
    pub(super) kind: &'static str,
    /// The actions that have to be allowed.
    pub actions: &'static [&'static str],
    /// By way of the cluster's OIDC provider: the issuer without its scheme.
    pub issuer_path: Option<String>,
    /// Who asks, for a person: the subject, or the namespace and service account.
    pub who: String,
    /// Condition keys with their values.
    known: Vec<(String, Vec<String>)>,
    /// Condition keys whose values are known in part.
    formed: Arc<[FormedKey]>,
    /// When it is made, where that is known.
    now: Option<Timestamp>,
}

/// A condition key whose value is known in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FormedKey {
    key: String,
    /// What the value is, for a person.
    pub(super) what: &'static str,
    pub(super) form: Form,
    /// Whether the request is sure to have the key.
    pub(super) is_present: bool,
}

/// The principal of EKS Pod Identity (EKS user guide, "EKS Pod Identity role").
pub const POD_IDENTITY_SERVICE: &str = "pods.eks.amazonaws.com";

/// A namespace, or a service account, that no policy names.
pub(super) const NOBODY: &str = "nobody-s";

/// What is known of a condition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContextFact<'a> {
    /// The request has it, with these values.
    Known(&'a [String]),
    /// The request has no such key; why.
    Absent(&'static str),
    /// Of its value only the form is known.
    Formed(&'a FormedKey),
    /// Whether, and with what value, is not known from here.
    Unknown,
}

impl<'a> ContextFact<'a> {
    /// The values; none where they are not known.
    pub(super) fn values(self) -> &'a [String] {
        match self {
            ContextFact::Known(values) => values,
            ContextFact::Absent(_) | ContextFact::Formed(_) | ContextFact::Unknown => &[],
        }
    }
}

/// Tags that EKS Pod Identity puts on a session (EKS user guide, "Grant Pods access to AWS resources based on tags"), what they hold, and
/// of which characters that is made. That of the cluster's ARN has a form of its own.
const SESSION_TAGS: [(&str, &str, CharClass); 6] = [
    ("eks-cluster-arn", "the cluster's ARN", CharClass::Any),
    ("eks-cluster-name", "the cluster's name", CharClass::Cluster),
    ("kubernetes-namespace", "the pod's namespace", CharClass::Label),
    ("kubernetes-service-account", "the pod's service account", CharClass::Dns),
    ("kubernetes-pod-name", "the pod's name", CharClass::Dns),
    ("kubernetes-pod-uid", "the pod's UID", CharClass::Label),
];

/// Other keys whose values have a form, and whether every request has them. IAM user guide, "AWS global condition context keys" and "IAM
/// and AWS STS condition context keys".
const FORMS: [(&str, &str, &str, CharClass, bool); 7] = [
    ("aws:RequestedRegion", "a region's name", "", CharClass::Label, true),
    ("aws:SourceAccount", "an account's id", "", CharClass::Digits, false),
    ("aws:PrincipalAccount", "an account's id", "", CharClass::Digits, false),
    ("aws:PrincipalOrgID", "an organization's id", "o-", CharClass::Label, false),
    ("aws:SourceVpc", "a VPC's id", "vpc-", CharClass::Label, false),
    ("aws:SourceVpce", "a VPC endpoint's id", "vpce-", CharClass::Label, false),
    ("sts:RoleSessionName", "a session's name", "", CharClass::Session, false),
];

/// Keys that can have several values ("Multivalued" in "AWS global condition context keys", `ArrayOf…` in the Service authorization
/// reference). "Multivalued context keys require a condition set operator."
const MULTIVALUED: [&str; 9] = [
    "aws:CalledVia",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceNamesList",
    "aws:ResourceOrgPaths",
    "aws:SourceOrgPaths",
    "aws:TagKeys",
    "aws:VpceOrgPaths",
    "sts:RequestContextProviders",
    "sts:TransitiveTagKeys",
];

/// Whether a key can have several values.
pub(super) fn is_multivalued(key: &str) -> bool {
    MULTIVALUED.iter().any(|name| name.eq_ignore_ascii_case(key))
}

/// Those of them that tell pods apart.
const OWN_TAGS: [&str; 2] = ["kubernetes-namespace", "kubernetes-service-account"];

/// Keys that no AssumeRoleWithWebIdentity with a service account's token has; a key that ends in `/` stands for all that begin so.
/// IAM user guide, "AWS global condition context keys" (availability) and "Pass session tags in AWS STS".
const ABSENT_BY_TOKEN: [(&str, &str); 14] = [
    ("aws:sourcearn", "only calls that a service makes for a resource have it"),
    ("aws:sourceaccount", "only calls that a service makes for a resource have it"),
    ("aws:sourceorgid", "only calls that a service makes for a resource have it"),
    ("aws:sourceorgpaths", "only calls that a service makes for a resource have it"),
    ("aws:principalservicename", "only calls by an AWS service have it"),
    ("aws:principalservicenameslist", "only calls by an AWS service have it"),
    ("aws:multifactorauthpresent", "only calls with temporary credentials have it, and a token is none"),
    ("aws:multifactorauthage", "only calls with temporary credentials have it, and a token is none"),
    ("sts:externalid", "AssumeRoleWithWebIdentity takes no external id"),
    ("sts:sourceidentity", "a service account's token sets no source identity"),
    ("sts:transitivetagkeys", "a service account's token carries no session tags"),
    ("aws:requesttag/", "a service account's token carries no session tags"),
    ("aws:tagkeys", "a service account's token carries no session tags"),
    ("saml:", "the request comes with a token, not with a SAML assertion"),
];

impl Request {
    /// `AssumeRoleWithWebIdentity` from an issuer (with or without scheme), a subject and its audiences.
    ///
    /// `:aud` is the token's `azp` where it has one, else its `aud` (IAM user guide, "Available keys for AWS OIDC federation").
    pub fn irsa(issuer: &str, subject: &str, audience: Vec<String>, role: &RoleArn) -> Request {
        let path = issuer.strip_prefix("https://").unwrap_or(issuer);
        Request::bearer(&format!("arn:{}:iam::{}:oidc-provider/{path}", role.partition, role.account), path, subject, audience)
    }

    /// `AssumeRoleWithWebIdentity` by whoever has a token of this provider.
    pub(super) fn bearer(provider: &str, path: &str, subject: &str, audience: Vec<String>) -> Request {
        let mut known = vec![(format!("{path}:sub"), vec![subject.to_owned()]), (format!("{path}:aud"), audience)];
        // It comes straight from its caller, and by HTTPS: STS has no other endpoints.
        known.extend(
            [("aws:SecureTransport", "true"), ("aws:ViaAWSService", "false")].map(|(key, value)| (key.to_owned(), vec![value.to_owned()])),
        );
        Request {
            principal: provider.to_owned(),
            kind: "Federated",
            actions: &["sts:AssumeRoleWithWebIdentity"],
            issuer_path: Some(path.to_owned()),
            who: subject.to_owned(),
            known,
            formed: of_any_request().into(),
            now: None,
        }
    }

    /// `AssumeRole` by EKS Pod Identity, session tags on (its default); what is not given is not known to conditions either.
    pub fn pod_identity(namespace: Option<&str>, service_account: Option<&str>, role: Option<&RoleArn>) -> Request {
        let mut known = Vec::new();
        let mut set = |key: &str, value: Option<String>| known.extend(value.map(|value| (key.to_owned(), vec![value])));
        for (tag, value) in OWN_TAGS.into_iter().zip([namespace, service_account]) {
            set(&format!("aws:RequestTag/{tag}"), value.map(str::to_owned));
        }
        // An association and its role are of one account; other accounts are reached by a second role (EKS user guide, "Pod Identity
        // associations"). That EKS names it is seen in mountpoint-s3-csi-driver#781.
        set("aws:SourceAccount", role.map(|role| role.account.to_string()));
        set("aws:PrincipalServiceName", Some(POD_IDENTITY_SERVICE.to_owned()));
        set("aws:PrincipalIsAWSService", Some("true".to_owned()));
        let tags = SESSION_TAGS.map(|(tag, ..)| tag.to_owned()).to_vec();
        known.push(("aws:TagKeys".to_owned(), tags.clone()));
        // All of them pass on to further roles ("session tags … are transitive").
        known.push(("sts:TransitiveTagKeys".to_owned(), tags));
        // An association and its cluster are of one account and partition.
        let cluster = Form::cluster_arn(role.map(|role| role.partition.id()), role.map(|role| role.account.as_str()));
        let mut formed = of_any_request();
        formed.extend(SESSION_TAGS.map(|(tag, what, class)| {
            let form = if tag == "eks-cluster-arn" { cluster.clone() } else { Form::new(vec![FormPiece::Some(class, "VALUE")]) };
            FormedKey { key: format!("aws:RequestTag/{tag}"), what, form, is_present: true }
        }));
        // That EKS sends it, and that it is the cluster's ARN, is seen and not documented: with an association's ARN every pod is kept out
        // (mountpoint-s3-csi-driver#781), with the cluster's it gets in (terraform-aws-eks#3743).
        formed.push(FormedKey { key: "aws:SourceArn".to_owned(), what: "the cluster's ARN", form: cluster, is_present: false });
        Request {
            principal: POD_IDENTITY_SERVICE.to_owned(),
            kind: "Service",
            actions: &["sts:AssumeRole", "sts:TagSession"],
            issuer_path: None,
            who: format!("{}/{}", namespace.unwrap_or("NAMESPACE"), service_account.unwrap_or("SERVICE_ACCOUNT")),
            known,
            formed: formed.into(),
            now: None,
        }
    }

    /// The same at a time: limits of time are decided by it.
    pub fn at(mut self, now: Timestamp) -> Request {
        self.now = Some(now);
        self
    }

    /// What is taken for granted of it (EKS user guide, "Grant Pods access to AWS resources based on tags": session tags are on, and an
    /// association can disable them).
    pub(super) fn assumptions(&self) -> Vec<&'static str> {
        const TAGS: &str = "session tags are on, which is the default: EKS Pod Identity then tags the session with the cluster, the namespace, \
                            the service account and the pod; an association can disable them (disableSessionTags)";
        if self.principal == POD_IDENTITY_SERVICE { vec![TAGS] } else { Vec::new() }
    }

    /// When it is made.
    pub(super) fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// The keys whose values are known, with them.
    pub(super) fn known(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.known.iter().map(|(key, values)| (key.as_str(), values.as_slice()))
    }

    /// The same from a cluster that is known: EKS tags sessions with it, and names it as the source.
    pub fn from_cluster(mut self, name: &str, arn: &str) -> Request {
        for (key, value) in [("aws:RequestTag/eks-cluster-name", name), ("aws:RequestTag/eks-cluster-arn", arn), ("aws:SourceArn", arn)] {
            self.known.push((key.to_owned(), vec![value.to_owned()]));
        }
        self
    }

    /// What is known of a key. Keys know no capitals.
    pub(super) fn fact(&self, key: &str) -> ContextFact<'_> {
        if let Some((_, values)) = self.known.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            return ContextFact::Known(values);
        }
        let lower = key.to_ascii_lowercase();
        let named = |name: &str| lower == name || (name.ends_with(['/', ':']) && lower.starts_with(name));
        if let Some(path) = &self.issuer_path {
            if let Some(claim) = lower.strip_prefix(&path.to_ascii_lowercase()).and_then(|rest| rest.strip_prefix(':')) {
                return match claim {
                    // Documented for Google alone.
                    "oaud" => ContextFact::Unknown,
                    _ => ContextFact::Absent("of a cluster's tokens IAM knows the keys :sub and :aud alone"),
                };
            }
            if let Some((_, why)) = ABSENT_BY_TOKEN.iter().find(|(name, _)| named(name)) {
                return ContextFact::Absent(why);
            }
        } else if self.principal == POD_IDENTITY_SERVICE {
            if lower.strip_prefix("aws:requesttag/").is_some_and(|tag| SESSION_TAGS.iter().all(|(name, ..)| *name != tag)) {
                return ContextFact::Absent("EKS Pod Identity sets no such tag");
            }
            if lower.starts_with("saml:") {
                return ContextFact::Absent("EKS Pod Identity assumes the role without an assertion");
            }
            if lower.starts_with("aws:principaltag/") {
                return ContextFact::Absent("EKS, which asks, has no tags; those that it sets are aws:RequestTag/…");
            }
        }
        if let Some(formed) = self.formed.iter().find(|formed| formed.key.eq_ignore_ascii_case(key)) {
            return ContextFact::Formed(formed);
        }
        match ["aws:", "sts:", "iam:", "saml:"].iter().any(|prefix| lower.starts_with(prefix)) {
            true => ContextFact::Unknown,
            false if self.issuer_path.is_some() => ContextFact::Absent("it is no key of this token's issuer"),
            false => ContextFact::Absent("EKS Pod Identity assumes the role without a token: there is no such key"),
        }
    }

    /// The same with another value for a key.
    pub(super) fn with(&self, key: &str, value: &str) -> Request {
        let mut other = self.clone();
        other.known.retain(|(known, _)| known != key);
        other.known.push((key.to_owned(), vec![value.to_owned()]));
        other
    }

    /// The keys that tell who asks from others who come the same way.
    pub(super) fn own_keys(&self) -> Vec<String> {
        match &self.issuer_path {
            Some(path) => vec![format!("{path}:sub")],
            None => OWN_TAGS.map(|tag| format!("aws:RequestTag/{tag}")).to_vec(),
        }
    }

    /// The key of this request that a misspelt one, or another issuer's, stands for.
    pub(super) fn meant_key(&self, key: &str) -> Option<String> {
        let name = key.trim().rsplit([':', '/']).next().unwrap_or_default().to_ascii_lowercase();
        if self.issuer_path.is_some() {
            return matches!(name.as_str(), "sub" | "aud").then(|| self.claim_key(&name)).flatten();
        }
        // "namespace", "kubernetes_namespace", "serviceAccount"; less than that is no name of either.
        let letters = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let name = letters(&name);
        let tag = OWN_TAGS.into_iter().find(|tag| name.len() >= "namespace".len() && letters(tag).ends_with(&name));
        tag.map(|tag| format!("aws:RequestTag/{tag}"))
    }

    /// The same from a service account that no policy names: a statement that lets it in lets all in.
    pub(super) fn stranger(&self) -> Option<Request> {
        let key = self.claim_key("sub")?;
        Some(self.with(&key, &subject(NOBODY, NOBODY)))
    }

    /// The key of a claim of this token's issuer.
    pub(super) fn claim_key(&self, claim: &str) -> Option<String> {
        self.issuer_path.as_ref().map(|path| format!("{path}:{claim}"))
    }
}

/// The keys whose form is known whoever asks.
fn of_any_request() -> Vec<FormedKey> {
    let times = clock::keys().map(|key| (key, "the time of the request", "", CharClass::Any, true));
    let form = |start: &str, class| {
        let start = (!start.is_empty()).then(|| FormPiece::Text(start.to_owned()));
        Form::new(start.into_iter().chain([FormPiece::Some(class, "VALUE")]).collect())
    };
    let key = |(key, what, start, class, is_present): (&str, _, &str, _, _)| FormedKey {
        key: key.to_owned(),
        what,
        form: form(start, class),
        is_present,
    };
    FORMS.into_iter().chain(times).map(key).collect()
}

/// The subject of a service account's tokens.
pub fn subject(namespace: &str, service_account: &str) -> String {
    format!("system:serviceaccount:{namespace}:{service_account}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role() -> RoleArn {
        RoleArn::parse("arn:aws-cn:iam::111122223333:role/team/checkout").unwrap()
    }

    #[test]
    fn keys_know_no_capitals_and_values_come_from_the_token() {
        let request = Request::irsa(
            "https://oidc.eks.cn-north-1.amazonaws.com.cn/id/ABC",
            "system:serviceaccount:shop:checkout",
            vec!["b".into()],
            &role(),
        );
        assert_eq!(request.principal, "arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/ABC");
        assert_eq!(
            request.fact("OIDC.eks.cn-north-1.amazonaws.com.cn/id/abc:SUB"),
            ContextFact::Known(&["system:serviceaccount:shop:checkout".into()])
        );
        assert_eq!(request.fact("oidc.eks.cn-north-1.amazonaws.com.cn/id/ABC:aud"), ContextFact::Known(&["b".into()]));
        assert!(matches!(request.fact("oidc.eks.cn-north-1.amazonaws.com.cn/id/ABC:azp"), ContextFact::Absent(_)));
        assert!(matches!(request.fact("oidc.eks.cn-north-1.amazonaws.com.cn/id/OTHER:sub"), ContextFact::Absent(_)));
        assert!(matches!(request.fact("aws:RequestTag/team"), ContextFact::Absent(_)));
        assert_eq!(request.fact("aws:SourceIp"), ContextFact::Unknown);
        assert!(matches!(request.fact("aws:PrincipalOrgID"), ContextFact::Formed(formed) if !formed.is_present));
        assert!(matches!(request.fact("AWS:currenttime"), ContextFact::Formed(formed) if formed.is_present));
        assert!(matches!(request.fact("aws:SourceAccount"), ContextFact::Absent(_)));
    }

    #[test]
    fn pod_identity_tags_its_sessions() {
        let request = Request::pod_identity(Some("shop"), None, Some(&role()));
        assert_eq!(request.fact("aws:requesttag/Kubernetes-Namespace"), ContextFact::Known(&["shop".into()]));
        for (key, is_present, form) in [
            ("aws:RequestTag/kubernetes-service-account", true, "VALUE"),
            ("aws:requesttag/EKS-cluster-arn", true, "arn:aws-cn:eks:REGION:111122223333:cluster/NAME"),
            ("aws:SourceArn", false, "arn:aws-cn:eks:REGION:111122223333:cluster/NAME"),
        ] {
            let ContextFact::Formed(formed) = request.fact(key) else { panic!("{key}") };
            assert_eq!((formed.is_present, formed.form.shown().as_str()), (is_present, form), "{key}");
        }
        assert!(matches!(request.fact("aws:RequestTag/team"), ContextFact::Absent(_)));
        assert_eq!(request.fact("aws:SourceAccount"), ContextFact::Known(&["111122223333".into()]));
        assert!(matches!(request.fact("oidc.eks.us-west-2.amazonaws.com/id/A:sub"), ContextFact::Absent(_)));
        let arn = "arn:aws-cn:eks:cn-north-1:111122223333:cluster/production";
        let request = request.from_cluster("production", arn);
        assert_eq!(request.fact("aws:requesttag/eks-cluster-name"), ContextFact::Known(&["production".into()]));
        assert_eq!(
            (request.fact("aws:RequestTag/eks-cluster-arn"), request.fact("aws:sourceArn")),
            (ContextFact::Known(&[arn.into()]), ContextFact::Known(&[arn.into()]))
        );
    }
}
