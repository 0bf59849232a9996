//! What the user asks about: the arguments of `doctor`, checked.

use crate::core::text::printable::is_object_name;

/// What the argument names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// A bare name: a service account's, else a pod's.
    Either,
    /// `serviceaccount/NAME`
    ServiceAccount,
    /// `pod/NAME`
    Pod,
}

/// What `doctor` was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorTarget {
    /// What the name names.
    pub kind: TargetKind,
    /// The name.
    pub name: String,
    /// `--namespace`
    pub namespace: Option<String>,
    /// `--cluster`
    pub cluster: Option<String>,
    /// `--aws-auth`
    pub aws_auth: bool,
}

/// The prefixes of the argument, as kubectl spells them.
const KINDS: [(&str, TargetKind); 6] = [
    ("serviceaccount", TargetKind::ServiceAccount),
    ("serviceaccounts", TargetKind::ServiceAccount),
    ("sa", TargetKind::ServiceAccount),
    ("pod", TargetKind::Pod),
    ("pods", TargetKind::Pod),
    ("po", TargetKind::Pod),
];

impl DoctorTarget {
    /// Parses `NAME`, `serviceaccount/NAME`, `sa/NAME` or `pod/NAME`. The error is one line that names the input and the fix.
    pub fn parse(word: &str, namespace: Option<&str>, cluster: Option<&str>, aws_auth: bool) -> Result<DoctorTarget, String> {
        let (kind, name) = match word.split_once('/') {
            None => (TargetKind::Either, word),
            Some((prefix, name)) => match KINDS.iter().find(|(known, _)| *known == prefix) {
                Some((_, kind)) => (*kind, name),
                None => {
                    return Err(format!("doctor examines a service account or a pod, and {word:?} is neither; write sa/NAME or pod/NAME"));
                }
            },
        };
        for (what, name) in [("name", Some(name)), ("namespace", namespace)] {
            if let Some(name) = name.filter(|name| !is_object_name(name)) {
                return Err(format!("{name:?} is not a {what} in Kubernetes: use lower-case letters, digits, '-' and '.' only"));
            }
        }
        if let Some(cluster) = cluster.filter(|cluster| !is_cluster_name(cluster)) {
            return Err(format!(
                "--cluster: {cluster:?} is not the name of an EKS cluster: use letters, digits, '-' and '_' only (aws eks list-clusters)"
            ));
        }
        Ok(DoctorTarget {
            kind,
            name: name.to_owned(),
            namespace: namespace.map(str::to_owned),
            cluster: cluster.map(str::to_owned),
            aws_auth,
        })
    }
}

/// Whether EKS allows the name for a cluster: `^[0-9A-Za-z][A-Za-z0-9\-_]*`, at most 100 characters (EKS API reference, CreateCluster).
/// Every region's name is of this form, too.
pub fn is_cluster_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    name.len() <= 100 && name.bytes().all(inner) && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_parsed_or_refused_in_one_line() {
        let parse = |word| DoctorTarget::parse(word, None, None, false).map(|target| (target.kind, target.name));
        assert_eq!(parse("checkout"), Ok((TargetKind::Either, "checkout".to_owned())));
        assert_eq!(parse("sa/checkout"), Ok((TargetKind::ServiceAccount, "checkout".to_owned())));
        assert_eq!(parse("serviceaccount/a.b"), Ok((TargetKind::ServiceAccount, "a.b".to_owned())));
        assert_eq!(parse("pod/checkout-0"), Ok((TargetKind::Pod, "checkout-0".to_owned())));
        for word in ["", "sa/", "deployment/checkout", "Checkout", "a b", "../../secrets/x", "a?b", "-n", "a\u{202e}", "sa/a/b", "-"] {
            let refused = parse(word).unwrap_err();
            assert!(!refused.contains('\n') && refused.len() < 160, "{refused}");
        }
        assert!(DoctorTarget::parse("a", Some("Shop/x"), None, false).unwrap_err().contains("Shop/x"));
        assert!(DoctorTarget::parse("a", None, Some("--profile"), false).unwrap_err().contains("--profile"));
        assert!(DoctorTarget::parse("a", Some("shop"), Some("prod_1-A"), false).is_ok());
    }
}
