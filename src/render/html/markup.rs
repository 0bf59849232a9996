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
                Part::Value(value) => self.value(value),
            }
        }
    }

    /// A value alone.
    pub(super) fn value(&mut self, value: &str) {
        self.block("code", "value", |html| html.pieces(value));
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
                self.pieces(word);
            }
        }
    }

    /// The style keeps a `<span>` within `<code>` and `<pre>` in one line as long as it fits.
    fn pieces(&mut self, value: &str) {
        for (nth, piece) in pieces(value).enumerate() {
            if nth > 0 {
                self.raw("<wbr>");
            }
            match breaks(piece) {
                true => self.leaf("span", "", piece),
                false => self.text(piece),
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
            "It is <code class=\"value\">arn:<wbr>aws:<wbr>iam::<wbr>111122223333:<wbr>role/<wbr><span>a-b</span></code>."
        );
    }
}
