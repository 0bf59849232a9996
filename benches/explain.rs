//! How fast `explain -` reads a log from a pipe, beside `grep -F -f` with the same needles on the same bytes, and how much memory it takes.
//!
//! `IRSA_PROBE_BENCH_BINARY=$PWD/dist/amd64/irsa-probe cargo bench --bench explain [-- mb=256 runs=3]` measures the static binary. The variable
//! is required: what the bench profile builds is made to compile fast, not to be measured.
//!
//! Times judge nothing, because a time on a shared machine proves nothing; the ratio to grep is of the same run, and says more. Two
//! things fail it: a log that is not read to its end, and memory that grows with the log.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "a benchmark")]

#[path = "../tests/texts/names.rs"]
mod names;
#[path = "../tests/texts/samples.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod samples;

use fastrand::Rng;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const MB: usize = 1_000_000;
/// A log is a block of so many bytes, again and again.
const BLOCK: usize = 8 * MB;
/// What the resident set may differ by between a short and a long log: a few pages that the allocator keeps or returns.
const SPREAD_KIB: u64 = 128;

/// Lines as controllers, applications and proxies write them.
fn ordinary(rng: &mut Rng) -> String {
    let (ms, id, n) = (rng.u32(..1000), rng.u64(..), rng.u32(..100_000));
    let time = format!("2026-11-30T{:02}:{:02}:{:02}.{ms:03}Z", rng.u32(..24), rng.u32(..60), rng.u32(..60));
    match rng.usize(..12) {
        0 => format!(
            r#"{{"level":"info","ts":"{time}","logger":"controller","msg":"Reconciling","controller":"deployment","namespace":"shop","name":"checkout-{n}","reconcileID":"{id:016x}"}}"#
        ),
        1 => format!(
            r#"10.0.{}.7 - - [30/Nov/2026:10:00:00 +0000] "GET /v1/orders/{n}?page={ms} HTTP/1.1" 200 {n} "https://shop.example.com/" "Mozilla/5.0 (X11; Linux x86_64)" 0.{ms:03}"#,
            ms % 256
        ),
        2 => format!(
            r#"I1130 10:00:00.{n:06}       1 controller.go:217] "Finished syncing" controller="endpointslice" key="shop/checkout-{n}" duration="{ms}.5ms""#
        ),
        3 => format!(
            r#"time="{time}" level=info msg="Desired change: CREATE checkout-{n}.example.com A" profile=default zoneID=/hostedzone/Z{id:X} zoneName=example.com"#
        ),
        4 => format!(
            r#"{{"log":"{time} INFO  [http-nio-8080-exec-{}] c.e.s.OrderController - order {id} accepted in {ms} ms\n","stream":"stdout","time":"{time}"}}"#,
            ms % 40
        ),
        5 => format!(
            "{time} DEBUG botocore.hooks Event request-created.s3.PutObject: calling handler <bound method RequestSigner.handler of <botocore.signers.RequestSigner object at 0x{id:x}>>"
        ),
        6 => format!(
            r#"{{"time":"{time}","level":"ERROR","msg":"upstream request failed","upstream":"orders-{n}.shop.svc:8080","status":503,"attempt":{},"trace_id":"{id:032x}"}}"#,
            ms % 4
        ),
        7 => format!(
            "{time} stderr F ERROR [pool-2-thread-{}] o.h.e.jdbc.spi.SqlExceptionHelper : ERROR: duplicate key value violates unique constraint \"orders_{n}_pkey\"",
            ms % 9
        ),
        8 => format!("\tat com.example.shop.orders.OrderService.accept(OrderService.java:{n})"),
        9 => format!(
            r#"{{"@timestamp":"{time}","log.level":"WARN","message":"slow query: SELECT id, state FROM orders WHERE customer_id = {id} AND state IN ('open','paid') took {ms} ms","service.name":"checkout"}}"#
        ),
        10 => format!(
            "[{time}] \"POST /api/cart/{id} HTTP/2\" 201 - via_upstream - \"-\" {n} {ms} 12 11 \"10.0.3.{}\" \"okhttp/4.12.0\" \"{id:032x}\" \"cart.shop\" \"10.0.7.9:8080\"",
            ms % 256
        ),
        _ => format!(
            "ts={time} caller=compact.go:{n} level=info component=tsdb msg=\"write block\" mint={id} maxt={id} ulid={id:026X} duration={ms}.{n}ms"
        ),
    }
}

