//! AssumeRoleWithWebIdentity and GetCallerIdentity: what passes, and every refusal.

use serde_json::{Value, json};

use crate::{
    client::{FORM, Got, IDENTITY, Signer, assume, call, sandbox},
    support::{
        http::{Seen, encode},
        sigv4::{Signed, hex, hmac_chain, sha256_hex},
        state::{amz, iso, unix_now},
    },
};

#[test]
fn a_healthy_pod_becomes_its_role() {
    let sandbox = sandbox(json!({}));
    let before = unix_now();
    let assumed = assume(&sandbox, &[]);
    assert_eq!(assumed.status, 200, "{assumed:?}");
    assert!(assumed.body.starts_with(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <AssumeRoleWithWebIdentityResult>\n"
    ));
    assert_eq!(assumed.tag("Arn"), "arn:aws:sts::111122223333:assumed-role/checkout/test-session");
    assert!(assumed.tag("AssumedRoleId").starts_with("AROA") && assumed.tag("AssumedRoleId").ends_with(":test-session"));
    assert_eq!(
        assumed.tag("Provider"),
        "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
    );
    assert_eq!(assumed.tag("Audience"), "sts.amazonaws.com");
    assert_eq!(assumed.tag("SubjectFromWebIdentityToken"), "system:serviceaccount:shop:checkout");
    let expiration = assumed.tag("Expiration");
    assert!((iso(before + 3600)..=iso(unix_now() + 3600)).contains(&expiration.to_owned()), "{expiration}");

    let identity = Signer::new(&sandbox, &assumed).call();
    assert_eq!(identity.status, 200, "{identity:?}");
    assert_eq!(identity.tag("Arn"), assumed.tag("Arn"));
    assert_eq!(identity.tag("UserId"), assumed.tag("AssumedRoleId"));
    assert_eq!(identity.tag("Account"), "111122223333");
    let request_id = identity.tag("RequestId");
    for header in [format!("x-amzn-requestid: {request_id}"), "content-type: text/xml".to_owned(), "connection: keep-alive".to_owned()] {
        assert!(identity.head.contains(&header), "{header} in {}", identity.head);
    }

    let secrets = sandbox.secrets();
    let jwt = sandbox.expand("{jwt}");
    for secret in
        [assumed.tag("AccessKeyId"), assumed.tag("SecretAccessKey"), assumed.tag("SessionToken"), &jwt, jwt.rsplit_once('.').unwrap().1]
    {
        assert!(secrets.iter().any(|known| known == secret), "{secret} is no canary");
    }
}

/// Situation, and the refusal of AssumeRoleWithWebIdentity that it must lead to. `{now}`-like parts are cut off before comparing.
fn refusals(rows: &[(Value, &str)]) {
    for (situation, refusal) in rows {
        let got = assume(&sandbox(situation.clone()), &[]);
        let got = if got.status == 200 { "200".to_owned() } else { got.error() };
        assert!(
            got == *refusal || (refusal.ends_with('…') && got.starts_with(refusal.trim_end_matches('…'))),
            "{situation}\n got {got}\nwant {refusal}"
        );
    }
}

const GENERIC: &str = "400 InvalidIdentityToken: The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.";
const NO_KEY: &str = "400 InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";
const NO_JWT: &str =
    "400 InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
const DENIED: &str = "403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity";

