//! The measurements in `tests/live/*.md` as data: what real SDKs did in situations that are described to the last byte.
//!
//! `tests/live/README.md` describes the format. A word that is not in it is an error, which names the file, the row and the cell: a measurement
//! that is misread would judge wrongly.
//!
//! | file | reads |
//! |---|---|
//! | `sdk` | the names and versions of SDKs |
//! | `given` | variables, files, what the fakes answer |
//! | `cell` | what an SDK did |
//! | `assume` | the fakes' answers in the words of `--assume` |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    dead_code,
    reason = "test support: a panic is a failed test"
)]

#[path = "live/assume.rs"]
pub mod assume;
#[path = "live/cell.rs"]
pub mod cell;
#[path = "live/given.rs"]
pub mod given;
#[path = "live/sdk.rs"]
pub mod sdk;

pub use assume::Answers;
pub use cell::Wanted;
pub use given::Content;
pub use sdk::Sdk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A situation: a row with the columns `given`, `files` and `fake`.
#[derive(Debug, Clone)]
pub struct Situation {
    pub id: String,
    /// What it is, in words.
    pub text: String,
    /// All variables of the process.
    pub variables: BTreeMap<String, String>,
    /// The files, by their path in the container.
    pub files: BTreeMap<String, Content>,
    /// What a service answers instead of answering well.
    pub fakes: BTreeMap<&'static str, String>,
    /// The same in the words of `--assume`, or the mechanism that these cannot say.
    pub answers: Result<Answers, String>,
}

/// Where what is known of an SDK in a situation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A cell says it.
    Cell,
    /// The tables that list all rows in which versions differ do not list this row, so that this version did what the current one did.
    SameAsCurrent,
}

/// What an SDK did in a situation.
#[derive(Debug, Clone)]
pub struct Measured {
    pub wanted: Wanted,
    pub source: Source,
    /// File and line, for messages.
    pub place: String,
}

/// All that was measured.
#[derive(Debug, Default)]
pub struct Live {
    /// The situations, by id.
    pub situations: BTreeMap<String, Situation>,
    /// What each SDK did, by the situation's id.
    pub measured: BTreeMap<(String, Sdk), Measured>,
    /// The version of each family that was current.
    pub current: sdk::Current,
    /// Rows of which only the results are known: their situation is in no document. By place.
    pub without_situation: Vec<String>,
}

/// A table: its head, and its rows with their line numbers.
struct Table<'a> {
    head: Vec<String>,
    rows: Vec<(usize, Vec<String>)>,
    file: &'a str,
}

/// The documents: all of `tests/live/*.md` but the README, by name.
pub fn documents() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "md") && path.file_name().is_some_and(|name| name != "README.md"));
    paths.sort();
    paths.iter().map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())).collect()
}

impl Live {
    /// Reads all documents.
    pub fn read() -> Live {
        Live::of(&documents()).unwrap_or_else(|error| panic!("tests/live: {error}"))
    }

