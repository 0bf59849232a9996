//! Settings of a pod that SDKs read differently: empty variables, white space around a value, old names, one of the two names of the region
//! alone. Each is compared with the same environment without it. What an SDK does with each of the two is predicted, with calls that all work.

use super::row::CheckContext;
use super::sdks::{describe_use, list};
use super::surroundings;
use crate::core::aws::partition::Region;
use crate::core::catalogue::{Code, Severity};
use crate::core::plan::Provider;
use crate::core::pod::environment::{Environment, Secret, Var};
use crate::core::pod::untidy::Untidy;
use crate::core::sdk::{
    AgentCall, Basis, ChainEnd, Prediction, SdkFamily, SdkFiles, StsCall, StsEndpoint, Surroundings, TokenFile, predict,
};

/// A setting that some SDKs read differently from the rest, and the effect.
pub(super) struct Difference {
    /// The variables.
    variables: Vec<&'static str>,
    /// What they do because of it, by family.
    effects: Vec<(Behaviour, Vec<SdkFamily>)>,
    /// Who reads it so, what they do, and the fix. Without a full stop.
    pub(super) sentence: String,
}

/// A setting in a form that SDKs read differently.
struct Setting {
    variables: Vec<&'static str>,
    /// How it is set.
    state: String,
    fix: String,
    /// The environment without it.
    tidy: Environment,
    /// The variable to which the fix gives a value. It need not be unset before.
    filled: Option<&'static str>,
}

/// What a family does.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Behaviour {
    end: ChainEnd,
    /// The endpoint, if it calls STS for its credentials.
    endpoint: Option<StsEndpoint>,
}

impl Difference {
    /// The failure that the inputs prove and that names one of the variables already. Its fix comes first.
    pub(super) fn said_by(&self, context: &CheckContext<'_>) -> Option<Code> {
        let mut failures = context.plan.defects.iter().filter(|defect| defect.severity == Severity::Fail);
        failures.find(|defect| self.is_said_in(&defect.detail)).map(|defect| defect.code)
    }

    /// Whether this family reads it differently from the rest.
    pub(super) fn concerns(&self, family: SdkFamily) -> bool {
        self.effects.iter().any(|(_, families)| families.contains(&family))
    }

    /// Whether this is why the family ends so.
    pub(super) fn explains(&self, family: SdkFamily, end: ChainEnd) -> bool {
        self.effects.iter().any(|(effect, families)| effect.end == end && families.contains(&family))
    }

    /// Whether a text names one of the variables.
    fn is_said_in(&self, text: &str) -> bool {
        let words = || text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        self.variables.iter().any(|variable| words().any(|word| word == *variable))
    }
}

/// The settings that SDKs read differently. Nothing is predicted where every setting is tidy.
pub(super) fn differences(context: &CheckContext<'_>) -> Vec<Difference> {
    let settings = untidy_settings(&context.evidence.inputs.environment);
    if settings.is_empty() {
        return Vec::new();
    }
    let found = surroundings::from_evidence(context.evidence);
    let now = effects(context, found, found.environment);
    let differs = |setting: &Setting| {
        let tidy = effects(context, found, &setting.tidy);
        let groups = differing(context.plan.chain_end(), &now, &tidy);
        let known: Vec<SdkFamily> = SdkFamily::ALL.into_iter().zip(&now).filter_map(|(family, now)| now.map(|_| family)).collect();
        let said: Vec<String> = groups.iter().map(|(effect, families)| describe(context, *effect, families, &known)).collect();
        let sentence = format!("{}: {}; {}", setting.state, said.join("; "), setting.fix);
        (!groups.is_empty()).then_some(Difference { variables: setting.variables.clone(), sentence, effects: groups })
    };
    let found: Vec<(&Setting, Difference)> = settings.iter().filter_map(|setting| Some((setting, differs(setting)?))).collect();
    let filled: Vec<&str> = found.iter().filter_map(|(setting, _)| setting.filled).collect();
    let is_filled = |setting: &Setting| setting.filled.is_none() && setting.variables.iter().all(|variable| filled.contains(variable));
    found.into_iter().filter(|(setting, _)| !is_filled(setting)).map(|(_, difference)| difference).collect()
}

fn untidy_settings(env: &Environment) -> Vec<Setting> {
    let tidied = |(name, untidy): (&'static str, Untidy)| {
        let (state, fix) = match untidy {
            Untidy::Empty => ("is empty", "unset"),
            Untidy::Blank => ("holds only white space", "unset"),
            Untidy::Padded => ("has white space around its value", "remove the white space around"),
        };
        Setting {
            variables: vec![name],
            state: format!("{name} {state}"),
            fix: format!("{fix} {name}"),
            tidy: env.tidied(name),
            filled: None,
        }
    };
    let mut settings: Vec<Setting> = env.untidy().into_iter().map(tidied).collect();
    settings.extend(old_names(env));
    settings.extend(lone_region(env));
    settings
}