#[test]
fn tokens_are_verified() {
    refusals(&[
        (json!({"token": {"signedBy": "stranger"}}), GENERIC),
        (json!({"token": {"kid": "another"}}), NO_KEY),
        (json!({"issuerSite": {"keys": "rotated"}}), NO_KEY),
        (json!({"token": {"alg": "none"}}), NO_JWT),
        (json!({"token": {"alg": "HS256"}}), NO_JWT),
        (json!({"token": {"raw": "only.two"}}), NO_JWT),
        (json!({"token": {"aud": ["sts.amazon.com"]}}), "400 InvalidIdentityToken: Incorrect token audience"),
        (json!({"token": {"aud": ["sts.amazon.com"]}, "iam": {"texts": "2026"}}), GENERIC),
        (
            json!({"token": {"aud": ["sts.amazonaws.com", "vault"]}}),
            "400 InvalidIdentityToken: Token audience contains more than one audience while authorized party is not present",
        ),
        (json!({"token": {"aud": ["sts.amazonaws.com", "vault"], "claims": {"azp": "sts.amazonaws.com"}}}), "200"),
        (json!({"token": {"aud": "sts.amazonaws.com"}}), "200"),
        (
            json!({"token": {"iss": "https://oidc.eks.us-west-2.amazonaws.com/id/OTHER"}}),
            "400 InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.us-west-2.amazonaws.com/id/OTHER",
        ),
        (
            json!({"role": "arn:aws:iam::444455556666:role/checkout"}),
            "400 InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
        ),
        (json!({"role": "arn:aws:iam::444455556666:role/checkout", "iam": {"providers": [{"account": "444455556666"}]}}), "200"),
        (json!({"iam": {"providers": [], "texts": "2026"}}), GENERIC),
        (json!({"token": {"exp": -1}}), "400 ExpiredTokenException: Token expired: current date/time …"),
        (json!({"sts": {"clockOffsetSeconds": 90_000}}), "400 ExpiredTokenException: Token expired: current date/time …"),
        (json!({"token": {"iat": 900}}), "400 InvalidIdentityToken: Token issued in the future."),
        (json!({"token": {"iat": 200, "nbf": 200}}), "200"),
        (json!({"token": {"claims": {"iat": null}}}), "400 InvalidIdentityToken: Missing a required claim: iat"),
        (json!({"token": {"claims": {"exp": 4_000_000_000.5}}}), "400 InvalidIdentityToken: Invalid timestamp in token claims."),
        (json!({"role": "arn:aws:iam::111122223333:instance-profile/checkout"}), "400 ValidationError: Request ARN is invalid"),
        (json!({"role": "arn:aws:iam::111122223333:role/checkout "}), "400 ValidationError: Request ARN is invalid"),
        (json!({"region": "cn-north-1"}), "400 ValidationError: Request ARN is invalid"),
        (
            json!({"iam": {"disabledRegions": ["us-west-2"]}}),
            "403 RegionDisabledException: STS is not activated in this region for account:111122223333. Your account administrator can activate STS in this region using the IAM Console.",
        ),
    ]);
}

#[test]
fn a_trailing_newline_spoils_a_token() {
    let sandbox = sandbox(json!({}));
    let token = format!("{}\n", sandbox.expand("{jwt}"));
    assert_eq!(assume(&sandbox, &[("WebIdentityToken", &token)]).error(), NO_JWT);
}

#[test]
fn trust_policies_are_evaluated() {
    let role = |trust: Value| json!({"iam": {"roles": [{"trust": trust}]}});
    let policy = |document: Value| json!({"iam": {"roles": [{"trust": null, "policy": document}]}});
    let issuer = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    let statement = |effect: &str, sub: Value| {
        json!({
            "Effect": effect,
            "Principal": {"Federated": [format!("arn:aws:iam::111122223333:oidc-provider/{issuer}")]},
            "Action": ["sts:TagSession", "sts:AssumeRoleWith*"],
            "Condition": {"StringLike": {format!("{issuer}:sub"): sub}, "StringEquals": {format!("{issuer}:aud"): "sts.amazonaws.com"}},
        })
    };
    refusals(&[
        (role(json!({})), "200"),
        (role(json!({"sub": "system:serviceaccount:shop:other"})), DENIED),
        (role(json!({"sub": "system:serviceaccount:shop:*"})), DENIED),
        (role(json!({"sub": "system:serviceaccount:shop:*", "subOperator": "StringLike"})), "200"),
        (role(json!({"sub": "system:serviceaccount:s?op:*", "subOperator": "StringLike"})), "200"),
        (role(json!({"sub": "system:serviceaccount:*:web", "subOperator": "StringLike"})), DENIED),
        (role(json!({"sub": "", "aud": ""})), "200"),
        (role(json!({"aud": "sts.amazonaws.com.cn"})), DENIED),
        (role(json!({"keys": "oidc.eks.us-west-2.amazonaws.com/id/OLD"})), DENIED),
        (role(json!({"federated": "arn:aws:iam::111122223333:oidc-provider/oidc.us-west-2.eks.amazonaws.com/id/EXAMPLE"})), DENIED),
        (role(json!({"action": "sts:AssumeRole"})), DENIED),
        (role(Value::Null), DENIED),
        (json!({"iam": {"roles": []}}), DENIED),
        (json!({"iam": {"roles": [{"arn": "arn:aws:iam::111122223333:role/checkout"}]}}), DENIED),
        (policy(json!({"Statement": statement("Allow", json!(["a", "system:serviceaccount:shop:checkout"]))})), "200"),
        (policy(json!({"Statement": [statement("Allow", json!("*")), statement("Deny", json!("*:checkout"))]})), DENIED),
        (policy(json!({"Statement": []})), DENIED),
    ]);
}

