//! Names that IAM refuses in a trust policy: principals of no documented form, and actions of another service or of none.
//!
//! IAM user guide, "Grammar of the IAM JSON policy language" (a principal and an action are strings; an action is `VENDOR:ACTION`), "AWS
//! JSON policy elements: Principal" (the forms of each kind; no wildcard within a name or an ARN), and the messages of IAM itself: "Federated
//! principals must be valid domain names or SAML metadata ARNs" (terraform-aws-iam#202), "Invalid principal in policy"
//! (aws-actions/configure-aws-credentials#332), "Actions/Condition can contain only one colon" (garnaat/kappa#111), "AssumeRole policy may only
//! specify STS AssumeRole actions".

use super::Json;
use crate::core::aws::arn::Account;

/// Why IAM refuses a list of actions.
pub(super) fn actions(element: &str, actions: &Json) -> Option<&'static str> {
    if actions.many().is_empty() {
        return Some("the policy names no action");
    }
    actions.many().iter().find_map(|action| refused_action(element, action.text()))
}

/// Why IAM refuses an action. What is no action of STS that it knows is not asked: no list of them is complete.
fn refused_action(element: &str, action: Option<&str>) -> Option<&'static str> {
    let Some(action) = action else { return Some("an action is a text") };
    if action == "*" {
        return None;
    }
    let Some((service, name)) = action.split_once(':') else {
        return Some(match action.is_empty() {
            true => "the policy names an empty action",
            false => "an action begins with its service: sts:AssumeRoleWithWebIdentity",
        });
    };
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '*' | '?'));
    match () {
        () if name.contains(':') => Some("an action has one colon: sts:AssumeRoleWithWebIdentity"),
        () if service.contains(['*', '?']) => Some("an action's service takes no wildcards: sts:AssumeRoleWithWebIdentity"),
        () if service.trim() != service || name.trim() != name => Some("there is white space in an action"),
        () if service.is_empty() || !is_name(name) => {
            Some("an action is its service, a colon and a name of letters: sts:AssumeRoleWithWebIdentity")
        }
        // Of the rest, that it leaves out other services' actions too is not known to be refused.
        () if element == "Action" && !service.eq_ignore_ascii_case("sts") => Some("a role's trust policy names actions of STS alone"),
        () => None,
    }
}

/// The first principal that IAM refuses, and why.
pub(super) fn principals(map: &Json) -> Option<(Option<&Json>, &'static str)> {
    if map.members().is_empty() {
        return Some((None, "it names no principal: IAM takes no empty Principal"));
    }
    let mut all = map.members().iter();
    all.find_map(|(kind, values)| match values.many() {
        [] => Some((Some(values), "it names no principal: IAM takes no empty list")),
        many => many.iter().find_map(|value| Some((Some(value), refused_principal(kind, value)?))),
    })
}

fn refused_principal(kind: &str, value: &Json) -> Option<&'static str> {
    // White space around it has a reason of its own: it names another principal, or none.
    let Some(name) = value.text().map(str::trim) else { return Some("a principal is a text, in quotes") };
    match kind {
        _ if name.is_empty() => Some("it names no principal: IAM takes no empty one"),
        // Whom it stands for is another question.
        _ if name == "*" => None,
        "Federated" => federated(name),
        "AWS" => account(name),
        "Service" if has_wildcard(name) => Some(WILDCARD),
        "Service" if !is_domain(name) => Some("Service names a service of AWS, such as pods.eks.amazonaws.com"),
        _ => None,
    }
}

/// "You cannot use a wildcard to match part of a principal name or ARN."
const WILDCARD: &str = "a principal takes no wildcards; name it in full";

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// The parts of an ARN behind its prefix.
fn arn(text: &str) -> Option<[&str; 5]> {
    match text.splitn(6, ':').collect::<Vec<_>>()[..] {
        ["arn", partition, service, region, account, resource] => Some([partition, service, region, account, resource]),
        _ => None,
    }
}

