//! Points and lengths of time, as the page shows them. All are UTC, which the page says once. A time of another day than the page's has its date.

use super::markup::Html;
use crate::core::text::time::{Timestamp, format_duration};

/// A point in time: `12:31`, `22 Nov 12:31`. The full time is its tooltip.
pub(super) fn clock(html: &mut Html, at: Timestamp, now: Timestamp) {
    let full = at.to_string();
    html.with("time", &[("datetime", &full), ("title", &full)], |html| html.text(&short(at, now)));
}

/// A point in time and how far it is: `12:31 (in 22 min)`.
pub(super) fn clock_and_distance(html: &mut Html, at: Timestamp, now: Timestamp) {
    clock(html, at, now);
    beside(html, &distance(at, now));
}

/// When something that ends does: `valid until 12:49 (22 min)`, `expired at 12:49 (8 min ago)`.
pub(super) fn end(html: &mut Html, at: Timestamp, now: Timestamp) {
    let over = at <= now;
    html.text(if over { "expired at " } else { "valid until " });
    clock(html, at, now);
    beside(html, &if over { distance(at, now) } else { length(at.since(now)) });
}

/// A length of time in parentheses, which stays in one line.
pub(super) fn beside(html: &mut Html, words: &str) {
    html.text(" ");
    html.leaf("span", "together", &format!("({words})"));
}

/// The age of what an earlier round found.
pub(super) fn as_of(html: &mut Html, at: Timestamp, now: Timestamp) {
    html.block("small", "", |html| {
        html.text("as of ");
        clock_and_distance(html, at, now);
    });
}

/// `12:31`; with its date where this is another than that of `now`.
pub(super) fn short(at: Timestamp, now: Timestamp) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (text, today) = (at.to_string(), now.to_string());
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    match month {
        // `2026-11-22T21:34:03Z`
        Some(_) if today.get(..10) == text.get(..10) => part(11, 16).to_owned(),
        Some(month) if today.get(..4) == text.get(..4) => format!("{} {month} {}", part(8, 10), part(11, 16)),
        Some(month) => format!("{} {month} {} {}", part(8, 10), part(0, 4), part(11, 16)),
        None => text,
    }
}

/// `in 43 min`, `12 min ago`
pub(super) fn distance(then: Timestamp, now: Timestamp) -> String {
    match then.since(now) {
        0 => "now".to_owned(),
        ahead @ 1.. => format!("in {}", length(ahead)),
        ago => format!("{} ago", length(ago)),
    }
}

/// `45 s`, `22 min`, `3 h 20 min`, `4 d 2 h`
pub(super) fn length(seconds: i64) -> String {
    let spoken = |part: &str| match part.strip_suffix('m') {
        Some(minutes) => format!("{minutes} min"),
        None => part.split_at_checked(part.len() - 1).map(|(number, unit)| format!("{number} {unit}")).unwrap_or_default(),
    };
    format_duration(seconds).split(' ').map(spoken).collect::<Vec<_>>().join(" ")
}

/// `61 ms`, `12.3 s`
pub(super) fn took(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms} ms"),
        _ => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_have_a_date_where_they_need_one() {
        let now = Timestamp(1_795_383_243);
        for (at, words) in [
            (now, "21:34"),
            (Timestamp(now.0 - 86_400), "21 Nov 21:34"),
            (Timestamp(now.0 + 400 * 86_400), "27 Dec 2027 21:34"),
            (Timestamp(i64::MAX), "31 Dec 9999 23:59"),
        ] {
            assert_eq!(short(at, now), words);
        }
        for (seconds, words) in [(45, "45 s"), (1320, "22 min"), (12_000, "3 h 20 min"), (352_800, "4 d 2 h"), (-60, "1 min")] {
            assert_eq!(length(seconds), words);
        }
        assert_eq!([-5, 0, 5].map(|ahead| distance(Timestamp(now.0 + ahead), now)), ["5 s ago", "now", "in 5 s"]);
        assert_eq!([61, 12_345].map(took), ["61 ms", "12.3 s"]);
    }
}
