//! What a command of kubectl or aws came to: the document, a definite "there is none", or why there is neither.

use super::ask::Tool;
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
    /// The thing does not exist, and the one who was asked knows; its words.
    Absent(String),
    /// Not answered, and why, in words that fit behind "skipped:".
    Refused(RefusalKind, String),
    /// Not asked, and why.
    NotAsked(String),
}

/// RefusalKind a question was not answered.
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
    /// It was ended.
    TimedOut,
    /// A 404 of nobody knows whom.
    Bare,
    /// The program does not know the command or flag.
    TooOld,
    /// Something else.
    Other,
}

/// Of a definite "no".
const ABSENT: [(Tool, &str); 4] = [
    (Tool::Aws, "(NoSuchEntity)"),
    (Tool::Aws, "(ResourceNotFoundException)"),
    (Tool::Kubectl, "(NotFound)"),
    (Tool::Kubectl, "\" not found"),
];

/// What kubectl makes of a 404 without words, as any web server gives one (apimachinery, `NewGenericServerResponse`): not definite by itself.
const BARE: &str = "could not find the requested resource";

/// The tools' words for why they did not answer; the first one found counts.
///
/// awscli: `botocore/exceptions.py`, `awscli/argparser.py`; kubectl: `k8s.io/kubectl/pkg/cmd/util/helpers.go`.
const WORDS: [(&str, RefusalKind); 33] = [
    ("(AccessDenied", RefusalKind::Denied),
    ("(UnauthorizedOperation)", RefusalKind::Denied),
    ("is not authorized to perform", RefusalKind::Denied),
    ("(Forbidden)", RefusalKind::Denied),
    ("(ExpiredToken", RefusalKind::Credentials),
    ("(RequestExpired)", RefusalKind::Credentials),
    ("(InvalidClientTokenId)", RefusalKind::Credentials),
    ("(UnrecognizedClientException)", RefusalKind::Credentials),
    ("(SignatureDoesNotMatch)", RefusalKind::Credentials),
    ("Unable to locate credentials", RefusalKind::Credentials),
    ("Partial credentials", RefusalKind::Credentials),
    ("SSO session", RefusalKind::Credentials),
    ("SSO Token", RefusalKind::Credentials),
    ("Token has expired", RefusalKind::Credentials),
    ("Your session has expired", RefusalKind::Credentials),
    ("The config profile", RefusalKind::Credentials),
    ("Error when retrieving", RefusalKind::Credentials),
    ("MultiFactorAuthentication", RefusalKind::Credentials),
    ("(Unauthorized)", RefusalKind::Credentials),
    ("must be logged in to the server", RefusalKind::Credentials),
    ("getting credentials", RefusalKind::Credentials),
    ("asked for the client to provide credentials", RefusalKind::Credentials),
    ("Invalid choice", RefusalKind::TooOld),
    ("invalid choice", RefusalKind::TooOld),
    ("Unknown options", RefusalKind::TooOld),
    ("unknown flag", RefusalKind::TooOld),
    ("unknown command", RefusalKind::TooOld),
    ("Unable to connect to the server", RefusalKind::Unreachable),
    ("The connection to the server", RefusalKind::Unreachable),
    ("Could not connect to the endpoint URL", RefusalKind::Unreachable),
    ("onnect timeout on endpoint URL", RefusalKind::Unreachable),
    ("ead timeout on endpoint URL", RefusalKind::Unreachable),
    ("SSL validation failed", RefusalKind::Unreachable),
];

/// Reads how a command ended. Total: any bytes give an answer.
pub fn read(tool: Tool, ran: Ran) -> ToolAnswer {
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
        Ran::Ended { success: false, stderr, .. } => refused(tool, &String::from_utf8_lossy(&stderr)),
    }
}

fn refused(tool: Tool, stderr: &str) -> ToolAnswer {
    let said = one_line(stderr);
    let has = |words: &str| stderr.contains(words);
    if has(BARE) {
        return ToolAnswer::Refused(RefusalKind::Bare, format!("{} failed: {said}", tool.name()));
    }
    if ABSENT.iter().any(|(of, words)| *of == tool && has(words)) {
        return ToolAnswer::Absent(said);
    }
    let why = WORDS.iter().find(|(words, _)| has(words)).map_or(RefusalKind::Other, |(_, why)| *why);
    let name = tool.name();
    let text = match why {
        RefusalKind::Denied => format!("no permission: {said}"),
        RefusalKind::Credentials => format!("{name}'s own credentials do not work: {said}"),
        RefusalKind::Unreachable => format!("{name} got no answer: {said}"),
        RefusalKind::TooOld => format!("{name} is too old for this: {said}"),
        RefusalKind::NoTool | RefusalKind::TimedOut | RefusalKind::Bare | RefusalKind::Other => format!("{name} failed: {said}"),
    };
    ToolAnswer::Refused(why, text)
}

/// The line that says it: the first one that looks like an error's, else the last. Secrets taken out, and not too long.
fn one_line(stderr: &str) -> String {
    let mut lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    let telling =
        |line: &str| ["An error occurred", "Error from server", "rror:", "Unable to", "Error "].iter().any(|sign| line.contains(sign));
    let last = lines.clone().next_back().unwrap_or("without a word");
    let line = lines.find(|line| telling(line)).unwrap_or(last);
    shorten(&redact(line), 240).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(tool: Tool, stderr: &str) -> ToolAnswer {
        read(tool, Ran::Ended { success: false, stdout: Vec::new(), stderr: stderr.as_bytes().to_vec() })
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
        let ended = |stdout: &str| read(Tool::Aws, Ran::Ended { success: true, stdout: stdout.as_bytes().to_vec(), stderr: Vec::new() });
        assert_eq!(ended("{\"a\": 1}"), ToolAnswer::Given(serde_json::json!({"a": 1})));
        assert!(matches!(ended("\n"), ToolAnswer::Refused(RefusalKind::Other, _)));
        assert!(matches!(ended("<html>"), ToolAnswer::Refused(RefusalKind::Other, _)));
        assert_eq!(
            read(Tool::Kubectl, Ran::TimedOut(30)),
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
