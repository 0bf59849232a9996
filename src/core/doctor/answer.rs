//! What the end of a command means: the document, a definite "there is none", or why there is neither.

use super::question::Tool;
use super::why::Why;
use super::wordings;
use crate::core::catalogue::wording::Wording;
use crate::core::text::printable::shorten;
use crate::core::text::secrets::redact;
use serde_json::Value;

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    /// The program is not on the PATH.
    NoTool,
    /// It could not be started.
    Unstartable(String),
    /// It was ended after so many seconds.
    TimedOut(u64),
    /// It wrote more than is read.
    TooMuch,
    /// It ended by itself.
    Ended {
        /// Exit code 0.
        success: bool,
        /// Standard output.
        stdout: Vec<u8>,
        /// Standard error.
        stderr: Vec<u8>,
    },
}

/// What is known of a question.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolAnswer {
    /// The document.
    Given(Value),
    /// The object does not exist, and the server that was asked would know: the tool's words.
    Absent(String),
    /// Not answered: why, and the tool's own words in one line.
    Refused(RefusalKind, String),
    /// Not asked, and why.
    NotAsked(Why),
}

/// Why a question was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The program is not on the PATH.
    NoTool,
    /// The program with which kubectl's context logs in is not installed.
    NoPlugin,
    /// kubectl has no context, or one that its configuration does not have.
    NoContext,
    /// The AWS profile is in no configuration file.
    NoProfile,
    /// The login of IAM Identity Center is missing or expired.
    Sso,
    /// The user's own credentials are missing, expired or wrong.
    Login,
    /// The API server does not accept the user whom kubectl logs in.
    Unauthorized,
    /// No permission for this one object.
    Denied,
    /// No server answered.
    Unreachable,
    /// It did not end in time.
    TimedOut,
    /// A 404 without a text. It may come from any web server, so that it is not definite by itself.
    Bare,
    /// The program does not know the command or flag.
    TooOld,
    /// Something else.
    Other,
}

/// The words of a definite "there is none".
const ABSENT: [(Tool, &[&str]); 2] =
    [(Tool::Aws, &["(NoSuchEntity)", "(ResourceNotFoundException)"]), (Tool::Kubectl, &["(NotFound)", "\" not found"])];

/// What kubectl makes of a 404 without a text (apimachinery, `NewGenericServerResponse`).
const BARE: &str = "could not find the requested resource";

/// The tools' words for why they did not answer. The first row of the tool with a text that is found counts.
///
/// awscli: `botocore/exceptions.py`, `awscli/argparser.py`. kubectl: `k8s.io/kubectl/pkg/cmd/util/helpers.go`, client-go
/// `tools/clientcmd/validation.go` and `plugin/pkg/client/auth/exec/exec.go`. kubectl writes what its login program writes, aws's words among it:
/// an `AccessDenied` there is of the login, and not of the object that was asked for.
const REFUSED: [(&[Tool], RefusalKind, &[&str]); 11] = [
    (&[Tool::Kubectl], RefusalKind::NoPlugin, &["credential plugin that is not installed"]),
    (
        &[Tool::Kubectl, Tool::Aws],
        RefusalKind::Sso,
        &["SSO session", "SSO Token", "token from sso", "aws sso login", "Token has expired and refresh failed"],
    ),
    (&[Tool::Kubectl, Tool::Aws], RefusalKind::NoProfile, &["The config profile (", "referenced in the profile"]),
    (&[Tool::Kubectl], RefusalKind::Login, &["getting credentials"]),
    (
        &[Tool::Kubectl, Tool::Aws],
        RefusalKind::Denied,
        &["(AccessDenied", "(UnauthorizedOperation)", "is not authorized to perform", "(Forbidden)"],
    ),
    (
        &[Tool::Kubectl],
        RefusalKind::Unauthorized,
        &["(Unauthorized)", "must be logged in to the server", "asked for the client to provide credentials"],
    ),
    // At a context without a login kubectl asks for a user name, and reads the end of its input.
    (&[Tool::Kubectl], RefusalKind::Login, &["error: EOF"]),
    (
        &[Tool::Aws],
        RefusalKind::Login,
        &[
            "(ExpiredToken",
            "(RequestExpired)",
            "(InvalidClientTokenId)",
            "(UnrecognizedClientException)",
            "(SignatureDoesNotMatch)",
            "Unable to locate credentials",
            "Partial credentials",
            "Your session has expired",
            "login session token",
            "Error when retrieving",
            "MultiFactorAuthentication",
        ],
    ),
    (
        &[Tool::Kubectl],
        RefusalKind::NoContext,
        &["current-context must exist", "cannot locate context", "context was not found", "error loading config file"],
    ),
    (
        &[Tool::Kubectl, Tool::Aws],
        RefusalKind::TooOld,
        &["Invalid choice", "invalid choice", "Unknown options", "unknown flag", "unknown command"],
    ),
    (
        &[Tool::Kubectl, Tool::Aws],
        RefusalKind::Unreachable,
        &[
            "Unable to connect to the server",
            "The connection to the server",
            "Could not connect to the endpoint URL",
            "onnect timeout on endpoint URL",
            "ead timeout on endpoint URL",
            "SSL validation failed",
        ],
    ),
];

