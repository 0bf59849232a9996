//! IAM's half of the exchange: who trusts whom. One evaluator judges real trust policy documents; the short form of a scenario is written out as one.

use regex::Regex;
use serde_json::{Value, json};
use std::sync::LazyLock;

use super::{
    jwt::Jwt,
    state::Session,
    world::{Role, Trust, World},
};

/// A role ARN in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn {
    pub partition: String,
    pub account: String,
    /// Without the path.
    pub name: String,
}

impl RoleArn {
    pub fn parse(text: &str) -> Option<Self> {
        let [_, partition, "iam", "", account, resource] = text.splitn(6, ':').collect::<Vec<_>>()[..] else {
            return None;
        };
        // CreateRole: a path of `!` to `~`, a name of `[\w+=,.@-]`.
        let clean = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
        let good = text.starts_with("arn:aws")
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && resource.bytes().all(|byte| byte.is_ascii_graphic())
            && name.chars().all(clean)
            && (1..=64).contains(&name.len());
        good.then(|| Self { partition: partition.to_owned(), account: account.to_owned(), name: name.to_owned() })
    }

    /// The ARN of a session of this role: the path is gone.
    pub fn session(&self, session: &str) -> String {
        format!("arn:{}:sts::{}:assumed-role/{}/{session}", self.partition, self.account, self.name)
    }
}

/// The ARN of the provider of an issuer in an account.
pub fn provider_arn(partition: &str, account: &str, issuer: &str) -> String {
    format!("arn:{partition}:iam::{account}:oidc-provider/{}", bare(issuer))
}

/// The audiences that the issuer's provider in that account accepts; `None` without provider.
pub fn provider_audiences(world: &World, account: &str, issuer: &str) -> Option<Vec<String>> {
    world
        .providers()
        .into_iter()
        .find(|provider| {
            provider.account.as_ref().unwrap_or(&world.account) == account
                && bare(provider.issuer.as_ref().unwrap_or(&world.issuer)) == bare(issuer)
        })
        .map(|provider| provider.audiences)
}

/// The role of exactly that ARN.
pub fn find_role(world: &World, arn: &str) -> Option<Role> {
    world.roles().into_iter().find(|role| role.arn.as_ref().unwrap_or(&world.role) == arn)
}

/// Whether the role's trust policy lets the token's bearer in.
pub fn trusts(world: &World, role: &Role, arn: &RoleArn, jwt: &Jwt) -> bool {
    let issuer = jwt.text("iss").unwrap_or_default();
    let federated = provider_arn(&arn.partition, &arn.account, issuer);
    let policy = match (&role.policy, &role.trust) {
        (Some(policy), _) => policy.clone(),
        (None, Some(trust)) => document(world, arn, trust),
        (None, None) => return false,
    };
    let statements = many(&policy["Statement"]);
    if !statements.iter().all(|statement| is_storable(statement)) {
        return false;
    }
    let covers = |patterns: &Value| many(patterns).iter().any(|action| like(&text(action).to_lowercase(), "sts:assumerolewithwebidentity"));
    let applies = |statement: &Value| {
        // "Use a wildcard in the Principal element with a Deny effect to deny everyone."
        let everyone = statement["Effect"] == "Deny" && many(&statement["Principal"]["AWS"]).iter().any(|principal| text(principal) == "*");
        let acts = match (&statement["Action"], &statement["NotAction"]) {
            (Value::Null, Value::Null) => false,
            (Value::Null, others) => !covers(others),
            (actions, Value::Null) => covers(actions),
            _ => false,
        };
        acts && (everyone || many(&statement["Principal"]["Federated"]).iter().any(|principal| text(principal) == federated))
            && statement["Condition"]
                .as_object()
                .is_none_or(|operators| operators.iter().all(|(operator, keys)| condition(operator, keys, bare(issuer), jwt)))
    };
    let effect = |effect: &str| statements.iter().filter(|statement| statement["Effect"] == effect).any(|statement| applies(statement));
    effect("Allow") && !effect("Deny")
}