#[test]
fn inputs_are_constrained() {
    let sandbox = sandbox(json!({}));
    let one = |parameter: &str, value: &str| assume(&sandbox, &[(parameter, value)]).error();
    let failed = "400 ValidationError: 1 validation error detected: ";
    assert_eq!(
        one("RoleArn", "short"),
        format!("{failed}Value at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20")
    );
    assert_eq!(one("RoleArn", ""), format!("{failed}Value null at 'roleArn' failed to satisfy constraint: Member must not be null"));
    assert_eq!(
        one("RoleSessionName", "a b"),
        format!(
            "{failed}Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"
        )
    );
    assert_eq!(
        one("WebIdentityToken", &"x".repeat(20_001)),
        format!("{failed}Value at 'webIdentityToken' failed to satisfy constraint: Member must have length less than or equal to 20000")
    );
    assert_eq!(
        one("DurationSeconds", "43201"),
        format!(
            "{failed}Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200"
        )
    );
    assert_eq!(
        one("DurationSeconds", "7200"),
        "400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    );
    assert!(one("DurationSeconds", "soon").starts_with("400 MalformedInput"));
    let two = assume(&sandbox, &[("RoleArn", "x"), ("WebIdentityToken", "x")]);
    assert!(two.tag("Message").starts_with("2 validation errors detected: "));
}

#[test]
fn what_is_not_a_known_operation_is_not_sts() {
    let sandbox = sandbox(json!({}));
    let url = sandbox.expand("{sts}");
    assert_eq!(call("GET", &url, &[], "").status, 302);
    assert_eq!(call("POST", &url, &[FORM], "Version=2011-06-15").status, 302);
    assert_eq!(call("POST", &url, &[("content-type", "application/json")], IDENTITY).status, 302);
    let unknown = call("POST", &url, &[FORM], "Action=Nonsense&Version=2011-06-15");
    assert!(unknown.body.contains("xmlns=\"http://webservices.amazon.com/AWSFault/2005-15-09\""));
    assert_eq!(unknown.error(), "400 InvalidAction: Could not find operation Nonsense for version 2011-06-15");
    assert_eq!(call("POST", &url, &[FORM], "Action=GetCallerIdentity").tag("Code"), "InvalidAction");
}

#[test]
fn signatures_are_verified() {
    let sandbox = sandbox(json!({}));
    let good = Signer::new(&sandbox, &assume(&sandbox, &[]));
    let bent = |bend: &dyn Fn(&mut Signer)| {
        let mut signer = good.clone();
        bend(&mut signer);
        signer.call().error()
    };
    const WRONG: &str = "403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
    const UNKNOWN: &str = "403 InvalidClientTokenId: The security token included in the request is invalid.";

    assert_eq!(
        call("POST", &sandbox.expand("{sts}"), &[FORM], IDENTITY).error(),
        "403 MissingAuthenticationToken: Request is missing Authentication Token"
    );
    assert_eq!(
        bent(&|signer| signer.region = "eu-west-1".to_owned()),
        "403 SignatureDoesNotMatch: Credential should be scoped to a valid region. "
    );
    assert_eq!(
        bent(&|signer| {
            signer.service = "iam".to_owned();
            signer.region = "us-east-1".to_owned();
        }),
        "403 SignatureDoesNotMatch: Credential should be scoped to a valid region. Credential should be scoped to correct service: 'sts'. "
    );
    assert_eq!(bent(&|signer| signer.token = None), UNKNOWN);
    assert_eq!(bent(&|signer| signer.token = Some("another".to_owned())), UNKNOWN);
    assert_eq!(bent(&|signer| signer.key = "ASIAAAAAAAAAAAAAAAAA".to_owned()), UNKNOWN);
    assert_eq!(bent(&|signer| signer.secret.push('x')), WRONG);
    assert_eq!(bent(&|signer| signer.sign_token = false), WRONG);

    let mut headers = good.headers(IDENTITY);
    let authorization = &mut headers[2].1;
    let last = authorization.pop().unwrap().to_digit(16).unwrap() ^ 1;
    authorization.push(char::from_digit(last, 16).unwrap());
    assert_eq!(good.send(&headers, IDENTITY).error(), WRONG, "one bit of the signature");
    let body = format!("{IDENTITY}&X=1");
    assert_eq!(good.send(&good.headers(IDENTITY), &body).error(), WRONG, "another body than was signed");

    let slow = bent(&|signer| signer.at -= 1000);
    assert!(
        slow.starts_with(&format!("403 SignatureDoesNotMatch: Signature expired: {} is now earlier than ", amz(good.at - 1000)))
            && slow.ends_with("Z - 15 min.)"),
        "{slow}"
    );
    let fast = bent(&|signer| signer.at += 1000);
    assert!(
        fast.contains("Signature not yet current: ") && fast.contains(" is still later than ") && fast.ends_with("Z + 15 min.)"),
        "{fast}"
    );
    assert_eq!(good.call().status, 200);
}

#[test]
fn the_clock_of_aws_can_be_another() {
    let sandbox = sandbox(json!({"sts": {"clockOffsetSeconds": 1800}}));
    let assumed = assume(&sandbox, &[]);
    let mut signer = Signer::new(&sandbox, &assumed);
    assert!(signer.call().tag("Message").starts_with("Signature expired: "));
    signer.at += 1800;
    let identity = signer.call();
    assert_eq!(identity.status, 200);
    assert!(identity.head.contains("date: ") && assumed.tag("Expiration") > iso(unix_now() + 4000).as_str());
}

#[test]
fn sessions_end_with_their_time_and_their_role() {
    let sandbox = sandbox(json!({"sts": {"sessionSeconds": 0}}));
    let short = Signer::new(&sandbox, &assume(&sandbox, &[]));
    assert_eq!(short.call().error(), "403 ExpiredToken: The security token included in the request is expired");
    sandbox.set_world(|world| world.sts.session_seconds = None);
    let orphan = Signer::new(&sandbox, &assume(&sandbox, &[]));
    assert_eq!(orphan.call().status, 200);
    sandbox.set_world(|world| world.iam.roles = Some(Vec::new()));
    assert_eq!(orphan.call().tag("Code"), "InvalidClientTokenId");
}

#[test]
fn a_user_signs_with_long_term_keys() {
    let sandbox = sandbox(json!({"iam": {"users": [{"name": "ci"}]}}));
    let mut signer = Signer::new(&sandbox, &assume(&sandbox, &[]));
    (signer.key, signer.secret, signer.token) = (sandbox.expand("{userKeyId}"), sandbox.expand("{userSecret}"), None);
    assert_eq!(signer.call().tag("Arn"), "arn:aws:iam::111122223333:user/ci");
}

#[test]
fn a_presigned_get_is_verified_too() {
    let sandbox = sandbox(json!({}));
    let Signer { key, secret, token, host, at, .. } = Signer::new(&sandbox, &assume(&sandbox, &[]));
    let date = amz(at);
    let scope = format!("{}/us-west-2/sts/aws4_request", &date[..8]);
    let query = format!(
        "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date={date}&X-Amz-Expires=60&X-Amz-Security-Token={}&X-Amz-SignedHeaders=host",
        encode(&format!("{key}/{scope}")),
        encode(&token.unwrap())
    );
    let canonical = format!("GET\n/\n{query}\nhost:{host}\n\nhost\n{}", sha256_hex(b""));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
    let signature = hex(&hmac_chain(&secret, &[&date[..8], "us-west-2", "sts", "aws4_request", &to_sign]));
    assert_eq!(call("GET", &format!("http://{host}/?{query}&X-Amz-Signature={signature}"), &[], "").status, 200);
    let forged = signature.replace('a', "b").replace('0', "1");
    assert_eq!(call("GET", &format!("http://{host}/?{query}&X-Amz-Signature={forged}"), &[], "").tag("Code"), "SignatureDoesNotMatch");
}

/// `get-vanilla` of AWS's published Signature Version 4 test suite.
#[test]
fn the_verifier_agrees_with_the_published_vector() {
    let mut headers = hyper::HeaderMap::new();
    for (name, value) in [
        ("host", "example.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let text = str::to_owned;
    let seen = Seen {
        connection: 1,
        server: text("x"),
        method: text("GET"),
        path: text("/"),
        query: String::new(),
        headers,
        body: bytes::Bytes::new(),
    };
    let signed = Signed::read(&seen).unwrap();
    assert!(signed.verify(&seen, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"));
    assert!(!signed.verify(&seen, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEz"));
}

#[test]
fn scripts_answer_in_order_and_then_as_they_say() {
    let step = |code: &str| json!({"status": 400, "code": code, "message": "{role} {account} {issuer} {audience} {token}"});
    let sandbox = sandbox(json!({"sts": {"script": {
        "AssumeRoleWithWebIdentity": {"steps": [step("Throttling"), {"raw": {"status": 503, "headers": {"x-a": "b"}, "body": "<html>"}}, {"delayMs": 1}], "then": "normal"},
        "GetCallerIdentity": [{"status": 500, "code": "InternalFailure", "message": "{secret} {sessionToken}"}],
    }}}));
    let throttled = assume(&sandbox, &[]);
    assert_eq!((throttled.status, throttled.tag("Type")), (400, "Sender"));
    assert_eq!(throttled.tag("Message"), sandbox.expand("{role} {account} {issuer} sts.amazonaws.com {jwt}"));
    let html: Got = assume(&sandbox, &[]);
    assert!(html.status == 503 && html.body == "<html>" && html.head.contains("x-a: b"), "{html:?}");
    let assumed = assume(&sandbox, &[]);
    assert_eq!((assumed.status, assume(&sandbox, &[]).status), (200, 200));
    let signer = Signer::new(&sandbox, &assumed);
    for _ in 0..2 {
        let broken = signer.call();
        assert_eq!((broken.status, broken.tag("Type")), (500, "Receiver"), "the last step repeats");
        assert_eq!(broken.tag("Message").split(' ').count(), 2);
    }
    sandbox.set_world(|world| world.sts.script.clear());
    assert_eq!(signer.call().status, 200);
}
