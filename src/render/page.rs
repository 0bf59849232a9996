//! Lines for a terminal. All text goes through [`Page::write`], which escapes foreign text.

use super::affects;
use crate::core::catalogue::remedy::RemedyCommand;
use crate::core::text::printable::printable;

/// How a page looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// The width of the terminal in columns. Prose is wrapped there. Commands and documents are never wrapped.
    pub width: usize,
    /// The signs are ASCII, for a terminal without UTF-8.
    pub ascii: bool,
}

impl Default for Style {
    /// Plain text for a file or a pipe, 80 columns wide.
    fn default() -> Style {
        Style { color: false, width: 80, ascii: false }
    }
}

/// The widths at which prose is wrapped. Longer lines are hard to read, and shorter ones hold no word beside the column of names.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=100;

/// The program's own characters beside ASCII, and what stands for them in ASCII.
const SIGNS: [(char, &str); 9] =
    [('√', "+"), ('‼', "!"), ('×', "x"), ('–', "-"), ('—', "-"), ('…', "..."), ('→', "->"), ('·', "|"), ('’', "'")];

/// The colour of a piece of text, when colours are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Bold,
    Dim,
    Red,
    Yellow,
    Green,
}

impl Paint {
    /// The parameters of Select Graphic Rendition (ECMA-48 8.3.117). Red, yellow and green are bold, because many themes show the plain colours
    /// too faintly.
    fn code(self) -> &'static str {
        match self {
            Paint::Plain => "",
            Paint::Bold => "\u{1b}[1m",
            Paint::Dim => "\u{1b}[2m",
            Paint::Red => "\u{1b}[1;31m",
            Paint::Yellow => "\u{1b}[1;33m",
            Paint::Green => "\u{1b}[1;32m",
        }
    }
}

/// A text that is built line by line.
pub(super) struct Page {
    out: String,
    style: Style,
    width: usize,
}

impl Page {
    pub(super) fn new(style: Style) -> Page {
        Page { out: String::with_capacity(4096), style, width: style.width.clamp(*WIDTHS.start(), *WIDTHS.end()) }
    }

