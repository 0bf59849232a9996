//! What was sent as a credential comes back in no form, whoever echoes it; and what is no credential in the same line stays.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use support::{Sandbox, World, world};

/// A user, and a password as it has to be written in a URL and as it is meant.
const USER: &str = "scott";
const WRITTEN: &str = "Canary%2FPass%40word-1729";
const MEANT: &str = "Canary/Pass@word-1729";

/// A proxy that refuses every CONNECT with this status line.
fn proxy(status: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let status = status.clone();
            std::thread::spawn(move || {
                let Ok(mut stream) = stream else { return };
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                    head.push(byte[0]);
                }
                let _ = stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes());
            });
        }
    });
    port
}

/// All that a check writes: on standard output and error, at every log level, and as the termination message.
fn written(world: &World, output: &str) -> String {
    let sandbox = Sandbox::start(world);
    let message = sandbox.dir().join("termination-log");
    std::fs::write(&message, "").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
    command.env_clear().envs(sandbox.env()).env("IRSA_PROBE_TERMINATION_LOG", &message).stdin(Stdio::null());
    command.args(["check", "--log-level", "trace", "--timeout", "1500ms", "--output", output]);
    let ran = command.output().unwrap();
    let all = [ran.stdout, ran.stderr, std::fs::read(message).unwrap()].concat();
    // Without the breaks between lines.
    let all = String::from_utf8_lossy(&all).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(sandbox.secrets().iter().all(|secret| !all.contains(secret.as_str())), "a secret was written: {all}");
    all
}

#[test]
fn a_proxy_s_echo_of_its_password_is_not_shown() {
    let basic = STANDARD.encode(format!("{USER}:{MEANT}"));
    let beside = "for KeyJanitor at SurveyJobs.eyJ.example";
    let echoes = [
        basic.clone(),
        format!("Basic {basic}"),
        format!("Proxy-Authorization:%20Basic%20{basic}"),
        basic.trim_end_matches('=').to_owned(),
        format!("{USER}:{MEANT}"),
        format!("{USER}:{WRITTEN}"),
        format!("user {USER} with {MEANT} is unknown"),
        format!("http://{USER}:{WRITTEN}@proxy.example:3128"),
        WRITTEN.to_owned(),
    ];
    std::thread::scope(|scope| {
        for echo in &echoes {
            let basic = &basic;
            scope.spawn(move || {
                for output in ["json", "text", "evidence"] {
                    let port = proxy(format!("407 no {echo} {beside}"));
                    let mut world = World::default();
                    world.env.insert("HTTPS_PROXY".to_owned(), Some(format!("http://{USER}:{WRITTEN}@127.0.0.1:{port}")));
                    let all = written(&world, output);
                    for secret in [MEANT, WRITTEN, basic.trim_end_matches('='), "Pass@word", "Pass%40word"] {
                        assert!(!all.contains(secret), "{secret} of {echo} was written: {all}");
                    }
                    assert!(all.contains(beside), "{beside} is not in {all}");
                    assert!(all.contains(&format!("127.0.0.1:{port}")), "{all}");
                }
            });
        }
    });
}

/// STS's stand-in quotes the request: its token, whole, cut off, encoded or by its parts.
#[test]
fn an_echo_of_the_token_is_not_shown() {
    let says = |text: &str| {
        let message = format!("User: arn:aws:sts::111122223333:assumed-role/SurveyJobs/HoneyJob says {text} of KeyJanitor");
        let act =
            world::Act { status: Some(400), code: Some("ValidationError".to_owned()), message: Some(message), ..world::Act::default() };
        let mut world = World::default();
        world.sts.script.insert("AssumeRoleWithWebIdentity".to_owned(), world::Script::Steps(vec![world::Step::Act(Box::new(act))]));
        world
    };
    for text in
        ["{token}", "'{token}'", "WebIdentityToken={token}&Version=2011-06-15", "{\"token\":\"{token}\"}", "Bearer {token}", "<{token}>"]
    {
        for output in ["json", "text", "evidence"] {
            let all = written(&says(text), output);
            assert!(all.contains("assumed-role/SurveyJobs/HoneyJob says") && all.contains("of KeyJanitor"), "{text}: {all}");
        }
    }
}
