use super::super::{REDACTED, redact};
use super::*;

/// Made-up secrets in the form of real ones.
const KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "FwoGZXIvYXdzEBYaDExampleToken1234567890abcdefghij/klmnop";
const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2lnbmF0dXJl";

#[test]
fn no_secret_stays() {
    let encoded = TOKEN.replace('/', "%2F");
    for text in [
        format!("aws_secret_access_key={KEY}"),
        format!("aws_secret_access_key = {KEY}"),
        format!("\"SecretAccessKey\": \"{KEY}\","),
        format!("SecretAccessKey>{KEY}</SecretAccessKey"),
        format!("credentials {KEY} end"),
        format!("AKIAIOSFODNN7EXAMPLE,{KEY}"),
        format!("the key is {KEY}."),
        format!("role_arn=arn:aws:iam::111122223333:role/web,secret_access_key={}", "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"),
        format!("x-amz-security-token:{TOKEN} host"),
        format!("X-Amz-Security-Token={encoded}"),
        format!("X-Amz-Security-Token%3D{TOKEN}"),
        format!("x-aws-ec2-metadata-token: {TOKEN}"),
        format!("session_token: Some(\"{TOKEN}\")"),
        format!("Authorization: Bearer {TOKEN}"),
        format!("authorization=\"{TOKEN}\""),
        format!("a token {TOKEN} of a session"),
        format!("Value '{JWT}' at 'webIdentityToken'"),
        format!("WebIdentityToken={JWT}&Version=2011-06-15"),
        format!("token%3D{JWT}"),
        format!("https://a.example/?id={JWT}"),
        format!("(first.second {JWT}.)"),
    ] {
        let clean = redact(&text);
        let pieces = [KEY, "wJalrXU7nFEM", TOKEN, JWT, &encoded, &KEY[..12], &TOKEN[..12], "c2lnbmF0dXJl"];
        assert!(!pieces.iter().any(|secret| clean.contains(secret)), "{text}: {clean}");
        assert!(clean.contains(REDACTED), "{clean}");
    }
    let clean = redact("proxyconnect: http://scott:ti/ger@proxy:3128 refused, password=Tiger123 x");
    assert_eq!(clean, "proxyconnect: http://***@proxy:3128 refused, password=[redacted] x");
}

#[test]
fn a_token_that_was_cut_off() {
    let header = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0";
    assert_eq!(redact(&format!("got {header}.eyJpc3MiOiJodHRwczovL29pZ")), "got [redacted]");
    // A header alone holds no secret, and a short first part may be any name.
    for text in [format!("got {header}"), format!("got {}", &header[..20]), "eyJhIjoxfQ.Jobs".to_owned(), "SurveyJobs.Main.run".to_owned()]
    {
        assert_eq!(redact(&text), text);
    }
}

#[test]
fn names_stay_whole() {
    let like_a_token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2ln";
    let like_a_key = "wJalrXUtnFEMI7K7MDENG0bPxRfiCYEXAMPLEKEY";
    let like_a_session = "IQoJb3JpZ2luX2VjEJrwJalrXUtnFEMI7K7MDENGbPxRfiCY012345678901234";
    for name in ["SurveyJobs", "HoneyJob", "MoneyJar", like_a_token, like_a_key, like_a_session, "x,password=Hunter2", "Bearer=abc12345678"]
    {
        for text in [
            format!("User: arn:aws:sts::111122223333:assumed-role/{name}/{name} is not authorized"),
            format!("arn:aws:iam::111122223333:role/{name}/{name}/{name}"),
            format!("assumed-role/{name}/1717079343811266923"),
            format!("{{\"Arn\":\"arn:aws:iam::111122223333:role/{name}\"}}"),
        ] {
            assert_eq!(redact(&text), text);
        }
    }
    for text in [
        format!("The config profile ({like_a_key}) could not be found"),
        format!("AWS_PROFILE={like_a_token}"),
        format!("RoleSessionName={like_a_session}"),
        format!("open /mnt/{like_a_token}/token: no such file"),
        format!("open /mnt/{like_a_key}/token: no such file"),
        format!("Get \"https://{like_a_token}.example/\""),
        "Host ID: eftixk72aD6Ap51TnqcoF8eFidJG9Z/2mkiDFu8yU9AS1ed4OpIszj7UDNEHGran".to_owned(),
        "s3://MyBucket/Data2024/AaBbCcDd1/EeFfGgHh2/file.parquet".to_owned(),
        "s3://bucket/logo@2x.png and https://host:8443/mail?to=me@example.com".to_owned(),
        "/Users/JaneDoe/Projects2/CheckoutServiceApplication/Main.java".to_owned(),
        "Encoded authorization failure message: aBcD1eFgH2iJkL3mNoP4qRsT5uVwX6yZaB7cDeF8gHiJ9kLmN0oPqR1sTuV2wXyZ3aBcD4e".to_owned(),
        "assumed-role/CheckoutServiceRole/1717079343811266923".to_owned(),
        "authorization: arn:aws:iam::111122223333:role/web1".to_owned(),
        "id_token: /var/run/secrets/tokens1/vault-token".to_owned(),
    ] {
        assert_eq!(redact(&text), text);
    }
}

#[test]
fn ordinary_words_stay() {
    for text in [
        "User: arn:aws:sts::111122223333:assumed-role/checkout/1717079343811266923 is not authorized to perform: s3:GetObject",
        "The security token included in the request is expired",
        "Signature expired: see 15 min.",
        "Post \"https://sts.eu-west-1.amazonaws.com/\": dial tcp 10.0.0.1:443: i/o timeout",
        "no basic auth credentials",
        "failed to get authorization: AccessDeniedException: no",
        "bad signature: SignatureDoesNotMatch: The request signature we calculated does not match",
        "the password authentication failed",
        "request id: 5c3f9ce5-ba7d-495e-98b1-ffcd5cf85133",
        "No OpenIDConnect provider found in your account for https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
        "open /var/run/secrets/eks.amazonaws.com/serviceaccount/token: permission denied",
        "InvalidClientTokenId: The security token included in the request is invalid.",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ] {
        assert_eq!(redact(text), text);
    }
}

#[test]
fn a_query_keeps_what_follows_the_secret() {
    let url = format!("https://sts.amazonaws.com/?X-Amz-Security-Token={TOKEN}&Action=GetCallerIdentity");
    assert_eq!(redact(&url), "https://sts.amazonaws.com/?X-Amz-Security-Token=[redacted]&Action=GetCallerIdentity");
}

/// Each text would take hours if the code followed every name, address or run to the end of the line.
#[test]
fn a_line_of_nothing_but_beginnings_takes_no_longer() {
    for piece in ["bearer=", "://", "://a@", "bearer ", "eyJ", "eyJ.", "x-amz-security-token:", "Aa1/", "Aa1", "."] {
        let text = piece.repeat(100_000 / piece.len());
        assert!(!redact(&text).is_empty());
    }
}

#[test]
fn every_marker_is_found() {
    for marker in MARKERS {
        assert_eq!(next_marker(&format!("ü {marker}="), 0), Some((3, marker)));
    }
}
