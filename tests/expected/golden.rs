//! Golden files: what differs from run to run is taken out, and so are the lines that a person need not review.

use regex::Regex;
use serde_json::Value;
use std::path::Path;
use std::sync::OnceLock;

/// Takes out of a text what differs from run to run: times, ids, ports, and this run's folder and signing key.
pub fn normal(text: &str, folder: &str, key_id: &str) -> String {
    static PATTERNS: OnceLock<Vec<(Regex, &'static str)>> = OnceLock::new();
    let text = text.replace(folder, "{dir}").replace(key_id, "{kid}");
    PATTERNS.get_or_init(patterns).iter().fold(text, |text, (pattern, replacement)| pattern.replace_all(&text, *replacement).into_owned())
}

fn patterns() -> Vec<(Regex, &'static str)> {
    [
        (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", "<time>"),
        (r"\d{8}T\d{6}Z", "<time>"),
        // musl's words, where glibc has others.
        ("Name does not resolve", "Name or service not known"),
        ("Network unreachable", "Network is unreachable"),
        ("Filename too long", "File name too long"),
        (r"owner \d+:\d+", "owner <uid>:<gid>"),
        (r"UID \d+, GIDs [\d,]+", "UID <uid>, GIDs <gids>"),
        (r"\b1[789]\d{8}\b", "<unix>"),
        // The agent's session names end in one that is cut off.
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{1,12}", "<uuid>"),
        (r"(127\.0\.0\.1|localhost|\[::1\]):\d+", "$1:<port>"),
        (r"(not proven in|within) \d+(\.\d+)? m?s\b", "$1 <n> s"),
        (r"\b\d+(ms| ms)\b", "<n>$1"),
        (r"\b\d+(\.\d+)? s\b", "<n> s"),
        (r"\b(\d+d \d+h|\d+h \d+m|\d+[dhms])\b", "<span>"),
        (r"web-identity-token(-profile)?-\d+", "web-identity-token$1-<n>"),
        (r"assume-role-from-profile-\d+", "assume-role-from-profile-<n>"),
        (r"\(\d+ attempts?\)", "(<n> attempts)"),
        (r"in \d+ attempts?", "in <n> attempts"),
    ]
    .into_iter()
    .map(|(pattern, replacement)| (Regex::new(pattern).unwrap(), replacement))
    .collect()
}

/// A report without figures that differ from run to run.
pub fn json(report: Value, normal: impl Fn(&str) -> String) -> String {
    let mut report = without_figures(report);
    // The SDK's container provider tries again after random pauses, whatever it is told: it may be done before the witness is cut off, or not.
    if report["verdict"] == "unknown" && report["chain"]["error"].is_string() {
        report["chain"]["error"] = Value::from("<passing>");
    }
    normal(&(serde_json::to_string_pretty(&report).unwrap() + "\n"))
}

/// The same report with one figure for all those that differ from run to run.
pub fn without_figures(mut report: Value) -> Value {
    blank(&mut report);
    report
}

fn blank(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match key.as_str() {
                    "durationMs" | "attempts" | "ms" | "resolve" | "connect" | "tls" if value.is_number() => *value = Value::from(1),
                    "version" => *value = Value::from("<version>"),
                    "clockSkewSeconds" if value.as_i64().is_some_and(|skew| skew != 0) => {
                        *value = Value::from(if value.as_i64() > Some(0) { 999 } else { -999 })
                    }
                    _ => blank(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blank),
        _ => {}
    }
}

/// The text of a report without the steps that passed and what was skipped, for a person who reviews the file.
pub fn text(report: &str) -> String {
    let passed =
        |line: &&str| (line.starts_with('√') && !line.starts_with("√ PASS")) || (line.starts_with("- ") && line.contains(" skipped"));
    let kept: Vec<&str> = report.lines().filter(|line| !passed(line)).collect();
    kept.join("\n").replace("\n\n\n", "\n\n") + "\n"
}

/// Compares with a golden file, or writes it where `UPDATE_SCENARIOS` is set. The error names the first line that differs.
pub fn hold(path: &Path, found: &str) -> Result<(), String> {
    if std::env::var_os("UPDATE_SCENARIOS").is_some() {
        return std::fs::write(path, found).map_err(|error| format!("{}: {error}", path.display()));
    }
    let wanted = std::fs::read_to_string(path).unwrap_or_default();
    if wanted == found {
        return Ok(());
    }
    let line = wanted.lines().zip(found.lines()).position(|(a, b)| a != b).unwrap_or(wanted.lines().count().min(found.lines().count()));
    let at = |text: &str| text.lines().nth(line).unwrap_or("(end)").to_owned();
    Err(format!("{} differs at line {}:\n- {}\n+ {}\n(UPDATE_SCENARIOS=1 accepts)", path.display(), line + 1, at(&wanted), at(found)))
}
