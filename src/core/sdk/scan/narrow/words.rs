//! Which program a command runs: wrappers are passed over.

use super::name_of;
use std::collections::VecDeque;

/// A program that runs the program in its words.
struct Wrapper {
    names: &'static [&'static str],
    /// The options whose value is the next word.
    with_value: &'static [&'static str],
    /// How many words come before the program, beside options.
    before: usize,
    /// The word that makes it a wrapper, as in `bundle exec`.
    verb: Option<&'static str>,
}

const fn plain(names: &'static [&'static str], with_value: &'static [&'static str], before: usize) -> Wrapper {
    Wrapper { names, with_value, before, verb: None }
}

const fn verb(names: &'static [&'static str], verb: &'static str) -> Wrapper {
    Wrapper { names, with_value: &[], before: 0, verb: Some(verb) }
}

const WRAPPERS: &[Wrapper] = &[
    plain(&["tini", "tini-static", "docker-init"], &["-p", "-e"], 0),
    plain(&["dumb-init"], &["-r", "--rewrite"], 0),
    plain(&["catatonit", "nohup", "setsid", "exec", "command", "ddtrace-run"], &["-a"], 0),
    plain(&["env"], &["-u", "--unset", "-C", "--chdir"], 0),
    plain(&["gosu", "su-exec", "s6-setuidgid", "setuidgid"], &[], 1),
    plain(
        &["setpriv"],
        &[
            "--reuid",
            "--regid",
            "--ruid",
            "--euid",
            "--rgid",
            "--egid",
            "--groups",
            "--inh-caps",
            "--ambient-caps",
            "--bounding-set",
            "--securebits",
            "--pdeathsig",
            "--selinux-label",
            "--apparmor-profile",
        ],
        0,
    ),
    plain(&["nice"], &["-n", "--adjustment"], 0),
    plain(&["ionice"], &["-c", "-n", "--class", "--classdata"], 0),
    plain(&["stdbuf"], &["-i", "-o", "-e", "--input", "--output", "--error"], 0),
    plain(&["timeout"], &["-s", "-k", "--signal", "--kill-after"], 1),
    plain(
        &["opentelemetry-instrument"],
        &["--traces_exporter", "--metrics_exporter", "--logs_exporter", "--service_name", "--exporter_otlp_endpoint", "--id_generator"],
        0,
    ),
    verb(&["newrelic-admin"], "run-program"),
    verb(&["bundle", "bundler"], "exec"),
    verb(&["poetry", "pipenv", "uv", "pdm"], "run"),
];

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "ksh", "zsh"];

/// How many wrappers are passed over.
const NESTED: usize = 8;

/// The words of the program in the end. `None` where a shell decides, or nothing is left.
pub(super) fn program(words: Vec<String>, variable: &dyn Fn(&str) -> Option<String>) -> Option<Vec<String>> {
    let mut words = VecDeque::from(words);
    for _ in 0..NESTED {
        let name = name_of(words.front()?).to_owned();
        if SHELLS.contains(&name.as_str()) {
            words = of_shell(&words, variable)?;
        } else if let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.names.contains(&name.as_str())) {
            match pass(wrapper, &words) {
                Some(inner) => words = inner,
                None => break,
            }
        } else {
            break;
        }
    }
    let is_left_over = words.front().is_none_or(|word| SHELLS.contains(&name_of(word)));
    (!is_left_over).then(|| words.into())
}

/// The words after the wrapper and its own words. `None` where it runs no other program.
fn pass(wrapper: &Wrapper, words: &VecDeque<String>) -> Option<VecDeque<String>> {
    let mut rest: VecDeque<String> = words.iter().skip(1).cloned().collect();
    if let Some(verb) = wrapper.verb {
        rest.pop_front().filter(|word| word == verb)?;
    }
    let mut before = wrapper.before;
    while let Some(word) = rest.front().cloned() {
        let is_assignment = wrapper.names == ["env"] && is_assignment(&word);
        if word == "--" {
            rest.pop_front();
        } else if wrapper.names == ["env"] && (word == "-S" || word == "--split-string") {
            rest.pop_front();
            let split = rest.pop_front()?;
            split.split_whitespace().rev().for_each(|word| rest.push_front(word.to_owned()));
        } else if word.starts_with('-') && word.len() > 1 || is_assignment {
            rest.pop_front();
            if wrapper.with_value.contains(&word.as_str()) {
                rest.pop_front();
            }
        } else if before > 0 {
            before -= 1;
            rest.pop_front();
        } else {
            break;
        }
    }
    (!rest.is_empty()).then_some(rest)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| is_name(name))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The words of the one command in `sh -c "…"`.
fn of_shell(words: &VecDeque<String>, variable: &dyn Fn(&str) -> Option<String>) -> Option<VecDeque<String>> {
    let mut rest = words.iter().skip(1);
    loop {
        let option = rest.next()?;
        match option.strip_prefix('-') {
            Some(letters) if !letters.starts_with('-') && letters.ends_with('c') => break,
            Some(letters) if !letters.is_empty() => {}
            _ => return None, // a script
        }
    }
    let mut words = split(rest.next()?, variable)?;
    while words.front().is_some_and(|word| is_assignment(word)) {
        words.pop_front();
    }
    Some(words)
}

/// The words of a simple command. `None` where the shell has more to do than to take off quotes, and to put in variables that are whole words.
fn split(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Option<VecDeque<String>> {
    let mut words = VecDeque::new();
    let mut word: Option<String> = None;
    let mut rest = text.trim().chars();
    while let Some(letter) = rest.next() {
        match letter {
            ' ' | '\t' => words.extend(word.take()),
            '\'' | '"' => {
                let quoted = word.get_or_insert_default();
                loop {
                    match rest.next()? {
                        end if end == letter => break,
                        '$' | '`' | '\\' if letter == '"' => return None,
                        other => quoted.push(other),
                    }
                }
            }
            '$' if word.is_none() => {
                let (name, after) = name_at(rest.as_str())?;
                words.extend(variable(name).unwrap_or_default().split_whitespace().map(str::to_owned));
                rest = after.chars();
            }
            ';' | '|' | '&' | '<' | '>' | '$' | '`' | '\\' | '(' | ')' | '*' | '?' | '[' | ']' | '{' | '}' | '~' | '#' | '!' | '\n' => {
                return None;
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}

/// The name after a `$` where the word ends with it, and what follows.
fn name_at(text: &str) -> Option<(&str, &str)> {
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    let name = word.strip_prefix('{').and_then(|word| word.strip_suffix('}')).unwrap_or(word);
    (is_name(name) || name == "@").then_some((name, after))
}
