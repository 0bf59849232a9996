//! The meaning of an error or a log, for a terminal. The root cause comes first. Each match has a block like those of `check`: what was found
//! where, the facts, why, and the steps of the fix.

use super::page::{Page, Paint, Style};
use super::text::{entry, explained, sign_of_severity};
use crate::core::explain::{Explanation, Facts, Match};

/// The matches as text. Empty when there are none.
pub fn text(explanation: &Explanation, style: Style) -> String {
    let mut page = Page::new(style);
    let several = explanation.matches.len() > 1;
    for (nth, one) in explanation.matches.iter().enumerate() {
        if nth > 0 {
            page.gap();
        }
        let place = match nth {
            _ if !several => "",
            0 => "root cause: ",
            _ => "also found: ",
        };
        let (paint, sign, _) = sign_of_severity(one.code.row().severity);
        page.prose(0, 2, &[(paint, sign), (Paint::Plain, &format!("{place}{}: {}", one.code, one.title))]);
        block(&mut page, one, explanation.why.as_deref().filter(|_| nth == 0));
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

fn block(page: &mut Page, one: &Match, why: Option<&str>) {
    if let Some(why) = why {
        entry(page, "root", &format!("because {why}"));
    }
    let line = one.line.map_or_else(String::new, |line| match one.count {
        Some(count) => format!("line {line}, {count} times: "),
        None => format!("line {line}: "),
    });
    if let Some(excerpt) = &one.excerpt {
        entry(page, "found", &format!("{line}{excerpt}"));
    }
    for (name, value) in facts(&one.facts) {
        entry(page, name, &value);
    }
    explained(page, one.code, one.detail.as_deref().unwrap_or(one.cause), Some(one.cause), &one.remedy, true);
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
