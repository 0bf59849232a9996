//! What tells the policy's value from the request's: the slip that was probably made. The kinds are a table, the nearest first.

use super::condition::{Compare, Operator, is_bool};
use super::pattern::{Pattern, Truth};
use super::request::Request;
use crate::core::text::printable::distance;

/// A value of the policy beside that of the request.
struct Pair<'a> {
    operator: &'a Operator,
    key: &'a str,
    wanted: &'a str,
    found: &'a str,
    request: &'a Request,
}

/// How two values differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Wildcard,
    WhiteSpace,
    Quotes,
    Capitals,
    NoArn,
    NoValue,
    Scheme,
    Slash,
    OtherKey,
    Subject,
    Audience,
    Endpoint,
    Issuer,
    Provider,
    Role,
    Group,
    Swapped,
    Separator,
    Prefix,
    Part,
    WholeSubject,
    Letters,
    // From here on it may be meant as it stands.
    Variable,
    Placeholder,
    Nearly,
    OtherAccount,
    OtherNamespace,
    OtherBoth,
    NoSubject,
    ArnPart,
    Differ,
}

/// Whether two values differ in a way.
type Holds = fn(&Pair) -> bool;

/// The kinds in their order: the first that holds is told.
const KINDS: [(Kind, Holds); 31] = [
    (Kind::Wildcard, |pair| {
        matches!(pair.operator.compare, Compare::Exact | Compare::Fold)
            && pair.wanted.contains(['*', '?'])
            && pair.like(pair.wanted, pair.fold())
    }),
    (Kind::WhiteSpace, |pair| {
        let bare: String = pair.wanted.chars().filter(|c| !c.is_whitespace() && !matches!(c, '\u{200b}' | '\u{feff}')).collect();
        bare != pair.wanted && pair.fits(&bare)
    }),
    (Kind::Quotes, |pair| {
        let bare = pair.wanted.trim_matches(['"', '\'', '`', '“', '”', '‘', '’']);
        bare != pair.wanted && pair.fits(bare)
    }),
    (Kind::Capitals, |pair| {
        !pair.fits(pair.wanted) && Pattern::new(pair.wanted, pair.wild(), None).matches(pair.found, true) == Truth::Yes
    }),
    (Kind::NoArn, |pair| pair.operator.compare == Compare::Arn && !pair.found.starts_with("arn:")),
    (Kind::NoValue, |pair| pair.wanted.is_empty()),
    (Kind::Scheme, |pair| bare(pair.wanted) == bare(pair.found) && pair.wanted.contains("://") != pair.found.contains("://")),
    (Kind::Slash, |pair| pair.wanted.trim_end_matches('/') == pair.found.trim_end_matches('/')),
    (Kind::OtherKey, |pair| !pair.wanted.contains(['*', '?']) && pair.owner().is_some()),
    (Kind::Subject, |pair| pair.is_claim("aud") && pair.wanted.starts_with("system:serviceaccount:")),
    (Kind::Audience, |pair| pair.is_claim("sub") && (is_sts(pair.wanted) || is_sts(bare(pair.wanted)))),
    (Kind::Endpoint, |pair| pair.is_claim("aud") && pair.found == "sts.amazonaws.com" && is_sts(bare(pair.wanted))),
    (Kind::Issuer, |pair| pair.request.issuer_path.as_deref().is_some_and(|path| bare(path).eq_ignore_ascii_case(bare(pair.wanted)))),
    (Kind::Provider, |pair| pair.wanted.starts_with("arn:") && pair.wanted.contains("-provider/") && !pair.found.starts_with("arn:")),
    (Kind::Role, |pair| pair.wanted.starts_with("arn:") && pair.wanted.contains(":role/") && !pair.found.starts_with("arn:")),
    (Kind::Group, |pair| pair.ours().is_some() && pair.wanted.starts_with("system:serviceaccounts")),
    (Kind::Swapped, |pair| {
        pair.names().is_some_and(|(namespace, account)| {
            namespace != account && pair.wanted == format!("system:serviceaccount:{account}:{namespace}")
        })
    }),
    (Kind::Separator, |pair| pair.ours().is_some() && pair.wanted.contains(':') && pair.fits(&pair.wanted.replace(['/', '.', ' '], ":"))),
    (Kind::Prefix, |pair| {
        let end = |(namespace, account): (&str, &str)| format!(":{namespace}:{account}");
        pair.names().is_some_and(|names| pair.wanted.ends_with(&end(names)) && pair.wanted.len() > end(names).len())
    }),
    (Kind::Part, |pair| {
        pair.names().is_some_and(|(namespace, account)| {
            [format!("{namespace}:{account}"), format!("{namespace}/{account}"), account.to_owned(), namespace.to_owned()]
                .iter()
                .any(|part| part == pair.wanted)
        })
    }),
    (Kind::WholeSubject, |pair| {
        let end = |separator: char| pair.wanted.rsplit(separator).next() == Some(pair.found);
        pair.tag().is_some()
            && pair.wanted.contains([':', '/'])
            && (end(':') || end('/') || pair.wanted.split([':', '/']).any(|part| part == pair.found))
    }),
    (Kind::Letters, |pair| {
        let limit = if pair.found.len() < 8 { 1 } else { 3 };
        // Names of service accounts that are nearly equal are often two of them.
        pair.ours().is_none()
            && pair.tag().is_none()
            && distance(pair.wanted, pair.found, limit) <= limit
            && !pair.found.starts_with("arn:")
            && !is_number(pair.found)
    }),
    (Kind::Variable, |pair| pair.wanted.split("${").skip(1).any(|rest| !rest.starts_with(['*', '?', '$']))),
    (Kind::Placeholder, |pair| {
        let stands = |open: &str, close: &str| pair.wanted.split_once(open).is_some_and(|(_, rest)| rest.contains(close));
        stands("{{", "}}") || stands("<", ">")
    }),
    (Kind::Nearly, |pair| pair.apart().is_some() && distance(pair.wanted, pair.found, 2) <= 2),
    (Kind::OtherAccount, |pair| pair.apart() == Some((true, false))),
    (Kind::OtherNamespace, |pair| pair.apart() == Some((false, true))),
    (Kind::OtherBoth, |pair| pair.apart().is_some()),
    (Kind::NoSubject, |pair| pair.ours().is_some()),
    (Kind::ArnPart, |pair| pair.arn_part().is_some()),
    (Kind::Differ, |_| true),
];

