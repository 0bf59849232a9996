//! What each SDK does in an environment, as text: a table, the reasons for the SDKs that differ from most, and at the end the SDKs that take the
//! node's role.

use super::page::{Page, Paint, Style};
use crate::core::sdk::{ChainEnd, OnFailure, Prediction, SdkFamily, StsEndpoint};

/// The places where the columns of the table begin.
const COLUMNS: [usize; 5] = [12, 30, 41, 67, 79];
const HEADS: [&str; 6] = ["SDK", "ends up as", "STS", "when its exchange fails", "IRSA from", "Pod Identity from"];

/// All predictions. `about` says whose environment it is and what was assumed.
pub fn table(about: &str, predictions: &[Prediction], style: Style) -> String {
    let mut page = Page::new(style);
    page.prose(0, 0, &[(Paint::Plain, about)]);
    page.gap();
    row(&mut page, HEADS.map(|head| (Paint::Bold, head)));
    for prediction in predictions {
        let outcome = outcome(prediction);
        let versions = prediction.minimum;
        row(
            &mut page,
            [
                (Paint::Plain, prediction.sdk.id()),
                (paint(prediction.outcome), &outcome),
                (if prediction.endpoint == StsEndpoint::Global { Paint::Yellow } else { Paint::Plain }, endpoint(prediction)),
                (if prediction.on_failure == OnFailure::Stops { Paint::Plain } else { Paint::Yellow }, on_failure(prediction)),
                (Paint::Plain, versions.irsa.unwrap_or("–")),
                (Paint::Plain, versions.pod_identity.unwrap_or("–")),
            ],
        );
    }
    page.gap();
    reasons(&mut page, predictions);
    danger(&mut page, predictions);
    page.finish()
}

/// One prediction, with all details.
pub fn one(about: &str, prediction: &Prediction, style: Style) -> String {
    const COLUMN: usize = 25;
    let mut page = Page::new(style);
    page.prose(0, 0, &[(Paint::Plain, about)]);
    page.gap();
    let outcome = outcome(prediction);
    let versions = prediction.minimum;
    for (head, text) in [
        ("SDK", prediction.sdk.id()),
        ("ends up as", &outcome),
        ("STS endpoint", endpoint(prediction).trim_end_matches('*')),
        ("when its exchange fails", on_failure(prediction)),
        ("IRSA from version", versions.irsa.unwrap_or("– (AWS names none)")),
        ("Pod Identity from", versions.pod_identity.unwrap_or("– (AWS names none)")),
        ("why", &prediction.why),
    ] {
        page.entry(0, head, COLUMN, (Paint::Plain, text));
    }
    page.finish()
}

fn row(page: &mut Page, cells: [(Paint, &str); 6]) {
    const GAP: &str = "                                        ";
    let mut pieces = Vec::with_capacity(12);
    let mut from = 0;
    for (index, (paint, text)) in cells.into_iter().enumerate() {
        pieces.push((paint, text));
        if let Some(to) = COLUMNS.get(index) {
            let width = (to - from).saturating_sub(text.chars().count()).max(1);
            pieces.push((Paint::Plain, &GAP[..width.min(GAP.len())]));
            from = *to;
        }
    }
    page.line(0, &pieces);
}

/// The reasons. The largest group of equal predictions has one entry. Each other prediction has its own.
fn reasons(page: &mut Page, predictions: &[Prediction]) {
    let exchanges = |one: &Prediction| matches!(one.outcome, ChainEnd::Irsa | ChainEnd::PodIdentity);
    let after = |one: &Prediction| (one.endpoint, one.on_failure, one.falls_to);
    // Without an exchange, neither its endpoint nor the reaction to its failure counts.
    let alike = |one: &Prediction, other: &Prediction| one.outcome == other.outcome && (!exchanges(one) || after(one) == after(other));
    let count = |one: &Prediction| predictions.iter().filter(|other| alike(one, other)).count();
    // This is the first prediction of the largest group.
    let Some(most) = predictions.iter().rev().max_by_key(|one| count(one)) else { return };
    page.entry(0, "most", COLUMNS[0], (Paint::Plain, &most.reason));
    for one in predictions.iter().filter(|one| one.unverified || !alike(one, most)) {
        let reason = if one.reason == most.reason { "" } else { &one.reason };
        let text = [reason, &one.note].join(" ");
        if !text.trim().is_empty() {
            page.entry(0, one.sdk.id(), COLUMNS[0], (Paint::Plain, &text));
        }
    }
    page.gap();
    page.prose(2, 2, &[(Paint::Dim, &measured())]);
    if predictions.iter().any(|one| one.regional_since.is_some()) {
        page.prose(0, 2, &[(Paint::Dim, SINCE)]);
    }
    if predictions.iter().any(|one| one.unverified) {
        page.prose(0, 2, &[(Paint::Dim, UNVERIFIED)]);
    }
}

