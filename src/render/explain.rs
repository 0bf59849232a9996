//! The meaning of an error or a log, for a terminal. The root cause comes first. Each match has its facts, its cause and its fix.

use super::label;
use super::page::{Page, Paint, Style};
use crate::core::explain::{Explanation, Facts, Match};

/// Where the second column begins.
const COLUMN: usize = 11;
/// The length of the line between two matches.
const RULE: usize = 78;

/// The matches as text. Empty when there are none.
pub fn text(explanation: &Explanation, style: Style) -> String {
    let mut page = Page::new(style);
    let several = explanation.matches.len() > 1;
    for (nth, one) in explanation.matches.iter().enumerate() {
        if nth > 0 {
            page.gap();
            page.line(0, &[(Paint::Plain, &"-".repeat(RULE))]);
        }
        let place = match nth {
            _ if !several => "",
            0 => "root cause: ",
            _ => "also found: ",
        };
        page.prose(0, 2, &[(Paint::Plain, &format!("{place}{}: {}", one.code, one.title))]);
        let why = explanation.why.as_deref().filter(|_| nth == 0);
        section(&mut page, one, why);
    }
    if let Some(omitted) = explanation.omitted {
        page.gap();
        page.prose(
            0,
            0,
            &[(Paint::Plain, &format!("{omitted} more errors were found and are not shown. Give a smaller part of the log."))],
        );
    }
    page.finish()
}

fn section(page: &mut Page, one: &Match, why: Option<&str>) {
    page.gap();
    if let Some(why) = why {
        page.entry(0, "root", COLUMN, (Paint::Plain, &format!("because {why}")));
    }
    let line = one.line.map_or_else(String::new, |line| match one.count {
        Some(count) => format!("line {line}, {count} times: "),
        None => format!("line {line}: "),
    });
    if let Some(excerpt) = &one.excerpt {
        page.entry(0, "found", COLUMN, (Paint::Plain, &format!("{line}{excerpt}")));
    }
    for (name, value) in facts(&one.facts) {
        page.entry(0, name, COLUMN, (Paint::Plain, &value));
    }
    page.gap();
    if let Some(detail) = &one.detail {
        page.entry(0, "here", COLUMN, (Paint::Plain, detail));
        page.gap();
    }
    page.entry(0, "cause", COLUMN, (Paint::Plain, one.cause));
    page.gap();
    page.entry(0, "fix", COLUMN, (Paint::Plain, &one.remedy.text));
    page.commands(COLUMN, &one.remedy.commands);
    if let Some(snippet) = &one.remedy.snippet {
        page.gap();
        page.line(0, &[(Paint::Plain, label(one.code.row().document))]);
        page.document(2, snippet);
    }
}

/// The facts that are known, with their names.
fn facts(facts: &Facts) -> Vec<(&'static str, String)> {
    let mut all: Vec<(&'static str, String)> = Vec::new();
    let texts = [
        ("principal", &facts.principal),
        ("action", &facts.action),
        ("resource", &facts.resource),
        ("region", &facts.region),
        ("issuer", &facts.issuer),
        ("account", &facts.account),
        ("endpoint", &facts.endpoint),
        ("request", &facts.request_id),
    ];
    all.extend(texts.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    if let Some(times) = &facts.times {
        let named_times = [("AWS's clock", times.server), ("signed", times.signed), ("expired", times.expired)];
        let words: Vec<String> = named_times.iter().filter_map(|(name, time)| Some(format!("{name} {}", (*time)?))).collect();
        all.push(("times", words.join(", ")));
    }
    all
}
