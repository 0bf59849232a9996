//! Any evidence: every combination of what is known, failed or was not attempted, with foreign text wherever text is foreign.

use super::foreign::{maybe, milliseconds, seconds, text, time};
use super::pod;
use irsa_probe::core::aws::answer::*;
use irsa_probe::core::aws::arn::Account;
use irsa_probe::core::aws::imds::ImdsReach;
use irsa_probe::core::evidence::exchange::{Connection, Exchange, Failure, FailureKind, Phase, Try};
use irsa_probe::core::evidence::*;
use irsa_probe::core::pod::token::{Claims, TokenDefect};
use irsa_probe::core::sdk::scan::{Copy, FoundBy, ScanFacts, ScanSummary};
use irsa_probe::core::sdk::{SdkFamily, SdkFiles, TokenFile};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt::Debug;

/// Boxed like all that it is made of: unboxed, such a strategy is a value of many pages on the stack.
pub fn evidence() -> BoxedStrategy<Evidence> {
    let tokens = (fact(token()), fact(token()));
    let nodes = (fact(call(agent())), fact(imds()), fact(chain()), fact(issuer()));
    let inputs = (pod::inputs(), option::weighted(0.05, text()), option::weighted(0.7, sdk_files()), option::weighted(0.3, scan()));
    (time(), inputs, tokens, vec(endpoint(), 0..4), nodes)
        .prop_map(|(taken_at, (inputs, lack, sdk_files, scan), tokens, endpoints, nodes)| Evidence {
            schema: SCHEMA.to_owned(),
            taken_at,
            inputs,
            lack,
            token: tokens.0,
            default_token: tokens.1,
            namespace: None,
            sdk_files,
            profile_tokens: Vec::new(),
            scan,
            endpoints,
            agent: nodes.0,
            imds: nodes.1,
            chain: nodes.2,
            issuer: nodes.3,
            remembered: Remembered::default(),
        })
        .boxed()
}

/// What a scan found, with foreign paths and versions.
fn scan() -> BoxedStrategy<ScanFacts> {
    let by = select(vec![FoundBy::DistInfo, FoundBy::GoBuildinfo, FoundBy::Pom, FoundBy::Elf]);
    let version = option::of(prop_oneof![select(vec!["1.12.199", "2.20.0", "3.100.0", "1.44.8"]).prop_map(str::to_owned), text()]);
    let copy = (select(SdkFamily::ALL.to_vec()), version, text(), by, option::weighted(0.2, text()), any::<(bool, bool, bool)>()).prop_map(
        |(family, version, path, by, missing, (partial, unseen, own))| Copy {
            family,
            version,
            core_version: None,
            path: format!("/{path}"),
            by,
            missing: missing.map(|missing| format!("m{missing}")),
            partial,
            unseen,
            own,
        },
    );
    let because = option::of(text().prop_map(|text| format!("because {text}")));
    (vec(copy, 0..4), because)
        .prop_map(|(copies, because)| ScanFacts {
            copies,
            summary: ScanSummary { root: "/".to_owned(), entries: 1, bytes: 2, ms: 3, complete: because.is_none(), because },
        })
        .boxed()
}

fn sdk_files() -> BoxedStrategy<SdkFiles> {
    use TokenFile::*;
    let file = || select(vec![Good, Missing, Unreadable, NotAFile, Empty, TrailingWhitespace, NotAToken]);
    (file(), file(), file(), file(), any::<bool>())
        .prop_map(|(token, trimmed_token, container_token, trimmed_container_token, sso_token)| SdkFiles {
            token,
            trimmed_token,
            container_token,
            trimmed_container_token,
            sso_token,
        })
        .boxed()
}

fn fact<T: Debug + Clone + 'static>(known: BoxedStrategy<T>) -> BoxedStrategy<Fact<T>> {
    use SkipReason::*;
    let reasons =
        vec![NotThisProvider, PlanFailed, NoToken, EarlierFailure, NoImds, ImdsDisabled, UnsafeFile, NotThisRound, NotAsked, OtherProcess];
    prop_oneof![
        5 => known.prop_map(Fact::Known),
        1 => failure().prop_map(Fact::Failed),
        2 => select(reasons).prop_map(Fact::NotAttempted),
    ]
    .boxed()
}

