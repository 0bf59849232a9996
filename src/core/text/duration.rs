//! Durations as people write them: `500ms`, `90s`, `5m`, `1h`, `1m30s`.

use std::time::Duration;

/// Parses a duration. The error says what is wrong and how to write it.
pub fn parse(text: &str) -> Result<Duration, String> {
    let hint = "write it like 500ms, 90s, 5m or 1h";
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(format!("a duration is missing; {hint}"));
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..digits].parse().map_err(|_| format!("{text:?} is not a duration; {hint}"))?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let seconds = |factor: u64| number.checked_mul(factor).map(Duration::from_secs);
        let part = match &rest[..unit] {
            "ms" => Some(Duration::from_millis(number)),
            "s" => seconds(1),
            "m" => seconds(60),
            "h" => seconds(3600),
            "" => return Err(format!("{text:?} has no unit; {hint}")),
            _ => return Err(format!("{text:?} is not a duration; {hint}")),
        };
        // The limit is a hundred years. No pod lives that long, and a sum of such a duration and a clock cannot overflow.
        let limit = Duration::from_secs(100 * 366 * 86_400);
        total = part.and_then(|part| total.checked_add(part)).filter(|sum| *sum <= limit).ok_or_else(|| format!("{text:?} is too long"))?;
        rest = &rest[unit..];
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        for (text, millis) in
            [("500ms", 500), ("90s", 90_000), ("5m", 300_000), ("1h", 3_600_000), ("1m30s", 90_000), (" 2s ", 2000), ("0s", 0)]
        {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for bad in ["", "90", "s", "-1s", "1.5s", "1 s", "5x", "99999999999999999999s", "18446744073709551615h", "10000000h", "ä"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
