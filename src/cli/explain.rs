//! `explain`: its flags, and what it is given to explain.

use super::row::{CommandOptions, CommandRow, FlagRow, USAGE, Words, functions};
use super::shared::{LogOptions, Output, groups, log, output};
use super::values::{set_switch, set_text};
use super::{Command, Usage};

/// `explain`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExplainOptions {
    /// What is to be explained.
    pub input: ExplainInput,
    /// `--output`
    pub output: Output,
    /// The log.
    pub log: LogOptions,
    list: bool,
    file: Option<String>,
}

/// What `explain` is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ExplainInput {
    /// `--list`: all codes.
    #[default]
    List,
    /// A code, a message, or the name of a file.
    Text(String),
    /// `--file`, or `-` for standard input.
    File(String),
}

pub(super) const ROW: CommandRow = CommandRow {
    name: "explain",
    arguments: "CODE|MESSAGE|-",
    about: "Explain a code, an error message or a log\n\
            It says what an error of AWS, an SDK or kubectl means, why it occurs and how to fix it. The argument is a code, a message or the \
            name of a file. - reads standard input.",
    example: "kubectl logs deployment/checkout | irsa-probe explain -",
    exit_codes: &[("0", "explained"), ("1", "nothing in it is known"), USAGE],
    variables: false,
    wraps: false,
    functions: functions::<ExplainOptions>(),
};

groups!(ExplainOptions { output: Output, log: LogOptions });

impl CommandOptions for ExplainOptions {
    const FLAGS: &'static [FlagRow<ExplainOptions>] = &[
        output(),
        FlagRow { name: "list", short: None, value: None, help: "List all codes", set: |explain, v| set_switch(&mut explain.list, v) },
        FlagRow {
            name: "file",
            short: None,
            value: Some("FILE"),
            help: "Read the message or log from this file",
            set: |explain, v| set_text(&mut explain.file, v),
        },
    ];
    const SHARED: &'static [&'static [FlagRow<ExplainOptions>]] = &[&log()];

    fn with_words(self, words: Words) -> Result<Command, Usage> {
        let input = if self.list { ExplainInput::List } else { input(&words.own, self.file.as_deref())? };
        Ok(Command::Explain(ExplainOptions { input, ..self }))
    }
}

fn input(words: &[String], file: Option<&str>) -> Result<ExplainInput, Usage> {
    match (words, file) {
        ([], Some(file)) => Ok(ExplainInput::File(file.to_owned())),
        ([], None) => Err(Usage(
            "explain needs a CODE, a MESSAGE, a FILE or - for standard input; irsa-probe explain --list shows the codes".to_owned(),
        )),
        ([one], None) if one == "-" => Ok(ExplainInput::File(one.clone())),
        (words, None) => Ok(ExplainInput::Text(words.join(" "))),
        ([word, ..], Some(_)) => Err(Usage(format!("explain takes a MESSAGE or --file, but both {word:?} and --file were given"))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn words_a_file_or_the_list() {
        let text = |text: &str| ExplainInput::Text(text.to_owned());
        let file = |name: &str| ExplainInput::File(name.to_owned());
        for (args, input) in [
            (&["an", "error"][..], text("an error")),
            (&["-"], file("-")),
            (&["--file", "log"], file("log")),
            (&["--list", "word"], ExplainInput::List),
            (&["--list=false", "word"], text("word")),
        ] {
            let args = [&["explain"], args].concat();
            assert!(matches!(run(&args, &[]), Ok(Command::Explain(options)) if options.input == input), "{args:?}");
        }
        assert!(run(&["explain", "--file", "log", "word"], &[]).unwrap_err().contains("\"word\""));
        assert!(run(&["explain"], &[("IRSA_PROBE_LIST", "true"), ("IRSA_PROBE_FILE", "log")]).unwrap_err().contains("CODE"));
    }
}