/// A block of lines, every so many of them an error (none: 0), with other names each time.
fn block(every: usize) -> Vec<u8> {
    let mut rng = Rng::with_seed(18);
    let errors = samples::errors();
    let mut block = Vec::with_capacity(BLOCK + 4096);
    let mut line = 0;
    while block.len() < BLOCK {
        line += 1;
        if every > 0 && line % every == 0 {
            let text = names::others(&errors[rng.usize(..errors.len())].text, &mut rng);
            // Half of them as a line of JSON.
            match rng.bool() {
                true => writeln!(
                    block,
                    r#"{{"level":"error","logger":"controller","msg":"Reconciler error","error":{}}}"#,
                    serde_json::to_string(&text).unwrap()
                )
                .unwrap(),
                false => writeln!(block, "{text}").unwrap(),
            }
        } else {
            writeln!(block, "{}", ordinary(&mut rng)).unwrap();
        }
    }
    block
}

struct Run {
    took: Duration,
    /// How much it took from the pipe.
    read: usize,
    rss_kib: u64,
}

impl Run {
    fn rate(&self) -> f64 {
        self.read as f64 / MB as f64 / self.took.as_secs_f64()
    }
}

/// The most that a process had in memory so far. What the kernel gives with its end counts the memory of the parent, from which it was
/// forked; so this is read while it runs, and misses its last millisecond.
fn peak_kib(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// A program that is given a log of `size` bytes through a pipe.
fn fed(mut command: Command, block: &[u8], size: usize) -> Run {
    let started = Instant::now();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let mut written = 0;
            while written < size {
                let part = &block[..block.len().min(size - written)];
                // A reader that has had enough goes away.
                if pipe.write_all(part).is_err() {
                    break;
                }
                written += part.len();
            }
            written
        });
        let mut rss_kib = 0;
        while child.try_wait().unwrap().is_none() {
            rss_kib = rss_kib.max(peak_kib(&child));
            std::thread::sleep(Duration::from_millis(1));
        }
        Run { took: started.elapsed(), read: writer.join().unwrap(), rss_kib }
    })
}

fn explain(binary: &OsStr) -> Command {
    let mut command = Command::new(binary);
    command.env_clear().args(["explain", "-", "--output", "json"]);
    command
}

/// With `-c`: to a terminal or a file it would write the lines, and to /dev/null it would stop at the first.
fn grep(needles: &OsStr) -> Command {
    let mut command = Command::new("grep");
    command.env("LC_ALL", "C").args(["-c", "-F", "-f"]).arg(needles);
    command
}

fn median(mut runs: Vec<Run>) -> Run {
    runs.sort_by_key(|run| run.took);
    runs.swap_remove(runs.len() / 2)
}

fn main() -> ExitCode {
    let Some(binary) = std::env::var_os("IRSA_PROBE_BENCH_BINARY") else {
        eprintln!("IRSA_PROBE_BENCH_BINARY is not set: the path of a release build of irsa-probe, which is what is measured");
        return ExitCode::from(2);
    };
    let given = |name: &str| std::env::args().find_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
    let size: usize = given("mb").unwrap_or(256) * MB;
    let times = given("runs").unwrap_or(3);

    let dir = tempfile::tempdir().unwrap();
    let file: OsString = dir.path().join("needles").into();
    let needles = irsa_probe::core::explain::needles();
    assert!(!needles.is_empty() && needles.iter().all(|needle| !needle.is_empty() && !needle.contains('\n')));
    std::fs::write(&file, needles.join("\n") + "\n").unwrap();

    let mut fails = 0;
    println!("{} needles, {} MB through a pipe, median of {times}", needles.len(), size / MB);
    println!("{:<32} {:>14} {:>14} {:>8} {:>12}", "log", "explain MB/s", "grep MB/s", "ratio", "peak RSS KiB");
    let logs = [("no error", 0), ("every 10th line an error", 10), ("every line an error", 1)].map(|(name, every)| (name, block(every)));
    for (name, block) in &logs {
        // In turn, so that a change of the machine's speed meets both.
        let pairs = (0..times).map(|_| (fed(explain(&binary), block, size), fed(grep(&file), block, size)));
        let (ours, greps): (Vec<Run>, Vec<Run>) = pairs.unzip();
        let (ours, greps) = (median(ours), median(greps));
        let ratio = ours.rate() / greps.rate();
        println!("{name:<32} {:>14.1} {:>14.1} {ratio:>8.3} {:>12}", ours.rate(), greps.rate(), ours.rss_kib);
        if ours.read < size {
            println!("  only {} of {} MB were read", ours.read / MB, size / MB);
            fails += 1;
        }
    }

    println!("\n{:<32} {:>14} {:>14} {:>8}", "peak RSS KiB of", "16 MB", "512 MB", "budget");
    for (name, block) in &logs[..2] {
        let [short, long] = [16, 512].map(|mb| fed(explain(&binary), block, mb * MB));
        println!("{name:<32} {:>14} {:>14} {:>8}", short.rss_kib, long.rss_kib, format!("+{SPREAD_KIB}"));
        if long.read < 512 * MB || long.rss_kib > short.rss_kib + SPREAD_KIB {
            println!("  over its budget, or not read to its end");
            fails += 1;
        }
    }
    ExitCode::from(u8::from(fails > 0))
}