/// The families that were measured, including those that are not shown.
fn measured() -> String {
    let measured = SdkFamily::ALL.into_iter().filter(|sdk| !sdk.measured_versions().is_empty()).map(SdkFamily::id);
    let measured = measured.collect::<Vec<_>>().join(", ");
    format!("measured: {measured}; from the source or the documents of the others, not run; --sdk NAME says more")
}

const SINCE: &str = "* the global endpoint before July 2025, unless AWS_STS_REGIONAL_ENDPOINTS is regional; --sdk NAME tells the version";
const UNVERIFIED: &str = "? rests on something that is not verified; --sdk NAME says on what";

/// The SDKs that take the node's role now, and those that take it when the exchange fails.
fn danger(page: &mut Page, predictions: &[Prediction]) {
    let names = |wanted: fn(&Prediction) -> bool| {
        let names: Vec<&str> = predictions.iter().filter(|one| wanted(one)).map(|one| one.sdk.id()).collect();
        match names.len() {
            0 => None,
            all if all == predictions.len() => Some("every SDK".to_owned()),
            _ => Some(names.join(", ")),
        }
    };
    let now = names(|one| one.outcome == ChainEnd::NodeRole);
    let later = names(|one| one.falls_to == Some(ChainEnd::NodeRole));
    if now.is_none() && later.is_none() {
        return;
    }
    page.gap();
    if let Some(now) = now {
        page.prose(0, 2, &[(Paint::Red, "become the node, if IMDS is in reach:"), (Paint::Plain, &now)]);
    }
    if let Some(later) = later {
        page.prose(0, 2, &[(Paint::Yellow, "become the node when the exchange fails, if IMDS is in reach:"), (Paint::Plain, &later)]);
    }
    page.prose(0, 2, &[(Paint::Plain, "Keep IMDS out of the pod's reach: a hop limit of 1, and IMDSv2 required.")]);
}

fn outcome(prediction: &Prediction) -> String {
    let name = match prediction.outcome {
        ChainEnd::Irsa => "IRSA",
        ChainEnd::PodIdentity => "Pod Identity",
        ChainEnd::Static => "static keys",
        ChainEnd::Profile => "profile",
        ChainEnd::NodeRole => "the node's role",
        ChainEnd::None => "nothing",
        ChainEnd::Error => "an error",
    };
    [name, if prediction.unverified { "?" } else { "" }].concat()
}

fn paint(outcome: ChainEnd) -> Paint {
    match outcome {
        ChainEnd::Irsa | ChainEnd::PodIdentity => Paint::Green,
        ChainEnd::Static | ChainEnd::Profile => Paint::Yellow,
        ChainEnd::NodeRole | ChainEnd::None | ChainEnd::Error => Paint::Red,
    }
}

fn endpoint(prediction: &Prediction) -> &'static str {
    match (prediction.endpoint, prediction.regional_since) {
        (StsEndpoint::Regional, None) => "regional",
        (StsEndpoint::Regional, Some(_)) => "regional*",
        (StsEndpoint::Global, _) => "global",
    }
}

fn on_failure(prediction: &Prediction) -> &'static str {
    match (prediction.on_failure, prediction.falls_to) {
        (OnFailure::Stops, _) => "stops",
        (OnFailure::Unknown, _) => "not known",
        (OnFailure::FallsThrough, Some(ChainEnd::NodeRole)) => "falls to the node's role",
        (OnFailure::FallsThrough, Some(ChainEnd::PodIdentity)) => "falls to Pod Identity",
        (OnFailure::FallsThrough, Some(ChainEnd::Irsa)) => "falls to IRSA",
        (OnFailure::FallsThrough, Some(ChainEnd::Profile)) => "falls to the profile",
        (OnFailure::FallsThrough, Some(ChainEnd::None)) => "goes on, finds nothing",
        (OnFailure::FallsThrough, _) => "goes on in its chain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::pod::environment::Environment;
    use crate::core::pod::profile::Profile;
    use crate::core::sdk::{Surroundings, predict};

    #[test]
    fn no_cell_is_wider_than_its_column_and_no_line_than_the_page() {
        let vars: &[&[(&str, &str)]] = &[
            &[],
            &[("AWS_ROLE_ARN", "r"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t")],
            &[("AWS_ACCESS_KEY_ID", "A")],
            &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1"), ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t")],
        ];
        for vars in vars {
            let environment = Environment::from_lookup(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()));
            let profile = Profile::default();
            let predictions = SdkFamily::ALL.map(|sdk| predict(sdk, &Surroundings::assumed(&environment, &profile)));
            let text = table("about", &predictions, Style::default());
            for line in text.lines() {
                assert!(line.chars().count() <= 100, "{line}");
            }
            for prediction in &predictions {
                let cells = [
                    prediction.sdk.id(),
                    &outcome(prediction),
                    endpoint(prediction),
                    on_failure(prediction),
                    prediction.minimum.irsa.unwrap_or("–"),
                ];
                let mut from = 0;
                for (cell, to) in cells.into_iter().zip(COLUMNS) {
                    assert!(cell.chars().count() < to - from, "{cell:?} is too wide");
                    from = to;
                }
            }
        }
    }
}