/// Whether a session may assume the role: by its own role's policy, and by the role's trust policy with this ExternalId.
///
/// In one account a trust policy that names the role or the session is enough. One that names the account leaves it to the caller's own policy. In
/// another account both are needed (STS API reference, AssumeRole; IAM user guide, "Cross-account policy evaluation logic").
pub fn lets_in(world: &World, role: &Role, arn: &RoleArn, caller: &Session, external_id: Option<&str>) -> bool {
    let allowed = || {
        let own = caller.role.as_ref().and_then(|own| find_role(world, own));
        let target = role.arn.as_ref().unwrap_or(&world.role);
        own.is_some_and(|own| own.allows.iter().any(|pattern| like(pattern, target)))
    };
    let Some(policy) = role.policy.clone().or_else(|| role.trust.as_ref().map(|trust| document(world, arn, trust))) else { return false };
    let statements = many(&policy["Statement"]);
    if !statements.iter().all(|statement| is_storable(statement)) {
        return false;
    }
    let of_account = [caller.account.clone(), format!("arn:{}:iam::{}:root", arn.partition, caller.account)];
    let applies = |statement: &Value, names: &[String]| {
        let covers = |patterns: &Value| many(patterns).iter().any(|action| like(&text(action).to_lowercase(), "sts:assumerole"));
        let principals = many(&statement["Principal"]["AWS"]);
        let is_named = principals.iter().any(|principal| names.iter().any(|name| name == text(principal)));
        let conditions = statement["Condition"].as_object();
        let met = |(operator, keys): (&String, &Value)| {
            keys.as_object().is_some_and(|keys| keys.iter().all(|key| of_id(operator, key, external_id)))
        };
        covers(&statement["Action"]) && is_named && conditions.is_none_or(|conditions| conditions.iter().all(met))
    };
    let own_names = [Some(caller.arn.clone()), caller.role.clone(), Some("*".to_owned())].into_iter().flatten().collect::<Vec<_>>();
    let any = |effect: &str, names: &[String]| {
        statements.iter().filter(|statement| statement["Effect"] == effect).any(|statement| applies(statement, names))
    };
    if any("Deny", &own_names) || any("Deny", &of_account) {
        return false;
    }
    match caller.account == arn.account {
        true => any("Allow", &own_names) || (any("Allow", &of_account) && allowed()),
        false => (any("Allow", &own_names) || any("Allow", &of_account)) && allowed(),
    }
}

/// Whether a condition on `sts:ExternalId` is met. Any other key is unknown here, and is not met.
fn of_id(operator: &str, (key, wanted): (&String, &Value), external_id: Option<&str>) -> bool {
    let Some(id) = external_id.filter(|_| key.eq_ignore_ascii_case("sts:ExternalId")) else { return false };
    let wanted: Vec<String> = many(wanted).into_iter().map(plain).collect();
    match operator {
        "StringEquals" => wanted.iter().any(|wanted| wanted == id),
        "StringLike" => wanted.iter().any(|wanted| like(wanted, id)),
        _ => false,
    }
}

/// Forms of principals and actions that IAM stores (IAM user guide, "AWS JSON policy elements: Principal" and "… Action"); what is in none of
/// them it refuses. Of other elements nothing is asked here.
static FORMS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    const TEXTS: [(&str, &str); 5] = [
        ("Federated", r"^(\*|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|arn:aws[a-z-]*:iam::\d{12}:(oidc|saml)-provider/[^*?/]+(/.*)?)$"),
        (
            "AWS",
            r"^(\*|\d{12}|(AIDA|AROA)[A-Za-z0-9]*|arn:aws[a-z-]*:(iam::\d{12}:(root|(user|role)/(.*/)?[A-Za-z0-9_+=,.@-]+)|sts::\d{12}:(assumed-role|federated-user)/(.*/)?[A-Za-z0-9_+=,.@-]+))$",
        ),
        ("Service", r"^(\*|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)$"),
        ("Action", r"^(\*|(?i:sts):[A-Za-z0-9*?]+)$"),
        ("NotAction", r"^(\*|[^:*?\s]+:[A-Za-z0-9*?]+)$"),
    ];
    TEXTS.map(|(name, form)| (name, Regex::new(form).unwrap())).into()
});

fn is_storable(statement: &Value) -> bool {
    let fit = |name: &str, values: &Value| {
        let form = FORMS.iter().find(|(form, _)| *form == name).map(|(_, form)| form);
        let fits = |value: &&Value| value.as_str().is_some_and(|text| form.is_none_or(|form| form.is_match(text.trim())));
        !many(values).is_empty() && many(values).iter().all(fits)
    };
    let named = |name: &str| statement.get(name).is_none_or(|values| fit(name, values));
    let principals = statement["Principal"].as_object();
    let kinds = principals.is_none_or(|kinds| !kinds.is_empty() && kinds.iter().all(|(kind, values)| fit(kind, values)));
    kinds && named("Action") && named("NotAction")
}

/// The short form as a policy document.
pub fn document(world: &World, role: &RoleArn, trust: &Trust) -> Value {
    if let Some(principal) = &trust.principal {
        let condition = trust.external_id.as_ref().map_or(json!({}), |id| json!({"StringEquals": {"sts:ExternalId": id}}));
        let statement = json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole", "Condition": condition});
        return json!({"Version": "2012-10-17", "Statement": [statement]});
    }
    let keys = trust.keys.as_deref().unwrap_or_else(|| bare(&world.issuer));
    let federated = trust.federated.clone().unwrap_or_else(|| provider_arn(&role.partition, &role.account, &world.issuer));
    let mut conditions = json!({});
    let sub = trust.sub.clone().unwrap_or_else(|| world.subject());
    let aud = trust.aud.clone().unwrap_or_else(|| "sts.amazonaws.com".to_owned());
    for (operator, key, value) in [(&trust.sub_operator, "sub", sub), (&trust.aud_operator, "aud", aud)] {
        if !value.is_empty() {
            conditions[operator][format!("{keys}:{key}")] = json!(value);
        }
    }
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Federated": federated}, "Action": trust.action, "Condition": conditions}],
    })
}

