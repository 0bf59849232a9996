//! Whatever comes in: made-up policies, cut and endless ones.

use super::binary::percent;
use super::others::{OTHER_ISSUER, asks_others};
use super::*;
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_oneof, proptest};

/// As much as is read, in the shapes that would take longest; the test runner's patience is the limit.
#[test]
fn no_policy_takes_long() {
    let request = &cases()[0].request;
    for (piece, wrap) in [
        (r#"{"Principal":{"Federated":"oidc"},"Effect":"Allow"}"#, ("{\"Statement\":[", "]}")),
        (r#"{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"*"}"#, ("{\"Statement\":[", "]}")),
        (r#""a":1"#, ("{\"Statement\":{", "}}")),
        (r#""*a*b*c""#, ("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":[", "]}}")),
    ] {
        let count = 64 * 1024 / (piece.len() + 1);
        let text = format!("{}{}{}", wrap.0, vec![piece; count].join(","), wrap.1);
        let evaluation = policy::evaluate(&policy::parse(&text).unwrap(), request);
        assert_ne!(evaluation.decision, Decision::Allow);
    }
    // Patterns that are taken at many places at once, beside values that are known in part.
    let request = Request::pod_identity(None, None, None);
    for pattern in ["*a??????????????????????????", "*?a*?b*?c*", "?*", "arn:aws:eks:*-*-*:*:cluster/*a*b*c*"] {
        let patterns = vec![pattern; 64 * 1024 / (pattern.len() + 3)];
        let condition = json!({"StringLike": {"aws:SourceArn": patterns}, "ArnLike": {"aws:RequestTag/eks-cluster-arn": patterns}});
        let statement =
            json!({"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": "sts:*", "Condition": condition});
        let evaluation = policy::judge(&parsed(&json!({"Version": "2012-10-17", "Statement": statement})), &request);
        assert_ne!(evaluation.decision, Decision::Allow);
    }
}

#[test]
fn every_prefix_of_a_policy_is_read_or_refused() {
    for Ready { policy, request, .. } in cases().into_iter().step_by(7) {
        let text = serde_json::to_string_pretty(&policy).unwrap();
        for text in [text.clone(), percent(&text)] {
            for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
                if let Ok(document) = policy::parse(&text[..end]) {
                    let _ = policy::evaluate(&document, &request);
                }
            }
        }
    }
}

/// JSON made of the words that a policy is made of, in places where they may not stand.
fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "Statement",
        "Version",
        "Effect",
        "Allow",
        "Deny",
        "Principal",
        "Federated",
        "AWS",
        "Action",
        "NotAction",
        "Condition",
        "StringEquals",
        "ForAllValues:StringLikeIfExists",
        "Null",
        "*",
        "sts:AssumeRoleWithWebIdentity",
        "2012-10-17",
        "${aws:SourceIp}",
        "${",
        "",
        "Id",
        "é:sub",
        "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub",
        "system:serviceaccount:shop:checkout",
        "NotPrincipal",
        "Resource",
    ]);
    let word = words.prop_map(str::to_owned);
    let leaf = prop_oneof![
        4 => word.clone().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::btree_map(word.clone(), inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Statements such as people write, with the slips that they make.
fn any_statement() -> impl Strategy<Value = Value> {
    const ISSUER: &str = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    let provider = |issuer: &str| format!("arn:aws:iam::111122223333:oidc-provider/{}", issuer.trim_start_matches("https://"));
    let (ours, other) = (provider(ISSUER), provider(OTHER_ISSUER));
    let principal = prop::sample::select(vec![
        json!({"Federated": ours}),
        json!({"Federated": ours}),
        json!({"Federated": other}),
        json!({"Federated": [other, ours]}),
        json!({"AWS": "arn:aws:iam::111122223333:root", "Federated": ours}),
        json!({"AWS": ours}),
        json!({"AWS": "*"}),
        json!({"Service": "pods.eks.amazonaws.com"}),
        json!({"Service": ["ec2.amazonaws.com", "pods.eks.amazonaws.com"]}),
        json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.us-west-2.eks.amazonaws.com/EXAMPLED539D4633E53DE1B71EXAMPLE"}),
    ]);
    let action = prop::sample::select(vec![
        json!("sts:AssumeRoleWithWebIdentity"),
        json!("sts:AssumeRoleWithWebIdentity"),
        json!("sts:AssumeRole"),
        json!(["sts:AssumeRole", "sts:TagSession"]),
        json!("sts:AssumeRoleWithWebIdentiy"),
        json!("sts:*"),
    ]);
    let effect = prop::sample::select(vec!["Allow", "Allow", "Allow", "Allow", "Deny", "allow", "deny"]);
    let operator = prop::sample::select(vec![
        "StringEquals",
        "StringEquals",
        "StringLike",
        "StringNotEquals",
        "StringNotLike",
        "StringEqualsIfExists",
        "ForAnyValue:StringLike",
        "ForAllValues:StringEquals",
        "StringEqual",
        "ArnLike",
    ]);
    let keys = [ISSUER, OTHER_ISSUER.trim_start_matches("https://")].map(|issuer| ["sub", "aud"].map(|claim| format!("{issuer}:{claim}")));
    let tags = ["kubernetes-namespace", "kubernetes-service-account"].map(|tag| format!("aws:RequestTag/{tag}"));
    let keys: Vec<String> = keys.into_iter().flatten().chain(tags).chain(["aws:SourceIp".to_owned()]).collect();
    let value = prop::sample::select(vec![
        "system:serviceaccount:shop:checkout",
        "system:serviceaccount:shop:chekout",
        "system:serviceaccount:shop:*",
        "system:serviceaccount:web:frontend",
        "system:serviceaccount:*:app1",
        "*",
        "sts.amazonaws.com",
        "sts.amazon.com",
        "vault",
        "shop",
        "web",
        "checkout",
        "frontend",
    ]);
    let asked = (operator, prop::sample::select(keys), prop::collection::vec(value, 1..3));
    (effect, principal, action, prop::collection::vec(asked, 0..4)).prop_map(|(effect, principal, action, asked)| {
        let mut statement = json!({"Effect": effect, "Principal": principal, "Action": action});
        for (operator, key, values) in asked {
            statement["Condition"][operator][key] = json!(values);
        }
        statement
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing panics, what comes out is as the schema says, and an edit is never a guess.
    #[test]
    fn any_json_gets_an_answer(statements in any_json(), other in any_json(), pod_identity in any::<bool>()) {
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").unwrap();
        let request = match pod_identity {
            true => Request::pod_identity(Some("shop"), None, None),
            false => Request::irsa("oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE", "system:serviceaccount:shop:checkout", vec!["sts.amazonaws.com".into()], &role),
        };
        for json in [json!({"Statement": statements, "Version": other}), json!({"Statement": [statements, other]}), statements.clone()] {
            let Ok(document) = policy::parse(&json.to_string()) else { continue };
            let evaluation = policy::evaluate(&document, &request);
            proptest::prop_assert!(evaluation.statements.iter().all(|judged| judged.matches || !judged.reasons.is_empty()));
            if let Some(edit) = &evaluation.edit {
                let edited = policy::evaluate(&edit.apply(&document), &request);
                proptest::prop_assert!(edited.decision == Decision::Allow, "{:?}", edit);
            }
        }
    }

    #[test]
    fn any_edit_is_for_one_pod(statements in prop::collection::vec(any_statement(), 1..4), pod_identity in any::<bool>()) {
        let issuer = "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").unwrap();
        let request = match pod_identity {
            true => Request::pod_identity(Some("shop"), Some("checkout"), Some(&role)),
            false => Request::irsa(issuer, "system:serviceaccount:shop:checkout", vec!["sts.amazonaws.com".into()], &role),
        };
        let request = request.at(NOW);
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        if let Err(wrong) = asks_others(&policy, &request, (issuer, &role), &mut fastrand::Rng::new()) {
            proptest::prop_assert!(false, "{}\n{}", wrong, policy);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), start in prop::sample::select(vec!["", "{", "%7B", "\"", "%", "[", "{\"Statement\":"])) {
        let _ = policy::parse(&format!("{start}{text}"));
    }
}
