//! `irsa-probe doctor`: from a workstation, with the user's own kubectl and aws as child processes. They read; nothing is changed.

use crate::cli::{DoctorOptions, Output};
use crate::core::check::report::Verdict;
use crate::core::doctor::answer::{Ran, RefusalKind, ToolAnswer};
use crate::core::doctor::commands::{self, ToolCommand};
use crate::core::doctor::found::Found;
use crate::core::doctor::report;
use crate::core::doctor::target::DoctorTarget;
use crate::core::text::printable::shell_word;
use crate::core::text::time::Timestamp;
use crate::render::text::{Detail, TextOptions};
use crate::render::{doctor as text, json};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, getpid, kill_process};
use std::io::{IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The most that is read of one command: the pods of a large service account, a cluster full of webhooks.
const OUTPUT_CAP: usize = 32 << 20;
/// The pause between two polls of the children.
const TICK: Duration = Duration::from_millis(10);

/// Examines a service account or pod, and prints what is wrong; the exit code.
pub fn run(options: &DoctorOptions) -> u8 {
    let target = match DoctorTarget::parse(&options.name, options.namespace.as_deref(), options.cluster.as_deref(), options.aws_auth) {
        Ok(target) => target,
        Err(reason) => {
            super::print_error(&reason);
            return 2;
        }
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    let mut found = Found::new(target);
    loop {
        let commands = commands::due(&mut found);
        if commands.is_empty() {
            break;
        }
        for command in commands.iter().filter(|_| options.show_commands) {
            print_command(command);
        }
        for (command, ran) in commands.iter().zip(run_all(&commands, options.timeout)) {
            let answer = ToolAnswer::parse(command.tool, ran);
            if let (ToolAnswer::Refused(kind @ RefusalKind::NoTool, _), Output::Json) = (&answer, options.output) {
                // The text has a block for it.
                let wording = kind.wording(command.tool);
                super::print_error(&format!("{}: {} Checks that need it are skipped.", wording.title, wording.fix));
            }
            found.add(command.question, answer);
        }
    }
    let report = report::report(&found, Timestamp(now));
    super::print(&match options.output {
        Output::Text => {
            let style = super::terminal::style(std::io::stdout().is_terminal());
            let detail = if options.verbose { Detail::Checks } else { Detail::Steps };
            text::report(&report, &TextOptions { style, detail, ..TextOptions::default() })
        }
        Output::Json => json::doctor(&report),
    });
    match report.verdict {
        Verdict::Pass => 0,
        Verdict::Fail => 1,
        Verdict::Unknown => 3,
    }
}

/// Prints a command on standard error, as it could be pasted into a shell.
fn print_command(command: &ToolCommand) {
    let words: Vec<_> = std::iter::once(command.tool.name()).chain(command.arguments.iter().map(String::as_str)).map(shell_word).collect();
    let _ = writeln!(std::io::stderr().lock(), "+ {}", words.join(" "));
}

/// A command while it runs.
struct Running {
    child: Child,
    out: (ChildStdout, Vec<u8>),
    err: (ChildStderr, Vec<u8>),
}

/// Runs commands side by side until each has ended, or ends those that are late. Each takes a second or more, and none needs the answer of
/// another one of its round.
///
/// They stay in our process group: a signal from the terminal reaches them, too, and aws may ask at the terminal for an MFA code, which
/// a group in the background may not.
fn run_all(commands: &[ToolCommand], timeout: Duration) -> Vec<Ran> {
    let deadline = Instant::now() + timeout;
    let mut started: Vec<Result<Running, Ran>> = commands.iter().map(start).collect();
    loop {
        let mut waiting = false;
        for slot in &mut started {
            let Ok(running) = slot else { continue };
            match poll(running, Instant::now() >= deadline) {
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

fn start(tool: &ToolCommand) -> Result<Running, Ran> {
    let mut command = Command::new(tool.tool.name());
    command.args(&tool.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ran::NoTool,
        _ => Ran::Unstartable(error.to_string()),
    })?;
    match (child.stdout.take(), child.stderr.take()) {
        (Some(out), Some(err)) if set_nonblocking(&out).and(set_nonblocking(&err)).is_ok() => {
            Ok(Running { child, out: (out, Vec::new()), err: (err, Vec::new()) })
        }
        _ => {
            kill_tree(&mut child);
            Err(Ran::Unstartable("its output cannot be read".to_owned()))
        }
    }
}

fn set_nonblocking(pipe: impl AsFd) -> rustix::io::Result<()> {
    rustix::fs::fcntl_setfl(pipe, OFlags::NONBLOCK)
}

/// How it ended, if it has: by itself, at the deadline, or because it wrote too much.
fn poll(running: &mut Running, late: bool) -> Option<Ran> {
    // The state is read before the output, so that no output is missed. A grandchild that holds the pipes is not waited for.
    let ended = running.child.try_wait();
    let within = drain(&mut running.out.0, &mut running.out.1) && drain(&mut running.err.0, &mut running.err.1);
    match ended {
        _ if !within => {
            kill_tree(&mut running.child);
            Some(Ran::TooMuch)
        }
        Ok(Some(status)) => Some(Ran::Ended {
            success: status.success(),
            stdout: std::mem::take(&mut running.out.1),
            stderr: std::mem::take(&mut running.err.1),
        }),
        Ok(None) if !late => None,
        Ok(None) => {
            kill_tree(&mut running.child);
            Some(Ran::TimedOut(0))
        }
        Err(error) => Some(Ran::Unstartable(error.to_string())),
    }
}

/// Kills a command with what it started: kubectl may be a shell's wrapper, and starts exec plugins.
fn kill_tree(child: &mut Child) {
    let below = descendants(Pid::from_child(child));
    // The command is killed first, so that it starts no others. The call fails when the command has ended by itself.
    let _ = child.kill();
    kill_all(below);
    let _ = child.wait();
}

/// Kills all children of this process that still run, and theirs.
pub fn kill_children() {
    kill_all(descendants(getpid()));
}

fn kill_all(pids: Vec<Pid>) {
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

/// Reads what is in a pipe now; false when the command has written more than the cap. A command that writes without a pause is read again
/// after the next pause.
fn drain(pipe: &mut dyn Read, bytes: &mut Vec<u8>) -> bool {
    let mut chunk = [0; 16 << 10];
    for _ in 0..256 {
        match pipe.read(&mut chunk) {
            Ok(n) if n > 0 => bytes.extend_from_slice(&chunk[..n]),
            // The end, or nothing yet.
            _ => break,
        }
    }
    bytes.len() <= OUTPUT_CAP
}