/// Keys that no request with a service account's token has (IAM user guide, "AWS global condition context keys", availability). One that ends
/// in a slash stands for all that begin so.
const ABSENT: [&str; 8] = [
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:requesttag/",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:tagkeys",
    "sts:externalid",
    "sts:transitivetagkeys",
];

/// The values of a key; none where the request has no such key; `None` where the sandbox does not know that.
fn values<'a>(key: &str, issuer: &str, jwt: &'a Jwt) -> Option<Vec<&'a str>> {
    let key = key.to_lowercase();
    match key.strip_prefix(&issuer.to_lowercase()) {
        Some(":sub") => return Some(jwt.text("sub").into_iter().collect()),
        // "If azp is set, its value is used" (IAM user guide, "Available keys for AWS OIDC federation").
        Some(":aud") => return Some(jwt.text("azp").map_or_else(|| jwt.audiences(), |party| vec![party])),
        _ => {}
    }
    match key.as_str() {
        "aws:securetransport" => Some(vec!["true"]),
        "aws:viaawsservice" => Some(vec!["false"]),
        _ if ABSENT.iter().any(|name| key == *name || (name.ends_with('/') && key.starts_with(name))) => Some(Vec::new()),
        _ if ["aws:", "sts:", "iam:", "saml:"].iter().any(|prefix| key.starts_with(prefix)) => None,
        _ => Some(Vec::new()),
    }
}

/// Whether a value of the policy and one of the request are equal, as an operator compares them.
type Equal = fn(&str, &str) -> bool;

/// One operator with all its keys. What the evaluator does not know does not match: the safe side, for an Allow.
fn condition(operator: &str, keys: &Value, issuer: &str, jwt: &Jwt) -> bool {
    let (set, operator) = match operator.split_once(':') {
        Some((set, operator)) => (set, operator),
        None => ("", operator),
    };
    let (operator, if_exists) = operator.strip_suffix("IfExists").map_or((operator, false), |operator| (operator, true));
    let Some(keys) = keys.as_object() else { return false };
    keys.iter().all(|(key, wanted)| {
        let Some(actual) = values(key, issuer, jwt) else { return false };
        let wanted: Vec<String> = many(wanted).into_iter().map(plain).collect();
        if operator == "Null" {
            return set.is_empty() && !if_exists && wanted == [actual.is_empty().to_string()];
        }
        let (negated, equal): (bool, Equal) = match operator {
            "StringEquals" => (false, |wanted, actual| wanted == actual),
            "StringNotEquals" => (true, |wanted, actual| wanted == actual),
            "StringEqualsIgnoreCase" => (false, |wanted, actual| wanted.eq_ignore_ascii_case(actual)),
            "StringNotEqualsIgnoreCase" => (true, |wanted, actual| wanted.eq_ignore_ascii_case(actual)),
            "StringLike" => (false, like),
            "StringNotLike" => (true, like),
            "Bool" if wanted.len() == 1 => (false, |wanted, actual| wanted.eq_ignore_ascii_case(actual)),
            _ => return false,
        };
        let met = |actual: &&str| wanted.iter().any(|wanted| equal(wanted, actual)) != negated;
        match set {
            // "For negated matching operators, the condition is also met by a key that is not there."
            "" if actual.is_empty() => if_exists || negated,
            // Several values need a set operator.
            "" => actual.len() == 1 && actual.iter().all(met),
            "ForAnyValue" => actual.iter().any(met),
            "ForAllValues" => actual.iter().all(met),
            _ => false,
        }
    })
}

/// IAM's wildcards: `*` for any text, `?` for one character.
fn like(pattern: &str, actual: &str) -> bool {
    match (pattern.chars().next(), actual.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => like(&pattern[1..], actual) || actual.chars().next().is_some_and(|c| like(pattern, &actual[c.len_utf8()..])),
        (Some('?'), Some(c)) => like(&pattern[1..], &actual[c.len_utf8()..]),
        (Some(p), Some(c)) if p == c => like(&pattern[p.len_utf8()..], &actual[c.len_utf8()..]),
        _ => false,
    }
}

fn bare(issuer: &str) -> &str {
    issuer.strip_prefix("https://").unwrap_or(issuer)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A value of a condition as text: numbers and truth values need no quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One or many: IAM's JSON leaves brackets out.
fn many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().collect(),
        one => vec![one],
    }
}
