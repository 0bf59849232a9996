//! Where in a text an error is: the positions in which SDKs print an error's code, and those in which a program or a person only names it.

use super::record::{Record, Window};
use crate::core::text::printable::floor;

/// The word at the beginning of a text.
pub(super) fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    &text[..end]
}

/// Names of fields that hold an error's code, as they end before `: ` or `=` (in lower case).
const CODE_FIELDS: [&str; 12] = [
    "code",
    "__type",
    "errorcode",
    "error_code",
    "error code",
    "error.code",
    "awserrorcode",
    "aws_error_code",
    "name",
    "errortype",
    "error_class",
    "exception name",
];

/// Whether the name of an error at a place stands where an error is: before a message, in the parentheses of an SDK's form, or in a field for codes.
pub(super) fn is_error(record: &Record, at: usize, end: usize) -> bool {
    if is_source(record, at, end) {
        return false;
    }
    let (before, after) = (&record.lower[..at], &record.lower[end..]);
    // EC2 writes whose fault it is before the code.
    let before = before.strip_suffix("client.").unwrap_or(before);
    // The model of an SDK.
    if before[floor(before, before.len().saturating_sub(80))..].contains("namespace: \"com.amazonaws") {
        return false;
    }
    // fog, chef: `CODE => message`.
    if after.starts_with(" => you are not") {
        return true;
    }
    // The rules of a monitoring tool.
    if after.starts_with(" ->") {
        return false;
    }
    let in_field = |before: &str| {
        if is_label(before) {
            return false;
        }
        let name = before.trim_end_matches(['"', '\'', ' ', '#']);
        let name = name.strip_suffix("some(").unwrap_or(name);
        let Some(name) = name.trim_end_matches(['"', '\'', ' ']).strip_suffix([':', '=']) else { return false };
        let name = name.trim_end_matches(['"', '\'', ' ']);
        CODE_FIELDS.iter().any(|field| name.ends_with(field))
    };
    match after.chars().next() {
        // `CODE: message`; `Exception` may follow the name.
        Some(':') => !after.starts_with("::") || before.ends_with("::"),
        Some(')') if before.ends_with('(') => !before[..before.len() - 1].ends_with(|c: char| c.is_ascii_alphanumeric()),
        // Ruby's class in parentheses behind the message.
        Some(')') if before.ends_with("::") => true,
        // AWS's XML has a message or an id after the code. A web page that names a code has not.
        Some('<') if after.starts_with("</code>") => {
            let next = after["</code>".len()..].trim_start();
            before.ends_with("<code>")
                && ["<message", "<requestid", "</error", "<resource", "<httphost"].iter().any(|tag| next.starts_with(tag))
        }
        Some(' ') if after.starts_with(" (client)") || after.starts_with(" (server)") || after.starts_with(" [") => true,
        _ if before.ends_with('[') && after.starts_with("]:") => true,
        // A modelled namespace stands before the code: `com.amazonaws.sts#ExpiredTokenException`.
        _ if before.ends_with('#') => in_field(before.rsplit_once(['"', '\'', ' ']).map_or(before, |(head, _)| head)),
        _ => in_field(before) || before.ends_with("api error ") || before.ends_with("::errors::"),
    }
}

/// Whether a field is the label of a metric: `name{code="…"} 0`.
fn is_label(before: &str) -> bool {
    let Some((name, labels)) = before.rsplit_once('{') else { return false };
    name.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && !labels.contains([' ', ':'])
}

/// Whether a place is no name of a class, or one in an error's position.
pub(super) fn is_class_of_error(record: &Record, at: usize, end: usize) -> bool {
    let name = &record.lower[at..end];
    let is_class = !name.contains(' ') && ["error", "exception", "providers"].iter().any(|kind| name.ends_with(kind));
    let after = record.line_after(end);
    // At the end of a line it is an error's whole text, behind what failed.
    let head = record.line_before(at).trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "._:$\\".contains(c));
    const FIELDS: [&str; 6] = ["error\":\"", "err=\"", "error=\"", "message\":\"", "msg\":\"", "msg=\""];
    let begins = head.is_empty() || head.ends_with(": ") || FIELDS.iter().any(|field| head.ends_with(field));
    let is_text = begins && after.trim_matches(['"', '}', ' ']).is_empty();
    !is_class || is_error(record, at, end) || is_text || after.starts_with("('") || after.starts_with("(\"")
}

