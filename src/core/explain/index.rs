//! All needles of the tables in one automaton.

use super::plain;
use super::table::{self, EXCHANGE_TEXTS, FAMILIES, Row, SIGNED_TEXTS, Sentence};
use crate::core::catalogue::{Operation, errors};
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

/// The longest of the names that system calls give their errors (`enetunreach`): so short a word has to stand by itself. `enotfound` is also a
/// part of FileNotFoundException, `eacces` of DatabaseAccessor.
const SHORT: usize = 11;

/// Needles of which one is as good as another.
pub(super) type SetId = u16;

/// A row of a table, with its needles as sets.
pub(super) struct RowSets {
    pub row: &'static Row,
    pub text: SetId,
    pub with: Option<SetId>,
    pub without: Option<SetId>,
}

/// The automata, and what their patterns stand for.
pub(super) struct Index {
    /// All needles.
    all: AhoCorasick,
    /// Those of which each record that means something has one.
    candidates: AhoCorasick,
    patterns: Vec<Needle>,
    families: Vec<Vec<RowSets>>,
    exchange: Vec<SentenceSets>,
    signed: Vec<SentenceSets>,
    /// The words of all needles.
    words: HashSet<String>,
}

/// A sentence of AWS's table, with its needles as sets.
pub(super) struct SentenceSets {
    /// The error's code that it goes with.
    pub code: &'static str,
    pub text: SetId,
    pub near: Option<SetId>,
}

struct Needle {
    /// The sets that it belongs to.
    sets: Vec<NeedleInSet>,
}

/// A needle in a set.
pub(super) struct NeedleInSet {
    pub set: SetId,
    pub word: NeedleForm,
    /// It has to stand by itself.
    pub stands_alone: bool,
}

/// How a needle's words stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NeedleForm {
    /// It is one, which no blank divides.
    One,
    /// It is several, with nothing but blanks between them.
    Several,
    /// It has other signs between them. A blank may be missing then.
    Marked,
}

static INDEX: LazyLock<Index> = LazyLock::new(Index::new);

/// The set of AWS's error codes of a call.
pub(super) fn codes_of(operation: Operation) -> SetId {
    table::WORDS.len() as SetId + operation as SetId
}

/// The set of the texts that tell a call's errors apart.
pub(super) fn texts_of(operation: Operation) -> SetId {
    (table::WORDS.len() + Operation::ALL.len()) as SetId + operation as SetId
}

/// What needles are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NeedleUse {
    /// They stand beside an error.
    Beside,
    /// They are an error.
    Error,
    /// They are codes of AWS's, which stand by themselves.
    Code,
}

/// Collects needles.
#[derive(Default)]
struct IndexBuilder {
    known: HashMap<Vec<u8>, usize>,
    patterns: Vec<Needle>,
    candidates: Vec<usize>,
    words: HashSet<String>,
    sets: SetId,
}

impl IndexBuilder {
    fn add<'a>(&mut self, needles: impl Iterator<Item = &'a str>, is_candidate: bool, kind: NeedleUse) -> SetId {
        let set = self.sets;
        self.sets += 1;
        for needle in needles.filter(|needle| !needle.is_empty()) {
            self.words.extend(needle.split(|c: char| !c.is_alphanumeric()).map(str::to_ascii_lowercase));
            let mut squeezed = Vec::new();
            plain::squeeze(needle.as_bytes(), &mut squeezed);
            let length = squeezed.len();
            let word = match needle.trim() {
                needle if needle.bytes().all(is_of_word) => NeedleForm::One,
                needle if needle.bytes().all(|byte| is_of_word(byte) || byte == b' ') => NeedleForm::Several,
                _ => NeedleForm::Marked,
            };
            let id = *self.known.entry(squeezed).or_insert_with(|| {
                self.patterns.push(Needle { sets: Vec::new() });
                self.patterns.len() - 1
            });
            let stands_alone = kind == NeedleUse::Code || kind == NeedleUse::Error && word == NeedleForm::One && length <= SHORT;
            self.patterns[id].sets.push(NeedleInSet { set, word, stands_alone });
            if is_candidate && !self.candidates.contains(&id) {
                self.candidates.push(id);
            }
        }
        set
    }
}

