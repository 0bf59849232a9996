//! `trust-policy`: its flags. Values that they do not give come from the pod's token.

use super::row::{CommandOptions, CommandRow, FlagRow, Words, functions};
use super::shared::{LogOptions, Output, groups, log, namespace, output};
use super::values::{one_of, set_role, set_switch, set_text};
use super::{Command, Usage};
use crate::core::aws::arn::RoleArn;
use crate::core::aws::trust_policy::StatementForm;

/// `trust-policy`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustPolicyOptions {
    /// `--output`
    pub output: Output,
    /// The log.
    pub log: LogOptions,
    /// `--check`: a file with a policy, or `-` for standard input.
    pub check: Option<String>,
    /// `--format`: the statement alone, in this form.
    pub format: Option<StatementForm>,
    /// `--pod-identity`
    pub pod_identity: bool,
    /// `--issuer`
    pub issuer: Option<String>,
    /// `--audience`
    pub audience: Option<String>,
    /// `--role-arn`
    pub role_arn: Option<RoleArn>,
    /// `--service-account`
    pub service_account: Option<String>,
    /// `--namespace`
    pub namespace: Option<String>,
}

pub(super) const ROW: CommandRow = CommandRow {
    name: "trust-policy",
    arguments: "",
    about: "Print the trust policy a role needs, or test one\n\
            What the flags leave open comes from the pod's token. With --check it says which condition of a given policy keeps the pod out.",
    example: "aws iam get-role --role-name ROLE_NAME | irsa-probe trust-policy --check - \\\n    \
              --issuer ISSUER_URL -n NAMESPACE --service-account SERVICE_ACCOUNT",
    exit_codes: &[("0", "printed, or the policy allows"), ("1", "the policy denies"), ("2", "usage, or a policy that cannot be read")],
    variables: false,
    wraps: false,
    functions: functions::<TrustPolicyOptions>(),
};

groups!(TrustPolicyOptions { output: Output, log: LogOptions });

impl CommandOptions for TrustPolicyOptions {
    const FLAGS: &'static [FlagRow<TrustPolicyOptions>] = &[
        output(),
        FlagRow {
            name: "check",
            short: None,
            value: Some("FILE|-"),
            help: "Evaluate this policy: plain, URL-encoded, or as aws iam get-role prints it. - reads standard input",
            set: |trust, v| set_text(&mut trust.check, v),
        },
        FlagRow {
            name: "format",
            short: None,
            value: Some("json|terraform|cloudformation"),
            help: "Print only the statement, to add to the policy of a role that exists [default: a whole policy, for a new role]",
            set: |trust, v| {
                trust.format = Some(one_of(v, &StatementForm::NAMED)?);
                Ok(())
            },
        },
        FlagRow {
            name: "pod-identity",
            short: None,
            value: None,
            help: "The policy for EKS Pod Identity instead of IRSA",
            set: |trust, v| set_switch(&mut trust.pod_identity, v),
        },
        FlagRow {
            name: "issuer",
            short: None,
            value: Some("URL"),
            help: "The cluster's OIDC issuer [default: the token's]",
            set: |trust, v| set_text(&mut trust.issuer, v),
        },
        FlagRow {
            name: "audience",
            short: None,
            value: Some("AUDIENCE"),
            help: "The token's audience [default: the token's, else sts.amazonaws.com]",
            set: |trust, v| set_text(&mut trust.audience, v),
        },
        FlagRow {
            name: "role-arn",
            short: None,
            value: Some("ARN"),
            help: "The role whose trust policy it is [default: AWS_ROLE_ARN, or the profile's]",
            set: |trust, v| set_role(&mut trust.role_arn, v),
        },
        FlagRow {
            name: "service-account",
            short: None,
            value: Some("NAME"),
            help: "The service account [default: the token's]",
            set: |trust, v| set_text(&mut trust.service_account, v),
        },
        namespace(|trust, v| set_text(&mut trust.namespace, v)),
    ];
    const SHARED: &'static [&'static [FlagRow<TrustPolicyOptions>]] = &[&log()];

    fn with_words(self, words: Words) -> Result<Command, Usage> {
        words.none(&ROW)?;
        if self.check.is_some() && self.format.is_some() {
            return Err(Usage(
                "--format prints the statement that a pod needs, and --check evaluates a policy; give only one of them".to_owned(),
            ));
        }
        Ok(Command::TrustPolicy(self))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    #[test]
    fn every_flag_reaches_its_field() {
        let args =
            ["trust-policy", "--check", "-", "--issuer=https://i", "--audience=a", "--service-account=s", "-n", "shop", "--pod-identity"];
        let Ok(Command::TrustPolicy(options)) = run(&args, &[]) else { panic!() };
        let given = [&options.check, &options.issuer, &options.audience, &options.service_account, &options.namespace];
        assert_eq!(given.map(|text| text.as_deref().unwrap()), ["-", "https://i", "a", "s", "shop"]);
        assert!(options.pod_identity && options.role_arn.is_none());
        let arn = "arn:aws:iam::111122223333:role/checkout";
        let Ok(Command::TrustPolicy(options)) = run(&["trust-policy", "--role-arn", arn], &[]) else { panic!() };
        assert_eq!(options.role_arn.unwrap().to_string(), arn);
    }

    #[test]
    fn a_form_is_of_what_is_printed() {
        for (name, form) in StatementForm::NAMED {
            let Ok(Command::TrustPolicy(options)) = run(&["trust-policy", "--format", name, "--pod-identity"], &[]) else { panic!() };
            assert_eq!(options.format, Some(form));
            let Err(why) = run(&["trust-policy", "--check", "-", "--format", name], &[]) else { panic!() };
            assert!(why.contains("--format") && why.contains("--check"), "{why}");
        }
    }
}