/// Why a value is none of those that the policy names.
pub(super) fn between(operator: &Operator, key: &str, wanted: &[String], found: &str, request: &Request) -> String {
    let pairs: Vec<Pair> = wanted.iter().map(|wanted| Pair { operator, key, wanted, found, request }).collect();
    let kind = |pair: &Pair| KINDS.iter().position(|(_, holds)| holds(pair)).unwrap_or(KINDS.len() - 1);
    let Some((nth, pair)) = pairs.iter().map(|pair| (kind(pair), pair)).min_by_key(|(nth, _)| *nth) else {
        return "the policy names no value".to_owned();
    };
    let (kind, _) = KINDS[nth];
    // Of several values, others are meant for somebody else.
    let slip = KINDS.iter().position(|(kind, _)| *kind == Kind::Variable).is_some_and(|end| nth < end);
    if pairs.len() > 1 && !slip {
        return "the policy names other values".to_owned();
    }
    words(kind, pair)
}

fn words(kind: Kind, pair: &Pair) -> String {
    let name = pair.operator.name;
    let key = pair.key;
    let told = match kind {
        Kind::Wildcard => return format!("* and ? are plain characters under {name}; StringLike reads them as wildcards"),
        Kind::WhiteSpace => "there is white space in the policy's value, or around it",
        Kind::Quotes => "there are quotes within the policy's value",
        Kind::Capitals => "upper and lower case differ, and values have to be exactly equal",
        Kind::NoArn => return format!("{name} compares ARNs, and this value is not an ARN; use StringLike"),
        Kind::NoValue => "the policy's value is empty",
        Kind::Scheme => "only https:// differs, and the values have to be equal",
        Kind::Slash => "only a slash at the end differs, and the values have to be equal",
        Kind::OtherKey => return format!("this is the value of {}; {key} has another one", pair.owner().unwrap_or_default()),
        Kind::Subject => "this is a subject: it belongs under the key that ends in :sub",
        Kind::Audience => "this is an audience: it belongs under the key that ends in :aud",
        Kind::Endpoint => "this is an endpoint of STS; the audience is sts.amazonaws.com in every region",
        Kind::Issuer => return format!("this is the token's issuer; {key} has another value"),
        Kind::Provider => return format!("this is a provider's ARN, which belongs under Principal; {key} has another value"),
        Kind::Role => return format!("this is a role's ARN; {key} has another value"),
        Kind::Group => "system:serviceaccounts… is a group; a subject is system:serviceaccount:NAMESPACE:SERVICE_ACCOUNT",
        Kind::Swapped => "namespace and service account are swapped: it is system:serviceaccount:NAMESPACE:SERVICE_ACCOUNT",
        Kind::Separator => "a colon stands between all parts of a subject: system:serviceaccount:NAMESPACE:SERVICE_ACCOUNT",
        Kind::Prefix => "the subject's beginning is missing: it is system:serviceaccount:NAMESPACE:SERVICE_ACCOUNT",
        Kind::Part => "a subject is written in full: system:serviceaccount:NAMESPACE:SERVICE_ACCOUNT",
        Kind::WholeSubject => return format!("{key} is only {}", pair.tag().unwrap_or_default()),
        Kind::Letters => "the values differ in a few letters: one of them is misspelt",
        Kind::Variable => "it has a policy variable without this value here; only version 2012-10-17 has variables",
        Kind::Nearly => "it differs from this subject in one or two letters: it is misspelt, or it is another subject",
        Kind::Placeholder => "it looks like a placeholder that was not filled in",
        Kind::OtherAccount => "it names another service account of this namespace",
        Kind::OtherNamespace => "it names another namespace",
        Kind::OtherBoth => "it names another service account",
        Kind::NoSubject => "it is not the subject of a service account, which is system:serviceaccount:NAMESPACE:SERVICE_ACCOUNT",
        Kind::ArnPart => return format!("the ARNs differ in their {}", pair.arn_part().unwrap_or_default()),
        Kind::Differ => "the values differ",
    };
    told.to_owned()
}

