//! "Did you mean …?" for names that were misspelt.

/// The known name that is nearest to the given one, if it is near enough to be meant. Capitals do not count.
///
/// An edit is a letter that is missing, added, another one, or swapped with its neighbour. If one of the two words has four letters or
/// fewer, they may differ in one edit, else in two. With more edits, the suggestion is more often wrong than right.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_ascii_lowercase();
    let edits = |name: &str| {
        let allowed = if given.chars().count().min(name.chars().count()) <= 4 { 1 } else { 2 };
        // The lengths alone exclude most names, and any input that is very long.
        let may_be_near = name.len().abs_diff(given.len()) <= allowed * char::MAX.len_utf8();
        may_be_near.then(|| strsim::osa_distance(&given, &name.to_ascii_lowercase())).filter(|edits| *edits <= allowed)
    };
    known.into_iter().filter_map(|name| edits(name).map(|edits| (edits, name))).min_by_key(|(edits, _)| *edits).map(|(_, name)| name)
}

/// `; did you mean NAME?`, to append to an error. Empty if no known name is near.
pub(crate) fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(given, known).map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_edit_in_a_short_word_and_two_in_a_long_one() {
        const NAMES: [&str; 6] = ["check", "get", "exec", "timeout", "trust-policy-denied", "termination-log"];
        for (given, name) in [
            ("chekc", "check"),
            ("Check", "check"),
            ("gte", "get"),
            ("exe", "exec"),
            ("timout", "timeout"),
            ("timeouttt", "timeout"),
            ("timeou", "timeout"),
            ("trust_policy_denied", "trust-policy-denied"),
            ("terminatoin-lgo", "termination-log"),
        ] {
            assert_eq!(nearest(given, NAMES), Some(name), "{given}");
        }
        for given in ["", "x", "gxx", "axec1", "time", "timeoutttt", "tmeotu-", "prove", "trust-policy-allowed", "ü"] {
            assert_eq!(nearest(given, NAMES), None, "{given}");
        }
        assert_eq!(nearest(&"timeout".repeat(100_000), NAMES), None);
    }

    #[test]
    fn the_nearest_one_is_named_and_the_first_of_equals() {
        assert_eq!(nearest("js-v4", ["go-v2", "js-v2", "js-v3"]), Some("js-v2"));
        assert_eq!(nearest("js-v33", ["js-v2", "js-v3"]), Some("js-v3"));
        assert_eq!(did_you_mean("yaml", ["text", "json"]), "");
        assert_eq!(did_you_mean("jsno", ["text", "json"]), "; did you mean json?");
    }
}
