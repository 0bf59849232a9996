//! `irsa-probe sdks` against what real SDKs did: each row of `tests/live/*.md` as real files and a real process.
//!
//! `LIVE_ONLY=botocore,go-v2` narrows the comparison to these families.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

#[path = "support/live.rs"]
mod documents;
#[path = "live/library.rs"]
mod library;
#[path = "live/pod.rs"]
mod pod;
#[path = "live/reading.rs"]
mod reading;
#[path = "live/variation.rs"]
mod variation;

use irsa_probe::core::sdk::SdkFamily;

use documents::assume::CELLS_NOT_PREDICTED;
use documents::{Live, Sdk, Situation, Source, Wanted};
use pod::{Pod, Prediction};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A row in which predictions are compared: the situation, and the SDKs that were measured in it and that `--sdk` can name.
struct Row<'a> {
    situation: &'a Situation,
    sdks: Vec<(&'a Sdk, &'a Wanted, Source)>,
}

/// A cell that was compared.
struct Compared {
    family: String,
    /// What is wrong, in one line.
    wrong: Option<String>,
}

/// The rows whose answers `--assume` can say.
fn rows(live: &Live) -> Vec<Row<'_>> {
    let only = std::env::var("LIVE_ONLY").ok();
    let is_asked_for = |family: &str| only.as_deref().is_none_or(|only| only.split(',').any(|one| one == family));
    let sdks = |id: &str| {
        let is_of_row = |of: &str, sdk: &Sdk| of == id && !sdk.without_sts && is_asked_for(sdk.family);
        let is_sayable = |sdk: &Sdk| documents::assume::unsayable_for(sdk, &live.situations[id]).is_none();
        let of_row = live.measured.iter().filter(|((of, sdk), _)| is_of_row(of, sdk) && is_sayable(sdk));
        of_row.map(|((_, sdk), one)| (sdk, &one.wanted, one.source)).collect()
    };
    let is_asked = |situation: &&Situation| situation.answers.is_ok() && documents::assume::not_predicted(situation).is_none();
    let sayable = live.situations.values().filter(is_asked);
    sayable.map(|situation| Row { situation, sdks: sdks(&situation.id) }).collect()
}

/// What the binary says in a situation, by `NAME` and by `NAME@VERSION`.
type Found = BTreeMap<String, Result<Prediction, String>>;

/// Asks the binary in a folder of the situation's: without a version, and for these versions.
fn ask(situation: &Situation, versions: &[&Sdk]) -> Found {
    let pod = Pod::new(situation);
    let answers = situation.answers.as_ref().unwrap();
    let mut all = Found::new();
    let current = pod.predictions(answers, None);
    for family in SdkFamily::ALL.map(SdkFamily::id) {
        let of_family = |found: &BTreeMap<String, Prediction>| found.get(family).cloned().ok_or("it names no such family".to_owned());
        all.insert(family.to_owned(), current.as_ref().map_err(String::clone).and_then(of_family));
    }
    for sdk in versions {
        let of_family = |found: BTreeMap<String, Prediction>| found.get(sdk.family).cloned().ok_or("it names no such family".to_owned());
        all.insert(sdk.argument(), pod.predictions(answers, Some(sdk)).and_then(of_family));
    }
    all
}

/// Runs `job` for each item, on all cores. In the items' order.
fn on_all_cores<I: Sync, T: Send>(items: &[I], job: impl Fn(&I) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            match items.get(at) {
                Some(item) => done.push((at, job(item))),
                None => return done,
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<(usize, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, result)| result).collect()
}

/// What the binary says in each row as it is written, by the situation's id. It is asked once.
fn as_written(live: &Live, rows: &[Row<'_>]) -> &'static BTreeMap<String, Found> {
    static FOUND: OnceLock<BTreeMap<String, Found>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let ask_row = |row: &Row<'_>| {
            // The current version is asked by its number in one row of eight. Without a number it is asked in each.
            let is_sampled = row.situation.id.bytes().map(usize::from).sum::<usize>() % 8 == 0;
            let asks = |sdk: &&Sdk| is_sampled || live.newest_in(&row.situation.id, sdk.family) != Some(sdk.version.as_str());
            let versions: Vec<&Sdk> = row.sdks.iter().map(|(sdk, ..)| *sdk).filter(asks).collect();
            (row.situation.id.clone(), ask(row.situation, &versions))
        };
        on_all_cores(rows, ask_row).into_iter().collect()
    })
}