/// The parts of an ARN ("IAM identifiers", the IAM user guide).
const ARN_PARTS: [&str; 6] = ["prefix", "partition", "service", "region", "account", "resource"];

impl<'a> Pair<'a> {
    fn wild(&self) -> bool {
        matches!(self.operator.compare, Compare::Like | Compare::Arn)
    }

    fn fold(&self) -> bool {
        self.operator.compare == Compare::Fold
    }

    fn like(&self, pattern: &str, fold: bool) -> bool {
        Pattern::new(pattern, true, None).matches(self.found, fold) == Truth::Yes
    }

    /// Whether the request's value would be this one.
    fn fits(&self, value: &str) -> bool {
        Pattern::new(value, self.wild(), None).matches(self.found, self.fold()) == Truth::Yes
    }

    /// Whether the key is that of a claim of the token.
    fn is_claim(&self, claim: &str) -> bool {
        self.request.claim_key(claim).is_some_and(|key| key.eq_ignore_ascii_case(self.key))
    }

    /// Another key that has the policy's value.
    fn owner(&self) -> Option<&'a str> {
        let mut others = self.request.known().filter(|(key, _)| !key.eq_ignore_ascii_case(self.key));
        // `true` and the like are no key's own.
        let has = |values: &[String]| values.len() == 1 && values[0] == self.wanted && !is_bool(&values[0]);
        others.find(|(_, values)| has(values)).map(|(key, _)| key)
    }

    /// The request's namespace and service account, where its value is a subject.
    fn names(&self) -> Option<(&'a str, &'a str)> {
        self.ours().and_then(|names| names.split_once(':'))
    }

    fn ours(&self) -> Option<&'a str> {
        self.found.strip_prefix("system:serviceaccount:").filter(|_| self.is_claim("sub"))
    }

    /// Whether the policy's subject is of the same namespace, and of the same service account.
    fn apart(&self) -> Option<(bool, bool)> {
        let (namespace, account) = self.names()?;
        let (theirs, other) =
            self.wanted.strip_prefix("system:serviceaccount:")?.split_once(':').filter(|(_, other)| !other.contains(':'))?;
        let like = |pattern: &str, text: &str| Pattern::new(pattern, true, None).matches(text, false) == Truth::Yes;
        Some((like(theirs, namespace), like(other, account)))
    }

    /// What a tag of the session holds, where that tells pods apart.
    fn tag(&self) -> Option<&'static str> {
        let key = self.key.to_ascii_lowercase();
        match key.strip_prefix("aws:requesttag/")? {
            "kubernetes-namespace" => Some("the namespace"),
            "kubernetes-service-account" => Some("the service account's name"),
            _ => None,
        }
    }

    /// The parts in which two ARNs differ.
    fn arn_part(&self) -> Option<String> {
        let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
        let (wanted, found) = (parts(self.wanted), parts(self.found));
        let arns = [&wanted, &found].iter().all(|parts| parts.len() == 6 && parts[0] == "arn");
        let same = |nth: usize| Pattern::new(&wanted[nth], self.wild(), None).matches(&found[nth], false) == Truth::Yes;
        let differ: Vec<&str> = (0..6).filter(|nth| arns && !same(*nth)).map(|nth| ARN_PARTS[nth]).collect();
        (!differ.is_empty()).then(|| differ.join(" and "))
    }
}

