//! Reads the XML of AWS errors. The message stays whole.
//!
//! An error's message quotes what was sent: a session name, an ARN, a token's claim. So it can hold characters that XML 1.0 does not
//! allow (U+FFFF, controls), directly or as references (XML 1.0, sections 2.2 and 4.1). A strict parser fails at such a character, and the
//! message is lost. This parser treats markup that it does not understand as text. It accepts a document that is cut off.

use std::borrow::Cow;

/// A piece of a document.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// An element begins. The text is its name without a prefix.
    Open(&'a str),
    /// The innermost open element ends.
    Close,
    /// Text. Entities and references in it are decoded.
    Text(Cow<'a, str>),
}

/// A document's pieces in order. Declarations, comments and processing instructions are left out.
pub struct Pieces<'a> {
    rest: &'a str,
    /// The element that has just begun is written `<name/>`, so it ends at once.
    empty: bool,
}

impl<'a> Pieces<'a> {
    /// The pieces of this document.
    pub fn parse(document: &'a str) -> Pieces<'a> {
        Pieces { rest: document, empty: false }
    }

    /// Moves behind the next occurrence of `end`, or to the end of the document. Returns the text before it.
    fn up_to(&mut self, end: &str) -> &'a str {
        let (before, after) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = after;
        before
    }

    fn skip(&mut self, begin: &str) -> bool {
        let after = self.rest.strip_prefix(begin);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn tag(&mut self) -> Piece<'a> {
        let inside = self.inside();
        if inside.starts_with('/') {
            return Piece::Close;
        }
        self.empty = inside.ends_with('/');
        let name = inside.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        Piece::Open(name.rsplit_once(':').map_or(name, |(_, local)| local))
    }

    /// The text between a tag's brackets. A bracket in an attribute's quotes does not end the tag.
    fn inside(&mut self) -> &'a str {
        let mut quote = None;
        for (at, c) in self.rest.char_indices() {
            match quote {
                None if c == '>' => {
                    let inside = &self.rest[..at];
                    self.rest = &self.rest[at + 1..];
                    return inside;
                }
                None if c == '"' || c == '\'' => quote = Some(c),
                Some(open) if c == open => quote = None,
                _ => {}
            }
        }
        std::mem::take(&mut self.rest)
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if std::mem::take(&mut self.empty) {
            return Some(Piece::Close);
        }
        while !self.rest.is_empty() {
            if self.skip("<!--") {
                self.up_to("-->");
            } else if self.skip("<?") {
                self.up_to("?>");
            } else if self.skip("<!DOCTYPE") {
                // A document type may declare entities in square brackets.
                if self.up_to(">").contains('[') {
                    self.up_to("]>");
                }
            } else if self.skip("<![CDATA[") {
                return Some(Piece::Text(Cow::Borrowed(self.up_to("]]>"))));
            } else if self.rest.strip_prefix('<').is_some_and(|tag| tag.starts_with(|c: char| c.is_alphabetic() || "_:/".contains(c))) {
                self.skip("<");
                return Some(self.tag());
            } else {
                let end = self.rest.char_indices().skip(1).find(|(_, c)| *c == '<').map_or(self.rest.len(), |(at, _)| at);
                let (text, after) = self.rest.split_at(end);
                self.rest = after;
                return Some(Piece::Text(decode_references(text)));
            }
        }
        None
    }
}

/// Replaces XML's five predefined entities and character references by their characters. Any other `&` stays as it is written.
fn decode_references(text: &str) -> Cow<'_, str> {
    let mut parts = text.split('&');
    let first = parts.next().unwrap_or_default();
    if first.len() == text.len() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    plain.push_str(first);
    for part in parts {
        match part.split_once(';').and_then(|(name, after)| Some((character(name)?, after))) {
            Some((c, after)) => {
                plain.push(c);
                plain.push_str(after);
            }
            None => {
                plain.push('&');
                plain.push_str(part);
            }
        }
    }
    Cow::Owned(plain)
}

fn character(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
            // `from_str_radix` would accept a sign.
            let tidy = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            u32::from_str_radix(digits, radix).ok().filter(|_| tidy).and_then(char::from_u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Piece::{Close, Open};

    fn pieces(document: &str) -> Vec<Piece<'_>> {
        Pieces::parse(document).collect()
    }

    fn text(text: &str) -> Piece<'_> {
        Piece::Text(Cow::Borrowed(text))
    }

    #[test]
    fn a_document_is_its_pieces() {
        assert_eq!(
            pieces("<?xml version=\"1.0\"?><!-- <b> --><a:b c='>' d=\"'>\"><e/>ü<f g=\"/\"></f ></a:b>"),
            [Open("b"), Open("e"), Close, text("ü"), Open("f"), Close, Close]
        );
        assert_eq!(pieces("<!DOCTYPE a><b>"), [Open("b")]);
        assert_eq!(pieces("<!DOCTYPE a [<!ENTITY b \"c\">]><b>&b;"), [Open("b"), text("&b;")]);
        assert_eq!(pieces("<a\n b='c'\n/>"), [Open("a"), Close]);
    }

    #[test]
    fn text_is_whole_whatever_stands_in_it() {
        for (written, meant) in [
            ("&lt;&gt;&amp;&quot;&apos;", "<>&\"'"),
            ("&amp;lt;", "&lt;"),
            ("&#65;&#x42;&#x1F980;&#xffff;&#0;&#xB;", "AB🦀\u{ffff}\0\u{b}"),
            ("\u{ffff}\u{fffe}\u{1}\u{7f}\0", "\u{ffff}\u{fffe}\u{1}\u{7f}\0"),
            ("a & b &nbsp; &; &lt &#xD800; &#x110000; &#+65; &#x; &#", "a & b &nbsp; &; &lt &#xD800; &#x110000; &#+65; &#x; &#"),
            ("]]> > \"", "]]> > \""),
        ] {
            assert_eq!(pieces(written), [text(meant)], "{written}");
        }
        assert_eq!(pieces("a < b <1 <"), [text("a "), text("< b "), text("<1 "), text("<")]);
        assert_eq!(pieces("<![CDATA[<b>&lt;]]]]><![CDATA[>]]>"), [text("<b>&lt;]]"), text(">")]);
    }

    #[test]
    fn what_is_cut_off_is_a_beginning() {
        for (cut, first) in
            [("<a b='", Some(Open("a"))), ("<![CDATA[x", Some(text("x"))), ("<!-- x", None), ("<!DOCTYPE a [", None), ("", None)]
        {
            assert_eq!(pieces(cut).into_iter().next(), first, "{cut}");
        }
        assert_eq!(pieces("</a"), [Close]);
    }
}