/// What the line looks like that says why: the tools write it among others.
const ERROR_SIGNS: [&str; 7] =
    ["An error occurred", "Error from server", "rror:", "Unable to", "Error ", "The config profile", "The source_profile"];

/// The longest text of a tool that a report repeats, in bytes.
const LONGEST: usize = 240;

impl RefusalKind {
    /// What a person is told where the tool gives no access at all: the headline, and the fix.
    pub fn wording(self, tool: Tool) -> &'static Wording {
        match (tool, self) {
            (Tool::Kubectl, RefusalKind::NoTool) => &wordings::NO_KUBECTL,
            (Tool::Aws, RefusalKind::NoTool) => &wordings::NO_AWS_CLI,
            (_, RefusalKind::NoPlugin) => &wordings::NO_LOGIN_PROGRAM,
            (_, RefusalKind::NoContext) => &wordings::NO_CONTEXT,
            (_, RefusalKind::NoProfile) => &wordings::NO_PROFILE,
            (_, RefusalKind::Sso) => &wordings::NO_SSO_LOGIN,
            (Tool::Kubectl, RefusalKind::Login) => &wordings::NO_CLUSTER_LOGIN,
            (Tool::Aws, RefusalKind::Login) => &wordings::NO_CREDENTIALS,
            (_, RefusalKind::Unauthorized) => &wordings::NOT_ADMITTED,
            (Tool::Kubectl, RefusalKind::Unreachable) => &wordings::NO_API_SERVER,
            (Tool::Aws, RefusalKind::Unreachable) => &wordings::NO_ENDPOINT,
            (Tool::Kubectl, RefusalKind::TimedOut) => &wordings::KUBECTL_TOO_LATE,
            (Tool::Aws, RefusalKind::TimedOut) => &wordings::AWS_TOO_LATE,
            (Tool::Kubectl, _) => &wordings::KUBECTL_FAILS,
            (Tool::Aws, _) => &wordings::AWS_FAILS,
        }
    }

    /// Why one question is not answered, in words that fit behind "skipped:". `said` is the tool's own line.
    pub fn describe(self, tool: Tool, said: &str) -> String {
        let name = tool.name();
        match self {
            RefusalKind::NoTool => self.wording(tool).title.to_owned(),
            RefusalKind::Denied => format!("no permission: {said}"),
            RefusalKind::TooOld => format!("{name} is too old for this: {said}"),
            RefusalKind::TimedOut => format!("{name} {said}"),
            RefusalKind::Bare | RefusalKind::Other => format!("{name} failed: {said}"),
            RefusalKind::NoPlugin
            | RefusalKind::NoContext
            | RefusalKind::NoProfile
            | RefusalKind::Sso
            | RefusalKind::Login
            | RefusalKind::Unauthorized
            | RefusalKind::Unreachable => format!("{}: {said}", self.wording(tool).title),
        }
    }
}

impl ToolAnswer {
    /// What the end of a command means. Total: any bytes give an answer.
    pub fn parse(tool: Tool, ran: Ran) -> ToolAnswer {
        let refused = |kind, said: &str| ToolAnswer::Refused(kind, said.to_owned());
        match ran {
            Ran::NoTool => refused(RefusalKind::NoTool, ""),
            Ran::Unstartable(why) => refused(RefusalKind::Other, &format!("it could not be started: {why}")),
            Ran::TimedOut(seconds) => refused(RefusalKind::TimedOut, &format!("did not answer within {seconds} s")),
            Ran::TooMuch => refused(RefusalKind::Other, "it wrote more than is read"),
            Ran::Ended { success: true, stdout, .. } => match serde_json::from_slice(&stdout) {
                Ok(value) => ToolAnswer::Given(value),
                Err(_) => refused(RefusalKind::Other, "it wrote something else than JSON"),
            },
            Ran::Ended { success: false, stderr, .. } => classify(tool, &String::from_utf8_lossy(&stderr)),
        }
    }
}

