//! Step `application`: which credentials SDKs get in this pod, and the application's own SDK where it is known. These are predictions.

use super::profile;
use crate::core::aws::imds::ImdsReach;
use crate::core::catalogue::{Class, Code, Severity};
use crate::core::check::app_sdk::AppSdk;
use crate::core::check::differs::differences;
use crate::core::check::predicted::describe_end;
use crate::core::check::row::{CheckContext, CheckRow, NOTHING, pass_with, skip};
use crate::core::check::sdk_lines::differing;
use crate::core::check::sdks::{all_well, becomes, describe_use, groups, is_wanted, list};
use crate::core::check::{Finding, surroundings, wordings};
use crate::core::evidence::Evidence;
use crate::core::plan::Provider;
use crate::core::sdk::{Basis, ChainEnd, ImdsView, OnFailure, Prediction, SdkVersion, predict};
use std::cmp::Ordering;

/// Whether an SDK of the application gets the injected identity, while the exchange works and when it fails.
struct AppVerdict {
    kind: AppVerdictKind,
    /// What the SDK gets, and why, in a sentence or a clause.
    text: String,
}

/// The kinds of verdicts, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum AppVerdictKind {
    /// It does not get it.
    Differs,
    /// It gets it, and uses other credentials when the exchange fails.
    FallsThrough,
    /// It is not known.
    Undecided,
    /// It gets it, and gets an error when the exchange fails.
    Right,
}

impl AppVerdictKind {
    fn says(self, text: impl Into<String>) -> AppVerdict {
        AppVerdict { kind: self, text: text.into() }
    }
}

pub(super) const CHECKS: &[CheckRow] = &[
    profile::CHECK,
    CheckRow {
        id: "sdks",
        title: "the SDKs in this pod get this role",
        rests_on: NOTHING,
        state: |context, _| {
            let sdk_groups = groups(context);
            let said = differences(context).iter().find_map(|difference| difference.said_by(context));
            match (said, context.proven, &sdk_groups[..]) {
                (Some(code), ..) => skip(["see ", code.id()].concat()),
                (None, Some(_), _) if !context.apps.is_empty() => {
                    let is_right = |app: &AppSdk| sdk_groups.iter().any(|group| group.wanted && group.families.contains(&app.sdk.family));
                    match context.apps {
                        apps if apps.iter().any(|app| app.unseen) && context.plan.provider == Provider::Irsa => skip("see app-sdk"),
                        [app] if is_right(app) => pass_with([&app.name(), " ", &becomes(context, true)].concat()),
                        apps if apps.iter().all(is_right) => pass_with([&names(apps), " ", &becomes(context, false)].concat()),
                        [_] => skip("the application's SDK does not get this role"),
                        _ => skip("not all SDKs of the application get this role"),
                    }
                }
                (None, Some(_), [all]) if all.wanted => pass_with(all.describe(context, false)),
                // What the others get is not verified.
                (None, Some(_), [.., most]) if most.wanted => pass_with(most.describe(context, false)),
                _ => skip("the identity is not proven"),
            }
        },
    },
    CheckRow {
        id: "app-sdk",
        title: "the application's SDK gets this role, or an error when the exchange fails",
        rests_on: NOTHING,
        state: |context, _| match joined(context.apps.iter().map(|app| evaluate(context, app))) {
            None => skip("the application's SDK is not known (name it with --app-sdk)"),
            Some(AppVerdict { kind: AppVerdictKind::Differs, .. }) => skip(["see ", Code::SdkDiffers.id()].concat()),
            Some(AppVerdict { kind: AppVerdictKind::Undecided, text }) => skip(text),
            // With a finding, the check warns instead.
            Some(AppVerdict { text, .. }) => pass_with(text),
        },
    },
];

/// What differs among the SDKs. Where the application's SDK is known, only what concerns it.
pub(super) fn find(context: &CheckContext<'_>, _: &[Finding]) -> Vec<Finding> {
    let of_profile = profile::find(context);
    let of_sdks = match context.apps {
        [] => difference_of_families(context).into_iter().collect(),
        apps => merged(apps.iter().flat_map(|app| of_app(context, app))),
    };
    // Where the application's SDK is known to be concerned, the profile's fault is as certain as that.
    let certain = of_sdks.iter().any(|finding| finding.code == Code::SdkDiffers && finding.severity == Severity::Fail);
    let of_profile = of_profile.map(|finding| if certain { finding.escalated(Class::Permanent) } else { finding });
    of_profile.into_iter().chain(of_sdks).collect()
}

/// The families that do not get the proven identity, and the settings that families read differently.
fn difference_of_families(context: &CheckContext<'_>) -> Option<Finding> {
    let sentences = differing(context);
    (!sentences.is_empty()).then(|| Finding::new(Code::SdkDiffers, sentences.join(". ") + "."))
}

