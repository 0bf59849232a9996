//! What the end of a command means: the document, a definite "there is none", or why there is neither.

use super::question::Tool;
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
    /// Not answered; why, also in words that fit behind "skipped:".
    Refused(RefusalKind, String),
    /// Not asked, and why.
    NotAsked(String),
}

/// Why a question was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The program is not there.
    NoTool,
    /// No permission.
    Denied,
    /// The user's own credentials are missing, expired or wrong.
    Credentials,
    /// Nobody answered.
    Unreachable,
    /// It did not end in time.
    TimedOut,
    /// A 404 without words. It may come from any web server, so that it is not definite by itself.
    Bare,
    /// The program does not know the command or flag.
    TooOld,
    /// Something else.
    Other,
}

/// The words of a definite "there is none".
const ABSENT: [(Tool, &[&str]); 2] =
    [(Tool::Aws, &["(NoSuchEntity)", "(ResourceNotFoundException)"]), (Tool::Kubectl, &["(NotFound)", "\" not found"])];

/// What kubectl makes of a 404 without words (apimachinery, `NewGenericServerResponse`).
const BARE: &str = "could not find the requested resource";

/// The tools' words for why they did not answer. The first row with a text that is found counts.
///
/// awscli: `botocore/exceptions.py`, `awscli/argparser.py`; kubectl: `k8s.io/kubectl/pkg/cmd/util/helpers.go`.
const REFUSED: [(RefusalKind, &[&str]); 4] = [
    (RefusalKind::Denied, &["(AccessDenied", "(UnauthorizedOperation)", "is not authorized to perform", "(Forbidden)"]),
    (
        RefusalKind::Credentials,
        &[
            "(ExpiredToken",
            "(RequestExpired)",
            "(InvalidClientTokenId)",
            "(UnrecognizedClientException)",
            "(SignatureDoesNotMatch)",
            "Unable to locate credentials",
            "Partial credentials",
            "SSO session",
            "SSO Token",
            "Token has expired",
            "Your session has expired",
            "The config profile",
            "Error when retrieving",
            "MultiFactorAuthentication",
            "(Unauthorized)",
            "must be logged in to the server",
            "getting credentials",
            "asked for the client to provide credentials",
        ],
    ),
    (RefusalKind::TooOld, &["Invalid choice", "invalid choice", "Unknown options", "unknown flag", "unknown command"]),
    (
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
const ERROR_SIGNS: [&str; 5] = ["An error occurred", "Error from server", "rror:", "Unable to", "Error "];

/// The longest text of a tool that a report repeats, in bytes.
const LONGEST: usize = 240;

impl ToolAnswer {
    /// What the end of a command means. Total: any bytes give an answer.
    pub fn parse(tool: Tool, ran: Ran) -> ToolAnswer {
        let name = tool.name();
        match ran {
            Ran::NoTool => ToolAnswer::Refused(RefusalKind::NoTool, format!("{name} is not on the PATH")),
            Ran::Unstartable(why) => ToolAnswer::Refused(RefusalKind::Other, format!("{name} could not be started: {why}")),
            Ran::TimedOut(seconds) => ToolAnswer::Refused(RefusalKind::TimedOut, format!("{name} did not answer within {seconds} s")),
            Ran::TooMuch => ToolAnswer::Refused(RefusalKind::Other, format!("{name} answered more than is read")),
            Ran::Ended { success: true, stdout, .. } => match serde_json::from_slice(&stdout) {
                Ok(value) => ToolAnswer::Given(value),
                Err(_) => ToolAnswer::Refused(RefusalKind::Other, format!("{name} answered something else than JSON")),
            },
            Ran::Ended { success: false, stderr, .. } => classify(tool, &String::from_utf8_lossy(&stderr)),
        }
    }
}

/// What a tool's error says.
fn classify(tool: Tool, stderr: &str) -> ToolAnswer {
    let name = tool.name();
    let line = error_line(stderr);
    let has_one = |texts: &[&str]| texts.iter().any(|text| stderr.contains(text));
    if stderr.contains(BARE) {
        return ToolAnswer::Refused(RefusalKind::Bare, format!("{name} failed: {line}"));
    }
    if ABSENT.iter().any(|(of, texts)| *of == tool && has_one(texts)) {
        return ToolAnswer::Absent(line);
    }
    let kind = REFUSED.iter().find(|(_, texts)| has_one(texts)).map_or(RefusalKind::Other, |(kind, _)| *kind);
    let text = match kind {
        RefusalKind::Denied => format!("no permission: {line}"),
        RefusalKind::Credentials => format!("{name}'s own credentials do not work: {line}"),
        RefusalKind::Unreachable => format!("{name} got no answer: {line}"),
        RefusalKind::TooOld => format!("{name} is too old for this: {line}"),
        RefusalKind::NoTool | RefusalKind::TimedOut | RefusalKind::Bare | RefusalKind::Other => format!("{name} failed: {line}"),
    };
    ToolAnswer::Refused(kind, text)
}

/// The first line that looks like an error's, else the last one. Secrets are taken out, and it is shortened.
fn error_line(stderr: &str) -> String {
    let mut lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    let last = lines.clone().next_back().unwrap_or("without a word");
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
            (Kubectl, "error: You must be logged in to the server (Unauthorized)", Some(RefusalKind::Credentials)),
            (
                Kubectl,
                "Unable to connect to the server: getting credentials: exec: executable aws failed with exit code 255",
                Some(RefusalKind::Credentials),
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
                Some(RefusalKind::Credentials),
            ),
            (
                Aws,
                "\nThe SSO session associated with this profile has expired or is otherwise invalid. To refresh this SSO session run aws sso login with the corresponding profile.",
                Some(RefusalKind::Credentials),
            ),
            (Aws, "Error loading SSO Token: Token for corp does not exist", Some(RefusalKind::Credentials)),
            (
                Aws,
                "\nUnable to locate credentials. You can configure credentials by running \"aws configure\".",
                Some(RefusalKind::Credentials),
            ),
            (Aws, "\nThe config profile (prod) could not be found\n", Some(RefusalKind::Credentials)),
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
            ToolAnswer::Refused(RefusalKind::TimedOut, "kubectl did not answer within 30 s".to_owned())
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
