//! `irsa-probe doctor`: from a workstation, with the user's own kubectl and aws as child processes. They read; nothing is changed.

use crate::cli::{Options, Output};
use crate::core::check::report::Verdict;
use crate::core::doctor::answer::{Ran, RefusalKind, ToolAnswer};
use crate::core::doctor::commands::{self, ToolCommand};
use crate::core::doctor::found::Found;
use crate::core::doctor::report;
use crate::core::doctor::target::DoctorTarget;
use crate::core::text::printable::shell_word;
use crate::core::text::time::Timestamp;
use crate::render::{doctor as text, json};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, getpid, kill_process};
use std::io::{IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The most that is read of one command: the pods of a large service account, a cluster full of webhooks.
const MOST: usize = 32 << 20;
/// How often a child is looked at.
const TICK: Duration = Duration::from_millis(10);

/// The exit code.
pub fn run(name: &str, options: &Options) -> u8 {
    let doctor = &options.doctor;
    let asked = match DoctorTarget::parse(name, options.namespace.as_deref(), doctor.cluster.as_deref(), doctor.aws_auth) {
        Ok(asked) => asked,
        Err(why) => {
            super::complain(&why);
            return 2;
        }
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    let mut found = Found::new(asked);
    loop {
        let asks = commands::due(&mut found);
        if asks.is_empty() {
            break;
        }
        for ask in asks.iter().filter(|_| doctor.show_commands) {
            show(ask);
        }
        for (ask, ran) in asks.iter().zip(run_all(&asks, doctor.timeout)) {
            let answer = ToolAnswer::parse(ask.tool, ran);
            if let ToolAnswer::Refused(RefusalKind::NoTool, _) = answer {
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
fn show(ask: &ToolCommand) {
    let words: Vec<_> = std::iter::once(ask.tool.name()).chain(ask.arguments.iter().map(String::as_str)).map(shell_word).collect();
    let _ = writeln!(std::io::stderr().lock(), "+ {}", words.join(" "));
}

/// A command while it runs.
struct Running {
    child: Child,
    out: (ChildStdout, Vec<u8>),
    err: (ChildStderr, Vec<u8>),
}

/// Runs commands to their ends, or ends them. Side by side: each takes a second or more, and none needs another one of its round.
///
/// They stay in our process group: a signal from the terminal reaches them, too, and aws may ask at the terminal for an MFA code, which
/// a group in the background may not.
fn run_all(asks: &[ToolCommand], timeout: Duration) -> Vec<Ran> {
    let deadline = Instant::now() + timeout;
    let mut started: Vec<Result<Running, Ran>> = asks.iter().map(start).collect();
    loop {
        let mut waiting = false;
        for slot in &mut started {
            let Ok(running) = slot else { continue };
            match look(running, Instant::now() >= deadline) {
                Some(Ran::TimedOut(_)) => *slot = Err(Ran::TimedOut(timeout.as_millis().div_ceil(1000) as u64)),
                Some(ran) => *slot = Err(ran),
                None => waiting = true,
            }
        }
        if !waiting {
            // None is left running.
            return started.into_iter().filter_map(Result::err).collect();
        }
        std::thread::sleep(TICK);
    }
}

fn start(ask: &ToolCommand) -> Result<Running, Ran> {
    let mut command = Command::new(ask.tool.name());
    command.args(&ask.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ran::NoTool,
        _ => Ran::Unstartable(error.to_string()),
    })?;
    match (child.stdout.take(), child.stderr.take()) {
        (Some(out), Some(err)) if unblock(&out).and(unblock(&err)).is_ok() => {
            Ok(Running { child, out: (out, Vec::new()), err: (err, Vec::new()) })
        }
        _ => {
            end(&mut child);
            Err(Ran::Unstartable("its output cannot be read".to_owned()))
        }
    }
}

fn unblock(pipe: impl AsFd) -> rustix::io::Result<()> {
    rustix::fs::fcntl_setfl(pipe, OFlags::NONBLOCK)
}

/// How it ended, if it has: by itself, at the deadline, or because it writes without end.
fn look(running: &mut Running, late: bool) -> Option<Ran> {
    // First whether it has ended, then what it wrote: so nothing is missed. A grandchild that holds the pipes is not waited for.
    let ended = running.child.try_wait();
    let within = drain(&mut running.out.0, &mut running.out.1) && drain(&mut running.err.0, &mut running.err.1);
    match ended {
        _ if !within => {
            end(&mut running.child);
            Some(Ran::TooMuch)
        }
        Ok(Some(status)) => Some(Ran::Ended {
            success: status.success(),
            stdout: std::mem::take(&mut running.out.1),
            stderr: std::mem::take(&mut running.err.1),
        }),
        Ok(None) if !late => None,
        Ok(None) => {
            end(&mut running.child);
            Some(Ran::TimedOut(0))
        }
        Err(error) => Some(Ran::Unstartable(error.to_string())),
    }
}

/// With what it started: kubectl may be a shell's wrapper, and starts exec plugins.
fn end(child: &mut Child) {
    let below = descendants(Pid::from_child(child));
    // It first, so that it starts nothing in their place. It may have ended by itself just now; then there is nothing to kill.
    let _ = child.kill();
    end_all(below);
    let _ = child.wait();
}

/// Ends whatever this process has started and has not ended yet.
pub fn end_children() {
    end_all(descendants(getpid()));
}

fn end_all(pids: Vec<Pid>) {
    for pid in pids {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// The processes below one, by /proc (proc_pid_stat(5)); none where there is no /proc.
fn descendants(root: Pid) -> Vec<Pid> {
    let Ok(folders) = std::fs::read_dir("/proc") else { return Vec::new() };
    let mut all = Vec::new();
    for folder in folders.flatten() {
        // The name stands in parentheses and may hold any character; then come the state and the parent.
        let stat = std::fs::read_to_string(folder.path().join("stat")).unwrap_or_default();
        let number = |text: Option<&str>| text.and_then(|text| Pid::from_raw(text.parse().ok()?));
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| number(rest.split(' ').nth(2)));
        all.extend(number(folder.file_name().to_str()).zip(parent));
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(all.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

/// Takes what is in a pipe now; false when it is more than is read. What flows without a pause is looked at again in a tick.
fn drain(pipe: &mut dyn Read, bytes: &mut Vec<u8>) -> bool {
    let mut some = [0; 16 << 10];
    for _ in 0..256 {
        match pipe.read(&mut some) {
            Ok(n) if n > 0 => bytes.extend_from_slice(&some[..n]),
            // The end, or nothing yet.
            _ => break,
        }
    }
    bytes.len() <= MOST
}