/// The findings of several SDKs, one for each code: the most severe of them, with what all of them say.
fn merged(findings: impl Iterator<Item = Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::new();
    for finding in findings {
        match merged.iter_mut().find(|other| other.code == finding.code) {
            Some(other) => {
                let both = [&other.detail, " ", &finding.detail].concat();
                let detail = if other.detail.contains(&finding.detail) { other.detail.clone() } else { both };
                let most = if finding.severity < other.severity { finding } else { other.clone() };
                *other = Finding { detail, ..most };
            }
            None => merged.push(finding),
        }
    }
    merged
}

/// The verdict on several SDKs: the worst one, with the texts of all that have it.
fn joined(verdicts: impl Iterator<Item = AppVerdict>) -> Option<AppVerdict> {
    verdicts.reduce(|one, other| match one.kind.cmp(&other.kind) {
        Ordering::Less => one,
        Ordering::Greater => other,
        // A text that both have appears once.
        Ordering::Equal if one.text.contains(&other.text) => one,
        Ordering::Equal => AppVerdict { text: [one.text.trim_end_matches('.'), "; ", &other.text].concat(), ..one },
    })
}

/// `python (boto3) 1.44.8 and go v2 1.33.18`.
fn names(apps: &[AppSdk]) -> String {
    let names: Vec<String> = apps.iter().map(AppSdk::name).collect();
    list(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What concerns an SDK of the application.
fn of_app(context: &CheckContext<'_>, app: &AppSdk) -> Vec<Finding> {
    let (well, verdict) = (prediction_when_well(context, app), evaluate(context, app));
    let known = |code: Code, detail: String| weigh(Finding::new(code, detail), app, &well);
    let mut findings = Vec::new();
    let differs = verdict.kind == AppVerdictKind::Differs;
    if let Some(detail) = too_old(context, app, &well).filter(|_| differs || well.basis == Basis::Unverified) {
        findings.push(known(Code::SdkTooOld, detail + &where_found(context, app)));
    }
    if let Some(detail) = module_missing(context, app, &well) {
        findings.push(known(Code::SdkModuleMissing, detail + &where_found(context, app)));
    }
    let settings = differences(context);
    let setting = settings.iter().find(|difference| difference.concerns(app.sdk.family) && difference.said_by(context).is_none());
    match (verdict.kind, setting) {
        (AppVerdictKind::Differs, setting) => {
            let explains = setting.filter(|setting| setting.explains(app.sdk.family, well.outcome.to_application()));
            let detail = explains.map_or_else(|| verdict.text.clone(), |setting| format!("{}.", setting.sentence));
            findings.push(known(Code::SdkDiffers, detail));
        }
        // It gets the identity, by the global endpoint.
        (_, Some(setting)) => {
            findings.push(Finding { severity: Severity::Info, ..Finding::new(Code::SdkDiffers, format!("{}.", setting.sentence)) })
        }
        (_, None) => {}
    }
    if verdict.kind == AppVerdictKind::FallsThrough {
        findings.push(Finding::new(Code::SdkFallsThrough, verdict.text));
    }
    findings
}

/// The finding with the severity that the knowledge of the application's SDK gives it: a failure only where the executable or a person names the
/// SDK, and where what it does was measured.
fn weigh(finding: Finding, app: &AppSdk, well: &Prediction) -> Finding {
    let is_certain = app.is_certain() && well.basis == Basis::Measured;
    let severity = if is_certain { Severity::Fail } else { Severity::Warn };
    Finding { severity, class: Class::Permanent, wording: wordings::of_app(finding.code), ..finding }
}

/// Why the application's SDK is older than the first version that supports the injected provider, by AWS's list. `None` where it is not.
fn too_old(context: &CheckContext<'_>, app: &AppSdk, well: &Prediction) -> Option<String> {
    let (way, provider) = match context.plan.provider {
        Provider::Irsa => (ChainEnd::Irsa, "IRSA"),
        Provider::PodIdentity => (ChainEnd::PodIdentity, "EKS Pod Identity"),
        Provider::None => return None,
    };
    let first = app.sdk.family.first_version(way, app.sdk.version)?;
    let version = app.sdk.version.filter(|version| SdkVersion::parse(first).is_some_and(|first| *version < first))?;
    let package = app.sdk.family.package();
    let known = if well.basis == Basis::Measured { "measured" } else { "not measured" };
    Some(format!("The application has {package} {version}; AWS lists {first} as the first version that supports {provider} ({known})."))
}

/// What the application's SDK lacks for the injected provider. `None` where it lacks nothing.
fn module_missing(context: &CheckContext<'_>, app: &AppSdk, well: &Prediction) -> Option<String> {
    let missing = app.missing.as_ref().filter(|_| context.plan.provider == Provider::Irsa && !is_wanted(context, well))?;
    let does = describe_use(context, well.outcome, None, true);
    Some([&app.name(), " has no ", missing, ", which IRSA needs, so it ", &does, "."].concat())
}

/// Whose files tell of the SDK, as a sentence. Empty where a person named it.
fn where_found(context: &CheckContext<'_>, app: &AppSdk) -> String {
    let whose = match context.evidence.inputs.settings.pid {
        Some(pid) => format!("the files of process {pid}"),
        None => "this container's own files".to_owned(),
    };
    app.path.as_ref().map(|path| format!(" It was found in {whose}: {path}.")).unwrap_or_default()
}

/// What the application's SDK does while the injected provider works.
fn prediction_when_well(context: &CheckContext<'_>, app: &AppSdk) -> Prediction {
    predict(app.sdk, &all_well(surroundings::from_evidence(context.evidence), context.plan))
}

/// Which credentials the application's SDK takes while everything works, and when the exchange fails.
fn evaluate(context: &CheckContext<'_>, app: &AppSdk) -> AppVerdict {
    let (evidence, plan) = (context.evidence, context.plan);
    let Some(wanted) = plan.chain_end() else {
        return AppVerdictKind::Undecided.says("no identity is injected".to_owned());
    };
    let provider = describe_end(wanted);
    let now = surroundings::from_evidence(evidence);
    let well = prediction_when_well(context, app);
    let name = app.name();
    if !is_wanted(context, &well) {
        return not_used(context, &name, &well, provider);
    }
    if app.unseen && plan.provider == Provider::Irsa {
        return AppVerdictKind::Undecided
            .says([&name, "'s module for IRSA was not found, and the search for it was not complete"].concat());
    }
    // The plan has a failure that may stop this SDK too, which is not verified. The failure is a finding already. "Uses the identity"
    // would contradict it.
    if let Some(failure) = plan.failure().filter(|_| well.basis == Basis::Unverified && well.on_failure == OnFailure::Stops) {
        return AppVerdictKind::Undecided.says(["see ", failure.code.id()].concat());
    }
    let uses = |rest: &str| [&name, " uses ", provider, rest].concat();
    let gets = match (well.on_failure, well.falls_to) {
        // The same role from another source. The effect of a failure there is not predicted.
        _ if well.outcome != wanted && well.outcome == ChainEnd::Profile => {
            return AppVerdictKind::Right.says([&name, " gets this identity from the selected profile"].concat());
        }
        (OnFailure::Stops, _) => return AppVerdictKind::Right.says(uses(", and stops with an error if that fails")),
        (OnFailure::Unknown, _) | (_, None) => return AppVerdictKind::Undecided.says(uses("; it is not known what it does if that fails")),
        (_, Some(ChainEnd::None | ChainEnd::NodeRole)) if is_undecided(evidence, now.imds) => {
            return AppVerdictKind::Undecided
                .says(uses("; if that fails, it tries IMDS, and it is not known whether IMDS gives it a role"));
        }
        (_, Some(ChainEnd::None | ChainEnd::Error)) => {
            return AppVerdictKind::Right
                .says(uses("; if that fails, it tries the rest of its chain, finds nothing and stops with an error"));
        }
        (_, Some(ChainEnd::NodeRole)) => match evidence.imds.known().and_then(|imds| imds.role.as_deref()) {
            Some(role) => &["the node's role (", role, "), which IMDS gives to this pod"].concat(),
            None => "the node's role",
        },
        (_, Some(other)) => describe_end(other),
    };
    let goes_on = match is_wanted(context, &predict(app.sdk, &now)) {
        true => uses("; if that fails, it"),
        false if wanted == ChainEnd::Profile => ["The selected profile fails now, so ", &name].concat(),
        false => [provider, " fails now, so ", &name].concat(),
    };
    AppVerdictKind::FallsThrough.says([&goes_on, " silently tries the rest of its chain and gets ", gets, ".", doubt(&well)].concat())
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

/// The verdict on an SDK that does not use the injected identity even while everything works.
fn not_used(context: &CheckContext<'_>, name: &str, well: &Prediction, provider: &str) -> AppVerdict {
    let stops = matches!(well.outcome, ChainEnd::Error | ChainEnd::None);
    // The plan's failure stops this SDK, or hides the identity from every SDK. It is a finding already.
    if let Some(failure) = context.plan.failure().filter(|failure| stops || failure.code == Code::ShadowedByEnvKeys) {
        return AppVerdictKind::Undecided.says(["see ", failure.code.id()].concat());
    }
    let role = well.arn.as_ref().map(|arn| format!("the role {arn}"));
    let does = describe_use(context, well.outcome, role.as_deref(), true);
    let detail = [name, " ", &does, " instead of ", provider, ": ", &well.reason, doubt(well)].concat();
    match (context.proven, stops) {
        (Some(_), _) => AppVerdictKind::Differs.says(detail),
        (None, false) => AppVerdictKind::FallsThrough.says(detail),
        // The identity is not proven, and the application gets none in any case.
        (None, true) => AppVerdictKind::Undecided.says(detail),
    }
}

fn doubt(prediction: &Prediction) -> &'static str {
    if prediction.basis == Basis::Unverified { " This prediction is not verified." } else { "" }
}
