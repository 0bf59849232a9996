//! `irsa-probe doctor`: from a workstation, with the user's own kubectl and aws as child processes. They read; nothing is changed.

use crate::cli::{Options, Output};
use crate::core::doctor::answer::{self, Answer, Ran, Why};
use crate::core::doctor::ask::{self, Ask, Tool};
use crate::core::doctor::{Asked, Found, report};
use crate::core::report::Verdict;
use crate::core::text::shell_word;
use crate::core::time::Timestamp;
use crate::render::{doctor as text, json};
use std::io::{IsTerminal, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The most that is read of one command: the pods of a large service account, a cluster full of webhooks.
const MOST: u64 = 32 << 20;
/// How often a child is looked at.
const TICK: Duration = Duration::from_millis(10);
/// For a child's last words, after it has ended: a grandchild may hold its pipes open.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The exit code.
pub fn run(name: &str, options: &Options) -> u8 {
    let doctor = &options.doctor;
    let asked = match Asked::parse(name, options.namespace.as_deref(), doctor.cluster.as_deref(), doctor.aws_auth) {
        Ok(asked) => asked,
        Err(why) => {
            super::complain(&why);
            return 2;
        }
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    let mut found = Found::nothing(asked);
    loop {
        let asks = ask::due(&mut found);
        if asks.is_empty() {
            break;
        }
        for ask in asks.iter().filter(|_| doctor.show_commands) {
            show(ask);
        }
        // Side by side: each takes a second or more, and none needs another one of this round.
        let answers: Vec<(Ask, Answer)> = std::thread::scope(|scope| {
            let children: Vec<_> = asks.iter().map(|ask| scope.spawn(|| answer::read(ask.tool, ran(ask, doctor.timeout)))).collect();
            let join = |child: std::thread::ScopedJoinHandle<'_, Answer>| child.join();
            let failed = |_| Answer::Refused(Why::Other, "the command could not be run".to_owned());
            asks.iter().cloned().zip(children.into_iter().map(|child| join(child).unwrap_or_else(failed))).collect()
        });
        for (ask, answer) in answers {
            if let Answer::Refused(Why::NoTool, _) = answer {
                let name = ask.tool.name();
                super::complain(&format!("{name} is not on the PATH: install it, or add its folder to PATH; what needs it is skipped"));
            }
            found.add(ask.question, answer);
        }
    }
    let report = report::report(&found, Timestamp(now));
    super::print(&match options.output {
        Output::Text => text::report(&report, super::check::style(std::io::stdout().is_terminal())),
        Output::Json | Output::Evidence => json::doctor(&report),
    });
    match report.verdict {
        Verdict::Pass => 0,
        Verdict::Fail => 1,
        Verdict::Unknown => 3,
    }
}

/// The command, as it could be pasted into a shell.
fn show(ask: &Ask) {
    let words: Vec<_> = std::iter::once(ask.tool.name()).chain(ask.arguments.iter().map(String::as_str)).map(shell_word).collect();
    let _ = writeln!(std::io::stderr().lock(), "+ {}", words.join(" "));
}

/// Runs a command to its end, or ends it. It stays in our process group: a signal from the terminal reaches it, too, and it may ask for an MFA code.
fn ran(ask: &Ask, timeout: Duration) -> Ran {
    let mut command = Command::new(ask.tool.name());
    command.args(&ask.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if ask.tool == Tool::Aws {
        // Neither a pager nor a prompt may wait for keys.
        command.env("AWS_PAGER", "").env("AWS_CLI_AUTO_PROMPT", "off");
    }
    let deadline = Instant::now() + timeout;
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ran::NoTool,
        Err(error) => return Ran::Unstartable(error.to_string()),
    };
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let success = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status.success(),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(TICK),
            Ok(None) => return end(child, timeout),
            Err(error) => return Ran::Unstartable(error.to_string()),
        }
    };
    let rest = |pipe: Receiver<Vec<u8>>| pipe.recv_timeout(LAST_WORDS).unwrap_or_default();
    let (stdout, stderr) = (rest(stdout), rest(stderr));
    match stdout.len() as u64 > MOST {
        true => Ran::TooMuch,
        false => Ran::Ended { success, stdout, stderr },
    }
}

fn end(mut child: Child, timeout: Duration) -> Ran {
    // It may have ended by itself just now; then there is nothing to kill.
    let _ = child.kill();
    let _ = child.wait();
    Ran::TimedOut(timeout.as_secs_f32().ceil() as u64)
}

/// Reads a pipe on a thread of its own, to its end or a byte more than the most; nobody waits for it longer than for the child.
fn drain(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before an error is what there is.
            let _ = pipe.take(MOST + 1).read_to_end(&mut bytes);
        }
        let _ = send.send(bytes);
    });
    receive
}
