//! Limits of time: `aws:CurrentTime` and `aws:EpochTime` beside the time of the request.
//!
//! IAM user guide, "AWS global condition context keys": both keys are in every request; `aws:CurrentTime` is for date operators,
//! `aws:EpochTime` for date and numeric operators. "Condition operators": dates are "one of the W3C implementations of the ISO 8601 date
//! formats or in epoch (UNIX) time".

use super::pattern::Truth;
use crate::core::text::time::Timestamp;

/// How an operator of dates or numbers compares.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Ends of the operators' names. The negation of `NotEquals` is the operator's own.
const ORDERS: [(&str, Order); 6] = [
    ("Equals", Order::Equal),
    ("NotEquals", Order::Equal),
    ("LessThan", Order::Less),
    ("LessThanEquals", Order::LessOrEqual),
    ("GreaterThan", Order::Greater),
    ("GreaterThanEquals", Order::GreaterOrEqual),
];

/// The keys that hold the time of the request, each with the kinds of operators that compare it.
const KEYS: [(&str, &[&str]); 2] = [("aws:CurrentTime", &["Date"]), ("aws:EpochTime", &["Date", "Numeric"])];

/// The keys' names.
pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(name, _)| *name)
}

/// Whether an operator compares this key with times.
pub(super) fn compares(operator: &str, key: &str) -> bool {
    kind(operator, key).is_some()
}

fn kind(operator: &str, key: &str) -> Option<(&'static str, Order)> {
    let (_, kinds) = KEYS.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
    kinds.iter().find_map(|kind| {
        let end = operator.strip_prefix(kind)?;
        ORDERS.iter().find(|(name, _)| *name == end).map(|(_, order)| (*kind, *order))
    })
}

/// Whether the time of the request is as the operator asks; `Maybe` where the value is no time in a form that AWS documents.
pub(super) fn met(operator: &str, key: &str, wanted: &str, now: Timestamp) -> Truth {
    let Some((kind, order)) = kind(operator, key) else { return Truth::Maybe };
    let span = if kind == "Numeric" { seconds(wanted) } else { moment(wanted) };
    let Some((first, last)) = span else { return Truth::Maybe };
    // `first` to `last` is what the value may mean.
    let now = now.0;
    let (yes, no) = match order {
        Order::Equal => (first == now && last == now, now < first || now > last),
        Order::Less => (now < first, now >= last),
        Order::LessOrEqual => (now <= first, now > last),
        Order::Greater => (now > last, now <= first),
        Order::GreaterOrEqual => (now >= last, now < first),
    };
    match (yes, no) {
        (true, _) => Truth::Yes,
        (_, true) => Truth::No,
        _ => Truth::Maybe,
    }
}

/// Whole seconds since 1970. Longer numbers are milliseconds, of which AWS's reference says nothing.
fn seconds(text: &str) -> Option<(i64, i64)> {
    let digits = !text.is_empty() && text.len() <= 11 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).map(|seconds| (seconds, seconds))
}

/// The first and the last second that a date may mean: one without a time of day may mean all of its day.
fn moment(text: &str) -> Option<(i64, i64)> {
    let day = |year: &str, month: u32, day: u32| Timestamp::parse(&format!("{year}-{month:02}-{day:02}T00:00:00Z")).map(|time| time.0);
    let after = |year: &str| year.parse::<u32>().ok().map(|year| format!("{:04}", year + 1));
    let is_date = text.bytes().enumerate().all(|(nth, b)| if matches!(nth, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    match text.len() {
        // It may be a year, and it may be seconds.
        4 if is_date => Some((seconds(text)?.0, day(&after(text)?, 1, 1)? - 1)),
        7 if is_date => {
            let (year, month) = (&text[..4], text[5..].parse().ok()?);
            let next = if month == 12 { day(&after(year)?, 1, 1)? } else { day(year, month + 1, 1)? };
            Some((day(year, month, 1)?, next - 1))
        }
        10 if is_date => {
            let first = day(&text[..4], text[5..7].parse().ok()?, text[8..].parse().ok()?)?;
            Some((first, first + 86_399))
        }
        _ => seconds(text).or_else(|| instant(text)),
    }
}

/// A date with a time of day, with or without seconds, and its zone.
fn instant(text: &str) -> Option<(i64, i64)> {
    let (date, time) = text.split_once('T')?;
    let zone = time.find(['Z', '+', '-'])?;
    let (time, zone) = time.split_at(zone);
    let time = if time.len() == 5 { format!("{time}:00") } else { time.to_owned() };
    Timestamp::parse(&format!("{date}T{time}{zone}")).map(|time| (time.0, time.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-29T12:00:00Z
    const NOW: Timestamp = Timestamp(1_795_953_600);

    #[test]
    fn limits_of_time() {
        let (current, epoch) = ("aws:CurrentTime", "AWS:epochtime");
        for (operator, key, wanted, truth) in [
            ("DateGreaterThan", current, "2026-01-01T00:00:00Z", Truth::Yes),
            ("DateLessThan", current, "2026-01-01T00:00:00Z", Truth::No),
            ("DateLessThan", current, "2026-11-29T13:30:00+02:00", Truth::No),
            ("DateLessThan", current, "2026-11-29T14:30+02:00", Truth::Yes),
            ("DateLessThanEquals", current, "2026-11-29T12:00:00Z", Truth::Yes),
            ("DateLessThan", current, "2026-11-29T12:00:00Z", Truth::No),
            ("DateGreaterThanEquals", current, "2026-11-29T12:00:00.000Z", Truth::Yes),
            ("DateEquals", current, "2026-11-28", Truth::No),
            ("DateNotEquals", current, "2026-11-28", Truth::No),
            ("DateGreaterThan", current, "2026-11-28", Truth::Yes),
            ("DateGreaterThan", current, "2026-11-29", Truth::Maybe),
            ("DateLessThan", current, "2026-11", Truth::Maybe),
            ("DateLessThan", current, "2026-12", Truth::Yes),
            ("DateLessThan", current, "2025-12", Truth::No),
            ("DateLessThan", current, "2027", Truth::Maybe),
            ("DateLessThan", current, "1795953601", Truth::Yes),
            ("DateLessThan", epoch, "1795953600", Truth::No),
            ("NumericLessThan", epoch, "1795953601", Truth::Yes),
            ("NumericGreaterThanEquals", epoch, "1795953601", Truth::No),
            // Not documented.
            ("NumericLessThan", current, "1795953601", Truth::Maybe),
            ("NumericLessThan", epoch, "2027-01-01T00:00:00Z", Truth::Maybe),
            ("DateLessThan", epoch, "1795953601000", Truth::Maybe),
            ("DateLessThan", current, "2027-13-01T00:00:00Z", Truth::Maybe),
            ("DateLessThan", current, "2027-02-30", Truth::Maybe),
            ("DateLessThan", current, "2027-01-01T00:00:00", Truth::Maybe),
            ("DateLessThan", current, "01/01/2027", Truth::Maybe),
            ("DateLessThan", current, "tomorrow", Truth::Maybe),
            ("DateLessThan", current, "", Truth::Maybe),
            ("DateLessThan", current, "äöü", Truth::Maybe),
            ("DateLessThan", "aws:TokenIssueTime", "2027-01-01T00:00:00Z", Truth::Maybe),
            ("IpAddress", current, "2027-01-01T00:00:00Z", Truth::Maybe),
        ] {
            assert_eq!(met(operator, key, wanted, NOW), truth, "{operator} {key} {wanted}");
        }
    }
}