    /// Reads these documents, each a name and its text.
    pub fn of(documents: &[(String, String)]) -> Result<Live, String> {
        let mut live = Live::default();
        let mut current = Vec::new();
        for (file, text) in documents {
            let own = sdk::current(text).map_err(|error| format!("{file}, versions: {error}"))?;
            // Of two documents that name a family's current version, the later measurement counts for the predictions without a version.
            live.current.extend(own.clone().unwrap_or_default());
            current.push(own);
        }
        let latest = live.current.clone();
        let tables: Vec<(Table<'_>, &sdk::Current)> = (documents.iter().zip(&current))
            .flat_map(|((file, text), own)| tables(file, text).into_iter().map(move |table| (table, own.as_ref())))
            .map(|(table, own)| (table, own.unwrap_or(&latest)))
            .collect();
        let mut situations = BTreeMap::new();
        for (table, _) in tables.iter().filter(|(table, _)| table.is_of_situations()) {
            for (line, cells) in &table.rows {
                let situation = situation(cells).map_err(|error| table.at(*line, &cells[0], &error))?;
                if situations.insert(cells[0].clone(), situation).is_some() {
                    return Err(table.at(*line, &cells[0], "the id is used twice"));
                }
            }
        }
        let mut measured = BTreeMap::new();
        let mut without = BTreeSet::new();
        for (table, current) in &tables {
            for (line, id, head, sdk, cell) in table.cells(current)? {
                let place = table.at(line, &id, &head);
                let wanted = cell::parse(&cell).map_err(|error| format!("{place}: {error}"))?;
                if !situations.contains_key(&id) {
                    without.insert(table.at(line, &id, "its situation is in no document"));
                } else if let Some(wanted) = wanted {
                    add(&mut measured, (id, sdk), Measured { wanted, source: Source::Cell, place })?;
                }
            }
        }
        live.situations = situations;
        live.measured = measured;
        live.without_situation = without.into_iter().collect();
        live.complete(&tables);
        live.take_back();
        Ok(live)
    }

    /// What `--assume` cannot say: by the mechanism, such as `sts: once:503`, the cells that were measured with it.
    pub fn unsayable(&self) -> BTreeMap<String, Vec<(&Situation, &Sdk, &Wanted)>> {
        let mut found: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for ((id, sdk), one) in &self.measured {
            let situation = &self.situations[id];
            if assume::not_predicted(situation).is_some() {
                continue;
            }
            let mechanism = situation.answers.clone().err().or_else(|| assume::unsayable_for(sdk, situation));
            if let Some(mechanism) = mechanism {
                found.entry(mechanism).or_default().push((situation, sdk, &one.wanted));
            }
        }
        found
    }

    /// The newest version of the family that was run in this situation, with all its packages.
    pub fn newest_in(&self, id: &str, family: &str) -> Option<&str> {
        let numbers = |version: &str| version.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u64>>();
        let runs = self.measured.keys().filter(|(of, sdk)| of == id && sdk.family == family && !sdk.without_sts);
        runs.map(|(_, sdk)| sdk.version.as_str()).max_by_key(|version| numbers(version))
    }

    /// What Java became without the module `sts`, which no command can name.
    pub fn without_sts(&self) -> impl Iterator<Item = (&Situation, &Sdk, &Wanted)> {
        let cells = self.measured.iter().filter(|((_, sdk), _)| sdk.without_sts);
        cells.map(|((id, sdk), one)| (&self.situations[id], sdk, &one.wanted))
    }

    /// Cells that the document's own text takes back. "Go v2 1.8.0 built by Go 1.26 fails every IMDS read with `context canceled`; take its IMDS
    /// rows for not measured." An error of that version tells nothing where IMDS may have been read: another version becomes the node, a role
    /// comes from it, or nothing stands before it in the chain.
    fn take_back(&mut self) {
        let needs_imds = |id: &str| {
            let situation = &self.situations[id];
            let node = |one: &Measured| one.wanted.outcome == Some("node-role");
            let from_imds = |content: &Content| matches!(content, Content::Text(text) if text.contains("Ec2InstanceMetadata"));
            let is_injected = |name: &str| name == "AWS_WEB_IDENTITY_TOKEN_FILE" || name.starts_with("AWS_CONTAINER_CREDENTIALS_");
            let disabled = situation.variables.get("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
            self.measured.iter().any(|((other, sdk), one)| other == id && sdk.family == "go-v2" && node(one))
                || situation.files.values().any(from_imds)
                || !(disabled || situation.variables.keys().any(|name| is_injected(name)))
        };
        let is_taken_back = |id: &str, sdk: &Sdk, wanted: &Wanted| {
            (sdk.family, sdk.version.as_str(), wanted.outcome) == ("go-v2", "1.8.0", Some("error")) && needs_imds(id)
        };
        let cells = self.measured.iter().filter(|((id, sdk), one)| is_taken_back(id, sdk, &one.wanted));
        for key in cells.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.measured.get_mut(&key).unwrap().wanted.outcome = None;
        }
    }

    /// A table of versions lists the rows in which versions differ. In the other rows of the same day the versions are equal. That is not taken
    /// for granted where an SDK took long: older versions had less time, and may not have been run.
    fn complete(&mut self, tables: &[(Table<'_>, &sdk::Current)]) {
        for (table, _) in tables.iter().filter(|(table, _)| table.is_of_versions()) {
            let Some(date) = table.file.strip_prefix("versions-") else { continue };
            let measured = format!("measured-{date}");
            let ids: Vec<String> = (tables.iter())
                .filter(|(other, _)| other.file == measured && other.is_of_situations())
                .flat_map(|(other, _)| other.rows.iter().map(|(_, cells)| cells[0].clone()))
                .collect();
            let sdks: Vec<Sdk> = table.head[2..].iter().filter_map(|head| sdk::versioned(head).ok()).collect();
            for id in ids.iter().filter(|id| !table.rows.iter().any(|(_, cells)| cells[0] == **id)) {
                let mut in_row = self.measured.iter().filter(|((of, _), _)| of == id);
                let took_long = in_row.any(|(_, one)| one.wanted.seconds.is_some() || one.wanted.text.starts_with('>'));
                let Some(of_current) = self.measured.get(&(id.clone(), sdks[0].clone())).filter(|_| !took_long).cloned() else { continue };
                for sdk in &sdks[1..] {
                    let same = Measured { source: Source::SameAsCurrent, ..of_current.clone() };
                    self.measured.entry((id.clone(), sdk.clone())).or_insert(same);
                }
            }
        }
    }
}

/// Adds a cell. Two tables may say the same of one row; what only one of them says is kept, and they must not contradict each other.
fn add(all: &mut BTreeMap<(String, Sdk), Measured>, key: (String, Sdk), new: Measured) -> Result<(), String> {
    use std::collections::btree_map::Entry;
    match all.entry(key) {
        Entry::Vacant(free) => drop(free.insert(new)),
        Entry::Occupied(mut known) => {
            let old = known.get_mut();
            let differ = |one: &Option<String>, other: &Option<String>| one.is_some() && other.is_some() && one != other;
            let is = |one: &Wanted| (one.outcome, one.by_v1);
            if is(&old.wanted) != is(&new.wanted) || differ(&old.wanted.host, &new.wanted.host) {
                return Err(format!("{} says {:?}, and {} says {:?}", old.place, old.wanted.text, new.place, new.wanted.text));
            }
            if old.wanted.host.is_none() && new.wanted.host.is_some() {
                *old = new;
            }
        }
    }
    Ok(())
}

fn situation(cells: &[String]) -> Result<Situation, String> {
    let [id, text, given, files, fake, ..] = cells else { return Err("a column is missing".to_owned()) };
    let mut situation = Situation {
        id: id.clone(),
        text: text.clone(),
        variables: given::variables(id, given)?,
        files: given::files(files)?,
        fakes: given::fakes(fake)?,
        answers: Err(String::new()),
    };
    situation.answers = assume::answers(&situation)?;
    Ok(situation)
}

/// The tables whose head begins with `| # |` or `| version |`.
fn tables<'a>(file: &'a str, text: &str) -> Vec<Table<'a>> {
    let mut tables = Vec::new();
    let mut open: Option<Table<'a>> = None;
    for (index, line) in text.lines().chain([""]).enumerate() {
        let is_row = line.starts_with('|');
        match &mut open {
            Some(table) if is_row && line.bytes().all(|byte| b"|-: ".contains(&byte)) && table.rows.is_empty() => {}
            Some(table) if is_row => table.rows.push((index + 1, cells(line))),
            Some(_) => tables.extend(open.take()),
            None if line.starts_with("| # |") || line.starts_with("| version |") => {
                open = Some(Table { head: cells(line), rows: Vec::new(), file });
            }
            None => {}
        }
    }
    tables
}

/// The cells of a line. `\|` is a `|` of the text.
fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|');
    let inner = inner.strip_suffix('|').unwrap_or(inner).replace("\\|", "\u{0}");
    inner.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
}

