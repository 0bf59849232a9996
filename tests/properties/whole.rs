//! The dual property of hiding secrets: a name that IAM, STS or Kubernetes allows changes nothing but itself. With any name in its place
//! the verdict, the findings and every word are those of an ordinary name, and the name is shown whole.

use super::allowed::PodNames;
use super::{allowed, cases};
use irsa_probe::core::aws::answer::*;
use irsa_probe::core::aws::arn::{Account, RoleArn};
use irsa_probe::core::aws::imds::ImdsReach;
use irsa_probe::core::aws::partition::Region;
use irsa_probe::core::aws::trust_policy;
use irsa_probe::core::check::diagnose;
use irsa_probe::core::check::report::{RunTimes, report};
use irsa_probe::core::evidence::*;
use irsa_probe::core::explain::explain;
use irsa_probe::core::plan::Plan;
use irsa_probe::core::plan::inputs::{Inputs, Settings};
use irsa_probe::core::pod::env_file;
use irsa_probe::core::pod::environment::{Environment, Var};
use irsa_probe::core::pod::profile::Profile;
use irsa_probe::core::pod::token::Claims;
use irsa_probe::core::policy::{self, Request};
use irsa_probe::core::sdk::{SdkFamily, Surroundings, predict};
use irsa_probe::core::text::secrets::Secrets;
use irsa_probe::core::text::time::Timestamp;
use irsa_probe::render::text::{Detail, TextOptions};
use irsa_probe::render::{Style, explain as explained, json, policy as judged, sdks, termination, text};
use proptest::prelude::*;

impl PodNames {
    /// Asserts that of these names the same is said as of ordinary ones: but for line breaks, and for quotes around what a shell would obey.
    fn are_treated_as_plain(&self, say: impl Fn(&PodNames) -> Vec<String>) -> Result<(), TestCaseError> {
        let bare = |text: &str| text.replace(['\'', '"', '\\'], "").split_whitespace().collect::<Vec<_>>().join(" ");
        for (plain, said) in say(&PodNames::plain(&self.path)).iter().zip(say(self)) {
            prop_assert_eq!(bare(&said), bare(&self.instead_of_plain(plain)));
        }
        Ok(())
    }
}

fn names() -> impl Strategy<Value = PodNames> {
    let of_iam = (allowed::name(), allowed::path(), allowed::session(), allowed::name());
    (of_iam, allowed::file(), allowed::object(), allowed::object()).prop_map(
        |((role, path, session, profile), file, namespace, account)| PodNames { role, path, session, profile, file, namespace, account },
    )
}

fn environment(names: &PodNames) -> Environment {
    let arn = names.arn();
    let pairs = [
        ("AWS_ROLE_ARN", arn.as_str()),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", &names.file),
        ("AWS_ROLE_SESSION_NAME", &names.session),
        ("AWS_PROFILE", &names.profile),
        ("AWS_REGION", "us-west-2"),
        ("POD_NAMESPACE", &names.namespace),
    ];
    Environment::from_lookup(|name| pairs.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned()))
}

