//! The commands, as a table.

/// Where a flag belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Global,
    Check,
    Serve,
    Get,
    Explain,
    Exec,
    Install,
    TrustPolicy,
    Sdks,
    Doctor,
}

/// One command.
pub(super) struct CommandRow {
    pub(super) name: &'static str,
    pub(super) arguments: &'static str,
    pub(super) about: &'static str,
    pub(super) scope: Scope,
    pub(super) example: &'static str,
    pub(super) exit_codes: &'static [(&'static str, &'static str)],
}

const USAGE: (&str, &str) = ("2", "usage");

pub(super) const COMMANDS: &[CommandRow] = &[
    CommandRow {
        name: "check",
        arguments: "",
        about: "Prove which AWS identity this pod has, or name what is broken and the cure",
        scope: Scope::Check,
        example: "irsa-probe check --expect-role-arn arn:aws:iam::111122223333:role/checkout --timeout 30s",
        exit_codes: &[
            ("0", "proven (or --advisory, or IRSA_PROBE_DISABLED)"),
            ("1", "a definite failure"),
            USAGE,
            ("3", "not proven in time: only passing failures were met"),
            ("143", "ended by SIGTERM"),
        ],
    },
    CommandRow {
        name: "serve",
        arguments: "",
        about: "Prove it again and again, for readiness probes, Prometheus and a person with a browser",
        scope: Scope::Serve,
        example: "irsa-probe serve --interval 15m --log-format json",
        exit_codes: &[
            ("0", "ended by SIGTERM or SIGINT, requests in flight answered"),
            ("1", "cannot listen there"),
            USAGE,
            ("130", "a second SIGINT cut the end short"),
            ("143", "a second SIGTERM did"),
        ],
    },
    CommandRow {
        name: "get",
        arguments: "PATH",
        about: "Ask the server in this pod (livez, readyz, startupz, status): exit 0 for yes, 1 for no",
        scope: Scope::Get,
        example: "irsa-probe get readyz",
        exit_codes: &[("0", "yes"), ("1", "no, or no answer"), USAGE],
    },
    CommandRow {
        name: "exec",
        arguments: "-- CMD",
        about: "Check in the application's own container, then become CMD; it does not start without a proven identity",
        scope: Scope::Exec,
        example: "irsa-probe exec --timeout 60s -- /app --port 8080",
        exit_codes: &[
            ("0-255", "CMD's own, once it runs: proven (or --advisory, or IRSA_PROBE_DISABLED)"),
            ("1", "a definite failure; CMD was not started"),
            USAGE,
            ("3", "not proven in time: only passing failures were met; CMD was not started"),
            ("126", "CMD cannot be executed"),
            ("127", "CMD was not found"),
            ("143", "ended by SIGTERM before CMD was started"),
        ],
    },
    CommandRow {
        name: "install",
        arguments: "DIR",
        about: "Copy this program to DIR/irsa-probe, for containers whose image lacks it",
        scope: Scope::Install,
        example: "irsa-probe install /irsa-probe-bin",
        exit_codes: &[("0", "installed"), ("1", "it could not be written there"), USAGE],
    },
    CommandRow {
        name: "explain",
        arguments: "CODE|MESSAGE|-",
        about: "Explain a code, an error message, a log (a file, or - for standard input): what it means, why, the cure",
        scope: Scope::Explain,
        example: "kubectl logs deployment/checkout | irsa-probe explain -",
        exit_codes: &[("0", "explained"), ("1", "nothing in it is known"), USAGE],
    },
    CommandRow {
        name: "trust-policy",
        arguments: "",
        about: "Print the trust policy that the pod's role needs, or say why a given one keeps the pod out",
        scope: Scope::TrustPolicy,
        example: "aws iam get-role --role-name checkout | irsa-probe trust-policy --check -",
        exit_codes: &[("0", "printed, or the policy allows"), ("1", "the policy denies"), ("2", "usage, or a policy that cannot be read")],
    },
    CommandRow {
        name: "sdks",
        arguments: "",
        about: "Predict which credentials and STS endpoint each AWS SDK takes in this environment",
        scope: Scope::Sdks,
        example: "irsa-probe sdks --sdk java-v2",
        exit_codes: &[("0", "predicted"), USAGE],
    },
    CommandRow {
        name: "doctor",
        arguments: "SERVICEACCOUNT|POD",
        about: "From a workstation: walk from cluster and IAM to the pods with your own kubectl and aws; changes nothing",
        scope: Scope::Doctor,
        example: "irsa-probe doctor -n shop checkout --cluster production",
        exit_codes: &[
            ("0", "nothing is wrong, as far as could be seen"),
            ("1", "a definite failure"),
            USAGE,
            ("3", "not decided: kubectl or aws did not answer"),
        ],
    },
];
