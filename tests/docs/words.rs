//! Plain words: no text that a user reads has a phrase that docs/style.md forbids, and what stands in one line is short.

use super::sdks::sdks_markdown;
use super::transcripts::{commands, documents, help};
use super::{read, root};
use irsa_probe::core::catalogue::{Code, elsewhere};
use irsa_probe::core::{check, doctor};
use irsa_probe::render::docs::findings_markdown;
use regex::Regex;
use std::sync::LazyLock;

/// The words of a title or of a line of help.
const WORDS: usize = 25;

/// Phrases, each with what finds it.
struct Phrases {
    each: Vec<(String, Regex)>,
    /// Finds any of them: most texts have none.
    any: Regex,
}

impl Phrases {
    /// `*` at the end stands for any ending.
    fn new(phrases: impl IntoIterator<Item = String>) -> Phrases {
        let pattern = |phrase: &String| {
            let (stem, end) = phrase.strip_suffix('*').map_or((phrase.as_str(), ""), |stem| (stem, "[a-z]*"));
            format!(r"\b{}{end}\b", regex::escape(stem))
        };
        let compiled = |pattern: &str| Regex::new(&format!("(?i){pattern}")).unwrap();
        let phrases: Vec<String> = phrases.into_iter().collect();
        let any = compiled(&phrases.iter().map(pattern).collect::<Vec<_>>().join("|"));
        let each = phrases.into_iter().map(|phrase| (phrase.clone(), compiled(&pattern(&phrase)))).collect();
        Phrases { each, any }
    }

    /// Those that docs/style.md forbids: the first cells of the table below this heading.
    fn forbidden() -> Phrases {
        let style = read("docs/style.md");
        let section = style.split("\n## Phrases that a test finds\n").nth(1).expect("docs/style.md has the list");
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        let cells = rows.flat_map(|row| row.split(" | ").next().unwrap().split('`').skip(1).step_by(2).map(str::to_owned));
        let phrases = Phrases::new(cells);
        assert!(phrases.each.len() > 20, "{} phrases", phrases.each.len());
        phrases
    }

    /// Those that a text has, in whatever case and across line ends, each with what stands before it.
    fn found(&self, text: &str) -> Vec<(&str, String)> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !self.any.is_match(&text) {
            return Vec::new();
        }
        let before = |at: usize| text[..at].chars().rev().take(50).collect::<Vec<_>>().into_iter().rev().collect();
        self.each.iter().filter_map(|(phrase, pattern)| Some((phrase.as_str(), before(pattern.find(&text)?.start())))).collect()
    }
}

