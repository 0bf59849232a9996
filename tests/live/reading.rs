//! The reader of the documents: what it understands, and that it names what it does not.

use crate::documents::{Content, Live, Source, given};

const HEAD: &str =
    "Versions: botocore 1.44.8, 1.30.0 · Java v2 2.57.8 with and without `sts`, 2.20.0 (inside x 1.2.3). Not measured: PHP.\n\n";

/// A document with these rows under the heads of two families.
fn document(rows: &[&str]) -> (String, String) {
    let head = "| # | situation | given | files | fake | botocore | Java 2 |\n|---|---|---|---|---|---|---|\n";
    ("measured-2026-01-01.md".to_owned(), format!("{HEAD}{head}{}\n", rows.join("\n")))
}

fn error(documents: &[(String, String)]) -> String {
    Live::of(documents).err().unwrap_or_default()
}

#[test]
fn a_row_is_read_to_the_last_byte() {
    let row = r#"| Z01 | text | IRSA; `AWS_ROLE_ARN="ROLE"`; `A=""`; `B="x y\n"`; `-AWS_REGION` | `~/.aws/config`: `[a] ⏎ k = ⏎   v ⏎  ⏎ [b]`; `IRSA_TOKEN`: `@TOKEN@ ⏎`; `PIA_TOKEN` unreadable; `~/x`: `y` unreadable | sts: denied, imds: norole | stop 3× @**global** | NODE v1 (after STS 4×) in 93s @us-west-2 by proxy |"#;
    let live = Live::of(&[document(&[row])]).unwrap();
    let situation = &live.situations["Z01"];
    let value = |name: &str| situation.variables.get(name).map(String::as_str);
    assert_eq!(
        value("AWS_ROLE_ARN"),
        Some("\"arn:aws:iam::123456789012:role/irsa\""),
        "these quotes are not needed, and so part of the value"
    );
    assert_eq!((value("A"), value("B")), (Some(""), Some("x y\n")));
    assert_eq!((value("AWS_REGION"), value("AWS_DEFAULT_REGION"), value("HOME")), (None, Some("us-west-2"), Some(given::HOME)));
    let file = |path: &str| situation.files.get(path);
    assert_eq!(file("/home/app/.aws/config"), Some(&Content::Text("[a]\nk =\n  v\n\n[b]".to_owned())));
    assert_eq!(file(given::IRSA_TOKEN), Some(&Content::Text("@TOKEN@\n".to_owned())));
    assert_eq!((file(given::PIA_TOKEN), file("/home/app/x")), (Some(&Content::Unreadable), Some(&Content::Unreadable)));
    assert_eq!(situation.answers.as_ref().unwrap().argument(), "sts=denied,agent=ok,imds=no-role");
    let cells: Vec<_> = live.measured.iter().map(|((_, sdk), one)| (sdk.argument(), &one.wanted)).collect();
    let [(botocore, stop), (java, node)] = &cells[..] else { panic!("{cells:?}") };
    assert_eq!((botocore.as_str(), java.as_str()), ("botocore@1.44.8", "java-v2@2.57.8"));
    assert_eq!((stop.outcome, stop.endpoint(), stop.tries, stop.after), (Some("error"), Some("global"), Some(3), None));
    assert_eq!((node.outcome, node.endpoint(), node.tries, node.after), (Some("node-role"), Some("regional"), Some(4), Some("STS")));
    assert!(node.by_v1 && node.by_proxy && node.seconds == Some(93));
}

#[test]
fn the_rows_01_to_36_have_a_base_of_their_own() {
    let live = Live::of(&[document(&["| 01 | text | PIA | – |  | pia | – |", "| Z01 | text | PIA |  |  | pia |  |"])]).unwrap();
    let uri = |id: &str| live.situations[id].variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"].clone();
    assert_eq!((uri("01").as_str(), uri("Z01").as_str()), ("http://127.0.0.1:5981/v1/credentials", "http://169.254.170.23/v1/credentials"));
    assert!(live.situations["01"].variables.contains_key("AWS_ENDPOINT_URL_STS"));
    assert_eq!(live.measured.len(), 2, "a cell without a measurement is none");
}

#[test]
fn what_is_not_understood_is_named_with_its_place() {
    for (row, says) in [
        ("| Z01 | t | IRSA |  |  | irsa | fine |", "row Z01, Java 2: unknown word \"fine\""),
        ("| Z01 | t | IRSA |  |  | irsa at once | irsa |", "row Z01, botocore: unknown word \"at\""),
        ("| Z01 | t | IRSA |  |  | irsa @US | irsa |", "unknown word \"@US\""),
        ("| Z01 | t | IRSA |  |  | irsa (after IMDS) | irsa |", "unknown word \"(after IMDS)\""),
        ("| Z01 | t | IRS |  |  | irsa | irsa |", "unknown word \"IRS\" in the column given"),
        ("| Z01 | t | `A=x y` |  |  | irsa | irsa |", "wants quotes"),
        ("| Z01 | t | `A=\"\\x\"` |  |  | irsa | irsa |", "unknown escape"),
        ("| Z01 | t | `-NO` |  |  | irsa | irsa |", "takes away what is not there"),
        ("| Z01 | t | `A=1 |  |  | irsa | irsa |", "a lone `"),
        ("| Z01 | t | IRSA | `~/x` gone |  | irsa | irsa |", "in the column files"),
        ("| Z01 | t | IRSA |  | sts: no | irsa | irsa |", "unknown answer \"no\" of sts"),
        ("| Z01 | t | IRSA |  | s3: 500 | irsa | irsa |", "unknown service"),
        ("| Z01 | t | IRSA |  |  | irsa |", "6 cells under 7 heads"),
    ] {
        let error = error(&[document(&[row])]);
        assert!(error.starts_with("measured-2026-01-01.md:5, row Z01, ") && error.contains(says), "{row}: {error:?}");
    }
    let twice = document(&["| Z01 | t |  |  |  | irsa | irsa |", "| Z01 | t |  |  |  | irsa | irsa |"]);
    assert!(error(&[twice]).ends_with("measured-2026-01-01.md:6, row Z01, the id is used twice"));
}

#[test]
fn versions_that_are_not_listed_did_what_the_current_one_did() {
    let measured =
        document(&["| Z01 | t |  |  |  | NODE | NODE |", "| Z02 | t |  |  |  | none | none |", "| Z03 | t |  |  |  | >30s | NODE |"]);
    let versions = |name: &str, rows: &str| {
        (name.to_owned(), format!("| # | situation | botocore 1.44.8 | botocore 1.30.0 (in y 2.0.0) |\n|---|---|---|---|\n{rows}\n"))
    };
    let live = Live::of(&[measured.clone(), versions("versions-2026-01-01.md", "| Z01 | t | NODE | NODE v1 |\n| Z09 | t | NODE | none |")])
        .unwrap();
    let old = |id: &str| live.measured.iter().find(|((of, sdk), _)| of == id && sdk.version == "1.30.0").map(|(_, one)| one);
    assert_eq!(old("Z01").map(|one| (one.wanted.by_v1, one.source)), Some((true, Source::Cell)));
    assert_eq!(old("Z02").map(|one| (one.wanted.outcome, one.source)), Some((Some("none"), Source::SameAsCurrent)));
    assert!(old("Z03").is_none(), "it may not have been run");
    assert_eq!(live.without_situation.len(), 1, "{:?}", live.without_situation);
    let contradiction = error(&[measured, versions("versions-2026-01-01.md", "| Z01 | t | none | none |")]);
    assert!(contradiction.contains("says \"NODE\"") && contradiction.contains("says \"none\""), "{contradiction}");
}