/// What is wrong with a prediction.
fn compare(wanted: &Wanted, found: &Result<Prediction, String>) -> Option<String> {
    let outcome = wanted.outcome?;
    let endpoint = wanted.endpoint();
    let said = match found {
        Err(error) => return Some(format!("wanted {outcome}, found {error}")),
        Ok(found) => found,
    };
    let right = said.outcome == outcome && endpoint.is_none_or(|endpoint| said.endpoint == endpoint);
    let host = |endpoint: Option<&str>| endpoint.map(|endpoint| format!(" {endpoint}")).unwrap_or_default();
    let (wants, found) = (host(endpoint), host(endpoint.and(Some(&said.endpoint))));
    (!right).then(|| format!("wanted {outcome}{wants} ({}), found {}{found}: {}", wanted.text, said.outcome, said.why))
}

/// The current version by its number is the current version.
fn wrong_by_number(versioned: &Result<Prediction, String>, current: &Result<Prediction, String>) -> Option<String> {
    let essence = |one: &Result<Prediction, String>| one.as_ref().map(Prediction::essence).map_err(String::clone);
    let (one, other) = (essence(versioned), essence(current));
    (one != other).then(|| format!("{one:?}, but without the version {other:?}"))
}

fn compare_row(live: &Live, row: &Row<'_>, found: &Found) -> Vec<Compared> {
    let id = &row.situation.id;
    let mut compared = Vec::new();
    let is_predicted = |sdk: &Sdk| !CELLS_NOT_PREDICTED.contains(&(id.as_str(), sdk.family, sdk.version.as_str()));
    for (sdk, wanted, source) in row.sdks.iter().filter(|(sdk, wanted, _)| wanted.outcome.is_some() && is_predicted(sdk)) {
        // A family's prediction without a version is that of the newest version that was run in the row.
        let is_current = live.newest_in(id, sdk.family) == Some(sdk.version.as_str());
        let by_source = if *source == Source::Cell { "" } else { " (as the current version)" };
        let versioned = found.get(&sdk.argument());
        let (name, prediction) = match versioned {
            _ if is_current => (sdk.family.to_owned(), &found[sdk.family]),
            Some(prediction) => (sdk.to_string(), prediction),
            None => continue,
        };
        let wrong = compare(wanted, prediction).map(|wrong| format!("{id} {name}{by_source}: {wrong}"));
        let by_number = versioned.filter(|_| is_current).and_then(|versioned| wrong_by_number(versioned, prediction));
        let by_number = by_number.map(|wrong| format!("{id} {sdk}: {wrong}"));
        compared.push(Compared { family: sdk.family.to_owned(), wrong: wrong.or(by_number) });
    }
    compared
}

#[test]
fn each_cell_is_predicted() {
    let live = Live::read();
    let rows = rows(&live);
    let found = as_written(&live, &rows);
    let compared: Vec<Compared> = rows.iter().flat_map(|row| compare_row(&live, row, &found[&row.situation.id])).collect();
    let mut families: BTreeMap<&str, (usize, Vec<&str>)> = BTreeMap::new();
    for one in &compared {
        let (all, wrong) = families.entry(&one.family).or_default();
        *all += 1;
        wrong.extend(one.wrong.as_deref());
    }
    let mut report = String::new();
    for (family, (all, wrong)) in &families {
        report += &format!("\n{family}: {} of {all} right\n", all - wrong.len());
        report.extend(wrong.iter().map(|line| format!("  {line}\n")));
    }
    let wrong = compared.iter().filter(|one| one.wrong.is_some()).count();
    let right = compared.len() - wrong;
    println!("{report}\n{right} of {} cells in {} rows are right", compared.len(), rows.len());
    assert!(wrong == 0, "{wrong} of {} cells are wrong (above)", compared.len());
}

