//! How text looks on the terminal that reads it.

use crate::render::Style;
use std::ffi::OsString;

/// The style of standard output, which is a terminal or not.
///
/// Colour is for a terminal only, and not where NO_COLOR or TERM=dumb forbids it (no-color.org). The width is that of the terminal, or COLUMNS.
/// The signs are ASCII where the locale names another character set than UTF-8. An image without a locale names none, and its log is read
/// elsewhere.
pub(super) fn style(is_terminal: bool) -> Style {
    style_of(is_terminal, window_width(is_terminal), &|name| std::env::var_os(name))
}

fn style_of(is_terminal: bool, window: Option<usize>, variable: &dyn Fn(&str) -> Option<OsString>) -> Style {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let unwanted = set("NO_COLOR").is_some() || set("TERM").is_some_and(|term| term == "dumb");
    let columns = set("COLUMNS").and_then(|columns| columns.to_str()?.trim().parse().ok()).filter(|columns| *columns > 0);
    let usual = Style::default();
    Style { color: is_terminal && !unwanted, width: columns.or(window).unwrap_or(usual.width), ascii: !is_utf_8(&set) }
}

/// POSIX, "Environment Variables": the first of these that is set and not empty counts.
fn is_utf_8(set: &dyn Fn(&str) -> Option<OsString>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_none_or(|locale| {
        let name = locale.to_string_lossy().to_ascii_lowercase().replace('-', "");
        name.contains("utf8")
    })
}

/// The columns of the terminal. A pseudo terminal without a size says 0.
fn window_width(is_terminal: bool) -> Option<usize> {
    let size = is_terminal.then(|| rustix::termios::tcgetwinsize(std::io::stdout()).ok()).flatten()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(is_terminal: bool, window: Option<usize>, variables: &[(&str, &str)]) -> Style {
        style_of(is_terminal, window, &|name| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| OsString::from(value)))
    }

    #[test]
    fn colour_is_for_terminals_that_want_it() {
        assert!(style(true, None, &[("NO_COLOR", ""), ("TERM", "xterm")]).color);
        assert!(!style(false, None, &[]).color);
        assert!(!style(true, None, &[("NO_COLOR", "1")]).color && !style(true, None, &[("TERM", "dumb")]).color);
    }

    #[test]
    fn the_width_is_the_terminal_s() {
        let width = |window, columns: &str| style(true, window, &[("COLUMNS", columns)]).width;
        assert_eq!([width(Some(132), ""), width(None, ""), width(Some(132), "60")], [132, 80, 60]);
        assert_eq!([width(Some(132), "0"), width(Some(132), "wide"), width(None, "-1")], [132, 132, 80]);
    }

    #[test]
    fn signs_are_ascii_where_the_locale_is_not_utf_8() {
        let ascii = |variables: &[(&str, &str)]| style(false, None, variables).ascii;
        for utf_8 in
            [&[][..], &[("LANG", "")], &[("LANG", "en_US.UTF-8")], &[("LC_ALL", "C.utf8"), ("LANG", "C")], &[("LC_CTYPE", "UTF-8")]]
        {
            assert!(!ascii(utf_8), "{utf_8:?}");
        }
        for other in [&[("LANG", "C")][..], &[("LC_ALL", "POSIX"), ("LANG", "en_US.UTF-8")], &[("LANG", "de_DE.ISO-8859-1")]] {
            assert!(ascii(other), "{other:?}");
        }
    }
}