/// What an attempt finds in a pod of these names, where STS answers with this.
fn evidence(names: &PodNames, answer: ServiceAnswer<AssumedRole>) -> Evidence {
    let profile = Profile { name: names.profile.as_str().into(), ..Profile::default() };
    let settings = Settings { expect_role_arn: RoleArn::parse(&names.arn()).ok(), ..Settings::default() };
    let inputs = Inputs { environment: environment(names), profile, settings };
    let plan = Plan::from_inputs(&inputs);
    let passes = matches!(answer, ServiceAnswer::Success(_));
    let identity = CallerIdentity {
        arn: names.session_arn(),
        account: Account::parse("111122223333"),
        user_id: Some(format!("AROAEXAMPLE:{}", names.session)),
    };
    let caller = Fact::Known(Call { exchange: None, answer: Ok(ServiceAnswer::Success(identity.clone())) });
    let claims = Claims {
        issuer: Some("https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE".to_owned()),
        subject: Some(policy::subject(&names.namespace, &names.account)),
        audience: vec!["sts.amazonaws.com".to_owned()],
        issued_at: Some(Timestamp(1_795_383_143)),
        expires_at: Some(Timestamp(1_795_469_543)),
        namespace: Some(names.namespace.clone()),
        service_account: Some(names.account.clone()),
        ..Claims::default()
    };
    let file = FileFact::Read { modified: None, trailing_whitespace: false, content: TokenContent::Claims(claims) };
    let call = Fact::Known(Call { exchange: None, answer: Ok(answer) });
    let endpoint = |planned: &irsa_probe::core::plan::PlannedEndpoint| EndpointFacts {
        region: planned.region.clone(),
        host: planned.host.clone(),
        assume_role: call.clone(),
        hops: Vec::new(),
        caller_identity: if passes { caller.clone() } else { Fact::NotAttempted(SkipReason::EarlierFailure) },
    };
    let chain = DefaultChain { provider: ChainProvider::Irsa, identity: Some(identity), error: None };
    Evidence {
        schema: SCHEMA.to_owned(),
        taken_at: Timestamp(1_795_383_243),
        lack: None,
        token: Fact::Known(Token { path: plan.token_path.clone().unwrap_or_default(), file }),
        default_token: Fact::NotAttempted(SkipReason::NotThisProvider),
        namespace: None,
        sdk_files: None,
        profile_tokens: Vec::new(),
        scan: None,
        endpoints: plan.endpoints.iter().map(endpoint).collect(),
        agent: Fact::NotAttempted(SkipReason::NotThisProvider),
        imds: Fact::Known(Imds { v2: ImdsReach::Absent, v1: None, role: None, no_role: false, instance_id: None }),
        chain: if passes { Fact::Known(chain) } else { Fact::NotAttempted(SkipReason::EarlierFailure) },
        issuer: Fact::NotAttempted(SkipReason::NotAsked),
        remembered: Remembered::default(),
        inputs,
    }
}

fn assumed(names: &PodNames) -> ServiceAnswer<AssumedRole> {
    ServiceAnswer::Success(AssumedRole {
        arn: Some(names.session_arn()),
        assumed_role_id: Some(format!("AROAEXAMPLE:{}", names.session)),
        expires_at: Some(Timestamp(1_795_386_843)),
    })
}

fn denied(code: &str, message: &str) -> ServiceAnswer<AssumedRole> {
    let request_id = Some("5c3f9ce5-ba7d-495e-98b1-ffcd5cf85133".to_owned());
    let error = ServiceError { status: 403, code: Some(code.to_owned()), message: message.to_owned(), request_id };
    // As the collector keeps it.
    ServiceAnswer::Error(error.redacted(&Secrets::default()))
}

fn said(evidence: &Evidence) -> Vec<String> {
    let report = report(evidence, RunTimes { duration_ms: 1, attempts: 1 });
    let codes: Vec<_> = diagnose(evidence).findings.iter().map(|finding| finding.code.id()).collect();
    let pages = [
        json::report(&report),
        text::detailed_report(&report, &TextOptions { detail: Detail::Checks, ..TextOptions::default() }),
        json::evidence(evidence),
    ];
    // The termination message ends where the kubelet's limit is.
    let message: String = termination::message(&report).lines().next().unwrap_or_default().to_owned();
    [vec![format!("{:?} {codes:?}", report.verdict), message], pages.to_vec()].concat()
}