impl Index {
    /// The one index of the program.
    pub fn get() -> &'static Index {
        &INDEX
    }

    fn new() -> Index {
        let mut builder = IndexBuilder::default();
        for (nth, list) in table::WORDS.iter().enumerate() {
            builder.add(list.split('|'), table::is_candidate(nth), NeedleUse::Beside);
        }
        for operation in Operation::ALL {
            builder.add(errors::known_codes(operation), true, NeedleUse::Code);
        }
        for operation in Operation::ALL {
            builder.add(errors::known_texts(operation), operation == Operation::AssumeRoleForPodIdentity, NeedleUse::Beside);
        }
        builder.add(table::PHRASES.split('|'), false, NeedleUse::Beside);
        let mut sentence_sets = |sentence: &'static Sentence| SentenceSets {
            code: sentence.1,
            text: builder.add(std::iter::once(sentence.0), true, NeedleUse::Error),
            near: (!sentence.2.is_empty()).then(|| builder.add(sentence.2.split('|'), false, NeedleUse::Beside)),
        };
        let exchange = EXCHANGE_TEXTS.iter().map(&mut sentence_sets).collect();
        let signed = SIGNED_TEXTS.iter().map(&mut sentence_sets).collect();
        let mut row_sets = |family: usize, row: &'static Row| RowSets {
            row,
            text: builder.add(row.text.split('|'), !row.is_common, NeedleUse::Error),
            with: (!row.with.is_empty())
                .then(|| builder.add(row.with.split('|'), row.is_common && family >= table::OF_WORDS, NeedleUse::Beside)),
            without: (!row.without.is_empty()).then(|| builder.add(row.without.split('|'), false, NeedleUse::Beside)),
        };
        let families = FAMILIES.iter().enumerate().map(|(nth, family)| family.iter().map(|row| row_sets(nth, row)).collect()).collect();
        let mut needles = vec![&[][..]; builder.patterns.len()];
        for (needle, id) in &builder.known {
            needles[*id] = needle;
        }
        let automaton = |needles: Vec<&[u8]>| {
            let built = AhoCorasick::builder().match_kind(MatchKind::Standard).kind(Some(AhoCorasickKind::ContiguousNFA)).build(needles);
            built.unwrap_or_else(|_| unreachable!("the tables hold less than the 2^31 states that an automaton may have"))
        };
        let candidates = automaton(builder.candidates.iter().map(|id| needles[*id]).collect());
        Index { all: automaton(needles), candidates, patterns: builder.patterns, families, exchange, signed, words: builder.words }
    }

    /// The rows of a family, the first that fits counts.
    pub fn families(&self) -> &[Vec<RowSets>] {
        &self.families
    }

    /// The sentences of the exchange, and those of signed calls.
    pub fn sentences(&self, is_exchange: bool) -> &[SentenceSets] {
        if is_exchange { &self.exchange } else { &self.signed }
    }

    /// Whether it is a word of a needle (in lower case).
    pub fn is_word(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// The first needle in a squeezed text from a place on that a record with a meaning has one of.
    pub fn candidate(&self, squeezed: &[u8], from: usize) -> Option<Range<usize>> {
        self.candidates.find(Input::new(squeezed).range(from..)).map(|found| found.range())
    }

    /// How much of a needle stands on either side of a place in a squeezed text, at least; 0 if none stands on both.
    pub fn across(&self, squeezed: &[u8], place: usize) -> usize {
        let found = self.all.find_overlapping_iter(squeezed).filter(|found| found.start() < place && place < found.end());
        found.map(|found| (place - found.start()).min(found.end() - place)).max().unwrap_or(0)
    }

    /// The needles in a squeezed text: the sets of each, and where it stands.
    pub fn find<'a>(&'a self, squeezed: &'a [u8]) -> impl Iterator<Item = (&'a [NeedleInSet], Range<usize>)> {
        let found = self.all.find_overlapping_iter(squeezed);
        found.map(|found| (&self.patterns[found.pattern().as_usize()].sets[..], found.range()))
    }
}

/// All that is searched for in a log, for a program that searches for the same.
pub fn needles() -> Vec<String> {
    let lists = table::WORDS.iter().copied().chain(FAMILIES.iter().flat_map(|family| family.iter()).map(|row| row.text));
    let sentences = EXCHANGE_TEXTS.iter().chain(SIGNED_TEXTS).map(|(text, ..)| *text);
    let of_aws = Operation::ALL.into_iter().flat_map(|operation| errors::known_codes(operation).chain(errors::known_texts(operation)));
    let needles = lists.flat_map(|list| list.split('|')).chain(sentences).chain(of_aws).filter(|needle| !needle.is_empty());
    let mut all: Vec<String> = needles.map(str::to_owned).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
