//! What each SDK does in an environment, as text: a table, the reasons for the SDKs that differ from most, and at the end the SDKs that take the
//! node's role.

use super::page::{Page, Paint, Style};
use crate::core::sdk::{Basis, ChainEnd, OnFailure, Prediction, Sdk, StsEndpoint};

/// The places where the columns of the table begin.
const COLUMNS: [usize; 5] = [11, 25, 35, 49, 59];
const HEADS: [&str; 6] = ["SDK", "ends up as", "STS", "if that fails", "IRSA from", "Pod Identity from"];

/// All predictions. `about` says whose environment it is and what was assumed.
pub fn table(about: &str, predictions: &[Prediction], style: Style) -> String {
    let mut page = Page::new(style);
    page.prose(0, 0, &[(Paint::Plain, about)]);
    page.gap();
    row(&mut page, HEADS.map(|head| (Paint::Bold, head)));
    for prediction in predictions {
        let outcome = [outcome(prediction), sign(prediction.basis)].concat();
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

/// One prediction, with all details. `sdk` is the SDK that was asked for.
pub fn one(about: &str, sdk: Sdk, prediction: &Prediction, style: Style) -> String {
    const COLUMN: usize = 19;
    let mut page = Page::new(style);
    page.prose(0, 0, &[(Paint::Plain, about)]);
    page.gap();
    let package = sdk.family.package();
    let name = format!("{} ({})", sdk.family.name(), sdk.family.id());
    let version = match sdk.version {
        Some(version) => format!("{version} of {package}"),
        None => format!("the current one of {package}; for another one: --sdk {}@VERSION", sdk.family.id()),
    };
    let then = match prediction.on_failure {
        OnFailure::Stops => "the application gets an error".to_owned(),
        OnFailure::Unknown => "not known".to_owned(),
        OnFailure::FallsThrough => match prediction.falls_to {
            None => "the SDK tries the next provider in its chain".to_owned(),
            Some(_) => format!("the SDK tries the next provider in its chain, and ends up with: {}", on_failure(prediction)),
        },
    };
    let why = [prediction.reason.as_str(), &prediction.note].join(" ");
    let mut entry = |head: &str, paint: Paint, text: &str| page.entry(0, head, COLUMN, (paint, text));
    entry("SDK", Paint::Plain, &name);
    entry("version", Paint::Plain, &version);
    entry("ends up as", paint(prediction.outcome), outcome(prediction));
    if let Some(arn) = &prediction.arn {
        entry("role", Paint::Plain, &arn.to_string());
    }
    entry("STS endpoint", Paint::Plain, endpoint(prediction).trim_end_matches('*'));
    entry("if that fails", Paint::Plain, &then);
    entry("IRSA from", Paint::Plain, prediction.minimum.irsa.unwrap_or("– (AWS names no version)"));
    entry("Pod Identity from", Paint::Plain, prediction.minimum.pod_identity.unwrap_or("– (AWS names no version)"));
    entry("known by", Paint::Plain, &known_by(sdk, prediction.basis));
    entry("why", Paint::Plain, &why);
    page.finish()
}

/// How the prediction is known, with the versions that were run.
fn known_by(sdk: Sdk, basis: Basis) -> String {
    let runs = sdk.family.measured_versions().collect::<Vec<_>>().join(", ");
    let (run, runs) = if runs.is_empty() { ("", "no version was run".to_owned()) } else { ("run: ", runs) };
    match basis {
        Basis::Measured => format!("measured ({run}{runs})"),
        Basis::Documented => format!("documented: its source or AWS's documents were read ({run}{runs})"),
        Basis::Unverified => format!("unverified: something in it was neither read nor run ({run}{runs})"),
    }
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
    for one in predictions.iter().filter(|one| one.basis != Basis::Measured || !alike(one, most)) {
        let reason = if one.reason == most.reason { "" } else { &one.reason };
        let text = [reason, &one.note].join(" ");
        if !text.trim().is_empty() {
            page.entry(0, one.sdk.id(), COLUMNS[0], (Paint::Plain, &text));
        }
    }
    page.gap();
    page.prose(0, 2, &[(Paint::Dim, MEASURED)]);
    let has = |basis: Basis| predictions.iter().any(|one| one.basis == basis);
    let legend = [
        (predictions.iter().any(|one| one.regional_since.is_some()), SINCE),
        (has(Basis::Documented), DOCUMENTED),
        (has(Basis::Unverified), UNVERIFIED),
    ];
    for (_, text) in legend.into_iter().filter(|(is_used, _)| *is_used) {
        page.prose(0, 2, &[(Paint::Dim, text)]);
    }
}

const MEASURED: &str =
    "Without a sign: measured with the real SDK. --sdk NAME tells more about one SDK, and --sdk NAME@VERSION about a version.";
const SINCE: &str =
    "* the global endpoint before July 2025, unless AWS_STS_REGIONAL_ENDPOINTS is regional; --sdk NAME tells from which version";
const DOCUMENTED: &str = "~ not measured; read in its source or in AWS's documents";
const UNVERIFIED: &str = "? not verified; --sdk NAME tells what";

/// The sign of a prediction that was not measured.
fn sign(basis: Basis) -> &'static str {
    match basis {
        Basis::Measured => "",
        Basis::Documented => "~",
        Basis::Unverified => "?",
    }
}

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
        page.prose(0, 2, &[(Paint::Red, "use the node's role, if IMDS answers:"), (Paint::Plain, &now)]);
    }
    if let Some(later) = later {
        page.prose(0, 2, &[(Paint::Yellow, "use the node's role when the exchange fails, if IMDS answers:"), (Paint::Plain, &later)]);
    }
    page.prose(0, 2, &[(Paint::Plain, "Block IMDS for pods: require IMDSv2, with a hop limit of 1.")]);
}

