//! AWS beside a real cluster, for `tests/e2e/cluster`: `cargo run --example beside -- ADDRESS FOLDER` serves STS and IMDS on ADDRESS.
//! `tests/support/beside.rs` says what FOLDER holds and what is printed.

#![allow(clippy::disallowed_methods, reason = "a program for tests: it reads and writes files")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().and_then(|address| address.parse::<IpAddr>().ok());
    let (Some(address), Some(folder), None) = (address, arguments.next(), arguments.next()) else {
        eprintln!("beside ADDRESS FOLDER: an IP address of this machine, and a folder with world.json and jwks.json");
        return ExitCode::from(2);
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return ExitCode::FAILURE };
    runtime.block_on(support::beside::serve(address, Path::new(&folder)));
    ExitCode::SUCCESS
}