/// A provider's ARN, or the domain name of one that AWS knows: accounts.google.com, cognito-identity.amazonaws.com, www.amazon.com,
/// graph.facebook.com. Other domain names are no provider, but IAM calls them valid.
fn federated(name: &str) -> Option<&'static str> {
    const FORM: &str = "name the provider with its ARN: arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER";
    if !name.starts_with("arn:") {
        return (!is_domain(name)).then_some(FORM);
    }
    let Some([partition, service, region, account, resource]) = arn(name) else { return Some(FORM) };
    let provider = ["oidc-provider/", "saml-provider/"].iter().find_map(|kind| resource.strip_prefix(kind));
    match provider {
        None if service == "iam" && resource.starts_with("role/") => {
            Some("this is a role's ARN; Federated names a provider: arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER")
        }
        None => Some(FORM),
        Some(provider) if has_wildcard(account) || provider.split('/').next().is_some_and(has_wildcard) => Some(WILDCARD),
        Some(_) if Account::parse(account).is_none() => Some("the account in a provider's ARN is twelve digits"),
        Some(provider) if provider.is_empty() || service != "iam" || !region.is_empty() || !is_partition(partition) => Some(FORM),
        Some(_) => None,
    }
}

/// An account, its root, a user, a role or a session of one; or the unique id that IAM shows of one that was deleted.
fn account(name: &str) -> Option<&'static str> {
    const FORM: &str = "AWS names an account by twelve digits, or the ARN of an account's root, a user, a role or a session";
    // IAM user guide, "IAM identifiers": AIDA is a user, AROA a role.
    let is_unique_id = ["AIDA", "AROA"].iter().any(|start| name.starts_with(start)) && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let Some([partition, service, region, account, resource]) = arn(name) else {
        if has_wildcard(name) {
            return Some(WILDCARD);
        }
        return (Account::parse(name).is_none() && !is_unique_id).then_some(FORM);
    };
    // A path may hold any character, a star too (IAM API reference, CreateRole); a name holds few.
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c));
    let named = |kinds: &[&str]| {
        let name = kinds.iter().find_map(|kind| resource.strip_prefix(kind)).and_then(|path| path.rsplit('/').next());
        name.is_some_and(is_name)
    };
    let known = match service {
        "iam" => resource == "root" || named(&["user/", "role/"]),
        "sts" => named(&["assumed-role/", "federated-user/"]),
        _ => false,
    };
    let last = resource.rsplit('/').next().unwrap_or_default();
    match () {
        () if ["oidc-provider/", "saml-provider/"].iter().any(|kind| resource.starts_with(kind)) => {
            Some("a provider stands under Federated")
        }
        // CloudFront's own users; whether a role can trust one is not documented.
        () if account == "cloudfront" => None,
        () if has_wildcard(account) || has_wildcard(last) => Some(WILDCARD),
        () if !known || !region.is_empty() || !is_partition(partition) => Some(FORM),
        () if Account::parse(account).is_none() => Some("the account in an ARN is twelve digits"),
        () => None,
    }
}

