//! What failed, by wrapping and by SDK, with the first examples.

use super::samples::Sample;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// More examples than this are in the file only.
const EXAMPLES: usize = 25;

#[derive(Default)]
pub struct Table {
    /// How many were tried and how many were wrong, of each wrapping and of each family.
    wrappings: BTreeMap<String, (usize, usize)>,
    families: BTreeMap<String, (usize, usize)>,
    /// How often which answer was given instead of which.
    answers: BTreeMap<(String, String), usize>,
    wrong: Vec<[String; 6]>,
}

impl Table {
    pub fn count(&mut self, wrapping: &str, sample: &Sample, text: &str, found: Option<&str>, right: bool) {
        for (counts, name) in [(&mut self.wrappings, wrapping), (&mut self.families, sample.family.as_str())] {
            let count = counts.entry(name.to_owned()).or_default();
            count.0 += 1;
            count.1 += usize::from(!right);
        }
        if !right {
            let means = if sample.means.is_empty() { "nothing".to_owned() } else { sample.means.join("|") };
            let found = found.unwrap_or("nothing").to_owned();
            *self.answers.entry((means.clone(), found.clone())).or_default() += 1;
            self.wrong.push([
                wrapping.to_owned(),
                sample.family.clone(),
                sample.name.clone(),
                means,
                found,
                text.escape_debug().to_string(),
            ]);
        }
    }

    /// Writes all that is wrong to a file, prints the tables, and fails if more than so many of a thousand are.
    pub fn judge(&self, name: &str, allowed: usize) {
        let all = || self.families.values();
        let total: usize = all().map(|count| count.0).sum();
        println!("{name}: {} of {total} right", total - self.wrong.len());
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("texts.{name}.tsv"));
        std::fs::write(&file, self.wrong.iter().map(|row| row.join("\t") + "\n").collect::<String>()).unwrap();
        if self.wrong.len() * 1000 <= allowed * total {
            return;
        }
        let mut page = format!("{} of {total} are wrong; all of them: {}\n", self.wrong.len(), file.display());
        for (title, counts) in [("wrapping", &self.wrappings), ("from", &self.families)] {
            let mut rows: Vec<_> = counts.iter().filter(|(_, count)| count.1 > 0).collect();
            rows.sort_by_key(|(_, (tried, wrong))| (std::cmp::Reverse(wrong * 1000 / tried), *tried));
            writeln!(page, "\n{title:<28} {:>6} {:>6}", "wrong", "of").unwrap();
            rows.iter().for_each(|(name, (tried, wrong))| writeln!(page, "{name:<28} {wrong:>6} {tried:>6}").unwrap());
        }
        let mut answers: Vec<_> = self.answers.iter().collect();
        answers.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        writeln!(page, "\n{:>6} wanted -> found", "").unwrap();
        answers.iter().take(EXAMPLES).for_each(|((wanted, found), count)| writeln!(page, "{count:>6} {wanted} -> {found}").unwrap());
        page.push('\n');
        let mut seen = BTreeSet::new();
        // The first of each wrapping and family.
        for [wrapping, family, name, means, found, text] in self.wrong.iter().filter(|row| seen.insert((&row[0], &row[1]))).take(EXAMPLES) {
            let shown: String = text.chars().take(300).collect();
            writeln!(page, "[{wrapping}] {family}, {name}: wanted {means}, found {found}\n    {shown}").unwrap();
        }
        panic!("{page}");
    }
}