    /// The width at which prose is wrapped.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.out.push('\n');
    }

    /// One line, which is never wrapped.
    pub(super) fn line(&mut self, indent: usize, pieces: &[(Paint, &str)]) {
        self.out.extend(std::iter::repeat_n(' ', indent));
        for (paint, text) in pieces {
            self.write(*paint, text);
        }
        self.end_line();
    }

    /// Prose, wrapped at the page's width. Later lines begin at column `hang`. A space separates the pieces. Empty pieces give no line.
    pub(super) fn prose(&mut self, indent: usize, hang: usize, pieces: &[(Paint, &str)]) {
        if pieces.iter().any(|(_, text)| text.contains(|c| c != ' ')) {
            self.out.extend(std::iter::repeat_n(' ', indent));
            self.flow(indent, hang, pieces);
        }
    }

    /// A name, and prose in a column beside it. Later lines begin at column `hang`.
    pub(super) fn columns(&mut self, indent: usize, name: &str, column: usize, hang: usize, pieces: &[(Paint, &str)]) {
        self.name(Paint::Bold, indent, name, column);
        self.flow(column, hang, pieces);
    }

    /// A name, a number and a line to paste in columns: the line is not wrapped, and each of its characters stays as it is.
    pub(super) fn named_line(&mut self, indent: usize, name: &str, column: usize, number: &str, at: usize, text: &str) {
        self.name(Paint::Bold, indent, name, column);
        self.name(Paint::Plain, 0, number, at - column);
        self.verbatim(0, text);
    }

    fn name(&mut self, paint: Paint, indent: usize, name: &str, column: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.write(paint, name);
        self.out.extend(std::iter::repeat_n(' ', column.saturating_sub(indent + name.len())));
    }

    /// A name, and prose in a column beside it.
    pub(super) fn entry(&mut self, indent: usize, name: &str, column: usize, text: (Paint, &str)) {
        self.columns(indent, name, column.max(indent + name.len() + 1), column, &[text]);
    }

    /// Writes words, beginning at `column` of the current line.
    fn flow(&mut self, column: usize, hang: usize, pieces: &[(Paint, &str)]) {
        let mut words: Vec<(Paint, &str)> = Vec::new();
        for (paint, text) in pieces {
            words.extend(text.split(' ').filter(|word| !word.is_empty()).map(|word| (*paint, word)));
        }
        let lengths: Vec<usize> = words.iter().map(|(_, word)| printable(word).chars().count()).collect();
        let mut from = 0;
        for to in breaks(&lengths, self.width, column, hang) {
            if from > 0 {
                self.end_line();
                self.out.extend(std::iter::repeat_n(' ', hang));
            }
            // A run of words with one colour is one piece, so that there are no needless escape codes between words.
            for (nth, run) in words[from..to].chunk_by(|(one, _), (next, _)| one == next).enumerate() {
                if nth > 0 {
                    self.out.push(' ');
                }
                let text: Vec<&str> = run.iter().map(|(_, word)| *word).collect();
                self.write(run[0].0, &text.join(" "));
            }
            from = to;
        }
        self.end_line();
    }

    /// Shell commands, never wrapped. Above one that changes something a comment says whom it affects, so that all lines can be pasted together.
    /// A command has no prompt in front, so that a triple click selects only the command.
    pub(super) fn commands(&mut self, indent: usize, commands: &[RemedyCommand]) {
        for command in commands {
            if let Some(affects) = affects(command) {
                self.comment(indent, &affects);
            }
            self.verbatim(indent, &command.command);
        }
    }

    /// A line to paste: it is not wrapped, and each character stays as it is.
    pub(super) fn verbatim(&mut self, indent: usize, text: &str) {
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.out.push_str(&printable(text));
        self.end_line();
    }

    /// A comment of a shell, wrapped. Each of its lines is a comment.
    fn comment(&mut self, indent: usize, text: &str) {
        const MARK: &str = "# ";
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let lengths: Vec<usize> = words.iter().map(|word| printable(word).chars().count()).collect();
        let mut from = 0;
        for to in breaks(&lengths, self.width, indent + MARK.len(), indent + MARK.len()) {
            self.line(indent, &[(Paint::Yellow, MARK), (Paint::Yellow, &words[from..to].join(" "))]);
            from = to;
        }
    }

    /// A document. Its lines are not wrapped.
    pub(super) fn document(&mut self, indent: usize, text: &str) {
        for line in text.split('\n') {
            self.verbatim(indent, line);
        }
    }

    /// Writes text. All text enters here and is escaped, so that no claim or AWS message can set colours, move the cursor or begin a line.
    fn write(&mut self, paint: Paint, text: &str) {
        let safe = printable(text);
        let painted = self.style.color && paint != Paint::Plain && !safe.is_empty();
        if painted {
            self.out.push_str(paint.code());
        }
        match self.style.ascii {
            true => self.out.push_str(&in_ascii(&safe)),
            false => self.out.push_str(&safe),
        }
        if painted {
            self.out.push_str("\u{1b}[0m");
        }
    }

    fn end_line(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }
}

/// The text with ASCII in place of the program's own signs. A name of somebody else's stays as it is.
fn in_ascii(text: &str) -> String {
    let sign = |c: char| SIGNS.iter().find(|(sign, _)| *sign == c).map(|(_, ascii)| *ascii);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match sign(c) {
            Some(ascii) => out.push_str(ascii),
            None => out.push(c),
        }
    }
    out
}

