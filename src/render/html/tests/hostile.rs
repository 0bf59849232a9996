//! A page has only the elements and attributes that this program writes, whatever text a claim, an ARN or AWS's answer holds.

use super::*;
use crate::core::check::report::Report;
use crate::core::text::printable::printable;
use std::collections::BTreeSet;

const PAYLOAD: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>' style=x </pre></style></title>--><!--&lt;\u{0}\u{1b}[31m\r\n\t\u{202e}\u{2028}";

/// Every element with the attributes that it may have.
const ALLOWED: &[(&str, &[&str])] = &[
    ("!doctype", &["html"]),
    ("a", &["class", "href"]),
    ("article", &[]),
    ("body", &["class"]),
    ("code", &["class"]),
    ("dd", &[]),
    ("details", &[]),
    ("div", &["class"]),
    ("dl", &["class"]),
    ("dt", &[]),
    ("footer", &[]),
    ("h1", &[]),
    ("h2", &["id"]),
    ("h3", &[]),
    ("head", &[]),
    ("header", &[]),
    ("html", &["lang"]),
    ("i", &["aria-hidden", "class"]),
    ("li", &["class"]),
    ("main", &[]),
    ("meta", &["charset", "content", "name"]),
    ("nav", &["aria-label"]),
    ("ol", &["aria-label", "class"]),
    ("p", &["class"]),
    ("pre", &["class"]),
    ("section", &["aria-labelledby", "class"]),
    ("small", &[]),
    ("span", &["aria-hidden", "aria-label", "class", "role", "title"]),
    ("strong", &[]),
    ("style", &[]),
    ("summary", &[]),
    ("table", &["aria-labelledby", "role"]),
    ("tbody", &["role"]),
    ("td", &["data-column", "role"]),
    ("th", &["role", "scope"]),
    ("thead", &["role"]),
    ("time", &["datetime", "title"]),
    ("title", &[]),
    ("tr", &["role"]),
    ("ul", &[]),
    ("wbr", &[]),
];

/// Attributes whose values are literals of this program. None is made of a report's text.
const VALUES: &[(&str, &[&str])] = &[
    ("href", &[".", "report", "status", "metrics", "readyz?verbose"]),
    ("role", &["img", "table", "rowgroup", "row", "columnheader", "rowheader", "cell"]),
];

#[derive(Debug)]
struct Tag {
    name: String,
    end: bool,
    attributes: Vec<(String, String)>,
}