/// What a phrase is searched in: prose without code and without the targets of links.
static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`[^`]*`|\]\([^)]*\)|(?s:<!--.*?-->)").unwrap());

/// The paragraphs of a document.
fn prose(name: &str, text: &str) -> Vec<String> {
    let outside = text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n\n");
    let outside = CODE.replace_all(&outside, " x ");
    let paragraphs = outside.split("\n\n").map(str::to_owned);
    // The table of style.md and its examples quote what they forbid.
    paragraphs.filter(|paragraph| name != "docs/style.md" || !paragraph.trim_start().starts_with('|')).collect()
}

/// The comments of a manifest.
fn comments(text: &str) -> Vec<String> {
    let comments = text.lines().filter_map(|line| line.split_once('#').map(|(_, comment)| comment.trim()));
    vec![comments.collect::<Vec<_>>().join("\n")]
}

fn below(folder: &str, suffix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root(folder)).unwrap().map(Result::unwrap) {
        let name = format!("{folder}/{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            names.extend(below(&name, suffix));
        } else if name.ends_with(suffix) {
            names.push(name);
        }
    }
    names
}

/// Where a text has a forbidden phrase.
fn wrong(texts: impl IntoIterator<Item = (String, Vec<String>)>) -> Vec<String> {
    let phrases = Phrases::forbidden();
    let mut wrong = Vec::new();
    for (name, paragraphs) in texts {
        for paragraph in paragraphs {
            wrong.extend(phrases.found(&paragraph).into_iter().map(|(phrase, before)| format!("{name}: {phrase:?} after {before:?}")));
        }
    }
    wrong
}

#[test]
fn documents_are_in_plain_words() {
    // What is made from texts of the program is tested there.
    let made = ["docs/findings.md", "docs/sdks.md"];
    let mut names: Vec<String> = documents().into_iter().filter(|name| !made.contains(&name.as_str())).collect();
    names.extend(["CONTRIBUTING.md", "SECURITY.md"].map(str::to_owned));
    names.extend(below("k8s", ".md"));
    let documents = names.into_iter().map(|name| (name.clone(), prose(&name, &read(&name))));
    // What was released stays as it was written.
    let changes = read("CHANGELOG.md");
    let unreleased = changes.split("\n## [").find(|part| part.starts_with("Unreleased]")).expect("CHANGELOG.md has the next release");
    let unreleased = ("CHANGELOG.md".to_owned(), prose("CHANGELOG.md", unreleased));
    let manifests = below("k8s", ".yaml").into_iter().map(|name| (name.clone(), comments(&read(&name))));
    let wrong = wrong(documents.chain([unreleased]).chain(manifests));
    assert!(wrong.is_empty(), "docs/style.md says what to write: {wrong:#?}");
}

/// The catalogue and what is measured of SDKs, as their manuals print them; the help of every command; and the wordings that replace the
/// catalogue's.
#[test]
fn texts_of_the_program_are_in_plain_words() {
    let mut texts = vec![("the catalogue".to_owned(), findings_markdown()), ("the SDKs' table".to_owned(), sdks_markdown())];
    texts.push(("--help".to_owned(), help(&["--help"])));
    texts.extend(commands().into_iter().map(|command| (format!("{command} --help"), help(&[&command, "--help"]))));
    let wordings = doctor::wordings::ALL.iter().copied().chain(check::wordings::all()).chain(elsewhere::wordings());
    texts.extend(wordings.map(|wording| (wording.title.to_owned(), format!("{}\n\n{}", wording.title, wording.fix))));
    texts.extend(elsewhere::ROWS.iter().map(|row| (row.wording.title.to_owned(), row.cause.to_owned())));
    let wrong = wrong(texts.into_iter().map(|(name, text)| (name.clone(), prose(&name, &text))));
    assert!(wrong.is_empty(), "docs/style.md says what to write: {wrong:#?}");
}

/// A title is read in an alert, a line of help beside thirty others.
#[test]
fn titles_and_lines_of_help_are_short() {
    let titles = Code::ALL.iter().map(|code| (code.id().to_owned(), code.row().title.to_owned()));
    let overview = help(&["--help"]);
    let pages = commands().into_iter().map(|command| help(&[&command, "--help"]));
    let lines: Vec<String> =
        std::iter::once(overview).chain(pages).flat_map(|page| page.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    // The default and the name of a command are no part of the sentence.
    let aside = Regex::new(r"\[[^\]]*\]|\([^)]*\)").unwrap();
    let sentences = lines.iter().flat_map(|line| {
        let line = aside.replace_all(line, "").into_owned();
        line.split(['.', ';', ':']).map(|part| ("help".to_owned(), part.trim().to_owned())).collect::<Vec<_>>()
    });
    let long: Vec<_> = titles.chain(sentences).filter(|(_, text)| text.split_whitespace().count() > WORDS).collect();
    assert!(long.is_empty(), "more than {WORDS} words: {long:#?}");
}

#[test]
fn a_planted_phrase_is_found() {
    let phrases = Phrases::new(["nobody", "of AWS's", "mend*"].map(str::to_owned));
    let found = |text: &str| phrases.found(text).into_iter().map(|(phrase, _)| phrase).collect::<Vec<_>>();
    assert_eq!(found("An incident of\n  AWS's that Nobody mended."), ["nobody", "of AWS's", "mend*"]);
    assert_eq!(found("recommend nobody's-business"), ["nobody"]);
    assert_eq!(found("An AWS incident that no one fixed; recommended."), [""; 0]);
    let document = "Nobody.\n\n```text\nof AWS's\n```\n\n`mend` and [this](mend.md)\n";
    assert_eq!(found(&prose("x.md", document).concat()), ["nobody"]);
    assert_eq!(found(&comments("a: nobody # it mends\nb: nobody")[0]), ["mend*"]);
    let (name, text) = ("x.md".to_owned(), vec!["It retries what time\ncan cure.".to_owned()]);
    assert!(wrong([(name, text)]).iter().any(|line| line.contains("what time can cure")));
}
