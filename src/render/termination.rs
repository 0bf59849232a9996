//! The termination message: what `kubectl describe pod` shows of a container that ended.

use super::text::{attempts, who};
use crate::core::report::{Report, Verdict};
use crate::core::text::printable;

/// Bytes. The kubelet cuts at 4096, and all containers of a pod share 12 KiB; a story fits into less.
pub const LIMIT: usize = 1024;

/// Code, cause and cure, a line each; for a pass, who this pod is.
pub fn message(report: &Report) -> String {
    let Some(cause) = &report.root_cause else {
        return cut(&printable(&format!("pass: {}", who(report))), LIMIT);
    };
    let unproven = if report.verdict == Verdict::Unknown { format!(" ({})", attempts(report)) } else { String::new() };
    let what = cut(&printable(&format!("{}: {}{unproven}", cause.code, cause.title)), 240);
    let cure = cut(&printable(&format!("cure: {}", cause.remedy.text)), 360);
    let why = if cause.detail.is_empty() { cause.code.row().cause } else { &cause.detail };
    // The detail holds foreign text of any length: it gets what the two others leave.
    let why = cut(&printable(&format!("cause: {why}")), LIMIT - what.len() - cure.len() - 2);
    format!("{what}\n{why}\n{cure}")
}

/// At most `limit` bytes, ending with `…` where something was cut.
fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limit.saturating_sub('…'.len_utf8()));
    format!("{}…", text[..end].trim_end())
}
