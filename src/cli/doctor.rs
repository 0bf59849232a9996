//! `doctor`: its flags and its argument.

use super::row::{CommandOptions, CommandRow, FlagRow, USAGE, Words, functions};
use super::shared::{LogOptions, Output, groups, log, namespace, output};
use super::values::{set_switch, set_text, set_timeout};
use super::{Command, Usage};
use std::time::Duration;

/// `doctor`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorOptions {
    /// The service account or pod: `serviceaccount/NAME`, `pod/NAME` or a bare name.
    pub name: String,
    /// `--output`
    pub output: Output,
    /// `--verbose`: the cause of each finding, and documents.
    pub verbose: bool,
    /// The log.
    pub log: LogOptions,
    /// `--timeout`, for each command of kubectl and aws.
    pub timeout: Duration,
    /// `--namespace`
    pub namespace: Option<String>,
    /// `--cluster`
    pub cluster: Option<String>,
    /// `--aws-auth`
    pub aws_auth: bool,
    /// `--show-commands`
    pub show_commands: bool,
}

impl Default for DoctorOptions {
    fn default() -> DoctorOptions {
        DoctorOptions {
            name: String::new(),
            output: Output::Text,
            verbose: false,
            log: LogOptions::default(),
            timeout: Duration::from_secs(30),
            namespace: None,
            cluster: None,
            aws_auth: false,
            show_commands: false,
        }
    }
}

pub(super) const ROW: CommandRow = CommandRow {
    name: "doctor",
    arguments: "SERVICEACCOUNT|POD",
    about: "Check from a workstation, with kubectl and aws\n\
            It follows the way from the cluster and IAM to the pods with your own kubectl and aws. It changes nothing.",
    example: "irsa-probe doctor -n shop checkout --cluster production",
    exit_codes: &[
        ("0", "nothing is wrong, as far as it could see"),
        ("1", "a definite failure"),
        USAGE,
        ("3", "not decided: kubectl or aws did not answer"),
    ],
    variables: false,
    wraps: false,
    functions: functions::<DoctorOptions>(),
};

groups!(DoctorOptions { output: Output, log: LogOptions });

impl CommandOptions for DoctorOptions {
    const FLAGS: &'static [FlagRow<DoctorOptions>] = &[
        FlagRow {
            name: "timeout",
            short: None,
            value: Some("DURATION"),
            help: "How long each command of kubectl and aws may take [default: 30s]",
            set: |doctor, v| set_timeout(&mut doctor.timeout, v),
        },
        output(),
        FlagRow {
            name: "verbose",
            short: Some('v'),
            value: None,
            help: "In text, print the general cause of each finding, and policies and manifests",
            set: |doctor, v| set_switch(&mut doctor.verbose, v),
        },
        namespace(|doctor, v| set_text(&mut doctor.namespace, v)),
        FlagRow {
            name: "cluster",
            short: None,
            value: Some("NAME"),
            help: "The EKS cluster's name [default: from kubectl's context, if it names one]",
            set: |doctor, v| set_text(&mut doctor.cluster, v),
        },
        FlagRow {
            name: "aws-auth",
            short: None,
            value: None,
            help: "Also check the role ARNs in the ConfigMap aws-auth",
            set: |doctor, v| set_switch(&mut doctor.aws_auth, v),
        },
        FlagRow {
            name: "show-commands",
            short: None,
            value: None,
            help: "Show each command of kubectl and aws on standard error before it runs",
            set: |doctor, v| set_switch(&mut doctor.show_commands, v),
        },
    ];
    const SHARED: &'static [&'static [FlagRow<DoctorOptions>]] = &[&log()];

    fn with_words(self, words: Words) -> Result<Command, Usage> {
        let name = words.one(&ROW, "SERVICEACCOUNT or POD", "doctor needs a SERVICEACCOUNT or a POD; give its namespace with -n")?;
        Ok(Command::Doctor(DoctorOptions { name, ..self }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn every_flag_reaches_its_field() {
        let args =
            ["doctor", "-n", "shop", "pod/checkout", "--cluster", "c", "--aws-auth", "--show-commands", "--timeout", "5s", "--output=json"];
        let Ok(Command::Doctor(options)) = run(&args, &[("IRSA_PROBE_TIMEOUT", "x")]) else { panic!() };
        assert_eq!(
            (options.name.as_str(), options.namespace.as_deref(), options.cluster.as_deref()),
            ("pod/checkout", Some("shop"), Some("c"))
        );
        assert_eq!((options.aws_auth, options.show_commands, options.timeout.as_secs(), options.output), (true, true, 5, Output::Json));
        assert!(run(&["doctor"], &[]).unwrap_err().contains("SERVICEACCOUNT"));
        assert!(run(&["doctor", "a", "b"], &[]).unwrap_err().contains("\"b\""));
    }
}
