//! The last rounds, as a chart and in words.
//!
//! The bar of a round that passed is above the line. Any other bar is below it, and the bar of a round that was not proven is hollow. So the
//! shape shows as much as the colour. A bar's length is the round's duration on a logarithmic scale, because a round takes from a few
//! milliseconds to half a minute.

use super::markup::Html;
use super::{WARN, section, sign, took, trigger};
use crate::core::check::report::Verdict;
use crate::core::sidecar::board::{HISTORY, Round};
use std::collections::VecDeque;

/// Pixels above the line and below it.
const HALF: u32 = 56;
const HEIGHT: &str = "120";
const MIDDLE: u32 = 60;
/// The ends of the scale: the duration of a bar without height, and that of a bar with full height. A longer round has full height too.
const SHORTEST_MS: f64 = 5.0;
const LONGEST_MS: f64 = 30_000.0;
/// How many stretches of equal rounds are listed in words.
const STRETCHES: usize = 12;

/// The rounds as a chart. The newest round is the first of `rounds`, and is at the right of the chart.
pub(super) fn drawn(html: &mut Html, rounds: &VecDeque<Round>) {
    if rounds.is_empty() {
        return;
    }
    section(html, "", "history", "The last rounds", |html| {
        html.with("svg", &[("role", "img"), ("aria-labelledby", "drawing"), ("width", "100%"), ("height", HEIGHT)], |html| {
            let proofs = rounds.iter().filter(|round| round.proven).count();
            let title = format!("{proofs} of the last {} rounds proved the identity", rounds.len());
            html.with("title", &[("id", "drawing")], |html| html.text(&title));
            line(html, MIDDLE, "axis");
            for side in [MIDDLE - length(1000), MIDDLE + length(1000)] {
                line(html, side, "second");
            }
            rounds.iter().take(HISTORY).enumerate().for_each(|(age, round)| bar(html, age, round));
        });
        html.block("p", "ends", |html| {
            html.leaf("span", "", "older");
            html.leaf("span", "", "newest");
        });
        legend(html);
        stretches(html, rounds);
    });
}

fn line(html: &mut Html, y: u32, class: &'static str) {
    let y = y.to_string();
    html.with("line", &[("class", class), ("x1", "0"), ("x2", "100%"), ("y1", &y), ("y2", &y)], |_| ());
}

/// One bar, at one of fifty places from the right. The place is in per cent of the width. So bars are narrower on a phone, with the same height.
fn bar(html: &mut Html, age: usize, round: &Round) {
    let height = length(round.duration_ms);
    let (class, top) = match round.verdict {
        Verdict::Pass => ("pass", MIDDLE - height),
        Verdict::Fail => ("fail", MIDDLE),
        Verdict::Unknown => ("unknown", MIDDLE),
    };
    let (x, y, height) = (format!("{}.2%", 98_usize.saturating_sub(age * 2)), top.to_string(), height.to_string());
    html.with("rect", &[("class", class), ("x", &x), ("y", &y), ("width", "1.6%"), ("height", &height)], |html| {
        let code = round.code.map(|code| format!(" {code},")).unwrap_or_default();
        let words = format!("{}: {},{code} {}, {}", round.time, word(round.verdict), took(round.duration_ms), trigger(round));
        html.leaf("title", "", &words);
    });
}

/// The length of a bar in pixels. The shortest bar is still visible.
fn length(ms: u64) -> u32 {
    #[allow(clippy::cast_precision_loss, reason = "a bar's length")]
    let share = (ms.max(1) as f64 / SHORTEST_MS).ln() / (LONGEST_MS / SHORTEST_MS).ln();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 3 and HALF")]
    let pixels = (share * f64::from(HALF)).round().clamp(3.0, f64::from(HALF)) as u32;
    pixels
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "proven",
        Verdict::Fail => "failed",
        Verdict::Unknown => "not proven",
    }
}

fn legend(html: &mut Html) {
    html.block("p", "legend", |html| {
        for (class, words) in [("key pass", "proven, upwards"), ("key fail", "failed, downwards"), ("key unknown", "not proven, hollow")] {
            html.block("span", "", |html| {
                html.with("i", &[("class", class), ("aria-hidden", "true")], |_| ());
                html.text(words);
            });
        }
        html.leaf("span", "", "length: duration, logarithmic; dotted: 1 s");
    });
}

/// The rounds in words. Rounds that ended alike are grouped, so that a reader sees since when they do.
fn stretches(html: &mut Html, rounds: &VecDeque<Round>) {
    let rounds: Vec<&Round> = rounds.iter().collect();
    let stretches: Vec<&[&Round]> = rounds.chunk_by(|one, next| (one.verdict, one.code) == (next.verdict, next.code)).collect();
    html.block("ul", "", |html| {
        for stretch in stretches.iter().take(STRETCHES) {
            html.block("li", "", |html| write_stretch(html, stretch));
        }
        let (told, all) = (STRETCHES.min(stretches.len()), stretches.len());
        if told < all {
            html.leaf("li", "dim", &format!("and {} changes before", all - told));
        }
    });
}

fn write_stretch(html: &mut Html, stretch: &[&Round]) {
    let (Some(newest), Some(oldest)) = (stretch.first(), stretch.last()) else { return };
    match newest.verdict {
        Verdict::Pass => sign(html, "sign pass", "√", "proven"),
        Verdict::Fail => sign(html, "sign fail", "×", "failed"),
        Verdict::Unknown => sign(html, "sign warn", WARN, "not proven"),
    }
    let count = if stretch.len() == 1 { "1 round".to_owned() } else { format!("{} rounds", stretch.len()) };
    let code = newest.code.map(|code| format!(": {code}")).unwrap_or_default();
    html.text(&format!("{count} {}{code}", word(newest.verdict)));
    html.block("small", "", |html| {
        if stretch.len() > 1 {
            super::time(html, oldest.time);
            html.text(" to ");
        }
        super::time(html, newest.time);
        let durations = || stretch.iter().map(|round| round.duration_ms);
        let (least, most) = (durations().min().unwrap_or_default(), durations().max().unwrap_or_default());
        match least == most {
            true => html.text(&format!(", {}", took(most))),
            false => html.text(&format!(", {} to {}", took(least), took(most))),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_seen_and_stay_in_the_drawing() {
        for (ms, pixels) in [(0, 3), (5, 3), (50, 15), (1000, 34), (30_000, 56), (u64::MAX, 56)] {
            assert_eq!(length(ms), pixels, "{ms}");
        }
    }
}