impl Table<'_> {
    fn at(&self, line: usize, row: &str, what: &str) -> String {
        format!("{}:{line}, row {row}, {what}", self.file)
    }

    /// It describes situations, and says what the current versions did.
    fn is_of_situations(&self) -> bool {
        self.head.get(2).is_some_and(|head| head == "given")
    }

    /// It lists the versions of one family, and the rows in which they differ.
    fn is_of_versions(&self) -> bool {
        self.head[0] == "#" && !self.is_of_situations()
    }

    /// Each result in the table: its line, the situation's id, the cell's head, the SDK, and the cell.
    #[allow(clippy::type_complexity, reason = "read at one place")]
    fn cells(&self, current: &sdk::Current) -> Result<Vec<(usize, String, String, Sdk, String)>, String> {
        let mut found = Vec::new();
        let first = if self.is_of_versions() { 2 } else { 5 };
        for (line, cells) in &self.rows {
            if cells.len() != self.head.len() {
                return Err(self.at(*line, &cells[0], &format!("{} cells under {} heads", cells.len(), self.head.len())));
            }
            if self.head[0] == "version" {
                let sdk = sdk::versioned(&cells[0]).map_err(|error| self.at(*line, &cells[0], &error))?;
                for (head, cell) in self.head.iter().zip(cells).skip(1) {
                    let id = head.split(' ').next().unwrap_or(head).to_owned();
                    found.push((*line, id, cells[0].clone(), sdk.clone(), cell.clone()));
                }
            } else {
                for (head, cell) in self.head.iter().zip(cells).skip(first) {
                    let sdk = sdk::column(head, current).map_err(|error| self.at(*line, &cells[0], &error))?;
                    found.push((*line, cells[0].clone(), head.clone(), sdk, cell.clone()));
                }
            }
        }
        Ok(found)
    }
}