fn failure() -> BoxedStrategy<Failure> {
    use FailureKind::*;
    let phases = vec![Phase::Resolve, Phase::Connect, Phase::Proxy, Phase::Tls, Phase::Response];
    let kinds = vec![
        DnsNotFound,
        DnsFailed,
        ConnectRefused,
        ConnectTimeout,
        NetworkUnreachable,
        ProxyFailed,
        TlsUntrusted,
        TlsNameMismatch,
        TlsFailed,
        RequestTimeout,
        ConnectionLost,
        NotHttp,
        OutOfResources,
        BadRequest,
    ];
    (select(phases), select(kinds), text()).prop_map(|(phase, kind, text)| Failure { phase, kind, text }).boxed()
}

fn token() -> BoxedStrategy<Token> {
    use TokenDefect::*;
    let defects = vec![Empty, Oversized, NotThreeParts, NotBase64, NotJson, NoSignature, ClaimMissing, SeveralLines, NotText];
    let content = prop_oneof![6 => claims().prop_map(TokenContent::Claims), 1 => select(defects).prop_map(TokenContent::Defect)];
    let read = (option::of(time()), prop::bool::weighted(0.1), content)
        .prop_map(|(modified, trailing_whitespace, content)| FileFact::Read { modified, trailing_whitespace, content });
    let path = prop_oneof![Just("/var/run/token".to_owned()), text()];
    (path, prop_oneof![6 => read, 1 => file_failure().prop_map(FileFact::Failed)])
        .prop_map(|(path, file)| Token { path: path.into(), file })
        .boxed()
}

fn file_failure() -> BoxedStrategy<FileFailure> {
    use FileFailureKind::*;
    let number = || option::of(any::<u32>());
    let access = (number(), number(), number(), any::<u32>(), vec(any::<u32>(), 0..3), maybe())
        .prop_map(|(mode, uid, gid, our_uid, our_gids, folder)| Access { mode, uid, gid, our_uid, our_gids, folder });
    (select(vec![Missing, Denied, NotRegular, TooLarge, Undecided, OutOfResources, Other]), text(), option::of(access))
        .prop_map(|(kind, text, access)| FileFailure { kind, text, access })
        .boxed()
}

fn claims() -> BoxedStrategy<Claims> {
    const ISSUER: &str = "https://oidc.eks.eu-central-1.amazonaws.com/id/ABCDEF";
    let or = |usual: &'static str| prop_oneof![2 => Just(Some(usual.to_owned())), 1 => maybe()];
    let audience = prop_oneof![Just("sts.amazonaws.com".to_owned()), Just("pods.eks.amazonaws.com".to_owned()), text()];
    let ids = (maybe(), or(ISSUER), or("system:serviceaccount:shop:checkout"), vec(audience, 0..3), maybe());
    let times = (option::of(time()), option::of(time()), option::of(time()));
    let whose = (or("shop"), or("checkout"), or("checkout-1"), maybe(), or("node-1"));
    (ids, times, whose)
        .prop_map(|(ids, times, whose)| Claims {
            algorithm: ids.0.clone(),
            key_id: ids.0,
            issuer: ids.1,
            subject: ids.2,
            audience: ids.3,
            authorized_party: ids.4,
            issued_at: times.0,
            not_before: times.1,
            expires_at: times.2,
            namespace: whose.0,
            service_account: whose.1,
            pod: whose.2,
            pod_uid: whose.3,
            node: whose.4,
        })
        .boxed()
}

