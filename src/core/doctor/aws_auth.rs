//! The role ARNs of the ConfigMap aws-auth. `mapRoles` is YAML in a string; only its `rolearn` values are wanted, so lines are enough.

use serde_json::Value;

/// The values of `rolearn`, in their order.
///
/// It finds block style (`- rolearn: ARN`, also with the ARN on the next line) and flow style (`{rolearn: ARN, …}`, also JSON), quoted or not, with
/// comments. Keys may have any capitals: aws-iam-authenticator reads them with Go's JSON, which ignores capitals. Anchors and folded scalars are not
/// found, so that nothing is said of them.
pub fn role_arns(config_map: &Value) -> Vec<String> {
    let text = config_map.pointer("/data/mapRoles").and_then(Value::as_str).unwrap_or_default();
    let mut found = Vec::new();
    let mut value_follows = false;
    for line in text.lines() {
        match line.trim_start().trim_start_matches(['"', '\'']).starts_with("arn:") {
            true if value_follows => found.extend(value(line.trim_start())),
            _ => found.extend(in_line(line)),
        }
        let words = line.trim_end().strip_suffix(':').unwrap_or_default().trim_start_matches(['-', ' ']);
        value_follows = words.trim_matches(['"', '\'']).eq_ignore_ascii_case(KEY);
    }
    found
}

const KEY: &str = "rolearn";

/// The values of all keys `rolearn` in a line.
fn in_line(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lower = line.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find(KEY).map(|at| from + at) {
        let (before, after) = (&line[from..at], &line[at + KEY.len()..]);
        // A comment ends what counts: `#` at the line's start or after a space.
        if before.trim_start().starts_with('#') || before.contains(" #") {
            break;
        }
        from = at + KEY.len();
        // A key stands after nothing, a dash, a brace, a comma or a quote, and before its colon.
        let prefix = before.trim_end_matches(['"', '\'']).trim_end();
        if !(prefix.is_empty() || prefix.ends_with(['-', '{', ',', '['])) {
            continue;
        }
        let Some(after) = after.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':') else { continue };
        found.extend(value(after.trim_start()));
    }
    found
}

/// A scalar, without its quotes and what follows it.
fn value(text: &str) -> Option<String> {
    let value = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => text[1..].split(quote).next().unwrap_or_default(),
        _ => text.split(" #").next().unwrap_or_default().split([',', '}']).next().unwrap_or_default().trim_end(),
    };
    // An anchor, a folded scalar or a template is not a value yet.
    (!value.is_empty() && !value.starts_with(['|', '>', '&', '*', '#'])).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn role_arns_are_found_in_every_common_spelling() {
        let text = "\
- rolearn: arn:aws:iam::111122223333:role/plain
  username: system:node:{{EC2PrivateDNSName}}
  groups:
  - system:bootstrappers
- groups: [system:masters]
  rolearn: \"arn:aws:iam::111122223333:role/quoted\"   # the console's
- 'rolearn': 'arn:aws:iam::111122223333:role/path/single'
# - rolearn: arn:aws:iam::111122223333:role/commented
  #rolearn: arn:aws:iam::111122223333:role/commented
- {rolearn: arn:aws:iam::111122223333:role/flow, username: a}
[{\"rolearn\":\"arn:aws:iam::111122223333:role/json\",\"username\":\"x\"}]
- rolearn: arn:aws:iam::111122223333:role/trailing # it
- username: norolearn: x
- rolearn: |
- rolearn:
- myrolearn: arn:aws:iam::111122223333:role/other
- roleARN: arn:aws:iam::111122223333:role/capitals
- RoleArn:
    arn:aws:iam::111122223333:role/next
- groups:
    arn:aws:iam::111122223333:role/of-a-group
- \"rolearn\": 
    \"arn:aws:iam::111122223333:role/next-quoted\" # it
";
        let found = role_arns(&json!({"data": {"mapRoles": text, "mapUsers": "- rolearn: x"}}));
        let names: Vec<&str> = found.iter().filter_map(|arn| arn.rsplit('/').next()).collect();
        assert_eq!(names, ["plain", "quoted", "single", "flow", "json", "trailing", "capitals", "next", "next-quoted"]);
    }

    #[test]
    fn every_prefix_gives_an_answer() {
        let text = "- rolearn: \"arn:aws:iam::111122223333:role/ä\" # x\n- {'rolearn' : 'a'}\n- İroleARN:\n  'arn:ü";
        for (end, _) in text.char_indices() {
            role_arns(&json!({"data": {"mapRoles": &text[..end]}}));
        }
        assert!(role_arns(&Value::Null).is_empty());
    }
}
