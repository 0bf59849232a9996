//! IAM's half of the exchange: who trusts whom. One evaluator judges real trust policy documents; the short form of a scenario is written out as one.

use serde_json::{Value, json};

use super::{
    jwt::Jwt,
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
    let applies = |statement: &Value| {
        many(&statement["Action"]).iter().any(|action| like(&text(action).to_lowercase(), "sts:assumerolewithwebidentity"))
            && many(&statement["Principal"]["Federated"]).iter().any(|principal| text(principal) == federated)
            && statement["Condition"]
                .as_object()
                .is_none_or(|operators| operators.iter().all(|(operator, keys)| condition(operator, keys, bare(issuer), jwt)))
    };
    let effect = |effect: &str| statements.iter().filter(|statement| statement["Effect"] == effect).any(|statement| applies(statement));
    effect("Allow") && !effect("Deny")
}

/// The short form as a policy document.
pub fn document(world: &World, role: &RoleArn, trust: &Trust) -> Value {
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

/// One operator with all its keys. What the evaluator does not know does not match: the safe side, for an Allow.
fn condition(operator: &str, keys: &Value, issuer: &str, jwt: &Jwt) -> bool {
    let operator = operator.strip_prefix("ForAnyValue:").unwrap_or(operator);
    let (operator, if_exists) = operator.strip_suffix("IfExists").map_or((operator, false), |operator| (operator, true));
    let Some(keys) = keys.as_object() else { return false };
    keys.iter().all(|(key, wanted)| {
        let claim = key.to_lowercase();
        let actual: Vec<&str> = match claim.strip_prefix(&issuer.to_lowercase()) {
            Some(":sub") => jwt.text("sub").into_iter().collect(),
            Some(":aud") => jwt.audiences(),
            _ => Vec::new(),
        };
        let wanted: Vec<&str> = many(wanted).into_iter().map(text).collect();
        let any = |test: &dyn Fn(&str, &str) -> bool| actual.iter().any(|actual| wanted.iter().any(|wanted| test(wanted, actual)));
        if actual.is_empty() {
            return if_exists;
        }
        match operator {
            "StringEquals" => any(&|wanted, actual| wanted == actual),
            "StringEqualsIgnoreCase" => any(&|wanted, actual| wanted.eq_ignore_ascii_case(actual)),
            "StringLike" => any(&like),
            "StringNotEquals" => !any(&|wanted, actual| wanted == actual),
            "StringNotLike" => !any(&like),
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

/// One or many: IAM's JSON leaves brackets out.
fn many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().collect(),
        one => vec![one],
    }
}