/// How lines of source begin.
const STATEMENTS: [&str; 53] = [
    "- fix",
    "- feat",
    "- chore",
    "* fix",
    "* feat",
    "✓ ",
    "✔ ",
    "pass ",
    "ok ",
    "--- pass",
    "=== run",
    "import ",
    "from ",
    "except ",
    "except(",
    "catch ",
    "catch(",
    "} catch",
    "raise ",
    "throw ",
    "throws ",
    "return ",
    "def ",
    "class ",
    "func ",
    "function ",
    "if ",
    "if(",
    "elif ",
    "else ",
    "} else",
    "assert",
    "case ",
    "const ",
    "var ",
    "let ",
    "public ",
    "private ",
    "protected ",
    "static ",
    "final ",
    "// ",
    "/// ",
    "self.",
    "expect(",
    "require.",
    "@",
    "fmt = ",
    "export ",
    "package ",
    "using ",
    "rescue ",
    "when ",
];

/// What stands before a text that a program makes or compares.
const BUILDERS: [&str; 34] = [
    "errors.new(",
    "fmt.errorf(",
    "errorf(",
    "raise ",
    "throw new ",
    "except ",
    "catch (",
    " == ",
    " === ",
    " != ",
    " !== ",
    "assert",
    "expect(",
    ".contains(",
    ".includes(",
    "contains(",
    "match=",
    "regexp",
    "regex",
    "re.compile(",
    "pattern",
    "fmt = ",
    ".equal(",
    "equals(",
    "hasprefix(",
    "in str(",
    "startswith(",
    "indexof(",
    ".test(",
    "=~ ",
    "strings.contains",
    "awserr.new(",
    "\"documentation\":",
    "panic(\"",
];

/// What stands before a class that a program names.
const KEYWORDS: [&str; 13] =
    ["class", "struct", "type", "rescue", "except", "catch", "import", "raise", "throw", "throws", "instanceof", "extends", "new"];

/// Calls whose arguments are texts for errors.
const OPENED: [&str; 7] = ["sprintf(\"", "errors.new(\"", "awserr.new(\"", "fmt.errorf(\"", "throw new ", "raise ", "new error("];

/// Whether a place is in the source of a program, in a comparison, or in a template for messages.
pub(super) fn is_source(record: &Record, at: usize, end: usize) -> bool {
    let lower = record.line_before(at).trim_start();
    if record.begins_near(at) && STATEMENTS.iter().any(|begin| lower.starts_with(begin)) && !lower.starts_with("from server") {
        return true;
    }
    // The name of a class behind a keyword, whatever stands before that.
    let keyword = lower.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "._:$\\*&".contains(c)).trim_end();
    let keyword = keyword.rsplit([' ', '"', '(']).next().unwrap_or_default();
    if KEYWORDS.contains(&keyword) {
        return true;
    }
    // What a string literal begins after.
    let head = lower.trim_end_matches(|c: char| c != '"' && c != '\'' && c != '`');
    if OPENED.iter().any(|call| lower.rfind(call).is_some_and(|at| !lower[at..].contains(')'))) {
        return true;
    }
    let head = head.trim_end_matches(['"', '\'', '`']);
    if BUILDERS.iter().any(|builder| head.ends_with(builder) || lower.ends_with(builder)) {
        return true;
    }
    // An argument by name, on a line of its own, or a text that is all of one in a call.
    let (first, earlier) = record.lines_before(at);
    let literal = lower.trim_end_matches(['"', '\'']);
    let name = literal.strip_suffix('f').unwrap_or(literal).trim_end_matches('=');
    let is_argument = name.len() < literal.len() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let is_alone = literal.len() < lower.len() && (name.is_empty() || is_argument);
    let in_call = earlier.ends_with('(') && !["some(", "ok(", "err("].iter().any(|debug| earlier.ends_with(debug));
    let ends = record.line_after(end).trim_end();
    if is_alone && (is_argument && ends.ends_with(',') || in_call || lower.starts_with("f\"") || lower.starts_with("f'")) {
        return true;
    }
    // A value that a program assigns or gives to a call: `expected = {` and what follows, `error = "…"`.
    let assigned = first.strip_suffix(['{', '[', '(']).map(str::trim_end).and_then(|head| head.strip_suffix('='));
    let is_name = |name: &str| !name.trim_end().contains([' ', ':', '"', '\'']);
    let is_value = assigned.is_some_and(is_name) || earlier.contains("={") || record.lower.ends_with(", )");
    let is_text = lower.split_once(" = ").is_some_and(|(name, value)| is_name(name) && value.starts_with(['"', '\'']));
    if is_value || is_text {
        return true;
    }
    // A long line with paragraphs is documentation, wherever it begins.
    let in_paragraphs = !record.begins_near(at) && ["<p>", "</p>", "<li>"].iter().any(|tag| lower.contains(tag));
    in_paragraphs || is_model(&record.lower[..at], lower, &record.lower[end..])
}