/// `aws`, `aws-cn`, and those to come.
fn is_partition(text: &str) -> bool {
    text.starts_with("aws") && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// A name with a dot, of letters, digits, dots and hyphens alone.
fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    name.contains('.') && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_of_sts() {
        for (action, refused) in [
            ("sts:AssumeRole", false),
            ("STS:assumerole*", false),
            ("sts:*", false),
            ("*", false),
            ("sts:AssumeRoleWithWebIdentiy", false),
            ("AssumeRole", true),
            ("", true),
            (":AssumeRole", true),
            ("sts:", true),
            ("sts:AssumeRole:x", true),
            ("sts::AssumeRole", true),
            ("st*:AssumeRole", true),
            ("*:AssumeRole", true),
            ("st?:AssumeRole", true),
            ("stss:AssumeRole", true),
            ("s3:GetObject", true),
            ("sts:Assume Role", true),
            (" sts:AssumeRole", true),
            ("sts: AssumeRole", true),
            ("sts:AssumeRole,sts:TagSession", true),
            ("sts:${aws:username}", true),
            ("sts/AssumeRole", true),
        ] {
            assert_eq!(refused_action("Action", Some(action)).is_some(), refused, "{action}");
        }
        assert!(refused_action("NotAction", Some("s3:*")).is_none() && refused_action("NotAction", Some("s3")).is_some());
    }

    #[test]
    fn forms_of_principals() {
        for (kind, name, refused) in [
            ("Federated", "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/A", false),
            ("Federated", "arn:aws-us-gov:iam::111122223333:saml-provider/okta", false),
            ("Federated", "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/*", false),
            ("Federated", "arn:aws:iam::*:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/A", true),
            ("Federated", "accounts.google.com", false),
            ("Federated", "cognito-identity.amazonaws.com", false),
            ("Federated", "cognito-identity-us-gov.amazonaws.com", false),
            ("Federated", "www.amazon.com", false),
            ("Federated", "graph.facebook.com", false),
            ("Federated", "*", false),
            ("Federated", "", true),
            ("Federated", " ", true),
            ("Federated", "https://oidc.eks.us-west-2.amazonaws.com/id/A", true),
            ("Federated", "oidc.eks.us-west-2.amazonaws.com/id/A", true),
            ("Federated", "localhost", true),
            ("Federated", "arn:aws:iam::111122223333:role/checkout", true),
            ("Federated", "arn:aws:iam::111122223333:root", true),
            ("Federated", "arn:aws:iam::11112222333:oidc-provider/a.b", true),
            ("Federated", "arn:aws:iam::ACCOUNT:oidc-provider/a.b", true),
            ("Federated", "arn:aws:iam:us-west-2:111122223333:oidc-provider/a.b", true),
            ("Federated", "arn:aws:iam::111122223333:oidc-provider/", true),
            ("Federated", "arn:aws:iam::111122223333:oidc-provider/*", true),
            ("Federated", "arn:aws:eks:us-west-2:111122223333:cluster/a", true),
            ("Federated", "arn:aws:iam", true),
            ("AWS", "111122223333", false),
            ("AWS", "arn:aws:iam::111122223333:root", false),
            ("AWS", "arn:aws:iam::111122223333:role/team/a", false),
            ("AWS", "arn:aws:iam::111122223333:user/a", false),
            ("AWS", "arn:aws:iam::111122223333:role/a*b/c", false),
            ("AWS", "arn:aws:iam::111122223333:role/a/c*", true),
            ("AWS", "arn:aws:iam::*:root", true),
            ("AWS", "arn:aws:iam::111122223333:role/a b", true),
            ("AWS", "1111*", true),
            ("AWS", "arn:aws:sts::111122223333:assumed-role/a/b", false),
            ("AWS", "arn:aws:sts::111122223333:federated-user/a", false),
            ("AWS", "AROAEXAMPLEEXAMPLE123", false),
            ("AWS", "*", false),
            ("AWS", "11112222333", true),
            ("AWS", "1111-2222-3333", true),
            ("AWS", "checkout", true),
            ("AWS", "arn:aws:iam::111122223333:role/*", true),
            ("AWS", "arn:aws:iam::111122223333:role/", true),
            ("AWS", "arn:aws:iam::111122223333:group/a", true),
            ("AWS", "arn:aws:iam::111122223333:oidc-provider/a.b", true),
            ("AWS", "arn:aws:iam::1111:root", true),
            ("AWS", "arn:aws:ec2:us-west-2:111122223333:instance/i-1", true),
            ("Service", "pods.eks.amazonaws.com", false),
            ("Service", "PODS.eks.amazonaws.com", false),
            ("Service", "states.us-west-2.amazonaws.com", false),
            ("Service", "*", false),
            ("Service", "pods.*.amazonaws.com", true),
            ("Service", "eks", true),
            ("Service", "https://eks.amazonaws.com", true),
            ("Service", "arn:aws:iam::111122223333:role/a", true),
        ] {
            assert_eq!(refused_principal(kind, &Json::from(name)).is_some(), refused, "{kind} {name}");
        }
        let json = |text: &str| serde_json::from_str::<Json>(text).unwrap();
        for (map, refused) in [
            (r"{}", true),
            (r#"{"AWS": []}"#, true),
            (r#"{"AWS": null}"#, true),
            (r#"{"AWS": 111122223333}"#, true),
            (r#"{"AWS": [["111122223333"]]}"#, true),
            (r#"{"AWS": ["111122223333", ""]}"#, true),
            (r#"{"AWS": "111122223333", "Federated": []}"#, true),
            (r#"{"AWS": ["111122223333"]}"#, false),
        ] {
            assert_eq!(principals(&json(map)).is_some(), refused, "{map}");
        }
    }
}
