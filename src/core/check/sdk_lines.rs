//! Which credentials the SDK families get, in sentences for a person.

use super::differs::{Difference, differences};
use super::row::CheckContext;
use super::sdks::{Group, groups};
use crate::core::sdk::{ChainEnd, SdkFamily};

/// A sentence on one or more families.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdkLine {
    /// The families get the injected identity.
    pub wanted: bool,
    /// Who gets which credentials, and why. Without a full stop.
    pub text: String,
}

/// Which families do not get the proven identity, and which settings families read differently: one sentence each, the worst first, without full stops.
/// What a failure says already is left out. Where nothing is proven, the settings alone.
pub(super) fn differing(context: &CheckContext<'_>) -> Vec<String> {
    let settings: Vec<Difference> = differences(context).into_iter().filter(|difference| difference.said_by(context).is_none()).collect();
    let explained = |family: &SdkFamily, end: ChainEnd| settings.iter().any(|difference| difference.explains(*family, end));
    let others = groups(context).into_iter().filter(|group| context.proven.is_some() && !group.wanted && !group.unverified);
    let unexplained = others.filter_map(|group| {
        let families: Vec<SdkFamily> = group.families.iter().copied().filter(|family| !explained(family, group.end)).collect();
        (!families.is_empty()).then(|| Group { families, ..group }.describe(context, false))
    });
    let sentences: Vec<String> = unexplained.collect();
    sentences.into_iter().chain(settings.into_iter().map(|difference| difference.sentence)).collect()
}

/// What all families get, the worst first. Nothing where the application's SDK is known, because it alone counts then.
pub(super) fn lines(context: &CheckContext<'_>) -> Vec<SdkLine> {
    if !context.apps.is_empty() {
        return Vec::new();
    }
    let different = differing(context).into_iter().map(|text| SdkLine { wanted: false, text });
    // The sentences above name the others.
    let rest: Vec<Group> =
        groups(context).into_iter().filter(|group| context.proven.is_none() || group.wanted || group.unverified).collect();
    // The last group are the others, unless a sentence on a setting names one of them, too.
    let settings = differences(context);
    let is_named = |group: &Group| settings.iter().any(|setting| group.families.iter().any(|family| setting.concerns(*family)));
    let last = rest.len().saturating_sub(1);
    let grouped = rest.iter().enumerate().map(|(index, group)| {
        let others = index == last && (group.wanted || !is_named(group));
        SdkLine { wanted: group.wanted, text: group.describe(context, others) }
    });
    different.chain(grouped).collect()
}
