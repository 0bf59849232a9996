//! What the project's own files cite: facts (docs/facts.md) by their anchors, documents by links, files by their paths.

use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Not ours to read: what builds and tools leave, the fuzzers' inputs, and what git holds.
const PASSED_OVER: &[&str] = &[".git", "target", "fuzz/target", "fuzz/artifacts", "fuzz/corpus", "fuzz/coverage"];

/// Every text file of the repository, by its path.
static FILES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    fn walk(folder: &str, files: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if PASSED_OVER.contains(&path.as_str()) {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                walk(&path, files);
            } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
                files.insert(path, text);
            }
        }
    }
    let mut files = BTreeMap::new();
    walk("", &mut files);
    assert!(files.len() > 500, "{} files", files.len());
    files
});

/// The first group of each match.
fn matches<'a>(pattern: &Regex, text: &'a str) -> Vec<&'a str> {
    pattern.captures_iter(text).map(|captures| captures.get(1).unwrap().as_str()).collect()
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

/// A fact that a comment, a test or a document cites is in docs/facts.md, and no fact is there that nobody needs.
#[test]
fn facts_are_there_and_cited() {
    let files = &*FILES;
    let facts = &files["docs/facts.md"];
    let listed = matches(&pattern(r#"<a id="([^"]*)"></a>"#), facts);
    let anchors: BTreeSet<&str> = listed.iter().copied().collect();
    assert!(anchors.len() > 40 && anchors.len() == listed.len(), "{} anchors, {} of them differ", listed.len(), anchors.len());

    let (from_outside, within) = (pattern(r"facts\.md#([A-Za-z0-9_-]+)"), pattern(r"\]\(#([^)]*)\)"));
    let mut cited = BTreeSet::new();
    for (path, text) in files {
        for anchor in matches(&from_outside, text) {
            // How a comment cites, in documents about it.
            if anchor != "ANCHOR" {
                assert!(anchors.contains(anchor), "{path} cites docs/facts.md#{anchor}, which is not there");
                cited.insert(anchor);
            }
        }
    }
    for anchor in matches(&within, facts) {
        assert!(anchors.contains(anchor), "docs/facts.md links to #{anchor}, which is not there");
    }

    let background = matches(&pattern(r"<!-- [^>]*background: ([a-z0-9 -]*) -->"), facts);
    let background: BTreeSet<&str> = background.into_iter().flat_map(str::split_whitespace).collect();
    assert!(background.is_subset(&anchors), "background that is not there: {:?}", background.difference(&anchors));
    let needless: Vec<_> = anchors.iter().filter(|anchor| !cited.contains(*anchor) && !background.contains(*anchor)).collect();
    assert!(needless.is_empty(), "nothing cites these facts of docs/facts.md, and they are not named as background: {needless:?}");
}

/// Papers that are not in the repository: nobody who reads it can look them up.
#[test]
fn nothing_cites_what_is_elsewhere() {
    // The brackets keep these patterns from finding themselves.
    let elsewhere = pattern(
        r"\bFACT[S]\b|\bDESIG[N]\b|\bLIV[E]\b|\bHOUS[E]\b|\b(?:CLUSTER|STYL[E]|LIV[E]-versions)\.md\b|(?i:live[ ]matrix|matrix[ ]row)|\bsection[ ][A-I]\.[0-9]",
    );
    for (path, text) in &*FILES {
        if let Some(found) = elsewhere.find(text) {
            let line = text[..found.start()].matches('\n').count() + 1;
            panic!("{path}:{line} cites {:?}: cite docs/facts.md#ANCHOR, or a document of the project", found.as_str());
        }
    }
}

/// Links of the documents to files and to headings.
#[test]
fn links_lead_somewhere() {
    let documents = || FILES.iter().filter(|(path, _)| path.ends_with(".md"));
    let anchors: BTreeMap<&str, BTreeSet<String>> = documents().map(|(path, text)| (path.as_str(), anchors_of(text))).collect();
    let link = pattern(r"\]\(([^)\s]*)\)");
    let mut found = 0;
    for (path, text) in documents() {
        for target in matches(&link, text) {
            // `../../security/advisories/new` is a page of GitHub's.
            if target.contains("://") || target.starts_with("../../security/") {
                continue;
            }
            found += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { relative(path, file) };
            assert!(Path::new(ROOT).join(&file).exists(), "{path} links to {target}: there is no {file}");
            if let Some(known) = anchors.get(file.as_str()).filter(|_| !anchor.is_empty()) {
                assert!(known.contains(anchor), "{path} links to {target}: {file} has no such heading");
            }
        }
    }
    assert!(found > 100, "{found} links");
}

/// What a link can lead to: the anchors that a document names, and those that GitHub gives its headings.
fn anchors_of(text: &str) -> BTreeSet<String> {
    let (named, tag) = (pattern(r#"<a id="([^"]*)"></a>"#), pattern(r"<[^>]*>"));
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| {
        let heading = tag.replace_all(line.trim_start_matches('#').trim(), "").to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    });
    headings.chain(matches(&named, text).into_iter().map(str::to_owned)).collect()
}

/// `file`, seen from the folder of `path`.
fn relative(path: &str, file: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in file.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Documents name files of the repository that are there.
#[test]
fn files_in_documents_are_there() {
    let named = pattern(r"`((?:src|tests|docs|k8s|examples|benches|fuzz|\.ci|\.cargo|\.github)/[A-Za-z0-9_./-]*)(?:[ `])");
    let placeholder = pattern(r"/[A-Z]+(?:[/.]|$)");
    let mut found = 0;
    for (path, text) in FILES.iter().filter(|(path, _)| path.ends_with(".md")) {
        for file in matches(&named, text) {
            // `tests/scenarios/STEP/NAME` and `checks/AREA.rs` stand for many.
            if placeholder.is_match(file) {
                continue;
            }
            found += 1;
            // Modules are named without their suffix, too.
            let there = [file.to_owned(), format!("{file}.rs")].iter().any(|file| Path::new(ROOT).join(file).exists());
            assert!(there, "{path} names `{file}`, which is not there");
        }
    }
    assert!(found > 50, "{found} files");
}

/// docs/architecture.md lists the rooms of the core, in their order.
#[test]
fn the_rooms_are_those_of_the_core() {
    let section = FILES["docs/architecture.md"].split("\n## ").find(|section| section.starts_with("The rooms")).unwrap();
    let listed = matches(&pattern(r"(?m)^\| `([a-z_]+)` \|"), section);
    assert_eq!(listed, matches(&pattern(r"(?m)^pub mod ([a-z_]+);"), &FILES["src/core/mod.rs"]));
}
