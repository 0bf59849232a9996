//! Policies that hold what the evaluator's operators are made of: each operator with each prefix and suffix, keys of each type, values of the
//! right type and of another, variables, and both versions of the language. `support/policies.rs` makes what people write; this makes the rest.

use super::policies::{ISSUER, bare, provider};
use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Keys of one type with values for them and the operators that are for the type.
struct Kind {
    keys: &'static [&'static str],
    operators: &'static [&'static str],
    values: &'static [&'static str],
}

/// `{issuer}` is that of the pod's cluster.
const KINDS: [Kind; 11] = [
    Kind {
        keys: &["{issuer}:sub", "{issuer}:sub", "{ISSUER}:SUB", "{issuer}:sub ", "{issuer}:amr"],
        operators: TEXT,
        values: &[
            "system:serviceaccount:shop:checkout",
            "system:serviceaccount:shop:*",
            "system:serviceaccount:*:check???",
            "System:ServiceAccount:Shop:Checkout",
            "system:serviceaccount:web:*",
            "system:serviceaccount:shop:${*}",
            "system:serviceaccount:${aws:RequestTag/ns, 'shop'}:checkout",
            "system:serviceaccount:${aws:RequestTag/ns}:checkout",
            "*",
            "",
        ],
    },
    Kind { keys: &["{issuer}:aud"], operators: TEXT, values: &["sts.amazonaws.com", "sts.*", "STS.amazonaws.com", "vault", "${$}{x}"] },
    Kind {
        keys: &[
            "aws:RequestTag/kubernetes-namespace",
            "AWS:requesttag/Kubernetes-Namespace",
            "aws:RequestTag/team",
            "aws:PrincipalTag/team",
        ],
        operators: TEXT,
        values: &[
            "shop",
            "SHOP",
            "sh*",
            "s?op",
            "web",
            "${aws:RequestTag/kubernetes-namespace}",
            "${aws:PrincipalTag/team}",
            "${aws:PrincipalTag/team, 'shop'}",
        ],
    },
    Kind {
        keys: &[
            "aws:PrincipalOrgID",
            "aws:SourceVpc",
            "sts:RoleSessionName",
            "sts:ExternalId",
            "aws:SourceAccount",
            "aws:PrincipalServiceName",
            "aws:RequestTag/eks-cluster-name",
            "s3:prefix",
        ],
        operators: TEXT,
        values: &[
            "o-abc",
            "production",
            "prod*",
            "111122223333",
            "pods.eks.amazonaws.com",
            "${aws:SourceAccount}",
            "${aws:TagKeys}",
            "${aws:PrincipalOrgID}*",
        ],
    },
    Kind {
        keys: &["aws:SourceArn", "aws:RequestTag/eks-cluster-arn", "aws:PrincipalArn"],
        operators: &["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "StringEquals", "StringLike", "StringNotLike"],
        values: &[
            "arn:aws:eks:us-west-2:111122223333:cluster/production",
            "arn:aws:eks:*:111122223333:cluster/*",
            "arn:aws:eks:us-west-2:${aws:SourceAccount}:cluster/production",
            "arn:aws:eks:*",
            "arn:*",
            "*",
            "arn:aws:eks:us-west-2:999988887777:cluster/production",
            "arn:aws:ec2:us-west-2:111122223333:instance/*",
            "arn:aws:iam::111122223333:role/*",
        ],
    },
    Kind {
        keys: &["aws:TagKeys", "sts:TransitiveTagKeys", "aws:PrincipalServiceNamesList", "aws:CalledVia"],
        operators: TEXT,
        values: &["kubernetes-*", "eks-cluster-name", "*", "Kubernetes-Namespace", "pods.eks.amazonaws.com", "team"],
    },
    Kind {
        keys: &["aws:SecureTransport", "aws:ViaAWSService", "aws:PrincipalIsAWSService", "aws:MultiFactorAuthPresent"],
        operators: &["Bool", "Bool", "Null"],
        values: &["true", "false", "True"],
    },
    Kind {
        keys: &["aws:MultiFactorAuthAge"],
        operators: &["NumericLessThan", "NumericGreaterThanEquals", "NumericNotEquals", "NumericEquals"],
        values: &["3600", "900", "0"],
    },
    Kind {
        keys: &["aws:CurrentTime", "aws:CurrentTime", "aws:TokenIssueTime"],
        operators: &["DateLessThan", "DateGreaterThan", "DateNotEquals", "DateEquals", "DateLessThanEquals", "DateGreaterThanEquals"],
        values: &["2026-01-01T00:00:00Z", "2026-11-29T12:00:00Z", "2030-01-01T00:00:00+02:00", "2031-01-01", "1893456000"],
    },
    Kind {
        keys: &["aws:EpochTime"],
        operators: &["NumericLessThan", "NumericGreaterThan", "DateLessThan", "DateGreaterThanEquals"],
        values: &["1767225600", "1893456000", "2026-01-01T00:00:00Z"],
    },
    Kind {
        keys: &["aws:SourceIp", "aws:VpcSourceIp"],
        operators: &["IpAddress", "NotIpAddress"],
        values: &["203.0.113.0/24", "2001:db8::/32", "198.51.100.7"],
    },
];

const TEXT: &[&str] = &[
    "StringEquals",
    "StringLike",
    "StringEquals",
    "StringLike",
    "StringNotEquals",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "ArnLike",
    "ArnNotLike",
    "ArnNotEquals",
    "Null",
];

/// A policy of one to three statements, the first of which is an Allow for the pod.
pub fn policy(random: &mut Rng) -> Value {
    let statements: Vec<Value> = (0..random.usize(1..4)).map(|nth| statement(nth == 0, random)).collect();
    match random.u32(0..8) {
        0 => json!({"Version": "2008-10-17", "Statement": statements}),
        1 => json!({"Statement": statements}),
        _ => json!({"Version": "2012-10-17", "Statement": statements}),
    }
}

fn statement(first: bool, random: &mut Rng) -> Value {
    let service = json!({"Service": "pods.eks.amazonaws.com"});
    let token = json!({"Federated": provider(ISSUER)});
    let both = json!({"Service": "pods.eks.amazonaws.com", "Federated": provider(ISSUER)});
    let principal = match random.u32(0..12) {
        0 => json!({"AWS": "*"}),
        1 => json!({"AWS": ["111122223333", "arn:aws:iam::999988887777:root"]}),
        2 => json!({"AWS": "arn:aws:iam::111122223333:root", "Federated": provider(ISSUER)}),
        3..=5 => service,
        6..=8 => token,
        _ => both,
    };
    let action = match random.u32(0..8) {
        0 => json!("sts:*"),
        1 => json!("*"),
        2 => json!(["sts:AssumeRole*", "sts:TagSession"]),
        3 => json!("sts:assumeRole"),
        _ => json!(["sts:AssumeRole", "sts:TagSession", "sts:AssumeRoleWithWebIdentity"]),
    };
    let effect = if first || random.u32(0..3) > 0 { "Allow" } else { "Deny" };
    let mut statement = json!({"Effect": effect, "Principal": principal, "Action": action});
    for _ in 0..random.u32(0..3) {
        condition(&mut statement, random);
    }
    if random.u32(0..100) == 0 {
        let principal = statement["Principal"].take();
        statement = json!({"Effect": statement["Effect"], "NotPrincipal": principal, "Action": statement["Action"]});
    }
    statement
}

fn condition(statement: &mut Value, random: &mut Rng) {
    let kind = one(&KINDS, random);
    // Now and then the operator or the value is one of another type.
    let strange = random.u32(0..16);
    let operators = if strange == 0 { one(&KINDS, random).operators } else { kind.operators };
    let values = if strange == 1 { one(&KINDS, random).values } else { kind.values };
    let operator = *one(operators, random);
    let null = operator == "Null";
    let set = match random.u32(0..6) {
        0 if !null => "ForAnyValue:",
        1 if !null => "ForAllValues:",
        _ => "",
    };
    let if_exists = if !null && random.u32(0..5) == 0 { "IfExists" } else { "" };
    let value = |random: &mut Rng| match operator {
        "Null" if strange != 1 => json!(random.bool().to_string()),
        _ => json!(one(values, random)),
    };
    let values = match random.u32(0..4) {
        0 => json!([value(random), value(random)]),
        1 => json!([value(random)]),
        _ => value(random),
    };
    let path = bare(ISSUER);
    let key = one(kind.keys, random).replace("{issuer}", path).replace("{ISSUER}", &path.to_uppercase());
    let Some(statement) = statement.as_object_mut() else { return };
    let condition = statement.entry("Condition").or_insert_with(|| Value::Object(Map::new()));
    let keys = &mut condition[format!("{set}{operator}{if_exists}")];
    if random.u32(0..80) == 0 {
        keys[key.to_uppercase()] = values.clone();
    }
    keys[key] = values;
}

fn one<'a, T>(of: &'a [T], random: &mut Rng) -> &'a T {
    &of[random.usize(0..of.len())]
}
