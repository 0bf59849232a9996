//! Step `application`: what the application's own SDK (`--app-sdk`) makes of what was injected. A prediction, not a proof.

use super::profile;
use crate::core::aws::imds::ImdsReach;
use crate::core::catalogue::Code;
use crate::core::check::differs::{Difference, differences};
use crate::core::check::predicted::describe_end;
use crate::core::check::row::{CheckContext, CheckRow, CheckState, NOTHING, pass_with, skip};
use crate::core::check::{Finding, surroundings};
use crate::core::evidence::{Evidence, SkipReason};
use crate::core::plan::{IdentitySource, Plan, Provider};
use crate::core::pod::profile::ProfileCredentials;
use crate::core::sdk::{AgentCall, Basis, ChainEnd, ImdsView, OnFailure, Prediction, SdkFamily, StsCall, Surroundings, TokenFile, predict};

/// Whether the application's SDK uses the injected identity.
enum SdkVerdict {
    /// It may end up with other credentials. The text says why.
    Wrong(String),
    /// It uses the injected identity. The text says what happens when the exchange fails.
    Right(String),
    /// It is not known. The text says why.
    Undecided(String),
}

pub(super) const CHECKS: &[CheckRow] = &[
    CheckRow {
        id: "app-sdk",
        title: "the application's SDK uses this identity, and stops when it fails",
        rests_on: NOTHING,
        state: |context, _| match context.evidence.inputs.settings.app_sdk.map(|sdk| evaluate(context.evidence, context.plan, sdk)) {
            None => skip(SkipReason::NotAsked.describe()),
            Some(SdkVerdict::Right(detail) | SdkVerdict::Wrong(detail)) => pass_with(detail),
            Some(SdkVerdict::Undecided(because)) => skip(because),
        },
    },
    profile::CHECK,
    CheckRow {
        id: "sdk-settings",
        title: "every SDK reads the settings of this pod alike",
        rests_on: NOTHING,
        state: |context, findings| match differences(context).iter().find_map(|difference| said_already(context, findings, difference)) {
            Some(code) => skip(["see ", code.id()].concat()),
            None => CheckState::Passed(None),
        },
    },
];

/// A finding if the application's SDK may end up with other credentials, and one for the settings that not every SDK reads alike.
pub(super) fn find(context: &CheckContext<'_>, _: &[Finding]) -> Vec<Finding> {
    let verdict = context.evidence.inputs.settings.app_sdk.map(|sdk| evaluate(context.evidence, context.plan, sdk));
    let mut findings = match verdict {
        Some(SdkVerdict::Wrong(detail)) => vec![Finding::new(Code::SdkFallsThrough, detail)],
        Some(SdkVerdict::Right(_) | SdkVerdict::Undecided(_)) | None => Vec::new(),
    };
    findings.extend(profile::find(context));
    let unsaid = differences(context).into_iter().filter(|difference| said_already(context, &findings, difference).is_none());
    let sentences: Vec<String> = unsaid.map(|difference| difference.sentence).collect();
    if !sentences.is_empty() {
        findings.push(Finding::new(Code::SdkDiffers, sentences.join(" ")));
    }
    findings
}

/// The finding that names the variables already: a failure of what was injected, or the one on the application's SDK.
fn said_already(context: &CheckContext<'_>, findings: &[Finding], difference: &Difference) -> Option<Code> {
    let of_sdk = findings.iter().find(|finding| finding.code == Code::SdkFallsThrough && difference.is_said_in(&finding.detail));
    difference.said_by(context).or(of_sdk.map(|finding| finding.code))
}

