//! What holds of the scripts without a shell. `tests/cli.rs` and `tests/e2e/shells` ask real ones.

use super::super::commands::COMMANDS;
use super::*;

#[test]
fn a_place_is_what_its_form_says() {
    let words = |form| WordPlace::of_form(form, OF_VALUES).words;
    assert_eq!(words("text|json"), ["text", "json"]);
    assert_eq!(words("N|auto"), ["auto"]);
    assert_eq!(words("DURATION"), Vec::<&str>::new());
    assert_eq!(WordPlace::of_form("FILE|-", OF_VALUES), WordPlace { words: vec!["-"], paths: Paths::Files });
    let sdks = words("NAME[@VERSION]|auto");
    assert!(sdks.len() == SdkFamily::ALL.len() + 1 && sdks.contains(&"java-v2") && sdks.ends_with(&["auto"]));
    let ignorable = words("CODE");
    assert!(ignorable.contains(&"node-role-reachable") && !ignorable.contains(&"trust-policy-denied"), "{ignorable:?}");
    assert_eq!(WordPlace::of_form("CODE|MESSAGE|-", OF_WORDS).words.len(), Code::ALL.len() + 1);
    assert_eq!(WordPlace::of_form("PATH", OF_WORDS).words, PAGES);
    assert_eq!(WordPlace::of_form("bash|zsh|fish", OF_WORDS).words, Shell::NAMED.map(|(name, _)| name));
}

#[test]
fn all_of_the_tables_is_there() {
    for (name, shell) in Shell::NAMED {
        let script = completions(shell);
        let shell = name;
        assert!(script.ends_with('\n') && !script.contains("@\n") && !script.contains("@)"), "{shell}: a part was not filled in");
        for row in COMMANDS {
            assert!(script.contains(row.name), "{shell}: {}", row.name);
            for flag in row.flags() {
                let form = if shell == "fish" { format!(" -l {}", flag.name) } else { format!("--{}", flag.name) };
                assert!(script.contains(&form), "{shell}: {form}");
            }
        }
        for word in ["trust-policy-denied", "java-v2", "evidence", "readyz", "node-role-reachable"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}