/// What a tool's error says.
fn classify(tool: Tool, stderr: &str) -> ToolAnswer {
    let line = error_line(stderr);
    let has_one = |texts: &[&str]| texts.iter().any(|text| stderr.contains(text));
    if stderr.contains(BARE) {
        return ToolAnswer::Refused(RefusalKind::Bare, line);
    }
    if ABSENT.iter().any(|(of, texts)| *of == tool && has_one(texts)) {
        return ToolAnswer::Absent(line);
    }
    let row = REFUSED.iter().find(|(tools, _, texts)| tools.contains(&tool) && has_one(texts));
    ToolAnswer::Refused(row.map_or(RefusalKind::Other, |(_, kind, _)| *kind), line)
}

/// The first line that looks like an error's, else the last one. Secrets are taken out, and it is shortened.
fn error_line(stderr: &str) -> String {
    let mut lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    let last = lines.clone().next_back().unwrap_or("it wrote no error");
    let line = lines.find(|line| ERROR_SIGNS.iter().any(|sign| line.contains(sign))).unwrap_or(last);
    shorten(&redact(line), LONGEST).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(tool: Tool, stderr: &str) -> ToolAnswer {
        ToolAnswer::parse(tool, Ran::Ended { success: false, stdout: Vec::new(), stderr: stderr.as_bytes().to_vec() })
    }

    /// Texts of awscli 1.46 and 2, kubectl 1.20 and 1.32.
    #[test]
    fn the_tools_words_are_understood() {
        use Tool::{Aws, Kubectl};
        for (tool, stderr, expected) in [
            (Aws, "\nAn error occurred (NoSuchEntity) when calling the GetRole operation: The role with name x cannot be found.\n", None),
            (
                Aws,
                "aws: [ERROR]: An error occurred (ResourceNotFoundException) when calling the DescribeCluster operation: No cluster found for name: x.",
                None,
            ),
            (Kubectl, "Error from server (NotFound): serviceaccounts \"checkout\" not found", None),
            (Kubectl, "Error from server (NotFound): the server could not find the requested resource", Some(RefusalKind::Bare)),
            (Kubectl, "Error from server (NotFound): not found", None),
            (
                Kubectl,
                "Error from server (Forbidden): pods is forbidden: User \"u\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\"",
                Some(RefusalKind::Denied),
            ),
            (Kubectl, "error: You must be logged in to the server (Unauthorized)", Some(RefusalKind::Unauthorized)),
            (
                Kubectl,
                "error: You must be logged in to the server (the server has asked for the client to provide credentials)",
                Some(RefusalKind::Unauthorized),
            ),
            (
                Kubectl,
                "Unable to connect to the server: getting credentials: exec: executable aws not found\n\nIt looks like you are trying to use a \
                 client-go credential plugin that is not installed.\n",
                Some(RefusalKind::NoPlugin),
            ),
            (
                Kubectl,
                "\nError when retrieving token from sso: Token has expired and refresh failed\nUnable to connect to the server: getting \
                 credentials: exec: executable aws failed with exit code 255",
                Some(RefusalKind::Sso),
            ),
            (
                Kubectl,
                "\nThe config profile (prod) could not be found\nUnable to connect to the server: getting credentials: exec: executable aws \
                 failed with exit code 255",
                Some(RefusalKind::NoProfile),
            ),
            // The login is denied, and not the object.
            (
                Kubectl,
                "\nAn error occurred (AccessDenied) when calling the AssumeRole operation: User: arn:aws:iam::111122223333:user/x is not \
                 authorized to perform: sts:AssumeRole\nUnable to connect to the server: getting credentials: exec: executable aws failed with \
                 exit code 254",
                Some(RefusalKind::Login),
            ),
            (Kubectl, "error: EOF", Some(RefusalKind::Login)),
            (Kubectl, "Unable to connect to the server: EOF", Some(RefusalKind::Unreachable)),
            (Kubectl, "error: current-context must exist in order to minify", Some(RefusalKind::NoContext)),
            (Kubectl, "error: cannot locate context gone", Some(RefusalKind::NoContext)),
            (Kubectl, "Error in configuration: context was not found for specified context: gone", Some(RefusalKind::NoContext)),
            (
                Kubectl,
                "Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority",
                Some(RefusalKind::Unreachable),
            ),
            (Aws, "Error when retrieving token from sso: Token has expired and refresh failed", Some(RefusalKind::Sso)),
            (
                Aws,
                "Your session has expired or credentials have changed. Please reauthenticate using 'aws login'.",
                Some(RefusalKind::Login),
            ),
            (Aws, "The source_profile \"gone\" referenced in the profile \"role\" does not exist.", Some(RefusalKind::NoProfile)),
            (Aws, "Error when retrieving credentials from custom-process: ", Some(RefusalKind::Login)),
            (
                Kubectl,
                "Unable to connect to the server: getting credentials: exec: executable aws failed with exit code 255",
                Some(RefusalKind::Login),
            ),
            (
                Kubectl,
                "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
                Some(RefusalKind::Unreachable),
            ),
            (Kubectl, "Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout", Some(RefusalKind::Unreachable)),
            (Kubectl, "Error: unknown flag: --raw\nSee 'kubectl get --help' for usage.", Some(RefusalKind::TooOld)),
            (
                Aws,
                "\nAn error occurred (AccessDenied) when calling the GetRole operation: User: arn:aws:iam::111122223333:user/x is not authorized to perform: iam:GetRole",
                Some(RefusalKind::Denied),
            ),
            (Aws, "\nAn error occurred (AccessDeniedException) when calling the DescribeCluster operation: …", Some(RefusalKind::Denied)),
            (
                Aws,
                "\nAn error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security token included in the request is expired",
                Some(RefusalKind::Login),
            ),
            (
                Aws,
                "\nThe SSO session associated with this profile has expired or is otherwise invalid. To refresh this SSO session run aws sso login with the corresponding profile.",
                Some(RefusalKind::Sso),
            ),
            (Aws, "Error loading SSO Token: Token for corp does not exist", Some(RefusalKind::Sso)),
            (Aws, "\nUnable to locate credentials. You can configure credentials by running \"aws configure\".", Some(RefusalKind::Login)),
            (Aws, "\nThe config profile (prod) could not be found\n", Some(RefusalKind::NoProfile)),
            (Aws, "\nCould not connect to the endpoint URL: \"https://iam.amazonaws.com/\"", Some(RefusalKind::Unreachable)),
            (
                Aws,
                "usage: aws [options] <command>\naws: error: argument operation: Invalid choice, valid choices are:\n\ncreate-addon",
                Some(RefusalKind::TooOld),
            ),
            (Aws, "", Some(RefusalKind::Other)),
        ] {
            match (failed(tool, stderr), expected) {
                (ToolAnswer::Absent(_), None) => {}
                (ToolAnswer::Refused(why, text), Some(expected)) => {
                    assert_eq!(why, expected, "{text}");
                    assert!(!text.contains('\n') && !text.ends_with(' '), "{text:?}");
                }
                (other, _) => panic!("{stderr}: {other:?}"),
            }
        }
    }

    #[test]
    fn documents_and_what_is_none() {
        let ended = |stdout: &str| {
            ToolAnswer::parse(Tool::Aws, Ran::Ended { success: true, stdout: stdout.as_bytes().to_vec(), stderr: Vec::new() })
        };
        assert_eq!(ended("{\"a\": 1}"), ToolAnswer::Given(serde_json::json!({"a": 1})));
        assert!(matches!(ended("\n"), ToolAnswer::Refused(RefusalKind::Other, _)));
        assert!(matches!(ended("<html>"), ToolAnswer::Refused(RefusalKind::Other, _)));
        assert_eq!(
            ToolAnswer::parse(Tool::Kubectl, Ran::TimedOut(30)),
            ToolAnswer::Refused(RefusalKind::TimedOut, "did not answer within 30 s".to_owned())
        );
        let ToolAnswer::Refused(_, text) = failed(Tool::Aws, "error: Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln") else { panic!() };
        assert!(text.ends_with("Bearer [redacted]"), "{text}");
        // What a credential_process or a debugging wrapper lets slip.
        let ToolAnswer::Refused(_, text) =
            failed(Tool::Aws, "Error: aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY is bad")
        else {
            panic!()
        };
        assert!(text.contains("aws_secret_access_key=[redacted] is bad"), "{text}");
    }
}
