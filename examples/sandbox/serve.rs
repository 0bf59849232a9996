//! `--serve`: the sidecar in a pod that you break and repair while you watch its status page.

use super::Situation;
use super::support::{Sandbox, World};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tokio::signal::unix::Signal;
use tokio::sync::mpsc;

/// Rounds often enough to watch, sessions short enough to see one end.
const INTERVAL: &str = "5s";
const SESSION_SECONDS: i64 = 120;

/// One key: what it does to the world.
struct Key {
    key: &'static str,
    does: &'static str,
    turn: fn(&Sandbox),
}

const KEYS: &[Key] = &[
    Key { key: "t", does: "break the role's trust policy", turn: |sandbox| sandbox.set_world(|world| world.iam.roles = Some(Vec::new())) },
    Key {
        key: "d",
        does: "take STS down",
        turn: |sandbox| scripted(sandbox, json!({"*": [{"status": 503, "code": "ServiceUnavailable", "message": "try later"}]})),
    },
    Key {
        key: "l",
        does: "make STS throttle requests",
        turn: |sandbox| scripted(sandbox, json!({"*": [{"status": 400, "code": "Throttling", "message": "Rate exceeded"}]})),
    },
    Key { key: "i", does: "give the pod another role's identity", turn: |sandbox| scripted(sandbox, intruder(&sandbox.world())) },
    Key { key: "r", does: "rotate the token, as the kubelet does", turn: Sandbox::rotate_tokens },
    Key {
        key: "m",
        does: "repair everything",
        turn: |sandbox| {
            sandbox.set_world(|world| {
                world.iam.roles = None;
                world.sts.script.clear();
            });
        },
    },
];

fn scripted(sandbox: &Sandbox, script: Value) {
    sandbox.set_world(|world| world.sts.script = serde_json::from_value(script).unwrap());
}

/// GetCallerIdentity names another role, in the form that STS uses.
fn intruder(world: &World) -> Value {
    let arn = format!("arn:aws:sts::{}:assumed-role/intruder/session", world.account);
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>{arn}</Arn>\
         <UserId>AROAEXAMPLE:session</UserId><Account>{}</Account></GetCallerIdentityResult>\
         <ResponseMetadata><RequestId>{{requestId}}</RequestId></ResponseMetadata></GetCallerIdentityResponse>",
        world.account
    );
    json!({"GetCallerIdentity": [{"status": 200, "body": body}]})
}

/// Runs until `q` or Ctrl-C (on a terminal also until the end of the keys); exits as the sidecar does.
pub fn run(situation: &Situation, probe: &Path, runtime: &tokio::runtime::Runtime, mut interrupt: Signal) -> Result<u8, String> {
    let mut world = situation.world.clone();
    world.sts.session_seconds.get_or_insert(SESSION_SECONDS);
    let sandbox = Sandbox::start(&world);
    let mut child = Command::new(probe)
        .args(["serve", "--listen", "127.0.0.1:0", "--interval", INTERVAL])
        .env_clear()
        .envs(sandbox.env())
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the probe could not be started: {error}"))?;
    let address = forward_log(&mut child)?;
    say!("# {}", world.about);
    say!("# The status page: http://{address}/    (also /readyz?verbose, /metrics, /status)");
    say!("# A round every {INTERVAL}. A session lasts {SESSION_SECONDS} s, so that you can see one end. Type a key and Enter:");
    for key in KEYS {
        say!("#   {}  {}", key.key, key.does);
    }
    say!("#   q  quit");
    let mut typed = keys();
    runtime.block_on(async {
        loop {
            tokio::select! {
                line = typed.recv() => match line.as_deref().map(str::trim) {
                    None | Some("q") => return,
                    Some("") => {}
                    Some(line) => match KEYS.iter().find(|key| key.key == line) {
                        Some(key) => {
                            (key.turn)(&sandbox);
                            say!("# {}", key.does);
                        }
                        None => say!("# {line:?} is not one of the keys"),
                    },
                },
                _ = interrupt.recv() => return,
            }
        }
    });
    end(&mut child)
}

/// The log goes on to this program's own standard error; its first line names the address.
fn forward_log(child: &mut Child) -> Result<String, String> {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    eprintln!("{first}");
    let address = first.split_once("address=").map(|(_, rest)| rest.split(' ').next().unwrap_or(rest).to_owned());
    std::thread::spawn(move || lines.for_each(|line| eprintln!("{line}")));
    address.ok_or_else(|| "the sidecar did not start".to_owned())
}

/// Lines of standard input. Where there is none, the world stays up until Ctrl-C.
fn keys() -> mpsc::UnboundedReceiver<String> {
    let (send, receive) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
        // Without a terminal, no one can type q. The sender lives as long as this thread.
        if !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            loop {
                std::thread::park();
            }
        }
    });
    receive
}

fn end(child: &mut Child) -> Result<u8, String> {
    let pid = rustix::process::Pid::from_child(child);
    // Ctrl-C has reached the child too; then it is ending already.
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    let status = child.wait().map_err(|error| error.to_string())?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