fn call<T: Debug + Clone + 'static>(success: BoxedStrategy<T>) -> BoxedStrategy<Call<T>> {
    let alien = (any::<u16>(), text()).prop_map(|(status, what)| ServiceAnswer::Alien(ForeignAnswer { status, what }));
    let answer = prop_oneof![
        4 => success.prop_map(|success| Ok(ServiceAnswer::Success(success))),
        3 => service_error().prop_map(|error| Ok(ServiceAnswer::Error(error))),
        1 => alien.prop_map(Ok),
        2 => failure().prop_map(Err),
    ];
    (option::weighted(0.9, exchange()), answer).prop_map(|(exchange, answer)| Call { exchange, answer }).boxed()
}

/// Errors of STS and the agent, by codes and messages that the tables know, in any combination.
pub fn service_error() -> BoxedStrategy<ServiceError> {
    const CODES: [&str; 22] = [
        "AccessDenied",
        "AccessDeniedException",
        "InvalidIdentityToken",
        "ExpiredTokenException",
        "ExpiredToken",
        "IDPRejectedClaim",
        "IDPCommunicationError",
        "ValidationError",
        "MalformedInput",
        "RegionDisabledException",
        "Throttling",
        "ThrottlingException",
        "InternalFailure",
        "ServiceUnavailable",
        "SignatureDoesNotMatch",
        "RequestExpired",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidAction",
        "InvalidTokenException",
        "ResourceNotFoundException",
        "Unheard",
    ];
    const MESSAGES: [&str; 16] = [
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        "… with an explicit deny in a service control policy",
        "No OpenIDConnect provider found in your account for https://issuer",
        "Incorrect token audience",
        "Token audience contains more than one audience while authorized party is not present",
        "Couldn't retrieve verification key from your identity provider",
        "HTTPS certificate doesn't match configured thumbprint",
        "Token issued in the future.",
        "not a valid JWT",
        "The web identity token provided could not be validated.",
        "exceeds the MaxSessionDuration",
        "Request ARN is invalid",
        "Credential should be scoped to a valid region. ",
        "Signature expired: a is now earlier than b",
        "Service account token cannot be empty",
        "not authorized to perform: eks-auth:AssumeRoleForPodIdentity",
    ];
    let code = prop_oneof![8 => select(&CODES[..]).prop_map(|code| Some(code.to_owned())), 1 => maybe()];
    let message = prop_oneof![3 => select(&MESSAGES[..]).prop_map(str::to_owned), 1 => text()];
    let status = prop_oneof![3 => select(vec![400u16, 403, 404, 429, 500, 503]), 1 => any::<u16>()];
    (status, code, message, maybe())
        .prop_map(|(status, code, message, request_id)| ServiceError { status, code, message, request_id })
        .boxed()
}

fn exchange() -> BoxedStrategy<Exchange> {
    let address = || prop_oneof![select(vec!["10.0.3.17", "52.94.1.1", "fd00::1", "100.64.0.1"]).prop_map(str::to_owned), text()];
    let tries = vec((address(), maybe()).prop_map(|(address, error)| Try { address, error }), 0..2);
    let ms = || option::of(milliseconds());
    let wires = (text(), any::<u16>(), vec(address(), 0..3), tries, option::weighted(0.2, text()), any::<bool>());
    let connection = (wires, ms(), ms(), ms(), ms()).prop_map(|(wires, resolve_ms, connect_ms, proxy_ms, tls_ms)| Connection {
        host: wires.0,
        port: wires.1,
        addresses: wires.2,
        tries: wires.3,
        proxy: wires.4,
        resolve_ms,
        connect_ms,
        proxy_ms,
        tls_ms,
        reused: wires.5,
    });
    let midpoint = prop_oneof![seconds(), seconds().prop_map(|seconds| seconds.saturating_mul(1000))];
    let clocks = (option::of(seconds()), option::of(midpoint));
    let rest = (option::of(any::<u16>()), maybe(), maybe(), milliseconds(), option::weighted(0.2, failure()));
    (connection, clocks, rest)
        .prop_map(|(connection, clocks, rest)| Exchange {
            connection,
            status: rest.0,
            date: clocks.0,
            local_midpoint_ms: clocks.1,
            request_id: rest.1.clone(),
            content_type: rest.1,
            server: rest.2,
            ms: rest.3,
            failure: rest.4,
        })
        .boxed()
}

