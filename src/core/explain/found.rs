//! Where the needles of the tables stand in a record.

use super::index::{Index, NeedleForm, NeedleInSet, SetId};
use super::record::{Record, stands_alone};
use super::table::WordSet;
use std::ops::Range;

/// Where a needle of a set stands in a record's text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NeedlePlace {
    set: SetId,
    pub at: usize,
    pub end: usize,
}

/// All places in a record.
pub(super) struct NeedlePlaces(Vec<NeedlePlace>);

impl NeedlePlaces {
    /// All places in a record.
    pub fn of(record: &Record) -> NeedlePlaces {
        let mut places = Vec::new();
        for (sets, squeezed) in Index::get().find(&record.squeezed) {
            let (at, end) = record.place(squeezed.start, squeezed.end);
            // Words that stand together in a text stand together in a name, too: "RequestTimeout" is no "request timeout".
            let is_together = end - at == squeezed.len();
            let is_alone = stands_alone(&record.text, at, end);
            let is_whole = |member: &&NeedleInSet| match member.word {
                _ if member.stands_alone && !is_alone => false,
                NeedleForm::One => is_together,
                NeedleForm::Several => !is_together || record.is_broken(at, end),
                NeedleForm::Marked => true,
            };
            places.extend(sets.iter().filter(is_whole).map(|member| NeedlePlace { set: member.set, at, end }));
        }
        places.sort_unstable();
        NeedlePlaces(places)
    }

    /// The places of a set's needles, in order.
    pub fn places(&self, set: SetId) -> &[NeedlePlace] {
        let from = self.0.partition_point(|place| place.set < set);
        let length = self.0[from..].partition_point(|place| place.set == set);
        &self.0[from..from + length]
    }

    /// The places of these words.
    pub fn words(&self, words: WordSet) -> &[NeedlePlace] {
        self.places(words as SetId)
    }

    /// Whether a needle of the set stands within a stretch of the text.
    pub fn has(&self, set: SetId, stretch: &Range<usize>) -> bool {
        self.places(set).iter().any(|place| stretch.start <= place.at && place.end <= stretch.end)
    }

    /// Whether one of these words stands within a stretch of the text.
    pub fn names(&self, words: WordSet, stretch: &Range<usize>) -> bool {
        self.has(words as SetId, stretch)
    }
}