/// The ends of lines, as indices of words, for words of these lengths. A word that is longer than a line (an ARN) gets its own line.
fn breaks(lengths: &[usize], width: usize, indent: usize, hang: usize) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut column = indent;
    for (index, length) in lengths.iter().enumerate() {
        let space = usize::from(index > ends.last().copied().unwrap_or(0));
        if space == 1 && column + space + length > width {
            ends.push(index);
            column = hang + length;
        } else {
            column += space + length;
        }
    }
    if !lengths.is_empty() {
        ends.push(lengths.len());
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::catalogue::commands::CommandEffect;

    fn wrapped(text: &str, width: usize, indent: usize, hang: usize) -> String {
        let mut page = Page { width, ..Page::new(Style::default()) };
        page.prose(indent, hang, &[(Paint::Plain, text)]);
        page.finish()
    }

    #[test]
    fn prose_is_wrapped_with_a_hanging_indent() {
        assert_eq!(wrapped("one two three four", 9, 0, 2), "one two\n  three\n  four\n");
        assert_eq!(wrapped("one two three four", 12, 2, 4), "  one two\n    three\n    four\n");
        assert_eq!(wrapped("one two", 7, 0, 0), "one two\n", "exactly the width");
        assert_eq!(wrapped("one two", 6, 0, 0), "one\ntwo\n", "one too many");
        assert_eq!(wrapped("äöü äöü", 7, 0, 0), "äöü äöü\n", "characters, not bytes");
        assert_eq!(wrapped("  two  spaces ", 80, 0, 0), "two spaces\n");
        assert_eq!(wrapped("", 80, 4, 4), "");
    }

    #[test]
    fn a_word_that_is_too_long_is_never_broken() {
        let arn = "arn:aws:iam::111122223333:role/a-very-long-name";
        assert_eq!(wrapped(&format!("a {arn} b"), 10, 0, 2), format!("a\n  {arn}\n  b\n"));
        assert_eq!(wrapped(arn, 10, 0, 2), format!("{arn}\n"));
    }

    #[test]
    fn whom_a_command_affects_is_a_comment_in_each_of_its_lines() {
        let command = |command: &str, effect, touches: Option<&str>| RemedyCommand {
            command: command.to_owned(),
            effect,
            touches: touches.map(str::to_owned),
        };
        let commands = [
            command("kubectl -n shop get pods", CommandEffect::Read, None),
            command("kubectl -n shop delete pod a", CommandEffect::Own, None),
            command("kubectl -n shop annotate --overwrite serviceaccount a", CommandEffect::Shared, Some("every pod of a\n; rm -r x")),
        ];
        let mut page = Page { width: 26, ..Page::new(Style::default()) };
        page.commands(2, &commands);
        let expected = "  kubectl -n shop get pods\n  # affects this pod only\n  kubectl -n shop delete pod a\n  # affects every pod of\n  # a\\n; rm -r x\n  \
            kubectl -n shop annotate --overwrite serviceaccount a\n";
        assert_eq!(page.finish(), expected);
    }

    #[test]
    fn a_terminal_without_utf_8_gets_ascii_signs_and_unchanged_commands() {
        let mut page = Page::new(Style { ascii: true, ..Style::default() });
        page.line(0, &[(Paint::Plain, "√ × ‼ – … → é")]);
        page.verbatim(2, "kubectl get pod a–b");
        assert_eq!(page.finish(), "+ x ! - ... -> é\n  kubectl get pod a–b\n");
    }

    #[test]
    fn prose_has_the_terminal_s_width_within_reason() {
        let width = |width| Page::new(Style { width, ..Style::default() }).width;
        assert_eq!([0, 39, 40, 79, 100, 101, usize::MAX].map(width), [40, 40, 40, 79, 100, 100, 100]);
    }

    #[test]
    fn a_run_of_one_colour_is_painted_once() {
        let mut page = Page::new(Style { color: true, ..Style::default() });
        page.prose(0, 2, &[(Paint::Green, "√"), (Paint::Plain, "it works"), (Paint::Dim, "as it should")]);
        assert_eq!(page.finish(), "\u{1b}[1;32m√\u{1b}[0m it works \u{1b}[2mas it should\u{1b}[0m\n");
    }
}
