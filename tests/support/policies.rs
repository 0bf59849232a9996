//! Trust policies as people write them, made at random from a seed: healthy ones, ones with the usual slips, and ones with what is rare.
//!
//! [`policy`] makes one document. It is about one pod ([`ISSUER`], [`ROLE`], [`NAMESPACE`], [`ACCOUNT`]) that comes by IRSA or by EKS Pod
//! Identity, and about those who share its role: other clusters, GitHub, EC2, accounts, SAML. The tables are what it draws from.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// The pod's role.
pub const ROLE: &str = "arn:aws:iam::111122223333:role/apps/checkout";
/// The issuer of the pod's cluster.
pub const ISSUER: &str = "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
/// The issuers of two other clusters of the same account.
pub const OTHER_ISSUERS: [&str; 2] = [
    "https://oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
    "https://oidc.eks.eu-west-1.amazonaws.com/id/FEDCBA9876543210FEDCBA9876543210",
];
/// An issuer that is no cluster's.
pub const GITHUB: &str = "https://token.actions.githubusercontent.com";
/// The pod's namespace.
pub const NAMESPACE: &str = "shop";
/// The pod's service account.
pub const ACCOUNT: &str = "checkout";
/// Namespaces: the pod's, others, and one that begins as the pod's does.
pub const NAMESPACES: [&str; 5] = ["shop", "web", "ops", "shop-eu", "elsewhere"];
/// Service accounts: the pod's, others, ones that begin as the pod's does, and one that is a letter off.
pub const ACCOUNTS: [&str; 6] = ["checkout", "payments-worker", "checkout-eu", "check", "chekout", "stranger"];
/// Audiences: the usual one and one of something else.
pub const AUDIENCES: [&str; 2] = ["sts.amazonaws.com", "vault"];
/// Accounts, roles and everyone, as `AWS` names them.
pub const AWS_PRINCIPALS: [&str; 5] = [
    "arn:aws:iam::111122223333:root",
    "999988887777",
    "arn:aws:iam::999988887777:role/deployer",
    "arn:aws:iam::111122223333:user/ada",
    "*",
];
/// AWS services other than EKS Pod Identity.
pub const SERVICES: [&str; 3] = ["ec2.amazonaws.com", "lambda.amazonaws.com", "eks.amazonaws.com"];
const POD_IDENTITY: &str = "pods.eks.amazonaws.com";
const SAML: &str = "arn:aws:iam::111122223333:saml-provider/okta";

