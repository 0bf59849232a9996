//! A running `irsa-probe serve`, as a kubelet and a person at a log meet it.

#![allow(dead_code, reason = "no user of this file needs all of it")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::support::Sandbox;

/// Long enough for a busy machine; nothing that works takes so long.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The child; killed when dropped.
pub struct Serve {
    child: Child,
    pub address: SocketAddr,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The value of a metric's only series, or of the one with these labels: `irsa_probe_state{state="ready"}`.
    pub fn metric(&self, series: &str) -> Option<f64> {
        let line = self.body.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')))?;
        line.rsplit_once(' ')?.1.parse().ok()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value))
    }
}

impl Serve {
    /// The real binary in the sandbox's pod, on a port of its own.
    pub fn start(sandbox: &Sandbox, args: &[&str]) -> Serve {
        Serve::spawn(sandbox, Command::new(env!("CARGO_BIN_EXE_irsa-probe")).arg("serve").args(args))
    }

    pub fn spawn(sandbox: &Sandbox, command: &mut Command) -> Serve {
        Serve::piped(sandbox, command.stdin(Stdio::null()).stdout(Stdio::null()))
    }

    fn piped(sandbox: &Sandbox, command: &mut Command) -> Serve {
        let command = command.args(["--listen", "127.0.0.1:0", "--log-format", "json"]).env_clear().envs(sandbox.env());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        lines.read_line(&mut first).unwrap();
        let line: Value = serde_json::from_str(&first).unwrap_or_else(|_| panic!("it did not start: {first}"));
        let address = line["address"].as_str().unwrap_or_else(|| panic!("it names no address: {first}")).parse().unwrap();
        let log = Arc::new(Mutex::new(first));
        let written = log.clone();
        let reader = std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut log = written.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        Serve { child, address, log, reader: Some(reader) }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn get(&self, path: &str) -> Reply {
        self.request(&format!("GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"))
    }

    pub fn request(&self, request: &str) -> Reply {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {request:?}: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub fn status(&self) -> Value {
        self.get("/status").json()
    }

    /// Asks until it is so; a panic names what was seen last.
    pub fn until(&self, path: &str, is_so: impl Fn(&Reply) -> bool) -> Reply {
        let started = Instant::now();
        loop {
            let reply = self.get(path);
            if is_so(&reply) {
                return reply;
            }
            assert!(started.elapsed() < PATIENCE, "{path} still says {}: {}\nlog: {}", reply.status, reply.body, self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn until_state(&self, state: &str) -> Value {
        self.until("/status", |reply| reply.json()["state"] == state).json()
    }

    pub fn until_rounds(&self, count: usize) -> Value {
        self.until("/status", |reply| reply.json()["history"].as_array().unwrap().len() >= count).json()
    }

    /// Rounds that have ended so far.
    pub fn rounds(&self) -> usize {
        let metrics = self.get("/metrics");
        let count = |verdict: &str| metrics.metric(&format!("irsa_probe_rounds_total{{verdict=\"{verdict}\"}}")).unwrap();
        ["pass", "fail", "unknown"].map(count).iter().sum::<f64>() as usize
    }

    /// The log so far. What has happened is in it soon after, not at once.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The log's lines with this message.
    pub fn logged(&self, message: &str) -> Vec<Value> {
        self.log().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(|line| line["message"] == message).collect()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap(), signal).unwrap();
    }

    /// Waits for its end: exit code (or minus the signal), and the whole log.
    pub fn ended(mut self) -> (i32, String) {
        let status = self.wait();
        self.reader.take().unwrap().join().unwrap();
        (status.code().unwrap_or_else(|| -status.signal().unwrap()), self.log())
    }

    fn wait(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it as the kubelet does, and sees that no page and no log line held a secret.
    pub fn finish(self, sandbox: &Sandbox) -> String {
        let pages = ["/", "/status", "/metrics", "/readyz?verbose"].map(|path| self.get(path).body).concat();
        self.signal(Signal::TERM);
        let (code, log) = self.ended();
        assert_eq!(code, 0, "{log}");
        for secret in sandbox.secrets() {
            assert!(!pages.contains(&secret) && !log.contains(&secret), "a secret of {} characters was written", secret.len());
        }
        log
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A sidecar whose time passes only as the test says, however fast the machine is.
pub struct Stepped {
    pub serve: Serve,
    steps: ChildStdin,
    naps: Receiver<Duration>,
    /// What has passed.
    pub now: Duration,
    /// When the worker wakes up.
    wakes: Duration,
}

impl Stepped {
    /// It has ended its first round.
    pub fn start(sandbox: &Sandbox, args: &[&str]) -> Stepped {
        let binary = PathBuf::from(env!("CARGO_BIN_EXE_irsa-probe")).with_file_name("examples").join("fast_serve");
        assert!(binary.exists(), "cargo build --example fast_serve (cargo test without --test does it)");
        let mut command = Command::new(binary);
        let mut serve = Serve::piped(sandbox, command.arg("step").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()));
        let (steps, out) = (serve.child.stdin.take().unwrap(), BufReader::new(serve.child.stdout.take().unwrap()));
        let (send, naps) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = send.send(Duration::from_nanos(line.parse().unwrap()));
            }
        });
        // The first one that is later than this.
        let mut stepped = Stepped { serve, steps, naps, now: Duration::ZERO, wakes: Duration::ZERO };
        stepped.await_sleep();
        stepped
    }

    /// Lets this much time pass. All is done that was due by then.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            let next = self.wakes.min(end);
            writeln!(self.steps, "{}", (next - self.now).as_nanos()).unwrap();
            self.now = next;
            if self.now == self.wakes {
                self.await_sleep();
            }
        }
    }

    /// Lets time pass until one more round has ended, no longer than `most`.
    pub fn pass_to_round(&mut self, most: Duration) {
        let (rounds, end) = (self.serve.rounds(), self.now + most);
        while self.serve.rounds() == rounds {
            assert!(self.now < end, "no round in {most:?}");
            self.pass(self.wakes.saturating_sub(self.now).min(end - self.now));
        }
    }

    /// The worker has done its work and sleeps again.
    fn await_sleep(&mut self) {
        while self.wakes <= self.now {
            let nap = self.naps.recv_timeout(PATIENCE);
            self.wakes = nap.unwrap_or_else(|_| panic!("the worker does not go to sleep\nlog: {}", self.serve.log()));
        }
    }
}