/// The tags of a page. Only `<name a="v">` and `</name>` are accepted. There must be no other `<`, `>` or `"`, and no bare `&`.
fn tags(page: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        plain(&rest[..at]);
        let to = at + rest[at..].find('>').expect("a tag ends");
        let inside = &rest[at + 1..to];
        rest = &rest[to + 1..];
        let (end, inside) = inside.strip_prefix('/').map_or((false, inside), |inside| (true, inside));
        let (name, mut list) = inside.split_once(' ').unwrap_or((inside, ""));
        assert!(name.trim_start_matches('!').bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{name}");
        let mut attributes = Vec::new();
        while !list.is_empty() && name != "!doctype" {
            let (attribute, after) = list.split_once("=\"").expect("an attribute is quoted");
            let (value, after) = after.split_once('"').expect("a quote ends");
            assert!(attribute.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{attribute}");
            plain(value);
            attributes.push((attribute.to_owned(), value.to_owned()));
            list = after.strip_prefix(' ').unwrap_or(after);
        }
        assert!(!end || attributes.is_empty());
        if name == "style" && !end {
            rest = &rest[rest.find("</style>").expect("a style ends")..];
        }
        tags.push(Tag { name: name.to_owned(), end, attributes });
    }
    plain(rest);
    tags
}

fn plain(text: &str) {
    assert!(!text.contains(['<', '>', '"', '\'']), "{text}");
    for (at, _) in text.match_indices('&') {
        assert!(["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].iter().any(|entity| text[at..].starts_with(entity)), "{text}");
    }
    let harmless = |c: char| c == '\n' || !printable(c.encode_utf8(&mut [0; 4])).starts_with('\\') || c == '\\';
    assert!(text.chars().all(harmless), "{text:?}");
}

/// Asserts that a page has only known elements and attributes, that elements are closed in order, that ids are unique, and that references
/// lead to existing ids.
fn sound(page: &str) {
    let mut open: Vec<String> = Vec::new();
    let (mut ids, mut references) = (BTreeSet::new(), BTreeSet::new());
    for tag in tags(page) {
        if tag.end {
            assert_eq!(open.pop().as_ref(), Some(&tag.name), "closes what is open");
            continue;
        }
        let allowed = ALLOWED.iter().find(|(name, _)| *name == tag.name).unwrap_or_else(|| panic!("{tag:?}")).1;
        let mut seen = BTreeSet::new();
        for (name, value) in &tag.attributes {
            assert!(allowed.contains(&name.as_str()) && seen.insert(name), "{tag:?}");
            // The documentation's address is the build's own.
            let is_docs = name == "href" && value.starts_with(concat!(env!("IRSA_PROBE_DOCS_URL"), "/findings.md#"));
            let values = VALUES.iter().find(|(known, _)| known == name);
            assert!(is_docs || values.is_none_or(|(_, values)| values.contains(&value.as_str())), "{tag:?}");
            match name.as_str() {
                "id" => assert!(ids.insert(value.clone()), "{value} twice"),
                "aria-labelledby" => {
                    references.insert(value.clone());
                }
                _ => {}
            }
            assert!(!value.contains("alert") && !value.contains("javascript:"), "{tag:?}");
            assert!(is_docs || !value.contains("//"), "{tag:?}");
        }
        if !["!doctype", "meta", "wbr"].contains(&tag.name.as_str()) {
            open.push(tag.name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(references.is_subset(&ids), "{references:?} {ids:?}");
}

#[test]
fn pages_are_well_formed() {
    for (_, page) in pages() {
        sound(&page);
        headings_are_in_order(&page);
    }
}

fn headings_are_in_order(page: &str) {
    let levels: Vec<u32> = tags(page)
        .iter()
        .filter(|tag| !tag.end)
        .filter_map(|tag| tag.name.strip_prefix('h').and_then(|level| level.parse().ok()))
        .collect();
    assert_eq!((levels[0], levels.iter().filter(|level| **level == 1).count()), (1, 1));
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
}

/// Replaces every string of every report in turn, and then all of them at once.
#[test]
fn no_foreign_text_becomes_markup() {
    let mut replaced = 0;
    for evidence in
        [testing::healthy(), testing::not_injected(), testing::trust_policy_denied(), testing::connect_timeout(), testing::warnings()]
    {
        let document = serde_json::to_value(testing::report(evidence, 60_200, 2)).unwrap();
        let mut all = document.clone();
        let mut paths = Vec::new();
        strings(&document, String::new(), &mut paths);
        for path in paths {
            let mut one = document.clone();
            *one.pointer_mut(&path).unwrap() = PAYLOAD.into();
            // Codes, steps and times are no free text: a report with such a value cannot be read.
            let Ok(report) = serde_json::from_value::<Report>(one) else { continue };
            *all.pointer_mut(&path).unwrap() = PAYLOAD.into();
            replaced += 1;
            sound(&render_page(report));
        }
        let page = render_page(serde_json::from_value(all).unwrap());
        sound(&page);
        assert!(page.matches("&quot;&gt;&lt;script&gt;alert(1)").count() > 20, "the payload is shown, as text");
    }
    assert!(replaced > 300, "{replaced}");
    sound(&page(&Board::new(Some(PAYLOAD.to_owned()), at(0)), at(1)));
}

fn render_page(report: Report) -> String {
    let mut board = Board::new(None, at(0));
    board.end_round(report, Trigger::Start, at(1));
    page(&board, at(2))
}

fn strings(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| strings(item, format!("{path}/{at}"), found)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| strings(field, format!("{path}/{name}"), found)),
        _ => {}
    }
}