/// The old names of the static keys.
fn old_names(env: &Environment) -> Option<Setting> {
    let names = [("AWS_ACCESS_KEY", env.old_access_key), ("AWS_SECRET_KEY", env.old_secret_key)];
    let variables: Vec<&str> = names.into_iter().filter(|(_, secret)| *secret == Secret::Present).map(|(name, _)| name).collect();
    let state = match variables[..] {
        [] => return None,
        [one] => format!("The old name {one} is set"),
        _ => format!("The old names {} are set", list(&variables)),
    };
    let tidy = Environment { old_access_key: Secret::Unset, old_secret_key: Secret::Unset, ..env.clone() };
    Some(Setting { state, fix: format!("unset {}", list(&variables)), variables, tidy, filled: None })
}

/// One of the two names of the region, without the other. What is no region is not copied.
fn lone_region(env: &Environment) -> Option<Setting> {
    let (new, old) = ("AWS_REGION", "AWS_DEFAULT_REGION");
    let (set, unset, value, other) = match (env.region.value(), env.default_region.value()) {
        (Some(region), None) => (new, old, region, &env.default_region),
        (None, Some(region)) => (old, new, region, &env.region),
        _ => return None,
    };
    let region = Region::parse(value.raw().trim()).ok()?;
    let state = format!("{set} is set, {unset} is {}", if other.is_set() { "empty" } else { "unset" });
    let both = || Var::Set(region.to_string().into());
    let tidy = Environment { region: both(), default_region: both(), ..env.clone() };
    Some(Setting { variables: vec![set, unset], state, fix: format!("set {unset}={region} too"), tidy, filled: Some(unset) })
}

/// What each family does with this environment, where each call works. `None` where that is not known.
fn effects(context: &CheckContext<'_>, found: Surroundings<'_>, environment: &Environment) -> Vec<Option<Behaviour>> {
    // Without the white space around its path, a token file is taken to be good. With it, it is as it was found.
    let file = |path: &Var, found: TokenFile| {
        if path.raw().is_some_and(|path| path.trim() != path) { found } else { TokenFile::Good }
    };
    let of = |provider: Provider, path: &Var, found: TokenFile| {
        if context.plan.provider == provider { file(path, found) } else { TokenFile::Good }
    };
    let well = Surroundings {
        environment,
        files: SdkFiles {
            token: of(Provider::Irsa, &environment.token_file, found.files.token),
            container_token: of(Provider::PodIdentity, &environment.container_token_file, found.files.container_token),
            sso_token: found.files.sso_token,
            ..SdkFiles::GOOD
        },
        sts: StsCall::Works,
        hop: None,
        profile_sts: None,
        profile_tokens: &[],
        agent: AgentCall::Works,
        ..found
    };
    SdkFamily::ALL.into_iter().map(|family| Behaviour::of(&predict(family, &well))).collect()
}

impl Behaviour {
    fn of(prediction: &Prediction) -> Option<Behaviour> {
        let end = prediction.outcome.to_application();
        // The role is known where STS gives it.
        let endpoint = prediction.arn.as_ref().map(|_| prediction.endpoint);
        (prediction.basis != Basis::Unverified).then_some(Behaviour { end, endpoint })
    }
}

/// The families that behave differently because of the setting, grouped by behaviour. Nothing where the setting changes none or all of them, and no
/// family that the fix would harm.
fn differing(wanted: Option<ChainEnd>, now: &[Option<Behaviour>], tidy: &[Option<Behaviour>]) -> Vec<(Behaviour, Vec<SdkFamily>)> {
    let known = || SdkFamily::ALL.into_iter().zip(now).zip(tidy).filter_map(|((family, now), tidy)| Some((family, (*now)?, (*tidy)?)));
    let rest: Vec<Behaviour> = known().filter(|(_, now, tidy)| now == tidy).map(|(_, now, _)| now).collect();
    let has_it = |effect: Behaviour| Some(effect.end) == wanted;
    let mut groups: Vec<(Behaviour, Vec<SdkFamily>)> = Vec::new();
    for (family, now, tidy) in known().filter(|(_, now, tidy)| now != tidy) {
        let is_common = rest.iter().filter(|other| **other == now).count() * 2 >= rest.len();
        let loses = has_it(now) && (!has_it(tidy) || now.endpoint != Some(StsEndpoint::Global));
        if is_common || loses {
            continue;
        }
        match groups.iter_mut().find(|(effect, _)| *effect == now) {
            Some((_, families)) => families.push(family),
            None => groups.push((now, vec![family])),
        }
    }
    groups
}

/// Who does what. Where most do it, the others are named.
fn describe(context: &CheckContext<'_>, effect: Behaviour, families: &[SdkFamily], known: &[SdkFamily]) -> String {
    let name = |families: &[SdkFamily]| list(&families.iter().map(|family| family.short_name()).collect::<Vec<_>>());
    let (who, one) = if families.len() * 2 > known.len() {
        let others: Vec<SdkFamily> = known.iter().copied().filter(|family| !families.contains(family)).collect();
        (format!("most SDKs, but not {},", name(&others)), false)
    } else {
        (name(families), families.len() == 1)
    };
    let what = match (effect.end, effect.endpoint) {
        (ChainEnd::Irsa, Some(StsEndpoint::Global)) => ["call", if one { "s" } else { "" }, " the global STS endpoint"].concat(),
        (end, _) => describe_use(context, end, None, one),
    };
    format!("{who} {what}")
}

#[cfg(test)]
mod tests;
