//! A user namespace with 65,536 users of its own, numbered from 100,000 on outside: as a pod without `hostUsers` has it. Only root can make one.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

pub struct UserNamespace(Child);

impl UserNamespace {
    /// `None` where none can be made.
    pub fn new() -> Option<UserNamespace> {
        let mut holder = Command::new("unshare").args(["--user", "--", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        // It answers once it is in there.
        holder.stdin.as_mut().unwrap().write_all(b"there\n").unwrap();
        let mut line = String::new();
        let there = BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap() > 0;
        let namespace = UserNamespace(holder);
        if !there {
            return None;
        }
        for name in ["uid_map", "gid_map"] {
            std::fs::write(format!("/proc/{}/{name}", namespace.0.id()), "0 100000 65536\n").unwrap();
        }
        Some(namespace)
    }

    /// Runs what is given to it as root of the namespace, with all of its capabilities.
    pub fn command(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--user", "--target", &self.0.id().to_string(), "--setuid", "0", "--setgid", "0", "--"]);
        command
    }
}

impl Drop for UserNamespace {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
