//! `completions SHELL`: its flags and its shells. The scripts are in `scripts`.

use super::row::{CommandOptions, CommandRow, FlagRow, USAGE, Words, functions};
use super::shared::{LogOptions, groups, log};
use super::values::one_of;
use super::{Command, Usage};

/// `completions`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompletionsOptions {
    /// The shell.
    pub shell: Shell,
    /// The log.
    pub log: LogOptions,
}

/// A shell that has completions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shell {
    /// bash
    #[default]
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

impl Shell {
    /// All shells with their names.
    pub const NAMED: [(&str, Shell); 3] = [("bash", Shell::Bash), ("zsh", Shell::Zsh), ("fish", Shell::Fish)];
}

pub(super) const ROW: CommandRow = CommandRow {
    name: "completions",
    arguments: "bash|zsh|fish",
    about: "Print the completions for a shell\n\
            Load them where the shell starts. In bash: source <(irsa-probe completions bash). In zsh save them as _irsa-probe in a folder of \
            fpath. In fish save them as ~/.config/fish/completions/irsa-probe.fish.",
    example: "source <(irsa-probe completions bash)",
    exit_codes: &[("0", "printed"), USAGE],
    variables: false,
    wraps: false,
    functions: functions::<CompletionsOptions>(),
};

groups!(CompletionsOptions { log: LogOptions });

impl CommandOptions for CompletionsOptions {
    const FLAGS: &'static [FlagRow<CompletionsOptions>] = &[];
    const SHARED: &'static [&'static [FlagRow<CompletionsOptions>]] = &[&log()];

    fn with_words(self, words: Words) -> Result<Command, Usage> {
        let shell = words.one(&ROW, "shell", "completions needs a shell: bash, zsh or fish")?;
        let shell = one_of(&shell, &Shell::NAMED).map_err(|why| Usage(format!("completions: {why}")))?;
        Ok(Command::Completions(CompletionsOptions { shell, ..self }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn a_shell_is_one_of_three() {
        for (name, shell) in Shell::NAMED {
            assert!(matches!(run(&["completions", name], &[]), Ok(Command::Completions(options)) if options.shell == shell));
        }
        assert_eq!(ROW.arguments, Shell::NAMED.map(|(name, _)| name).join("|"));
        for (args, names) in [
            (&["completions"][..], "bash, zsh or fish"),
            (&["completions", "bsh"], "\"bsh\" is none of bash, zsh, fish; did you mean bash?"),
            (&["completions", "powershell"], "\"powershell\" is none of bash, zsh, fish (see irsa-probe completions --help)"),
            (&["completions", "bash", "zsh"], "\"zsh\" was given too"),
        ] {
            let error = run(args, &[]).unwrap_err();
            assert!(error.contains(names), "{args:?}: {error}");
        }
    }
}