/// Subjects beside those of a namespace and a service account: patterns and slips.
const SUBJECTS: [&str; 17] = [
    "system:serviceaccount:shop:*",
    "system:serviceaccount:shop:check*",
    "system:serviceaccount:*:checkout",
    "system:serviceaccount:sho?:checkout",
    "system:serviceaccount:web:*",
    "system:serviceaccount:*",
    "*",
    "shop:checkout",
    "shop/checkout",
    "system:serviceaccount:Shop:checkout",
    "system:serviceaccounts:shop:checkout",
    "system:serviceaccount:checkout:shop",
    " system:serviceaccount:shop:checkout",
    "system:serviceaccount:shop:checkout\n",
    "system:serviceaccount:shop/checkout",
    "system:serviceaccount:${aws:RequestTag/ns}:checkout",
    "sts.amazonaws.com",
];
/// Audiences as people write them.
const AUDIENCE_SLIPS: [&str; 9] = [
    "sts.amazon.com",
    "sts.amazonaws.com/",
    "https://sts.amazonaws.com",
    "STS.amazonaws.com",
    "sts.us-west-2.amazonaws.com",
    "sts.*",
    "vault",
    "kubernetes.default.svc",
    "system:serviceaccount:shop:checkout",
];
/// The pod's provider as people write it; `{issuer}` has no scheme.
const PROVIDER_SLIPS: [&str; 13] = [
    "arn:aws:iam::111122223333:oidc-provider/{issuer}/",
    "arn:aws:iam::111122223333:oidc-provider/https://{issuer}",
    "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/exampled539d4633e53de1b71example",
    "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com",
    "arn:aws:iam::111122223333:oidc-provider/oidc.us-west-2.eks.amazonaws.com/EXAMPLED539D4633E53DE1B71EXAMPLE",
    "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
    "arn:aws:iam::999988887777:oidc-provider/{issuer}",
    "arn:aws:iam:::oidc-provider/{issuer}",
    "arn:aws-cn:iam::111122223333:oidc-provider/{issuer}",
    "arn:aws:iam::111122223333:oidc-provider/{issuer}\n",
    "arn:aws:iam::111122223333:oidc-provider/*",
    "{issuer}",
    "https://{issuer}",
];
/// Operators that compare texts, the usual ones several times.
const OPERATORS: [&str; 20] = [
    "StringEquals",
    "StringEquals",
    "StringEquals",
    "StringEquals",
    "StringEquals",
    "StringLike",
    "StringLike",
    "StringLike",
    "StringEqualsIgnoreCase",
    "StringEqualsIfExists",
    "StringLikeIfExists",
    "ForAnyValue:StringEquals",
    "ForAnyValue:StringLike",
    "ForAllValues:StringEquals",
    "StringNotEquals",
    "StringNotLike",
    "StringNotEqualsIfExists",
    "ArnLike",
    "ForAllValues:StringNotEquals",
    "StringEqual",
];
/// Limits that owners put around a statement: an operator, a key, a value.
const LIMITS: [(&str, &str, &str); 30] = [
    ("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
    ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"),
    ("StringEquals", "aws:SourceVpc", "vpc-0abc"),
    ("StringEquals", "aws:RequestedRegion", "us-west-2"),
    ("StringNotEquals", "aws:RequestedRegion", "eu-west-1"),
    ("StringEquals", "aws:PrincipalOrgID", "o-abc"),
    ("StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-abc"),
    ("StringEquals", "aws:SourceAccount", "111122223333"),
    ("StringEquals", "aws:SourceAccount", "999988887777"),
    ("StringEqualsIfExists", "aws:SourceAccount", "111122223333"),
    ("ArnLike", "aws:SourceArn", "arn:aws:eks:us-west-2:111122223333:cluster/production"),
    ("ArnLike", "aws:SourceArn", "arn:aws:eks:*:111122223333:podidentityassociation/production/*"),
    ("StringLike", "aws:SourceArn", "arn:aws:eks:*"),
    ("ArnNotLike", "aws:SourceArn", "arn:aws:eks:us-west-2:111122223333:cluster/staging"),
    ("StringEquals", "aws:SourceArn", "arn:aws:eks:us-west-2:${aws:SourceAccount}:cluster/production"),
    ("DateGreaterThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
    ("DateLessThan", "aws:CurrentTime", "2030-01-01T00:00:00Z"),
    ("Bool", "aws:SecureTransport", "true"),
    ("Bool", "aws:ViaAWSService", "true"),
    ("Bool", "aws:MultiFactorAuthPresent", "true"),
    ("BoolIfExists", "aws:MultiFactorAuthPresent", "true"),
    ("Null", "aws:RequestTag/kubernetes-namespace", "false"),
    ("Null", "aws:SourceVpce", "true"),
    ("StringEquals", "sts:ExternalId", "abc"),
    ("StringLike", "sts:RoleSessionName", "botocore-*"),
    ("StringEquals", "aws:RequestTag/team", "shop"),
    ("StringEquals", "aws:RequestTag/eks-cluster-name", "production"),
    ("ForAllValues:StringLike", "aws:TagKeys", "kubernetes-*"),
    ("StringEquals", "aws:TagKeys", "eks-cluster-name"),
    ("NumericLessThan", "aws:MultiFactorAuthAge", "3600"),
];
const WEB_IDENTITY: &str = "sts:AssumeRoleWithWebIdentity";
/// Actions in the place of the right ones.
const ACTION_SLIPS: [&str; 12] = [
    "sts:AssumeRole",
    "sts:TagSession",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentiy",
    "AssumeRoleWithWebIdentity",
    "sts:AssumeRole*",
    "sts:*",
    "*",
    "STS:assumerolewithwebidentity",
    "s3:GetObject",
    "sts:SetSourceIdentity",
    WEB_IDENTITY,
];

/// A trust policy of one to four statements. Half of them hold nothing but what most policies hold, and slips; in the others is all that IAM
/// takes, and some of what it refuses.
pub fn policy(random: &mut Rng) -> Value {
    let plain = random.bool();
    let statements: Vec<Value> = (0..[1, 1, 1, 2, 2, 2, 3, 4][random.usize(0..8)]).map(|_| statement(plain, random)).collect();
    let mut document = json!({"Version": "2012-10-17", "Statement": statements});
    match random.u32(0..if plain { 400 } else { 40 }) {
        0 => document["Version"] = json!("2008-10-17"),
        1 => drop(document.as_object_mut().map(|document| document.remove("Version"))),
        2 => document["Version"] = json!("2026-11-24"),
        3 if statements.len() == 1 => document["Statement"] = statements[0].clone(),
        4 => document["Id"] = json!("trust"),
        _ => {}
    }
    document
}

/// A statement for somebody, with up to three things changed in it.
fn statement(plain: bool, random: &mut Rng) -> Value {
    let mut statement = match random.u32(0..if plain { 15 } else { 17 }) {
        0..=6 => of_cluster(ISSUER, random),
        7 => of_cluster(OTHER_ISSUERS[random.usize(0..2)], random),
        8..=10 => of_pod_identity(random),
        11 => json!({"Effect": "Allow", "Principal": {"Service": pick(&SERVICES, random)}, "Action": "sts:AssumeRole"}),
        12 => {
            json!({"Effect": "Allow", "Principal": {"AWS": pick(&AWS_PRINCIPALS[..if plain { 4 } else { 5 }], random)}, "Action": "sts:AssumeRole"})
        }
        13 => of_github(random),
        14 => json!({"Effect": "Allow", "Principal": {"Federated": SAML}, "Action": "sts:AssumeRoleWithSAML",
            "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}}),
        _ => denial(random),
    };
    for _ in 0..[0, 0, 0, 0, 1, 1, 2, 3][random.usize(0..8)] {
        if plain {
            slip(&mut statement, random);
        } else {
            change(&mut statement, random);
        }
    }
    statement
}

/// A slip in an element; those in values of conditions are there already.
fn slip(statement: &mut Value, random: &mut Rng) {
    match random.u32(0..6) {
        0 | 1 => statement["Principal"] = json!({"Federated": pick(&PROVIDER_SLIPS, random).replace("{issuer}", bare(ISSUER))}),
        2 => statement["Action"] = json!(pick(&ACTION_SLIPS[..3], random)),
        3 => statement["Action"] = json!([pick(&ACTION_SLIPS[..3], random), pick(&ACTION_SLIPS[..4], random)]),
        4 => another_key(statement, random),
        _ => share(statement, random),
    }
}

/// A statement for a service account of a cluster, now and then with a slip in a value.
fn of_cluster(issuer: &str, random: &mut Rng) -> Value {
    let path = bare(issuer);
    let mut condition = json!({});
    if random.u32(0..8) > 0 {
        ask(&mut condition, if random.u32(0..3) > 0 { "StringEquals" } else { "StringLike" }, &format!("{path}:sub"), subjects(random));
    }
    if random.u32(0..4) > 0 {
        ask(&mut condition, "StringEquals", &format!("{path}:aud"), audiences(random));
    }
    with_condition(json!({"Effect": "Allow", "Principal": {"Federated": provider(issuer)}, "Action": WEB_IDENTITY}), condition)
}

fn of_pod_identity(random: &mut Rng) -> Value {
    let mut condition = json!({});
    if random.u32(0..3) == 0 {
        ask(&mut condition, "StringEquals", "aws:RequestTag/kubernetes-namespace", values(&NAMESPACES, random));
    }
    if random.u32(0..3) == 0 {
        ask(&mut condition, "StringEquals", "aws:RequestTag/kubernetes-service-account", values(&ACCOUNTS, random));
    }
    let actions = match random.u32(0..4) {
        0 => json!("sts:AssumeRole"),
        1 => json!(["sts:TagSession"]),
        _ => json!(["sts:AssumeRole", "sts:TagSession"]),
    };
    with_condition(json!({"Effect": "Allow", "Principal": {"Service": POD_IDENTITY}, "Action": actions}), condition)
}

fn of_github(random: &mut Rng) -> Value {
    let repository = pick(&["repo:acme/app:*", "repo:acme/*"], random);
    with_condition(
        json!({"Effect": "Allow", "Principal": {"Federated": provider(GITHUB)}, "Action": WEB_IDENTITY}),
        json!({"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
            "StringLike": {"token.actions.githubusercontent.com:sub": repository}}),
    )
}

/// A statement that keeps somebody out: by name, by exception, or all.
fn denial(random: &mut Rng) -> Value {
    let mut statement = match random.u32(0..3) {
        0 => of_pod_identity(random),
        _ => of_cluster(ISSUER, random),
    };
    statement["Effect"] = json!("Deny");
    if random.u32(0..3) == 0 {
        statement["Principal"] = json!({"AWS": "*"});
        statement["Action"] = json!("sts:*");
    }
    if random.bool() {
        let operator = pick(&["StringNotEquals", "StringNotLike"], random);
        statement["Condition"] = json!({operator: {format!("{}:sub", bare(ISSUER)): subjects(random)}});
    }
    statement
}

/// One change: a slip, a limit, or what is rare.
fn change(statement: &mut Value, random: &mut Rng) {
    match random.u32(0..22) {
        0..=2 => limit(statement, random),
        3..=5 => another_operator(statement, random),
        6..=8 => slip(statement, random),
        9 | 10 => statement["Action"] = json!(pick(&ACTION_SLIPS, random)),
        11 => statement["Action"] = json!([pick(&ACTION_SLIPS, random), pick(&ACTION_SLIPS, random)]),
        12 => {
            statement["NotAction"] = json!(pick(&ACTION_SLIPS, random));
            remove(statement, "Action");
        }
        13 => limit_by_variable(statement, random),
        14 => with(statement, pick(&OPERATORS, random), &format!("{}:sub", bare(ISSUER)), subjects(random)),
        15 => statement["Principal"] = json!({"AWS": pick(&AWS_PRINCIPALS, random)}),
        16 => remove(statement, "Condition"),
        17 => statement["Sid"] = json!(pick(&["Pods", "Pods", "AllowCheckout", "two words", ""], random)),
        18 => statement["Effect"] = json!(pick(&["Allow", "Deny", "Deny", "allow", "deny"], random)),
        19 => match random.u32(0..8) {
            0 => statement["Resource"] = json!("*"),
            1 => statement["NotPrincipal"] = json!({"AWS": "*"}),
            2 => statement["Comment"] = json!("x"),
            3 => remove(statement, "Action"),
            4 => remove(statement, "Principal"),
            5 => statement["Principal"] = json!("*"),
            6 => statement["Principal"] = json!({"Federated": []}),
            _ => statement["Action"] = json!([]),
        },
        _ => statement["Principal"] = json!({pick(&["Federated", "Service", "AWS", "federated"], random): provider(ISSUER)}),
    }
}

fn limit(statement: &mut Value, random: &mut Rng) {
    let (operator, key, value) = LIMITS[random.usize(0..LIMITS.len())];
    with(statement, operator, key, json!(value));
}

fn limit_by_variable(statement: &mut Value, random: &mut Rng) {
    let key = pick(&["aws:RequestTag/kubernetes-namespace", "aws:SourceAccount", "sts:RoleSessionName"], random);
    let value = pick(&["${aws:PrincipalTag/namespace}", "${aws:SourceAccount}", "${aws:RequestTag/ns, 'shop'}", "${*}"], random);
    with(statement, "StringLike", key, json!(value));
}

/// The same condition under another operator.
fn another_operator(statement: &mut Value, random: &mut Rng) {
    let Some(conditions) = statement.get_mut("Condition").and_then(Value::as_object_mut) else { return };
    let Some(name) = conditions.keys().nth(random.usize(0..conditions.len().max(1))).cloned() else { return };
    if let Some(keys) = conditions.remove(&name) {
        conditions.insert(pick(&OPERATORS, random).to_owned(), keys);
    }
}

/// The same values under another key: another issuer's, or one that is misspelt.
fn another_key(statement: &mut Value, random: &mut Rng) {
    let conditions = statement.get_mut("Condition").and_then(Value::as_object_mut);
    let Some(keys) = conditions.and_then(|conditions| conditions.values_mut().next()?.as_object_mut()) else { return };
    let Some(key) = keys.keys().next().cloned() else { return };
    let path = bare(ISSUER);
    let other = match random.u32(0..8) {
        0 => key.replace(path, bare(OTHER_ISSUERS[0])),
        1 => key.replace(path, &format!("https://{path}")),
        2 => key.replace(path, &format!("{path}/")),
        3 => key.replace(path, &provider(ISSUER)),
        4 => key.to_uppercase(),
        5 => key.replace(":sub", ":aud"),
        6 => key.replace("kubernetes-", ""),
        _ => format!("{key} "),
    };
    if let Some(values) = keys.remove(&key) {
        keys.insert(other, values);
    }
}

/// Somebody else's principal beside the one that is there.
fn share(statement: &mut Value, random: &mut Rng) {
    let (kind, value) = match random.u32(0..5) {
        0 => ("AWS", pick(&AWS_PRINCIPALS, random).to_owned()),
        1 => ("Service", pick(&SERVICES, random).to_owned()),
        2 => ("Service", POD_IDENTITY.to_owned()),
        3 => ("Federated", provider(OTHER_ISSUERS[0])),
        _ => ("Federated", provider(ISSUER)),
    };
    let Some(principal) = statement.get_mut("Principal").and_then(Value::as_object_mut) else { return };
    let both = match principal.remove(kind) {
        Some(Value::String(one)) => json!([one, value]),
        _ => json!(value),
    };
    principal.insert(kind.to_owned(), both);
}

/// One or two subjects: the pod's as often as all others together.
fn subjects(random: &mut Rng) -> Value {
    let one = |random: &mut Rng| match random.u32(0..7) {
        0..=2 => format!("system:serviceaccount:{NAMESPACE}:{ACCOUNT}"),
        3..=4 => format!("system:serviceaccount:{}:{}", pick(&NAMESPACES, random), pick(&ACCOUNTS, random)),
        _ => pick(&SUBJECTS, random).to_owned(),
    };
    match random.u32(0..4) {
        0 => json!([one(random), one(random)]),
        _ => json!(one(random)),
    }
}

fn audiences(random: &mut Rng) -> Value {
    match random.u32(0..8) {
        0 => json!(pick(&AUDIENCE_SLIPS, random)),
        1 => json!([pick(&AUDIENCE_SLIPS, random), pick(&AUDIENCES, random)]),
        _ => json!(AUDIENCES[0]),
    }
}

fn values(of: &[&'static str], random: &mut Rng) -> Value {
    match random.u32(0..4) {
        0 => json!([pick(of, random), pick(of, random)]),
        1 => json!(pick(&["*", "Shop", "shop*", "<Namespace>", "system:serviceaccount:shop:checkout"], random)),
        2 => json!(of[0]),
        _ => json!(pick(of, random)),
    }
}

fn with(statement: &mut Value, operator: &str, key: &str, value: Value) {
    let mut condition = statement["Condition"].take();
    if !condition.is_object() {
        condition = json!({});
    }
    ask(&mut condition, operator, key, value);
    statement["Condition"] = condition;
}

fn with_condition(mut statement: Value, condition: Value) -> Value {
    if condition.as_object().is_some_and(|operators| !operators.is_empty()) {
        statement["Condition"] = condition;
    }
    statement
}

fn ask(condition: &mut Value, operator: &str, key: &str, value: Value) {
    let Some(operators) = condition.as_object_mut() else { return };
    let keys = operators.entry(operator).or_insert_with(|| Value::Object(Map::new()));
    keys[key] = value;
}

fn remove(statement: &mut Value, name: &str) {
    if let Some(members) = statement.as_object_mut() {
        members.remove(name);
    }
}

/// The provider of an issuer in the role's account.
pub fn provider(issuer: &str) -> String {
    format!("arn:aws:iam::111122223333:oidc-provider/{}", bare(issuer))
}

/// An issuer without its scheme, as condition keys begin.
pub fn bare(issuer: &str) -> &str {
    issuer.strip_prefix("https://").unwrap_or(issuer)
}

fn pick<'a>(of: &[&'a str], random: &mut Rng) -> &'a str {
    of[random.usize(0..of.len())]
}