/// Whether a text is of a description of AWS's services: documentation, rules for endpoints, the shape of an error; or a template.
fn is_model(text: &str, before: &str, after: &str) -> bool {
    const TEMPLATES: [&str; 12] = ["%s", "%v", "%w", "%d", "%q", "${", "{}", "\" +", "' +", "\" % ", "\".format(", "'.format("];
    const RULES: [&str; 2] = ["\"expect\":{\"error\":", "\"conditions\":[],\"error\":"];
    const SHAPES: [&str; 4] = ["\",\"httpstatuscode\"", "\",\"http_status_code\"", "\",\"type\":\"error\"", ".\",\"type\":\"error\""];
    let near: String = after.chars().filter(|c| *c != ' ').take(60).collect();
    let in_documentation = ["documentation\":\"", "documentation\": \"", "\"base\": \"<p>", "\"base\":\"<p>"]
        .iter()
        .any(|key| before.rfind(key).is_some_and(|at| !before[at..].contains("\",")));
    let head: String = text[floor(text, text.len().saturating_sub(120))..].chars().filter(|c| *c != ' ').collect();
    let head = head.trim_end_matches('"').trim_end_matches("invalidconfiguration:").trim_end_matches('"');
    in_documentation
        || TEMPLATES.iter().any(|mark| after.starts_with(mark))
        || SHAPES.iter().any(|shape| near.starts_with(shape))
        || head.ends_with("\"error\":") && ["\"type\":\"error\"", "},{\"type\":\"endpoint\""].iter().any(|rule| near.contains(rule))
        || RULES.iter().any(|rule| head.ends_with(rule))
}

/// The HTTP status that an SDK names.
pub(super) fn status(window: Window<'_>) -> Option<u16> {
    let names = [
        "status code: ",
        "statuscode: ",
        "statuscode\": ",
        "statuscode(",
        "non 200 response ",
        "non 200 response (",
        "statuscode\":",
        "status: ",
        "http ",
        "http response code: ",
    ];
    names.iter().find_map(|name| {
        let found = window.lower.find(name)? + name.len();
        window.lower.get(found..found + 3)?.parse::<u16>().ok().filter(|status| (100..600).contains(status))
    })
}

/// Around a code that no table knows, in the forms of the SDKs: what stands before it, what behind it, and what else shows that it is an error.
const UNKNOWN: [(&str, &str, &str); 8] = [
    ("api error ", ":", ""),
    ("unhandled error (", ")", ""),
    ("caused by: ", ":", "status code: "),
    ("<code>", "<", "</message>"),
    ("error code: ", ";", "(service: "),
    (", ", ":", "requestid: "),
    ("response: ", " (client)", ""),
    ("(", ") when calling the assumerolewithwebidentity operation", ""),
];

/// A code that no table knows in AWS's own shape.
pub(super) fn unknown_code<'a>(window: Window<'a>) -> Option<&'a str> {
    let is_code = |word: &&str| {
        (4..=60).contains(&word.len()) && word.starts_with(|c: char| c.is_ascii_uppercase()) && !word.eq_ignore_ascii_case("requestid")
    };
    UNKNOWN.iter().find_map(|(before, behind, beside)| {
        let found = window.lower.match_indices(before).map(|(at, _)| at + before.len());
        let words = found.map(|at| (at, word(&window.text[at..])));
        let mut codes = words.filter(|(at, word)| is_code(word) && window.lower[at + word.len()..].starts_with(behind));
        codes.next().filter(|_| window.lower.contains(beside)).map(|(_, word)| word)
    })
}