/// A version that was run says that it is measured.
#[test]
fn what_was_run_is_said_to_be_measured() {
    let live = Live::read();
    let rows = rows(&live);
    let found = as_written(&live, &rows);
    let mut wrong: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for row in &rows {
        let id = row.situation.id.as_str();
        for (sdk, ..) in &row.sdks {
            let asked = found[id].get(&sdk.argument()).unwrap_or_else(|| &found[id][sdk.family]);
            let basis = asked.as_ref().map_or("no prediction", |prediction| prediction.basis.as_str());
            if basis != "measured" {
                wrong.entry((sdk.to_string(), basis.to_owned())).or_default().push(id);
            }
        }
    }
    let lines: Vec<String> = wrong.iter().map(|((sdk, basis), ids)| format!("{sdk}: {basis} in {}", ids.join(" "))).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

/// Names and paths decide nothing, nor does what no SDK heeds.
#[test]
fn other_names_change_nothing() {
    let seed = std::env::var("LIVE_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    let live = Live::read();
    let rows = rows(&live);
    let essence = |one: &Result<Prediction, String>| one.as_ref().map(Prediction::essence).map_err(String::clone);
    let first = as_written(&live, &rows);
    let differ = on_all_cores(&rows, |row| {
        // The current versions: what a version reads is read alike by all.
        let second = ask(&variation::vary(row.situation, seed), &[]);
        let pairs = second.iter().map(|(name, other)| (name, &first[&row.situation.id][name], other));
        let differ = pairs.filter(|(_, one, other)| essence(other) != essence(one));
        differ.map(|(name, one, other)| format!("{} {name}: {one:?}\n  with other names {other:?}", row.situation.id)).collect::<Vec<_>>()
    });
    let differ: Vec<String> = differ.into_iter().flatten().collect();
    assert!(differ.is_empty(), "LIVE_SEED={seed} cargo test --test live:\n{}\n{} differ", differ.join("\n"), differ.len());
}

/// The mechanisms that `--assume` cannot say. Their cells are not compared here: `Live::unsayable` has them for tests of the library.
#[test]
fn what_assume_cannot_say_is_known() {
    let live = Live::read();
    let unsayable = live.unsayable();
    for (mechanism, cells) in &unsayable {
        let mut ids: Vec<&str> = cells.iter().map(|(situation, ..)| situation.id.as_str()).collect();
        ids.dedup();
        println!("{mechanism}: {} cells of {ids:?}", cells.len());
    }
    let known = [
        "agent: badjson, for ruby",
        "agent: expired",
        "agent: once:400",
        "agent: once:403",
        "agent: once:404",
        "agent: once:429",
        "agent: once:500",
        "agent: once:reset",
        "agent: once:503",
        "agent: twice:500",
        "dns: nx, proxy: refused",
        "ecs: absent",
        "imds: unauthorized",
        "process: fails",
        "proxy: 407",
        "proxy: refused",
        "sts: empty200",
        "sts: html200",
        "sts: once:500",
        "sts: once:503",
        "sts: once:denied",
        "sts: once:expired",
        "sts: once:idpcomm",
        "sts: twice:throttling",
        "sts: once:invalid_token",
        "sts: once:reset",
        "sts: once:throttling",
        "url: refused",
    ];
    let new: Vec<&String> = unsayable.keys().filter(|mechanism| !known.contains(&mechanism.as_str())).collect();
    assert!(new.is_empty(), "new: {new:?}");
    assert!(live.without_situation.is_empty(), "results without a situation: {:#?}", live.without_situation);
}

/// What is not predicted, by the reason. A new reason is a decision.
#[test]
fn what_is_not_predicted_is_known() {
    let live = Live::read();
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for situation in live.situations.values() {
        if let Some(reason) = documents::assume::not_predicted(situation) {
            reasons.entry(reason).or_default().push(&situation.id);
        }
    }
    reasons.iter().for_each(|(reason, ids)| println!("{reason}: {ids:?}"));
    let rows: usize = reasons.values().map(Vec::len).sum();
    assert!(reasons.len() <= 7 && rows * 20 <= live.situations.len(), "{rows} of {} rows", live.situations.len());
}

/// Two rows with the same variables, files and `--assume` want the same. Else no program could be right in both.
#[test]
fn the_same_input_wants_the_same_outcome() {
    let live = Live::read();
    let mut groups: BTreeMap<_, Vec<(&str, &Wanted)>> = BTreeMap::new();
    for ((id, sdk), one) in &live.measured {
        let situation = &live.situations[id];
        let Ok(answers) = &situation.answers else { continue };
        if one.wanted.outcome.is_some() && documents::assume::unsayable_for(sdk, situation).is_none() {
            groups.entry((sdk, &situation.variables, &situation.files, answers)).or_default().push((id, &one.wanted));
        }
    }
    let outcomes = |group: &[(&str, &Wanted)]| group.iter().map(|(_, wanted)| wanted.outcome).collect::<BTreeSet<_>>().len();
    let differ: Vec<String> = (groups.iter())
        .filter(|(_, group)| outcomes(group) > 1)
        .map(|((sdk, ..), group)| format!("{sdk}: {:?}", group.iter().map(|(id, wanted)| (id, &wanted.text)).collect::<Vec<_>>()))
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}

/// The program knows no situation by its id: it predicts, and looks nothing up.
#[test]
fn no_situation_s_id_stands_in_the_program() {
    let live = Live::read();
    let (numbers, letters): (Vec<&str>, Vec<&str>) =
        live.situations.keys().map(String::as_str).partition(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
    let of_letters = Regex::new(&format!(r"\b(?:{})\b", letters.join("|"))).unwrap();
    // Two digits alone mean many things. A comment may cite a row of docs/facts.md as the source of a fact.
    let of_numbers = Regex::new(&format!(r"(?i)\b(?:row|situation|case)s?[-_ #]*(?:{})\b", numbers.join("|"))).unwrap();
    let stands_in = |line: &str| of_letters.is_match(line) || (of_numbers.is_match(line) && !line.trim_start().starts_with("//"));
    let mut found = Vec::new();
    for path in files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().enumerate().filter(|(_, line)| stands_in(line));
        found.extend(lines.map(|(index, line)| format!("{}:{}: {}", path.display(), index + 1, line.trim())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
