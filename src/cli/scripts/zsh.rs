//! The script for zsh, also where it lies in a folder of `fpath`.

use super::super::commands::COMMANDS;
use super::super::help;
use super::super::row::{CommandRow, Flag};
use super::{Paths, WordPlace, about, printing_flags};

pub(super) fn script() -> String {
    let (global, _) = help::shared();
    let commands: String = COMMANDS.iter().map(|row| format!("      {}\n", quoted(&format!("{}:{}", row.name, row.summary())))).collect();
    let cases: String = COMMANDS.iter().map(case).collect();
    TEMPLATE
        .replace("@ABOUT@\n", &about("zsh"))
        .replace("@GLOBAL@\n", &specs(&global, "    "))
        .replace("@COMMANDS@\n", &commands)
        .replace("@CASES@\n", &cases)
}

/// The arguments of a command.
fn case(row: &CommandRow) -> String {
    let flags: Vec<Flag> = row.flags().collect();
    let words = match WordPlace::of_words(row) {
        _ if row.wraps => "        '(-)1:command: _command_names -e' \\\n        '*::arguments: _normal' \\\n".to_owned(),
        place if row.arguments.is_empty() && place == WordPlace::default() => String::new(),
        place => format!("        {} \\\n", quoted(&format!("*:{}:{}", message(row.arguments), action(&place)))),
    };
    format!("      {})\n        _arguments -S \\\n{}{words}          && ret=0\n        ;;\n", row.name, specs(&flags, "        "))
}

/// The specifications of flags, one a line. Each may be given again, as the last one wins or all count.
fn specs(flags: &[Flag], indent: &str) -> String {
    let mut lines = String::new();
    for flag in flags {
        let value = flag.value.map(|form| format!(":{}:{}", message(form), action(&WordPlace::of_value(flag)))).unwrap_or_default();
        let about = description(flag.summary());
        let equals = if flag.value.is_some() { "=" } else { "" };
        lines += &format!("{indent}{} \\\n", quoted(&format!("*--{}{equals}[{about}]{value}", flag.name)));
        if let Some(short) = flag.short {
            let plus = if flag.value.is_some() { "+" } else { "" };
            lines += &format!("{indent}{} \\\n", quoted(&format!("*-{short}{plus}[{about}]{value}")));
        }
    }
    for (short, name, about) in printing_flags() {
        let short = short.map(|short| format!("-{short}"));
        for name in short.into_iter().chain([format!("--{name}")]) {
            lines += &format!("{indent}{} \\\n", quoted(&format!("(- *){name}[{about}]")));
        }
    }
    lines
}

/// What zsh does to complete a value.
fn action(place: &WordPlace) -> String {
    let paths = match place.paths {
        Paths::None => "",
        Paths::Files => "_files",
        Paths::Folders => "_files -/",
    };
    let words = place.words.join(" ");
    match (place.words.is_empty(), paths) {
        (true, "") => " ".to_owned(),
        (true, paths) => paths.to_owned(),
        (false, "") => format!("({words})"),
        (false, paths) => format!("_alternative \"words:word:({words})\" \"files:file:{paths}\""),
    }
}

fn description(text: &str) -> String {
    text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

fn message(form: &str) -> String {
    form.replace('\\', "\\\\").replace(':', "\\:")
}

/// One word for the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The array is not called `commands`: zsh has its table of programs under that name.
const TEMPLATE: &str = r#"#compdef irsa-probe
@ABOUT@
_irsa-probe() {
  local curcontext=$curcontext context state state_descr line ret=1
  local -a subcommands
  typeset -A opt_args
  _arguments -C \
@GLOBAL@
    '1:command:->command' \
    '*::argument:->arguments' \
      && ret=0
  case $state in
  command)
    subcommands=(
@COMMANDS@
    )
    _describe -t commands command subcommands && ret=0
    ;;
  arguments)
    case $words[1] in
@CASES@
    esac
    ;;
  esac
  return ret
}
# Loaded by compinit it is called at once, sourced by a person it is registered.
if [[ $funcstack[1] == _irsa-probe ]]; then
  _irsa-probe "$@"
else
  compdef _irsa-probe irsa-probe
fi
"#;