/// Which credentials this SDK takes while everything works, and when the exchange fails.
fn evaluate(evidence: &Evidence, plan: &Plan, sdk: SdkFamily) -> SdkVerdict {
    let Some(wanted) = plan.chain_end() else {
        return SdkVerdict::Undecided("nothing is injected that it could use".to_owned());
    };
    let provider = describe_end(wanted);
    let now = surroundings::from_evidence(evidence);
    let well = predict(sdk, &all_well(now, plan));
    let id = sdk.id();
    if well.outcome != wanted {
        return not_used(evidence, plan, &well, provider);
    }
    // The plan has a failure that may stop this SDK too, which is not verified. The failure is a finding already. "Uses the identity"
    // would contradict it.
    if let Some(failure) = plan.failure().filter(|_| well.basis == Basis::Unverified && well.on_failure == OnFailure::Stops) {
        return SdkVerdict::Undecided(["see ", failure.code.id()].concat());
    }
    let uses = |rest: &str| [id, " uses ", provider, rest].concat();
    let becomes = match (well.on_failure, well.falls_to) {
        (OnFailure::Stops, _) => return SdkVerdict::Right(uses(", and gets an error when it fails")),
        (OnFailure::Unknown, _) | (_, None) => return SdkVerdict::Undecided(uses("; what it does when that fails is not known")),
        (_, Some(ChainEnd::None | ChainEnd::NodeRole)) if is_undecided(evidence, now.imds) => {
            return SdkVerdict::Undecided(uses(", and goes on to IMDS when that fails; whether it finds a role there was not found out"));
        }
        (_, Some(ChainEnd::None | ChainEnd::Error)) => {
            return SdkVerdict::Right(uses("; when that fails, it goes on in its chain and finds nothing, so that it gets an error"));
        }
        (_, Some(ChainEnd::NodeRole)) => match evidence.imds.known().and_then(|imds| imds.role.as_deref()) {
            Some(role) => &["the node's role (", role, "), which IMDS gives to this pod"].concat(),
            None => "the node's role",
        },
        (_, Some(other)) => describe_end(other),
    };
    let goes_on = match predict(sdk, &now).outcome == wanted {
        true => uses("; when that fails, it"),
        false if wanted == ChainEnd::Profile => ["The selected profile fails now, upon which ", id].concat(),
        false => [provider, " fails now, upon which ", id].concat(),
    };
    SdkVerdict::Wrong([&goes_on, " goes on in its chain without a word and becomes ", becomes, ".", doubt(&well)].concat())
}

/// Whether it is unknown what IMDS gives: it was not asked, or the time ran out before version 1 could answer.
fn is_undecided(evidence: &Evidence, view: ImdsView) -> bool {
    let env = &evidence.inputs.environment;
    let unheard = evidence.imds.known().is_some_and(|imds| {
        let leads_on = matches!(imds.v2, ImdsReach::HopLimited | ImdsReach::Refused | ImdsReach::Other);
        leads_on && imds.v1.is_none() && !env.imds_v1_disabled.is_true()
    });
    !env.imds_disabled.is_true() && (view == ImdsView::Unknown || unheard)
}

/// The same surroundings with a token and an exchange that work.
fn all_well<'a>(now: Surroundings<'a>, plan: &Plan) -> Surroundings<'a> {
    match (plan.provider, plan.source) {
        (_, IdentitySource::Profile) => {
            Surroundings { profile_token: TokenFile::Good, sts: StsCall::Works, sts_at_url: None, hop: None, ..now }
        }
        (Provider::PodIdentity, _) => {
            Surroundings { container_token: TokenFile::Good, trimmed_container_token: TokenFile::Good, agent: AgentCall::Works, ..now }
        }
        _ => Surroundings { token: TokenFile::Good, trimmed_token: TokenFile::Good, sts: StsCall::Works, sts_at_url: None, ..now },
    }
}

/// The verdict on an SDK that does not use the injected identity even while everything works.
fn not_used(evidence: &Evidence, plan: &Plan, well: &Prediction, provider: &str) -> SdkVerdict {
    let id = well.sdk.id();
    let stops = matches!(well.outcome, ChainEnd::Error | ChainEnd::None);
    // The plan's failure stops this SDK, or shadows the identity for every SDK. It is a finding already.
    if let Some(failure) = plan.failure().filter(|failure| stops || failure.code == Code::ShadowedByEnvKeys) {
        return SdkVerdict::Undecided(["see ", failure.code.id()].concat());
    }
    // A web identity in a profile is usually the injected one. If it is not, the check of the default chain shows it.
    if well.outcome == ChainEnd::Profile
        && plan.source == IdentitySource::Environment
        && evidence.inputs.profile.credentials == Some(ProfileCredentials::WebIdentity)
    {
        return SdkVerdict::Undecided([id, " takes the web identity that the profile names; see the default chain"].concat());
    }
    let takes = if stops { " gets an error" } else { " takes " };
    let what = if stops { "" } else { describe_end(well.outcome) };
    SdkVerdict::Wrong([id, takes, what, " instead of ", provider, ": ", &well.reason, doubt(well)].concat())
}

fn doubt(prediction: &Prediction) -> &'static str {
    if prediction.basis == Basis::Unverified { " This rests on something that is not verified." } else { "" }
}
