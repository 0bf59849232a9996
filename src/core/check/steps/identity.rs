//! Step `identity`: whose credentials they are, and which identity an SDK's default chain gets.

use crate::core::aws::arn::{AssumedRoleArn, RoleArn, RoleMatch, compare_identities};
use crate::core::catalogue::{Class, Code, Operation, Severity, Step};
use crate::core::check::Finding;
use crate::core::check::calls::{failed_call, skew_words};
use crate::core::check::predicted::{chain_link, predicted_chain};
use crate::core::check::proven::Proven;
use crate::core::check::row::{CheckContext, CheckRow, CheckState, NOTHING, earlier, pass_with, skip, skip_without};
use crate::core::evidence::{CallerIdentity, ChainErrorKind, ChainProvider, DefaultChain, Evidence, Fact};
use crate::core::plan::{Plan, profile_fault};
use crate::core::pod::profile::ProfileCredentials;
use crate::core::text::time::format_duration;

/// The seconds by which the time of a signature may differ from STS's clock (AWS General Reference, "Troubleshooting Signature Version 4").
const ACCEPTED_SKEW: u64 = 15 * 60;

pub(super) const CHECKS: &[CheckRow] = &[
    CheckRow {
        id: "identity",
        title: "GetCallerIdentity names the expected role",
        rests_on: earlier(Step::Identity),
        state: |context, _| match (&context.proven, context.evidence.endpoints.first().map(|endpoint| &endpoint.caller_identity)) {
            (Some(proven), _) => pass_with(&proven.arn),
            (None, Some(fact)) => skip_without(fact),
            (None, None) => skip("no call was planned"),
        },
    },
    CheckRow {
        id: "clock",
        title: "this node's clock agrees with that of STS",
        rests_on: NOTHING,
        state: |context, _| match context.clock_skew {
            None => skip("no answer of STS showed its time"),
            Some(0) => CheckState::Passed(None),
            Some(skew) => {
                let said = format!("{} {}", format_duration(skew), if skew < 0 { "behind" } else { "ahead" });
                match skew.unsigned_abs() > ACCEPTED_SKEW {
                    true => skip(format!("it is {said}; STS accepts 15 minutes")),
                    false => pass_with(said),
                }
            }
        },
    },
    CheckRow {
        id: "chain",
        title: "the SDK's default credential chain gets this role",
        rests_on: earlier(Step::Identity),
        state: |context, findings| match &context.evidence.chain {
            Fact::Known(chain) => match (&chain.error, &chain.identity, explanation(findings)) {
                (Some(error), ..) => skip(format!("not decided: {}", error.text)),
                (None, Some(is), Some(code)) if !becomes_proven(is, context.proven) => skip(format!("it gets {}; see {code}", is.arn)),
                (None, ..) => CheckState::Passed(None),
            },
            other => match predicted_chain(context.evidence).map(|predicted| predicted.compare(context.plan.chain_end())) {
                Some(Ok(good_as)) => pass_with(good_as),
                Some(Err(because)) => skip(because),
                None => skip_without(other),
            },
        },
    },
];

/// What is wrong with the identity of the credentials, and with that of the default chain.
pub(super) fn find(context: &CheckContext<'_>, so_far: &[Finding]) -> Vec<Finding> {
    let (_, mut findings) = prove(context.evidence, context.plan, context.clock_skew);
    let known: Vec<Finding> = so_far.iter().chain(&findings).cloned().collect();
    findings.extend(chain(context.evidence, context.proven, &known));
    findings
}

/// The identity of the injected provider's credentials, and what is wrong with it.
pub(in crate::core::check) fn prove(evidence: &Evidence, plan: &Plan, clock_skew: Option<i64>) -> (Option<Proven>, Vec<Finding>) {
    let Some(primary) = evidence.endpoints.first() else { return (None, Vec::new()) };
    let Some(call) = primary.caller_identity.known() else { return (None, Vec::new()) };
    if let Some(identity) = call.success() {
        let proven = Proven::by_caller_identity(identity);
        let mismatch = compare(&proven.arn, plan.expected_role.as_ref());
        return (Some(proven), mismatch.into_iter().collect());
    }
    let Some((code, said)) = failed_call(primary, call, Operation::GetCallerIdentity) else { return (None, Vec::new()) };
    let issued = Proven::by_assumed_role(primary);
    // The call may not reach STS, may be throttled, or may be denied by an endpoint policy or in a region. Such a failure says nothing about the
    // credentials. Every other refusal does.
    let about_the_call = matches!(code.step(), Step::Network | Step::AssumeRole);
    let inconclusive = about_the_call || code.row().class == Class::Transient;
    if !inconclusive {
        let skew = clock_skew.filter(|_| code == Code::ClockSkew).map(skew_words).unwrap_or_default();
        return (None, vec![Finding::new(code, format!("{said}{skew}"))]);
    }
    let mismatch = issued.as_ref().and_then(|issued| compare(&issued.arn, plan.expected_role.as_ref()));
    if let Some(mismatch) = mismatch {
        return (issued, vec![mismatch]);
    }
    if code == Code::ProbeOutOfResources {
        return (issued, vec![Finding::new(code, format!("GetCallerIdentity could not be called. {said}"))]);
    }
    let undecided = issued.is_none() && evidence.inputs.settings.expect_role_arn.is_some();
    if undecided {
        let detail = format!("{said} Without GetCallerIdentity the role cannot be compared with the expected one.");
        return (None, vec![Finding { severity: Severity::Fail, ..Finding::new(code, detail) }]);
    }
    let finding = Finding::new(Code::IdentityUnconfirmed, format!("GetCallerIdentity: {code}. {said}"));
    (issued, vec![finding])
}