fn with_plain_file(names: &PodNames) -> PodNames {
    PodNames { file: PodNames::plain(&names.path).file, ..names.clone() }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn a_healthy_pod_of_any_name_passes(names in names()) {
        prop_assert!(RoleArn::parse(&names.arn()).is_ok(), "{}", names.arn());
        let healthy = said(&evidence(&names, assumed(&names)));
        prop_assert!(healthy[0].starts_with("Pass"), "{:?}", healthy);
        names.are_treated_as_plain(|names| said(&evidence(names, assumed(names))))?;
    }

    #[test]
    fn a_denial_names_any_name_whole(names in names()) {
        names.are_treated_as_plain(|names| said(&evidence(names, denied("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"))))?;
    }

    #[test]
    fn sts_may_quote_any_name(names in names()) {
        let names = PodNames { path: allowed::without_syntax(&names.path), ..names };
        for message in [
            "User: {session} is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: {arn} with an explicit deny in a service control policy",
            "1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 1",
            "Request ARN is invalid: {arn}",
        ] {
            let quoting = |names: &PodNames| {
                let text = message.replace("{session}", &names.session_arn()).replace("{arn}", &names.arn()).replace("{name}", &names.session);
                let code = if message.starts_with("User") { "AccessDenied" } else { "ValidationError" };
                said(&evidence(names, denied(code, &text)))
            };
            names.are_treated_as_plain(quoting)?;
        }
    }

    #[test]
    fn every_sdk_takes_any_name(names in names()) {
        let given = |names: &PodNames| {
            let content = format!(
                "PATH=/bin\nAWS_ROLE_ARN={}\nAWS_WEB_IDENTITY_TOKEN_FILE={}\nAWS_ROLE_SESSION_NAME={}\nAWS_PROFILE={}\nAWS_REGION=us-west-2\n",
                names.arn(), names.file, names.session, names.profile,
            );
            env_file::parse(content.as_bytes()).unwrap().environment
        };
        let all = |names: &PodNames| {
            let environment = given(names);
            let profile = Profile { name: environment.profile.value().unwrap().clone(), ..Profile::default() };
            let situation = Surroundings::assumed(&environment, &profile);
            let all: Vec<_> = SdkFamily::ALL.into_iter().map(|sdk| predict(sdk, &situation)).collect();
            let one = all.iter().map(|one| sdks::one("", one.sdk.into(), one, Style::default()));
            [json::sdks("", &all, None), sdks::table("", &all, Style::default())].into_iter().chain(one).collect()
        };
        names.are_treated_as_plain(all)?;
        let environment = given(&names);
        // What a command works with is what was given.
        for (variable, value) in [
            (&environment.role_arn, &names.arn()),
            (&environment.token_file, &names.file),
            (&environment.session_name, &names.session),
            (&environment.profile, &names.profile),
        ] {
            prop_assert_eq!(variable.raw(), Some(value.as_str()));
        }
    }
}

