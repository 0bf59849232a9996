//! AssumeRole with the keys of a session: both policies, the ExternalId, and the limit of a chain.

use serde_json::{Value, json};

use crate::{
    client::{Got, Signer, assume, sandbox},
    support::http::encode,
};

const FIRST: &str = "arn:aws:iam::111122223333:role/apps/checkout";
const NEAR: &str = "arn:aws:iam::111122223333:role/near";
const FAR: &str = "arn:aws:iam::444455556666:role/far";

/// What STS says to the first role's session that asks for another role.
fn asked(roles: &Value, role: &str, changes: &[(&str, &str)]) -> Got {
    let sandbox = sandbox(json!({"iam": {"roles": roles}}));
    let signer = Signer::new(&sandbox, &assume(&sandbox, &[]));
    let parameters = [("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", role), ("RoleSessionName", "next-session")];
    let parameters = parameters.iter().chain(changes).map(|(name, value)| format!("{name}={}", encode(value)));
    let body = parameters.collect::<Vec<_>>().join("&");
    let got = signer.send(&signer.headers(&body), &body);
    if got.status == 200 {
        let next = Signer::new(&sandbox, &got).call();
        assert_eq!(next.tag("Arn"), got.tag("Arn"), "the keys are those of the session");
        assert!(sandbox.secrets().iter().any(|secret| secret == got.tag("SecretAccessKey")), "they are canaries");
    }
    got
}

#[test]
fn both_sides_have_to_agree() {
    let trusting = |principal: &str| json!({"principal": principal});
    let denied = |role: &str| {
        format!(
            "403 AccessDenied: User: arn:aws:sts::111122223333:assumed-role/checkout/test-session is not authorized to perform: sts:AssumeRole on resource: {role}"
        )
    };
    let (account, root) = ("111122223333", "arn:aws:iam::111122223333:root");
    for (role, principal, allows, is_let_in) in [
        (NEAR, FIRST, json!([]), true),
        (NEAR, root, json!([]), false),
        (NEAR, root, json!([NEAR]), true),
        (NEAR, account, json!(["arn:aws:iam::111122223333:role/*"]), true),
        (NEAR, "arn:aws:sts::111122223333:assumed-role/checkout/test-session", json!([]), true),
        (NEAR, "arn:aws:sts::111122223333:assumed-role/checkout/other-session", json!([NEAR]), false),
        (NEAR, FAR, json!([NEAR]), false),
        (FAR, FIRST, json!([]), false),
        (FAR, FIRST, json!([FAR]), true),
        (FAR, root, json!([FAR]), true),
        (FAR, "444455556666", json!([FAR]), false),
    ] {
        let got = asked(&json!([{"allows": allows}, {"arn": role, "trust": trusting(principal)}]), role, &[]);
        match is_let_in {
            true => assert_eq!(got.status, 200, "{role} trusts {principal}, {allows}: {got:?}"),
            false => assert_eq!(got.error(), denied(role), "{role} trusts {principal}, {allows}"),
        }
    }
    assert_eq!(asked(&json!([{"allows": ["*"]}]), FAR, &[]).error(), denied(FAR), "a role that does not exist");
    let by_token = json!([{"allows": ["*"]}, {"arn": NEAR}]);
    assert_eq!(asked(&by_token, NEAR, &[]).error(), denied(NEAR), "a role that trusts tokens only");
}

#[test]
fn an_external_id_has_to_be_the_one_that_is_asked_for() {
    let roles = json!([{"allows": [FAR]}, {"arn": FAR, "trust": {"principal": FIRST, "externalId": "shop-4711"}}]);
    assert_eq!(asked(&roles, FAR, &[("ExternalId", "shop-4711")]).status, 200);
    assert_eq!(asked(&roles, FAR, &[("ExternalId", "shop-4712")]).status, 403);
    assert_eq!(asked(&roles, FAR, &[]).status, 403);
    let unasked = json!([{"allows": [FAR]}, {"arn": FAR, "trust": {"principal": FIRST}}]);
    assert_eq!(asked(&unasked, FAR, &[("ExternalId", "shop-4711")]).status, 200);
    let said = asked(&unasked, FAR, &[("ExternalId", "a b")]).error();
    assert!(said.starts_with("400 ValidationError: 1 validation error detected: Value 'a b' at 'externalId'"), "{said}");
}

#[test]
fn a_session_that_follows_another_ends_after_an_hour() {
    let long = json!([{"allows": [FAR]}, {"arn": FAR, "trust": {"principal": FIRST}, "maxSessionDuration": 43_200}]);
    assert_eq!(asked(&long, FAR, &[("DurationSeconds", "3600")]).status, 200);
    assert_eq!(
        asked(&long, FAR, &[("DurationSeconds", "3601")]).error(),
        "400 ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
    );
}

#[test]
fn the_request_is_signed_and_the_signature_is_looked_at() {
    let sandbox = sandbox(json!({"iam": {"roles": [{}, {"arn": NEAR, "trust": {"principal": FIRST}}]}}));
    let assumed = assume(&sandbox, &[]);
    let body = format!("Action=AssumeRole&Version=2011-06-15&RoleArn={}&RoleSessionName=next", encode(NEAR));
    let signer = Signer::new(&sandbox, &assumed);
    let other = format!("{body}&DurationSeconds=900");
    assert!(signer.send(&signer.headers(&body), &other).error().starts_with("403 SignatureDoesNotMatch"));
    let stranger = Signer { secret: "s".repeat(40), ..signer.clone() };
    assert!(stranger.send(&stranger.headers(&body), &body).error().starts_with("403 SignatureDoesNotMatch"));
    let unsigned: Vec<(&'static str, String)> = vec![("content-type", crate::client::FORM.1.to_owned())];
    assert_eq!(signer.send(&unsigned, &body).error(), "403 MissingAuthenticationToken: Request is missing Authentication Token");
    assert!(
        signer
            .send(&signer.headers(&body), &body)
            .body
            .starts_with("<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">")
    );
}