/// Compares an identity with the expected role. Without an expected role, every identity but a session of the node's role is right.
fn compare(arn: &str, expected: Option<&RoleArn>) -> Option<Finding> {
    let session = AssumedRoleArn::parse(arn);
    if expected.is_some_and(|expected| session.as_ref().is_some_and(|session| expected.is_role_of(session))) {
        return None;
    }
    if session.as_ref().is_some_and(AssumedRoleArn::is_instance_session) {
        return Some(Finding::new(Code::NodeRoleFallback, format!("The credentials are {arn}: a session of the node's role.")));
    }
    let expected = expected?;
    Some(Finding::new(Code::IdentityMismatch, format!("The credentials are {arn}; the expected role is {expected}.")))
}

/// Compares the identity of the default chain with the one that was proven directly.
fn chain(evidence: &Evidence, proven: Option<&Proven>, so_far: &[Finding]) -> Option<Finding> {
    let chain = evidence.chain.known()?;
    if is_node(chain, proven) {
        return Some(Finding::new(Code::NodeRoleFallback, describe_node_role(evidence, chain)));
    }
    let proven = proven?;
    if explanation(so_far).is_some() || is_explained_by_profile(evidence) {
        return None;
    }
    let detail = match (&chain.error, &chain.identity) {
        (Some(error), _) => match &error.kind {
            ChainErrorKind::Passing => return None,
            ChainErrorKind::Service(service) => {
                let code = Code::from_error(Operation::AssumeRoleWithWebIdentity, service);
                if code.row().class != Class::Permanent {
                    return None;
                }
                format!("The provider works when it is called directly; through the default chain the SDK says: {}.", error.text)
            }
            ChainErrorKind::NothingFound | ChainErrorKind::Configuration => {
                // The SDK's error says that a file is wrong. The parser's error also says where.
                let why = evidence.inputs.profile.error.as_ref().unwrap_or(&error.text);
                format!("The provider works when it is called directly; the default chain gives nothing: {why}.")
            }
        },
        // The provider does not matter: a web identity profile that names the injected role gives the injected identity.
        (None, Some(identity)) => {
            let capitals = match compare_identities(&identity.arn, &proven.arn) {
                RoleMatch::Equal => return None,
                RoleMatch::CapitalsDiffer => " The names of the two roles differ only in capitals.",
                RoleMatch::Different => "",
            };
            let by = chain_link(chain.provider);
            format!(
                "The provider gives {} when it is called directly; the default chain gives {}, from {by}.{capitals}",
                proven.arn, identity.arn
            )
        }
        (None, None) => return None,
    };
    Some(Finding::new(Code::ChainDisagrees, detail))
}

/// The code of an earlier finding that already explains why the chain ends with another identity.
fn explanation(findings: &[Finding]) -> Option<Code> {
    let explains =
        |code: &Code| matches!(code, Code::ShadowedByEnvKeys | Code::ShadowedByProfile | Code::BothInjected | Code::ProfileBroken);
    findings.iter().map(|finding| finding.code).find(explains)
}

/// Whether the selected profile has a role, and cannot give credentials. Then `profile-broken` is found, and says what SDKs do.
fn is_explained_by_profile(evidence: &Evidence) -> bool {
    let inputs = &evidence.inputs;
    let has_role = inputs.profile.credentials.is_some_and(|kind| kind != ProfileCredentials::WebIdentity);
    has_role && profile_fault(inputs).is_some_and(|(code, _)| code == Code::ProfileBroken)
}

/// Whether an identity of the default chain is the proven one.
fn becomes_proven(identity: &CallerIdentity, proven: Option<&Proven>) -> bool {
    proven.is_some_and(|proven| compare_identities(&identity.arn, &proven.arn) == RoleMatch::Equal)
}

/// Whether the chain ended with the node's role: it took the credentials of IMDS, or its session is named after an EC2 instance.
///
/// `AWS_ROLE_SESSION_NAME` may name a session in that way too. So a session of the injected provider or of the proven role is not the node's.
fn is_node(chain: &DefaultChain, proven: Option<&Proven>) -> bool {
    let is_proven = |identity: &CallerIdentity| becomes_proven(identity, proven);
    let is_instance = |identity: &CallerIdentity| AssumedRoleArn::parse(&identity.arn).is_some_and(|session| session.is_instance_session());
    match chain.provider {
        ChainProvider::Node => true,
        ChainProvider::Irsa | ChainProvider::PodIdentity => false,
        _ => chain.identity.as_ref().is_some_and(|identity| is_instance(identity) && !is_proven(identity)),
    }
}

fn describe_node_role(evidence: &Evidence, chain: &DefaultChain) -> String {
    let Some(identity) = &chain.identity else {
        return "The default chain got the node's credentials from IMDS. GetCallerIdentity gave no answer for them.".to_owned();
    };
    let instance = evidence.imds.known().and_then(|imds| imds.instance_id.as_deref());
    let session = AssumedRoleArn::parse(&identity.arn).map(|arn| arn.session);
    let confirmed = match (instance, session.as_deref()) {
        (Some(instance), Some(session)) if instance == session => ", confirmed by the instance id",
        _ => "",
    };
    format!("The default chain gets {}, the node's role{confirmed}.", identity.arn)
}