/// Without its scheme and without a slash at its end.
fn bare(text: &str) -> &str {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    text.trim_end_matches('/')
}

/// A host of STS: the audience itself, a regional endpoint, a FIPS one, one of another partition.
fn is_sts(text: &str) -> bool {
    let ends = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonaws.eu"];
    (text.starts_with("sts.") || text.starts_with("sts-fips.")) && ends.iter().any(|end| text.ends_with(end))
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::aws::arn::RoleArn;

    fn kind(operator: &str, key: &str, wanted: &str, request: &Request, found: &str) -> Kind {
        let operator = Operator::parse(operator).unwrap();
        let pair = Pair { operator: &operator, key, wanted, found, request };
        KINDS.iter().find(|(_, holds)| holds(&pair)).unwrap().0
    }

    #[test]
    fn slips_of_subjects_and_audiences() {
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").unwrap();
        let subject = "system:serviceaccount:shop:checkout";
        let request = Request::irsa("https://oidc.example/id/A", subject, vec!["sts.amazonaws.com".into()], &role);
        for (operator, claim, wanted, told) in [
            ("StringEquals", "sub", "system:serviceaccount:shop:*", Kind::Wildcard),
            ("StringEquals", "sub", "system:serviceaccount:Shop:checkout", Kind::Capitals),
            ("StringLike", "sub", "system:serviceaccount:SHOP:*", Kind::Capitals),
            ("StringEquals", "sub", "system:serviceaccount:shop: checkout", Kind::WhiteSpace),
            ("StringEquals", "sub", "\"system:serviceaccount:shop:checkout\"", Kind::Quotes),
            ("StringEquals", "sub", "system:serviceaccount:checkout:shop", Kind::Swapped),
            ("StringEquals", "sub", "system:serviceaccounts:shop", Kind::Group),
            ("StringEquals", "sub", "system:serviceaccounts:shop:checkout", Kind::Group),
            ("StringEquals", "sub", "system:serviceaccount:shop/checkout", Kind::Separator),
            ("StringEquals", "sub", "serviceaccount:shop:checkout", Kind::Prefix),
            ("StringEquals", "sub", "system:serviceAccount:shop:checkout", Kind::Capitals),
            ("StringEquals", "sub", "system:sa:shop:checkout", Kind::Prefix),
            ("StringEquals", "sub", "shop/checkout", Kind::Part),
            ("StringEquals", "sub", "checkout", Kind::Part),
            ("StringEquals", "sub", "sts.amazonaws.com", Kind::OtherKey),
            ("StringEquals", "sub", "sts.eu-west-1.amazonaws.com", Kind::Audience),
            ("StringEquals", "sub", "oidc.example/id/A", Kind::Issuer),
            ("StringEquals", "sub", "arn:aws:iam::111122223333:role/checkout", Kind::Role),
            ("StringEquals", "sub", "arn:aws:iam::111122223333:oidc-provider/oidc.example/id/A", Kind::Provider),
            ("StringEquals", "sub", "system:serviceaccount:<ns>:<sa>", Kind::Placeholder),
            ("StringEquals", "sub", "system:serviceaccount:shop:payments", Kind::OtherAccount),
            ("StringEquals", "sub", "system:serviceaccount:shop:chekout", Kind::Nearly),
            ("StringEquals", "sub", "system:serviceaccount:shops:checkout", Kind::Nearly),
            ("StringLike", "sub", "system:serviceaccount:${aws:RequestTag/ns}:checkout", Kind::Variable),
            ("StringLike", "sub", "system:serviceaccount:shop:${*}", Kind::OtherAccount),
            ("StringLike", "sub", "system:serviceaccount:web-*:checkout", Kind::OtherNamespace),
            ("StringEquals", "sub", "system:serviceaccount:web:frontend", Kind::OtherBoth),
            ("StringEquals", "sub", "system:serviceaccount:shop:checkout:x", Kind::NoSubject),
            ("StringEquals", "sub", "system:node:a", Kind::NoSubject),
            ("StringEquals", "sub", "", Kind::NoValue),
            ("StringEquals", "aud", subject, Kind::OtherKey),
            ("StringEquals", "aud", "system:serviceaccount:shop:payments", Kind::Subject),
            ("StringEquals", "aud", "STS.amazonaws.com", Kind::Capitals),
            ("StringEquals", "aud", "sts.amazon.com", Kind::Letters),
            ("StringEquals", "aud", "sts.us-west-2.amazonaws.com", Kind::Endpoint),
            ("StringEquals", "aud", "https://sts.us-west-2.amazonaws.com/", Kind::Endpoint),
            ("StringEquals", "aud", "sts-fips.us-west-2.amazonaws.com", Kind::Endpoint),
            ("StringEquals", "aud", "https://sts.amazonaws.com", Kind::Scheme),
            ("StringEquals", "aud", "https://sts.amazonaws.com/", Kind::Scheme),
            ("StringEquals", "aud", "sts.amazonaws.com/", Kind::Slash),
            ("StringEquals", "aud", "https://oidc.example/id/A", Kind::Issuer),
            ("StringEquals", "aud", "vault", Kind::Differ),
        ] {
            let found = if claim == "sub" { subject } else { "sts.amazonaws.com" };
            assert_eq!(kind(operator, &format!("oidc.example/id/A:{claim}"), wanted, &request, found), told, "{wanted}");
        }
        // Of several values only a slip is told.
        let operator = Operator::parse("StringEquals").unwrap();
        let told = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|wanted| (*wanted).to_owned()).collect();
            between(&operator, "oidc.example/id/A:sub", &wanted, subject, &request)
        };
        assert!(told(&["system:serviceaccount:shop:a", "system:serviceaccount:shop:b"]).contains("other values"));
        assert!(told(&["system:serviceaccount:shop:a", "system:serviceaccount:checkout:shop"]).contains("swapped"));
    }

    #[test]
    fn slips_of_tags_and_arns() {
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").unwrap();
        let arn = "arn:aws:eks:us-west-2:111122223333:cluster/production";
        let request = Request::pod_identity(Some("shop"), Some("checkout"), Some(&role)).from_cluster("production", arn);
        let (namespace, account) = ("aws:RequestTag/kubernetes-namespace", "aws:RequestTag/kubernetes-service-account");
        for (operator, key, wanted, found, told) in [
            ("StringEquals", namespace, "checkout", "shop", Kind::OtherKey),
            ("StringEquals", namespace, "system:serviceaccount:shop:checkout", "shop", Kind::WholeSubject),
            ("StringEquals", account, "shop/checkout", "checkout", Kind::WholeSubject),
            ("StringEquals", account, "chekout", "checkout", Kind::Differ),
            ("StringEquals", namespace, "<Namespace>", "shop", Kind::Placeholder),
            ("ArnEquals", "aws:SourceArn", "arn:aws:eks:us-east-1:999988887777:cluster/production", arn, Kind::ArnPart),
            ("StringEquals", "aws:SourceAccount", "111122223334", "111122223333", Kind::Differ),
            ("ArnLike", namespace, "shop", "shop", Kind::NoArn),
        ] {
            assert_eq!(kind(operator, key, wanted, &request, found), told, "{wanted}");
        }
    }
}
