//! The last rounds: one cell a round, and the same in words.
//!
//! All cells are of one size. A round that confirmed the identity is a full cell, one that failed is a cell in two halves, and one that could not
//! confirm it is a hollow cell. So the shape shows as much as the colour.

use super::markup::Html;
use super::times::{clock, short, took};
use super::{WARN, section, sign, trigger};
use crate::core::check::report::Verdict;
use crate::core::sidecar::board::Round;
use crate::core::text::time::Timestamp;
use std::collections::VecDeque;

/// How many stretches of equal rounds are listed in words.
const STRETCHES: usize = 12;

/// The rounds. The newest is the first of `rounds`, and the last cell.
pub(super) fn cells(html: &mut Html, rounds: &VecDeque<Round>, now: Timestamp) {
    let (Some(newest), Some(oldest)) = (rounds.front(), rounds.back()) else { return };
    section(html, "history", "history", "History", |html| {
        html.block("div", "strip", |html| {
            html.with("ol", &[("class", "cells"), ("aria-label", "The last rounds, the oldest first")], |html| {
                rounds.iter().rev().for_each(|round| cell(html, round, now));
            });
            html.block("p", "ends", |html| match rounds.len() {
                1 => clock(html, newest.time, now),
                _ => [("oldest", oldest), ("newest", newest)].into_iter().for_each(|(word, round)| end(html, word, round, now)),
            });
        });
        legend(html, rounds);
        in_words(html, rounds, now);
    });
}

fn end(html: &mut Html, word: &'static str, round: &Round, now: Timestamp) {
    html.block("span", "", |html| {
        html.text(&format!("{word} "));
        clock(html, round.time, now);
    });
}

fn cell(html: &mut Html, round: &Round, now: Timestamp) {
    let code = round.code.map(|code| format!(": {code}")).unwrap_or_default();
    let words = format!("{} {}{code}; {}, {}", short(round.time, now), word(round.verdict), took(round.duration_ms), trigger(round));
    html.block("li", "", |html| {
        html.with("span", &[("class", class(round.verdict)), ("role", "img"), ("aria-label", &words), ("title", &words)], |_| ());
    });
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "cell pass",
        Verdict::Fail => "cell fail",
        Verdict::Unknown => "cell unknown",
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "confirmed",
        Verdict::Fail => "failed",
        Verdict::Unknown => "not confirmed",
    }
}

/// What the cells mean, as far as they occur.
fn legend(html: &mut Html, rounds: &VecDeque<Round>) {
    html.block("p", "legend", |html| {
        for verdict in [Verdict::Pass, Verdict::Fail, Verdict::Unknown] {
            let count = rounds.iter().filter(|round| round.verdict == verdict).count();
            if count > 0 {
                html.block("span", "", |html| {
                    html.with("i", &[("class", class(verdict)), ("aria-hidden", "true")], |_| ());
                    html.text(&format!("{count} {}", word(verdict)));
                });
            }
        }
    });
}

/// The rounds in words. Rounds that ended alike are grouped, so that a reader sees since when they do.
fn in_words(html: &mut Html, rounds: &VecDeque<Round>, now: Timestamp) {
    let proofs = rounds.iter().filter(|round| round.proven).count();
    let summary = match rounds.len() {
        1 if proofs == 1 => "The only round so far confirmed the identity".to_owned(),
        1 => "The only round so far did not confirm the identity".to_owned(),
        all => format!("{proofs} of the last {all} rounds confirmed the identity"),
    };
    let rounds: Vec<&Round> = rounds.iter().collect();
    let stretches: Vec<&[&Round]> = rounds.chunk_by(|one, next| (one.verdict, one.code) == (next.verdict, next.code)).collect();
    html.block("details", "", |html| {
        html.leaf("summary", "", &summary);
        html.block("ul", "", |html| {
            for stretch in stretches.iter().take(STRETCHES) {
                html.block("li", "", |html| write_stretch(html, stretch, now));
            }
            let more = stretches.len().saturating_sub(STRETCHES);
            if more > 0 {
                html.leaf("li", "dim", &format!("and {more} changes before"));
            }
        });
    });
}

fn write_stretch(html: &mut Html, stretch: &[&Round], now: Timestamp) {
    let (Some(newest), Some(oldest)) = (stretch.first(), stretch.last()) else { return };
    match newest.verdict {
        Verdict::Pass => sign(html, "sign pass", "√", "confirmed"),
        Verdict::Fail => sign(html, "sign fail", "×", "failed"),
        Verdict::Unknown => sign(html, "sign warn", WARN, "not confirmed"),
    }
    let count = if stretch.len() == 1 { "1 round".to_owned() } else { format!("{} rounds", stretch.len()) };
    let code = newest.code.map(|code| format!(": {code}")).unwrap_or_default();
    html.text(&format!("{count} {}{code}", word(newest.verdict)));
    html.block("small", "", |html| {
        clock(html, oldest.time, now);
        if stretch.len() > 1 {
            html.text(" to ");
            clock(html, newest.time, now);
        }
        let durations = || stretch.iter().map(|round| round.duration_ms);
        let (least, most) = (durations().min().unwrap_or_default(), durations().max().unwrap_or_default());
        match least == most {
            true => html.text(&format!("; took {}", took(most))),
            false => html.text(&format!("; took {} to {}", took(least), took(most))),
        }
    });
}
