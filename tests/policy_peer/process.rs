//! The peer: `tests/peer/policies/judge.mjs` as one process, which answers a line for each line.

use super::callers::{Caller, World};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

/// What the peer says of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Answer {
    /// A statement allows it, none denies it.
    Allowed,
    /// No statement allows it.
    ImplicitlyDenied,
    /// A statement denies it.
    ExplicitlyDenied,
}

/// What the peer says of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Theirs {
    /// It is no trust policy; why.
    Refused(Vec<String>),
    /// One answer for each question.
    Answers(Vec<Answer>),
}

/// The running process.
pub struct Peer {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// How many questions it has answered.
    pub asked: usize,
}

impl Peer {
    /// Starts it, installed if it has to be.
    pub fn start() -> Peer {
        let mut child = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/policies/judge.mjs"))
            .current_dir(installed())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("node, which the evaluator needs: {error}"));
        let (asks, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Peer { child, asks, answers, asked: 0 }
    }

    /// What becomes of a caller's request in each of these worlds. All of its actions have to be allowed, and one that is denied is denied.
    pub fn ask(&mut self, role: &str, policy: &Value, questions: &[(&Caller, &World)]) -> Theirs {
        let ask = |(caller, world): &(&Caller, &World)| json!({"principal": caller.principal, "actions": caller.actions, "context": world});
        let asks: Vec<Value> = questions.iter().map(ask).collect();
        #[derive(Deserialize)]
        struct Line {
            refused: Vec<String>,
            answers: Vec<Vec<Answer>>,
        }
        // At once: the pipe has no buffer of its own.
        self.asks.write_all(format!("{}\n", json!({"role": role, "policy": policy, "asks": asks})).as_bytes()).unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let line: Line = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?} for {policy}"));
        if !line.refused.is_empty() {
            return Theirs::Refused(line.refused);
        }
        assert_eq!(line.answers.len(), asks.len());
        self.asked += asks.len();
        // Denied comes after allowed in the order of the answers, so the greatest of them is what counts.
        Theirs::Answers(line.answers.into_iter().filter_map(|actions| actions.into_iter().max()).collect())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder of the peer, installed once. A machine on which that is impossible fails the tests: nothing was compared.
fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let folder = target.join("peer-policies");
        // Another `cargo test` may be about to install it, too. Unlocked when it is closed.
        let lock = File::create(target.join("peer-policies.lock")).unwrap();
        lock.lock().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/policies/install");
        let output = Command::new(script).arg(&folder).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "no evaluator to compare with: {}", said.lines().last().unwrap_or_default());
        folder
    })
}