/// The role's sessions, the node's, another account's, and what is no session.
fn arn() -> BoxedStrategy<String> {
    const ARNS: [&str; 5] = [
        "arn:aws:sts::111122223333:assumed-role/checkout/irsa-probe",
        "arn:aws:sts::111122223333:assumed-role/checkout/other",
        "arn:aws:sts::111122223333:assumed-role/eks-node/i-0123456789abcdef0",
        "arn:aws:sts::999999999999:assumed-role/checkout/irsa-probe",
        "arn:aws:iam::111122223333:user/a",
    ];
    prop_oneof![4 => Just(ARNS[0].to_owned()), 3 => select(&ARNS[..]).prop_map(str::to_owned), 1 => text()].boxed()
}

fn account() -> BoxedStrategy<Option<Account>> {
    option::of("[0-9]{12}").prop_map(|account| account.and_then(|account| Account::parse(&account))).boxed()
}

fn caller_identity() -> BoxedStrategy<CallerIdentity> {
    (arn(), account(), maybe()).prop_map(|(arn, account, user_id)| CallerIdentity { arn, account, user_id }).boxed()
}

fn agent() -> BoxedStrategy<AgentCredentials> {
    (account(), option::of(time())).prop_map(|(account, expires_at)| AgentCredentials { account, expires_at }).boxed()
}

fn endpoint() -> BoxedStrategy<EndpointFacts> {
    let assumed = (option::weighted(0.9, arn()), maybe(), option::of(time()))
        .prop_map(|(arn, assumed_role_id, expires_at)| AssumedRole { arn, assumed_role_id, expires_at })
        .boxed();
    (pod::region(), text(), fact(call(assumed.clone())), vec(call(assumed), 0..3), fact(call(caller_identity())))
        .prop_map(|(region, host, assume_role, hops, caller_identity)| EndpointFacts { region, host, assume_role, hops, caller_identity })
        .boxed()
}

fn imds() -> BoxedStrategy<Imds> {
    use ImdsReach::*;
    let reach = || select(vec![Answers, Absent, HopLimited, Dropped, Refused, Other]);
    let instance = prop_oneof![Just(Some("i-0123456789abcdef0".to_owned())), maybe()];
    (reach(), option::of(reach()), maybe(), instance)
        .prop_map(|(v2, v1, role, instance_id)| Imds { v2, v1, no_role: role.is_none(), role, instance_id })
        .boxed()
}

fn chain() -> BoxedStrategy<DefaultChain> {
    use ChainProvider::*;
    let kind = prop_oneof![
        Just(ChainErrorKind::NothingFound),
        Just(ChainErrorKind::Configuration),
        Just(ChainErrorKind::Passing),
        service_error().prop_map(ChainErrorKind::Service),
    ];
    let error = (kind, text()).prop_map(|(kind, text)| ChainError { kind, text });
    (select(vec![Env, Profile, Irsa, Irsa, PodIdentity, Node, None]), option::of(caller_identity()), option::weighted(0.3, error))
        .prop_map(|(provider, identity, error)| DefaultChain { provider, identity, error })
        .boxed()
}

fn issuer() -> BoxedStrategy<Issuer> {
    let named = || prop_oneof![2 => Just("https://oidc.eks.eu-central-1.amazonaws.com/id/ABCDEF".to_owned()), 1 => text()];
    let discovery = (named(), maybe()).prop_map(|(issuer, jwks_uri)| Discovery { issuer, jwks_uri }).boxed();
    let keys = (any::<u32>(), vec(text(), 0..3), option::of(any::<bool>()))
        .prop_map(|(keys, key_ids, has_token_key)| KeySet { keys, key_ids, has_token_key })
        .boxed();
    (named(), maybe(), call(discovery), fact(call(keys)))
        .prop_map(|(issuer, key_id, discovery, keys)| Issuer { issuer, key_id, discovery, keys })
        .boxed()
}