/// Policies in which somebody else's names stand beside the slip that keeps this pod out.
fn policies(names: &PodNames) -> Vec<String> {
    let (role, session) = (names.arn(), names.session_arn());
    let path = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    let provider = format!("arn:aws:iam::111122223333:oidc-provider/{path}");
    let sub = policy::subject(&names.namespace, &names.account);
    let statement = |principal: serde_json::Value, condition: serde_json::Value| serde_json::json!({"Sid": "Pods", "Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRoleWithWebIdentity", "sts:AssumeRole"], "Condition": condition});
    let key = |of: &str| format!("{path}:{of}");
    let good = serde_json::json!({"StringEquals": {key("sub"): sub, key("aud"): "sts.amazonaws.com"}});
    let other = serde_json::json!({"StringEquals": {key("sub"): "system:serviceaccount:shop:other", key("aud"): "sts.amazonaws.com"}});
    let policy = |statements: &[serde_json::Value]| serde_json::json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let aws = |arns: serde_json::Value| serde_json::json!({"AWS": arns});
    let both = serde_json::json!({"AWS": [role, session], "Federated": [provider]});
    let named = serde_json::json!({
        "StringEquals": {key("sub"): "system:serviceaccount:shop:other", key("aud"): "sts.amazonaws.com", "sts:RoleSessionName": names.session},
        "ArnLike": {"aws:PrincipalArn": role},
    });
    vec![
        policy(&[statement(both.clone(), other.clone())]),
        policy(&[statement(both.clone(), good.clone())]),
        policy(&[statement(aws(serde_json::json!(role)), good.clone())]),
        policy(&[statement(aws(serde_json::json!([role, session])), serde_json::json!({}))]),
        policy(&[statement(both, named)]),
        policy(&[
            statement(serde_json::json!({"Federated": provider}), other),
            serde_json::json!({"Effect": "Deny", "Principal": {"AWS": role}, "Action": "sts:AssumeRoleWithWebIdentity"}),
            serde_json::json!({"Effect": "Deny", "Principal": "*", "Action": "sts:*", "Condition": {"StringEquals": {"aws:PrincipalArn": session}}}),
        ]),
    ]
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn a_policy_with_any_name_is_judged_and_mended_the_same(names in names()) {
        // In a policy `${` begins a variable.
        let names = PodNames { path: names.path.replace("${", "$-"), ..names };
        let judged = |names: &PodNames| -> Vec<String> {
            let role = RoleArn::parse(&names.arn()).unwrap();
            let issuer = "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
            let subject = policy::subject(&names.namespace, &names.account);
            let irsa = Request::irsa(issuer, &subject, vec!["sts.amazonaws.com".to_owned()], &role);
            let agent = Request::pod_identity(Some(&names.namespace), Some(&names.account), Some(&role));
            let own = trust_policy::irsa_policy("aws", "111122223333", issuer.strip_prefix("https://").unwrap(), &subject, "sts.amazonaws.com");
            let mut all = vec![json::document(&own)];
            for document in policies(names) {
                let document = policy::parse(&document).unwrap();
                for request in [&irsa, &agent] {
                    let evaluation = policy::evaluate(&document, request);
                    all.push(json::trust_policy(&evaluation));
                    all.push(judged::evaluation(&evaluation, request, Some(&names.arn()), Style::default()));
                }
            }
            all
        };
        // The path of a file is in no policy.
        with_plain_file(&names).are_treated_as_plain(judged)?;
    }
}

