//! Builds HTML. Text that is not a literal of this program can enter only through [`Html::text`], which escapes it. Markup is `&'static str`
//! only, and no claim, ARN or AWS message is `&'static str`.

use super::values::{Part, breaks, parts, pieces};
use crate::core::text::printable::printable;

/// A document that is written element by element. Closures write the content of elements, so that every element is closed.
pub(super) struct Html {
    out: String,
}

/// Elements within a line of text. No line break follows them.
const INLINE: [&str; 9] = ["a", "code", "dt", "i", "span", "strong", "summary", "time", "title"];

impl Html {
    pub(super) fn new() -> Html {
        Html { out: String::with_capacity(24 * 1024) }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// Markup that is a literal of this program.
    pub(super) fn raw(&mut self, markup: &'static str) {
        self.out.push_str(markup);
    }

    /// Text from anywhere. It is escaped, so that no character is markup, is invisible, or reorders a line.
    pub(super) fn text(&mut self, text: &str) {
        self.escape(&printable(text));
    }

    /// Sentences. The values in them are set apart, and break only where [`pieces`] allows it.
    pub(super) fn prose(&mut self, text: &str) {
        for part in parts(text) {
            match part {
                Part::Prose(text) => self.text(text),
                Part::Value { before, value, after } => self.value_within(before, value, after),
            }
        }
    }

    /// Sentences of the catalogue. A command in them stands between backticks.
    pub(super) fn instructions(&mut self, text: &str) {
        for (nth, part) in text.split('`').enumerate() {
            match nth % 2 {
                0 => self.prose(part),
                _ => self.block("code", "all", |html| html.document(part)),
            }
        }
    }

    /// A name with `/` between its parts. A line breaks rather there than within a part.
    pub(super) fn path(&mut self, name: &str) {
        for (nth, part) in name.split_inclusive('/').enumerate() {
            if nth > 0 {
                self.raw("<wbr>");
            }
            self.text(part);
        }
    }

    /// A value alone.
    pub(super) fn value(&mut self, value: &str) {
        self.value_within("", value, "");
    }

    /// A value and the punctuation around it. A browser may break a line beside a piece that the style keeps together, even before a full stop.
    /// So the punctuation is a part of such a piece.
    fn value_within(&mut self, before: &str, value: &str, after: &str) {
        let is_kept = |piece: Option<&str>| piece.is_some_and(breaks);
        let (outside_before, before) = if is_kept(pieces(value).next()) { ("", before) } else { (before, "") };
        let (outside_after, after) = if is_kept(pieces(value).last()) { ("", after) } else { (after, "") };
        self.text(outside_before);
        self.block("code", "value", |html| html.pieces(before, value, after));
        self.text(outside_after);
    }

    /// Text with several lines, for `<pre>`. Line breaks are kept, and each word breaks only where [`pieces`] allows it. Everything else is as in
    /// [`Html::text`].
    pub(super) fn document(&mut self, text: &str) {
        for (nth, line) in text.split('\n').enumerate() {
            if nth > 0 {
                self.out.push('\n');
            }
            for (nth, word) in line.split(' ').enumerate() {
                if nth > 0 {
                    self.out.push(' ');
                }
                self.pieces("", word, "");
            }
        }
    }

    /// The style keeps a `<span>` within `<code>` and `<pre>` in one line as long as it fits.
    /// `before` and `after` are parts of the first and the last piece.
    fn pieces(&mut self, before: &str, value: &str, after: &str) {
        let mut pieces = pieces(value).peekable();
        let mut before = Some(before);
        while let Some(piece) = pieces.next() {
            if before.is_none() {
                self.raw("<wbr>");
            }
            let whole = [before.take().unwrap_or_default(), piece, if pieces.peek().is_none() { after } else { "" }].concat();
            match breaks(piece) {
                true => self.leaf("span", "", &whole),
                false => self.text(&whole),
            }
        }
    }

    /// An element whose content `inside` writes.
    pub(super) fn with(&mut self, tag: &'static str, attributes: &[(&'static str, &str)], inside: impl FnOnce(&mut Html)) {
        self.start(tag, attributes);
        inside(self);
        self.end(tag);
    }

    /// An element of this class (none if empty) whose content `inside` writes.
    pub(super) fn block(&mut self, tag: &'static str, class: &'static str, inside: impl FnOnce(&mut Html)) {
        self.with(tag, &[("class", class)], inside);
    }

    /// An element of this class (none if empty) that holds only text.
    pub(super) fn leaf(&mut self, tag: &'static str, class: &'static str, text: &str) {
        self.block(tag, class, |html| html.text(text));
    }

    /// An element without an end tag.
    pub(super) fn void(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) {
        self.start(tag, attributes);
        self.out.push('\n');
    }

    fn start(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) {
        self.out.push('<');
        self.out.push_str(tag);
        for (name, value) in attributes.iter().filter(|(name, value)| *name != "class" || !value.is_empty()) {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            self.text(value);
            self.out.push('"');
        }
        self.out.push('>');
    }

    fn end(&mut self, tag: &'static str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
        // Each element has its own line, because people also read the page as a golden file. Inline elements have none, because a line break
        // there would be a space on the page.
        if !INLINE.contains(&tag) {
            self.out.push('\n');
        }
    }

    /// The five characters that mean something in text or in a quoted attribute (HTML, 13.1.2.3 and 13.2.5.1).
    fn escape(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                c => self.out.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup() {
        let mut html = Html::new();
        html.with("p", &[("class", ""), ("title", "\"'<&>\u{202e}")], |html| html.text("<b>\n&\u{0}"));
        assert_eq!(html.finish(), "<p title=\"&quot;&#39;&lt;&amp;&gt;\\u{202e}\">&lt;b&gt;\\n&amp;\\u{0}</p>\n");
    }

    #[test]
    fn documents_keep_their_lines() {
        let mut html = Html::new();
        html.block("pre", "doc", |html| html.document("[\n  \"a\":  1\r\n]"));
        assert_eq!(html.finish(), "<pre class=\"doc\">[\n  &quot;a&quot;:  <span>1\\r</span>\n]</pre>\n");
    }

    #[test]
    fn values_break_at_colons_and_slashes_only() {
        let mut html = Html::new();
        html.prose("It is arn:aws:iam::111122223333:role/a-b.");
        assert_eq!(
            html.finish(),
            "It is <code class=\"value\">arn:<wbr>aws:<wbr>iam::<wbr>111122223333:<wbr>role/<wbr><span>a-b.</span></code>"
        );
    }

    #[test]
    fn punctuation_stays_beside_its_value() {
        for (text, markup) in [
            ("(ab/cd-0123456789ab), or", "<code class=\"value\"><span>(ab/cd-0123456789ab),</span></code> or"),
            ("(sts.example.internal), or", "(<code class=\"value\">sts.example.internal</code>), or"),
        ] {
            let mut html = Html::new();
            html.prose(text);
            assert_eq!(html.finish(), markup);
        }
    }

    #[test]
    fn commands_in_sentences_are_set_apart() {
        let mut html = Html::new();
        html.instructions("What `irsa-probe sdks` names.");
        assert_eq!(html.finish(), "What <code class=\"all\"><span>irsa-probe</span> sdks</code> names.");
    }

    #[test]
    fn a_name_breaks_after_a_slash() {
        let mut html = Html::new();
        html.path("shop/<b>");
        assert_eq!(html.finish(), "shop/<wbr>&lt;b&gt;");
    }
}
