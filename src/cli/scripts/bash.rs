//! The script for bash, version 3.2 and newer. It needs no package of completions.

use super::super::commands::{COMMANDS, flags, names};
use super::super::row::CommandRow;
use super::{Paths, WordPlace, about, printing_flags};
use std::collections::BTreeMap;
use std::fmt::Write as _;

pub(super) fn script() -> String {
    let taking: Vec<String> = flags().filter(|flag| flag.value.is_some()).flat_map(|flag| written(flag.short, flag.name)).collect();
    let commands = names(|_| true);
    let wrapping = names(|row| row.wraps);
    // A set has each name once, as some flags are of several commands.
    let taking: std::collections::BTreeSet<String> = taking.into_iter().collect();
    TEMPLATE
        .replace("@ABOUT@\n", &about("bash"))
        .replace("@TAKING@", &taking.into_iter().collect::<Vec<_>>().join(" | "))
        .replace("@WRAPPING@", &wrapping.join(" | "))
        .replace("@COMMANDS@", &commands.join(" "))
        .replace("@FLAGS@\n", &COMMANDS.iter().map(flags_of).collect::<String>())
        .replace("@WORDS@\n", &COMMANDS.iter().map(words_of).collect::<String>())
        .replace("@VALUES@\n", &values())
}

/// `-n --namespace`
fn written(short: Option<char>, name: &str) -> Vec<String> {
    short.map(|short| format!("-{short}")).into_iter().chain([format!("--{name}")]).collect()
}

/// A row of the flags of a command.
fn flags_of(row: &CommandRow) -> String {
    let own = row.flags().map(|flag| (flag.short, flag.name));
    let all: Vec<String> =
        own.chain(printing_flags().map(|(short, name, _)| (short, name))).flat_map(|(s, name)| written(s, name)).collect();
    format!("        {}) flags='{}' ;;\n", row.name, all.join(" "))
}

/// A row of the words of a command.
fn words_of(row: &CommandRow) -> String {
    offer(row.name, &WordPlace::of_words(row))
}

/// The rows of the values of flags: one for each flag and each set of values that it has in some commands.
fn values() -> String {
    let mut rows: BTreeMap<(&str, Option<char>, String), Vec<&str>> = BTreeMap::new();
    for row in COMMANDS {
        for flag in row.flags().filter(|flag| flag.value.is_some()) {
            let place = offer("@", &WordPlace::of_value(&flag));
            rows.entry((flag.name, flag.short, place)).or_default().push(row.name);
        }
    }
    let mut text = String::new();
    for ((name, short, place), commands) in rows {
        let patterns: Vec<String> =
            written(short, name).iter().flat_map(|flag| commands.iter().map(move |command| format!("{command}:{flag}"))).collect();
        let _ = write!(text, "{}", place.replacen('@', &patterns.join(" | "), 1));
    }
    text
}

/// A row of a `case`: what is offered where the pattern matches.
fn offer(pattern: &str, place: &WordPlace) -> String {
    let paths = match place.paths {
        Paths::None => "",
        Paths::Files => "paths=files ",
        Paths::Folders => "paths=folders ",
    };
    format!("        {pattern}) {paths}words='{}' ;;\n", place.words.join(" "))
}

/// What does not depend on the tables. Readline cuts words at `=`, so `--output=json` is three of them.
const TEMPLATE: &str = r#"@ABOUT@
_irsa_probe() {
    local cur=${COMP_WORDS[COMP_CWORD]} word command='' flag='' flags='' words='' paths='' i=1 first=0
    COMPREPLY=()
    while ((i < COMP_CWORD)); do
        word=${COMP_WORDS[i]}
        case $word in
        @TAKING@)
            [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
            ((++i >= COMP_CWORD)) && flag=$word
            ;;
        --)
            case $command in @WRAPPING@) first=$((i + 1)) && break ;; esac
            ;;
        -* | =) ;;
        *)
            case $command in
            '') command=$word ;;
            @WRAPPING@) first=$i && break ;;
            esac
            ;;
        esac
        ((i++))
    done
    # From here on the words are those of another command.
    if ((first > 0)); then
        if declare -F _command_offset >/dev/null; then
            _command_offset "$first"
        elif ((COMP_CWORD == first)); then
            COMPREPLY=($(compgen -c -- "$cur"))
        fi
        return
    fi
    [[ $cur == = ]] && cur=
    if [[ -n $flag ]]; then
        case $command:$flag in
@VALUES@
        esac
    elif [[ -z $command ]]; then
        words='@COMMANDS@'
        flags='-h --help -V --version'
    else
        case $command in
@FLAGS@
        esac
        case $command in
@WORDS@
        esac
    fi
    if [[ -z $flag && ($cur == -?* || -z $words$paths) ]]; then
        words=$flags paths=
    fi
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    # An empty reply leaves the names of files to readline.
    if [[ $paths == folders ]]; then
        local IFS=$'\n'
        COMPREPLY=($(compgen -d -- "$cur"))
        compopt -o filenames 2>/dev/null
    elif [[ -z $paths ]]; then
        compopt +o default +o bashdefault 2>/dev/null
    fi
}
complete -o bashdefault -o default -F _irsa_probe irsa-probe
"#;