/// Lines of applications, with names in their places.
const LINES: [&str; 9] = [
    "An error occurred (AccessDenied) when calling the GetObject operation: User: {session} is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::{object}\" because no identity-based policy allows the s3:GetObject action",
    "AccessDeniedException: User: {session} is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-west-2:111122223333:table/{name} because no identity-based policy allows the dynamodb:GetItem action (Service: DynamoDb, Status Code: 400, Request ID: {request})",
    "{\"level\":\"error\",\"msg\":\"operation error S3: GetObject, https response error StatusCode: 403, RequestID: {request}, HostID: {extended}, api error AccessDenied: User: {session} is not authorized to perform: s3:GetObject on resource: \\\"arn:aws:s3:::{object}\\\" because no identity-based policy allows the s3:GetObject action\"}",
    "AccessDenied: User: {session} is not authorized to perform: sts:AssumeRole on resource: {arn}",
    "User: {session} is not authorized to perform: iam:PassRole on resource: {arn} because no identity-based policy allows the iam:PassRole action",
    "error: An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity; AWS_ROLE_ARN={arn} AWS_ROLE_SESSION_NAME={name} (attempt 1)",
    "WebIdentityErr: failed to retrieve credentials for {arn}\n\tcaused by: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity\n\tstatus code: 403, request id: {request}",
    "botocore.exceptions.ProfileNotFound: The config profile ({profile}) could not be found",
    "FileNotFoundError: [Errno 2] No such file or directory: '{file}' (AWS_WEB_IDENTITY_TOKEN_FILE={file})",
];
/// Errors beside them, which decide about the order.
const BESIDE: [&str; 4] = [
    "",
    "dial tcp: lookup sts.us-west-2.amazonaws.com on 10.100.0.10:53: no such host",
    "An error occurred (ExpiredTokenException) when calling the AssumeRoleWithWebIdentity operation: Token expired: current date/time 1753382758 must be before the expiration date/time 1753089571",
    "connect to {host}: connection refused",
];

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn a_log_with_any_name_means_the_same(
        names in names(),
        object in prop::sample::select(&allowed::OBJECTS_OF_S3[..]),
        request in prop::sample::select(&allowed::REQUESTS[..]),
        host in prop::sample::select(&allowed::HOSTS[..]),
        (line, beside, after) in (prop::sample::select(&LINES[..]), prop::sample::select(&BESIDE[..]), any::<bool>()),
    ) {
        // Such a session is of a node, and means something else.
        prop_assume!(!names.session.starts_with("i-"));
        // A comma or a full stop after an ARN is the log's own, unless AWS's sentence goes on, as it does after a session.
        let listed = line.contains("{arn}") || line.contains("{name}");
        let names = PodNames { role: if listed { names.role.replace([',', '.'], "+") } else { names.role }, ..names };
        let names = PodNames { path: allowed::without_syntax(&names.path), ..names };
        // In a log nothing tells `/run/password=x1` from a field of a path's, nor a profile of such a name.
        let names = PodNames { file: names.file.replace('=', "-"), profile: names.profile.replace('=', "-"), ..names };
        let understood = |names: &PodNames, what: [&str; 3]| -> (Vec<String>, Vec<String>) {
            let [object, request, host] = what;
            let fill = |text: &str| {
                text.replace("{session}", &names.session_arn()).replace("{arn}", &names.arn()).replace("{name}", &names.role)
                    .replace("{profile}", &names.profile).replace("{file}", &names.file)
                    .replace("{object}", object).replace("{request}", request).replace("{extended}", allowed::EXTENDED_ID).replace("{host}", host)
            };
            let log = if after { format!("{}\n{}\n", fill(line), fill(beside)) } else { format!("{}\n{}\n", fill(beside), fill(line)) };
            let explanation = explain(&log);
            let excerpts = explanation.matches.iter().filter_map(|one| one.excerpt.clone()).chain([explained::text(&explanation, Style::default())]);
            let excerpts = excerpts.collect();
            let mut document = serde_json::to_value(&explanation).unwrap();
            // An excerpt is cut at a number of characters, so that it may end elsewhere.
            for one in document["matches"].as_array_mut().unwrap() {
                one["excerpt"] = serde_json::Value::Null;
            }
            (vec![document.to_string()], excerpts)
        };
        // In the text itself all that may be quoted is the same.
        names.are_treated_as_plain(|names| understood(names, [object, request, host]).0)?;
        let (_, excerpts) = understood(&names, [object, request, host]);
        prop_assert!(excerpts.iter().all(|excerpt| !excerpt.contains("[redacted")), "{:?}", excerpts);
        // And it is what was said of ordinary objects and ids.
        let of = |what: [&str; 3]| understood(&names, what).0.concat();
        let ordinary = ["plain-bucket/plain-key", "00000000-1111-2222-3333-444444444444", "plain.example"];
        let expected = of(ordinary).replace(ordinary[0], object).replace(ordinary[1], request).replace(ordinary[2], host);
        prop_assert_eq!(of([object, request, host]), expected);
    }
}

/// The list of names, one by one: what a failure of the properties above comes down to.
#[test]
fn each_listed_name_is_kept_as_it_is_given() {
    let read = |variable: &'static str, value: &str| {
        let environment = Environment::from_lookup(|name| (name == variable).then(|| value.to_owned()));
        let var = match variable {
            "AWS_ROLE_ARN" => environment.role_arn,
            "AWS_ROLE_SESSION_NAME" => environment.session_name,
            "AWS_PROFILE" => environment.profile,
            _ => environment.token_file,
        };
        assert_eq!(var.raw(), Some(value), "{variable}");
        assert!(Var::Unset != var);
    };
    for name in allowed::NAMES {
        read("AWS_ROLE_SESSION_NAME", name);
        read("AWS_PROFILE", name);
        allowed::PATHS.iter().for_each(|path| read("AWS_ROLE_ARN", &format!("arn:aws:iam::111122223333:role{path}{name}")));
    }
    allowed::FILES.iter().for_each(|file| read("AWS_WEB_IDENTITY_TOKEN_FILE", file));
    assert!(Region::parse("us-west-2").is_ok());
}
