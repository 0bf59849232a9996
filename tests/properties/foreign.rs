//! Values from outside: texts, times and lengths as no one would choose them.

use irsa_probe::core::text::time::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Texts that do harm where they are not made harmless.
const HOSTILE: [&str; 22] = [
    "",
    " ",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{7f}",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]0;title\u{7}",
    "\u{9b}2J",
    "\u{85}",
    "\u{2028}line",
    "\u{202e}desrever",
    "\u{2067}isolate",
    "\u{61c}mark",
    "\u{feff}bom",
    "\u{e0041}tag",
    "'; reboot #",
    "$(id)`id`",
    "{namespace}{",
    "a..b...",
    "äöü € 🦀 \u{301}",
];

/// Any text: ordinary, empty, hostile, or arbitrary.
pub fn text() -> BoxedStrategy<String> {
    prop_oneof![
        3 => "[a-z0-9 .,:/-]{0,24}",
        3 => vec(prop_oneof![select(&HOSTILE[..]).prop_map(str::to_owned), "[a-z]{0,6}"], 0..4).prop_map(|parts| parts.concat()),
        1 => ".{0,30}",
        1 => any::<String>(),
    ]
    .boxed()
}

/// Perhaps a text.
pub fn maybe() -> impl Strategy<Value = Option<String>> {
    option::of(text())
}

/// Any integer that a clock, a header or a claim could hold; mostly near the time at which the evidence is taken.
pub fn seconds() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => NOW - 200_000..NOW + 200_000,
        1 => any::<i64>(),
        2 => select(&[i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX][..]),
    ]
}

/// When evidence is usually taken.
pub const NOW: i64 = 1_795_383_243;

/// Any time.
pub fn time() -> impl Strategy<Value = Timestamp> {
    seconds().prop_map(Timestamp)
}

/// Milliseconds as the collector measures them: finite, not negative, in steps that JSON keeps.
pub fn milliseconds() -> impl Strategy<Value = f64> {
    prop_oneof![(0u32..4_000_000).prop_map(|ms| f64::from(ms) / 64.0), Just(0.0), Just(1e12)]
}

/// Characters that a terminal obeys or that reorder a line: the controls (C0, DEL, C1), Unicode's `Bidi_Control`, and its line separators.
pub fn is_obeyed(c: char) -> bool {
    let bidi = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || bidi || matches!(c, '\u{2028}' | '\u{2029}')
}
