//! The chains that were measured (docs/facts.md#chain-matrix), row by row.

use super::*;

/// docs/facts.md#chain-matrix. `STOP` is an error. `NONE` is a chain that ends without credentials.
pub(super) const MATRIX: &[MatrixRow] = &[
    with_environment("01", IRSA, |_| {}, [ROW_IRSA; 4]),
    with_environment("02", IRSA, |s| s.sts = StsCall::TokenRejected, [STOP; 4]),
    with_environment("03", IRSA, |s| s.sts = StsCall::Denied, [STOP; 4]),
    with_environment("04", IRSA, |s| s.token = TokenFile::Missing, [STOP; 4]),
    with_environment("05", IRSA, |s| s.token = TokenFile::Empty, [STOP; 4]),
    with_environment("06", &[TOKEN, REGION], |_| {}, [NODE, STOP, NODE, STOP]),
    with_environment("07", &[ROLE, REGION], |_| {}, [NODE; 4]),
    with_environment("08", &[ROLE, ("AWS_WEB_IDENTITY_TOKEN_FILE", ""), REGION], |_| {}, [STOP, NODE, NODE, NODE]),
    // Rust sends an empty RoleArn, which STS refuses.
    with_environment("09", &[("AWS_ROLE_ARN", ""), TOKEN, REGION], |_| {}, [STOP, STOP, NODE, STOP]),
    with_environment("10", &[REGION], |_| {}, [NODE; 4]),
    with_environment("11", &[REGION], |s| s.imds = imds(ImdsReach::HopLimited, true, true), [NONE, NODE, NODE, NODE]),
    with_environment("12", &[REGION], |s| s.imds = imds(ImdsReach::Refused, true, true), [STOP, NODE, NODE, NODE]),
    with_environment("13", &[REGION], |s| s.imds = imds(ImdsReach::Answers, true, false), [NONE, NONE, NONE, STOP]),
    with_environment("14", &[REGION, ("AWS_EC2_METADATA_DISABLED", "true")], |_| {}, [NONE, NONE, NONE, STOP]),
    with_environment("15", POD_IDENTITY, |_| {}, [PIA; 4]),
    with_environment("16", POD_IDENTITY, |s| s.agent = AgentCall::NotFound, [STOP; 4]),
    with_environment("17", POD_IDENTITY, |s| s.agent = AgentCall::Refused, [STOP; 4]),
    with_environment("18", POD_IDENTITY, |s| s.agent = AgentCall::Failing, [STOP; 4]),
    with_environment("19", POD_IDENTITY, |s| s.agent = AgentCall::Unreachable, [STOP; 4]),
    with_environment("20", POD_IDENTITY, |s| s.container_token = TokenFile::Missing, [STOP; 4]),
    with_environment("21", POD_IDENTITY, |s| s.container_token = TokenFile::TrailingWhitespace, [STOP; 4]),
    with_environment("22", &[URI_TOKEN, REGION], |s| s.container_token = TokenFile::Missing, [STOP, NODE, NODE, NODE]),
    with_environment("23", &[ROLE, TOKEN, URI, URI_TOKEN, REGION], |_| {}, [ROW_IRSA; 4]),
    with_environment("24", &[ROLE, TOKEN, URI, URI_TOKEN, REGION], |s| s.sts = StsCall::Denied, [STOP; 4]),
    with_environment("25", &[ROLE, TOKEN, REGION, ("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s")], |_| {}, [STATIC; 4]),
    with_environment("26", &[ROLE, TOKEN, REGION, ("AWS_ACCESS_KEY_ID", "A")], |_| {}, [ROW_IRSA, STOP, ROW_IRSA, ROW_IRSA]),
    with_profile("27", &[ROLE, TOKEN, REGION, ("AWS_PROFILE", "missing")], |p| p.missing = true, [ROW_IRSA, STOP, ROW_IRSA, STOP]),
    with_profile("28", &[REGION, ("AWS_PROFILE", "missing")], |p| p.missing = true, [NODE, STOP, NODE, STOP]),
    with_environment("29", IRSA, |s| s.sts = StsCall::Unavailable, [STOP; 4]),
    // 30 and 31 had AWS_ENDPOINT_URL_STS set: they do not show what a missing region does to a real host name.
    with_environment("30", &[ROLE, TOKEN, ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")], |_| {}, [ROW_IRSA; 4]),
    with_environment(
        "31",
        &[ROLE, TOKEN, ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1"), ("AWS_EC2_METADATA_DISABLED", "true")],
        |_| {},
        [ROW_IRSA; 4],
    ),
    with_profile("32", IRSA, |p| p.credentials = Some(ProfileCredentials::StaticKeys), [FILE, ROW_IRSA, FILE, ROW_IRSA]),
    with_profile("33", &[ROLE, TOKEN, REGION, ("AWS_PROFILE", "bare")], |p| p.name = "bare".into(), [ROW_IRSA; 4]),
    with_environment(
        "34",
        &[ROLE, TOKEN, REGION, ("AWS_USE_FIPS_ENDPOINT", "true"), ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")],
        |_| {},
        [STOP, ROW_IRSA, STOP, STOP],
    ),
    // 35 shows only which URI is chosen: RELATIVE, which has no server on EKS.
    with_environment("35", &[URI, URI_TOKEN, REGION, ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/x")], |_| {}, [STOP; 4]),
    with_environment("36", &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/v1"), URI_TOKEN, REGION], |_| {}, [STOP; 4]),
];

#[test]
fn measured_chains() {
    assert_eq!(MATRIX.len(), 36);
    for (number, case) in MATRIX.iter().enumerate() {
        assert_eq!(case.row, format!("{:02}", number + 1));
        for (sdk, wanted) in [SdkFamily::Rust, SdkFamily::Botocore, SdkFamily::JsV3, SdkFamily::GoV2].into_iter().zip(case.ends) {
            let found = predict_row(sdk, case);
            assert_eq!(found.outcome, wanted, "row {}, {}: {}", case.row, sdk.id(), found.why);
            assert_eq!((found.on_failure, found.falls_to), (OnFailure::Stops, None), "row {}, {}", case.row, sdk.id());
            assert!(!found.unverified, "row {}, {}: {}", case.row, sdk.id(), found.why);
        }
    }
    let relative = predict_row(SdkFamily::Rust, &MATRIX[34]);
    assert!(relative.why.contains("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI beats the full URI"), "{}", relative.why);
}