fn outcome(prediction: &Prediction) -> &'static str {
    name_of(prediction.outcome)
}

fn name_of(end: ChainEnd) -> &'static str {
    match end {
        ChainEnd::Irsa => "IRSA",
        ChainEnd::PodIdentity => "Pod Identity",
        ChainEnd::Container => "container",
        ChainEnd::Static => "static keys",
        ChainEnd::Profile => "profile",
        ChainEnd::NodeRole => "node's role",
        ChainEnd::None => "nothing",
        ChainEnd::Error => "an error",
    }
}

fn paint(outcome: ChainEnd) -> Paint {
    match outcome {
        ChainEnd::Irsa | ChainEnd::PodIdentity => Paint::Green,
        ChainEnd::Static | ChainEnd::Profile | ChainEnd::Container => Paint::Yellow,
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
        (OnFailure::FallsThrough, Some(end)) => name_of(end),
        (OnFailure::FallsThrough, None) => "tries others",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::pod::environment::Environment;
    use crate::core::pod::profile::Profile;
    use crate::core::sdk::{SdkFamily, Surroundings, predict};

    const IRSA: &[(&str, &str)] = &[
        ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/checkout"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"),
        ("AWS_REGION", "us-west-2"),
        ("AWS_STS_REGIONAL_ENDPOINTS", "regional"),
    ];

    fn predicted(sdk: Sdk, vars: &[(&str, &str)]) -> Prediction {
        let environment = Environment::from_lookup(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()));
        predict(sdk, &Surroundings::assumed(&environment, &Profile::default()))
    }

    #[test]
    fn no_cell_is_wider_than_its_column_and_no_line_than_the_page() {
        let vars: &[&[(&str, &str)]] = &[
            &[],
            IRSA,
            &[("AWS_ROLE_ARN", "r"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t")],
            &[("AWS_ACCESS_KEY_ID", "A")],
            &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1"), ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t")],
            &[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v1")],
        ];
        for vars in vars {
            let predictions = SdkFamily::ALL.map(|sdk| predicted(sdk.into(), vars));
            let text = table("about", &predictions, Style::default());
            for line in text.lines() {
                assert!(line.chars().count() <= 100, "{line}");
            }
            for line in text.lines().skip(2).take_while(|line| !line.is_empty()) {
                assert!(line.chars().count() <= 80, "{line}");
            }
            for prediction in &predictions {
                let outcome = [outcome(prediction), sign(prediction.basis)].concat();
                let irsa = prediction.minimum.irsa.unwrap_or("–");
                let cells = [prediction.sdk.id(), &outcome, endpoint(prediction), on_failure(prediction), irsa];
                let mut from = 0;
                for (cell, to) in cells.into_iter().zip(COLUMNS) {
                    assert!(cell.chars().count() < to - from, "{cell:?} is too wide");
                    from = to;
                }
                // The name that --sdk takes.
                assert!(text.lines().any(|line| line.split(' ').next() == Some(prediction.sdk.id())), "{text}");
            }
        }
    }

    /// No outcome is too wide for the columns, in the table that shows it or behind another one.
    #[test]
    fn each_outcome_fits() {
        use ChainEnd::{Container, Error, Irsa, NodeRole, None, PodIdentity, Profile, Static};
        for end in [Irsa, PodIdentity, Container, Static, Profile, NodeRole, None, Error] {
            assert!(name_of(end).chars().count() + 1 < (COLUMNS[1] - COLUMNS[0]).min(COLUMNS[3] - COLUMNS[2] + 1), "{}", name_of(end));
        }
    }

    #[test]
    fn what_was_not_measured_has_a_sign_and_its_legend() {
        let predictions = SdkFamily::ALL.map(|sdk| predicted(sdk.into(), IRSA));
        let text = table("about", &predictions, Style::default());
        for (name, wanted) in [("botocore", " IRSA "), ("dotnet", " IRSA~ "), ("powershell", " IRSA? ")] {
            assert!(text.lines().any(|line| line.starts_with(name) && line.contains(wanted)), "{name}: {text}");
        }
        assert!(text.contains(DOCUMENTED) && text.contains(UNVERIFIED), "{text}");
        let measured = table("about", &predictions[..1], Style::default());
        assert!(!measured.contains(DOCUMENTED) && !measured.contains(UNVERIFIED), "{measured}");
    }

    #[test]
    fn one_sdk_with_its_version_role_and_basis() {
        let shown = |text: &str| {
            let sdk = Sdk::parse(text).unwrap();
            one("about", sdk, &predicted(sdk, IRSA), Style { width: 100, ..Style::default() })
        };
        let old = shown("java@2.20.0");
        for wanted in [
            "SDK                SDK for Java 2.x (java-v2)\n",
            "version            2.20.0 of software.amazon.awssdk\n",
            "ends up as         IRSA\n",
            "role               arn:aws:iam::111122223333:role/checkout\n",
            "if that fails      the SDK tries the next provider in its chain, and ends up with: node's role\n",
            "known by           measured (run: 2.57.8, ",
        ] {
            assert!(old.contains(wanted), "{wanted:?}: {old}");
        }
        assert!(shown("rust").contains("the current one of aws-config; for another one: --sdk rust@VERSION"), "{}", shown("rust"));
        assert!(shown("botocore@99.0.0").contains("known by           documented"), "{}", shown("botocore@99.0.0"));
        assert!(
            shown("powershell").contains("unverified") && shown("powershell").contains("no version was run"),
            "{}",
            shown("powershell")
        );
        for line in shown("js-v3").lines().chain(shown("java-v1").lines()) {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
