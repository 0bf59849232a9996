//! What stands around a text, or has been done to it, when a person pastes it: collectors, terminals, browsers, chats.

use fastrand::Rng;
use std::fmt::Write as _;

pub type Wrap = fn(&str, &mut Rng) -> String;

const WIDTHS: [usize; 9] = [40, 57, 72, 80, 99, 100, 120, 132, 160];
const PODS: [(&str, &str); 5] = [
    ("checkout-7d9f8b6c5-x2x4z", "app"),
    ("external-dns-6c8b9f5d7-qk2lm", "external-dns"),
    ("payments-api-0", "server"),
    ("aws-load-balancer-controller-5f9d8c7b6-8xkzp", "aws-load-balancer-controller"),
    ("argocd-application-controller-0", "argocd"),
];

/// Lines that say nothing of identity.
pub const ORDINARY: [&str; 10] = [
    r#"{"level":"info","ts":"2026-11-30T09:59:58.001Z","logger":"controller","msg":"Starting workers","controller":"deployment","worker count":1}"#,
    r#"10.0.12.7 - - [30/Nov/2026:09:59:58 +0000] "GET /healthz HTTP/1.1" 200 2 "-" "kube-probe/1.33" 0.000"#,
    r#"I1130 09:59:58.120001       1 leaderelection.go:271] "Successfully acquired lease" lock="kube-system/checkout-leader""#,
    r#"time="2026-11-30T09:59:58Z" level=info msg="All records are already up to date""#,
    r#"2026-11-30 09:59:58,114 INFO  [main] c.e.c.Application - Started Application in 4.21 seconds (process running for 4.9)"#,
    r#"[2026-11-30 09:59:58 +0000] [7] [INFO] Booting worker with pid: 7"#,
    r#"2026-11-30T09:59:58.201Z	INFO	controller.provisioner	found provisionable pod(s)	{"commit": "2346ed5", "pods": 3}"#,
    r#"{"time":"2026-11-30T09:59:58.3Z","level":"DEBUG","msg":"request","method":"POST","path":"/v1/orders","status":201,"ms":12}"#,
    r#"ts=2026-11-30T09:59:58.4Z caller=main.go:120 level=info msg="server is ready to receive web requests.""#,
    r#"10.0.4.2 - jane [30/Nov/2026:09:59:59 +0000] "GET /admin HTTP/1.1" 403 12 "-" "curl/8" 0.003"#,
];

/// Every line with something before it.
fn each(text: &str, prefix: &str) -> String {
    text.split('\n').map(|line| format!("{prefix}{line}")).collect::<Vec<_>>().join("\n")
}

fn pod(rng: &mut Rng) -> (&'static str, &'static str) {
    PODS[rng.usize(..PODS.len())]
}

/// As Go's `%q`, Logfmt and klog write a text in a field.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn json(text: &str, rng: &mut Rng) -> String {
    let text = quoted(text);
    match rng.usize(..4) {
        0 => format!(
            r#"{{"level":"error","ts":1764496800.868449,"logger":"controller","msg":"Reconciler error","name":"checkout","error":{text}}}"#
        ),
        1 => format!(r#"{{"error":{text},"level":"error","msg":"sync failed","time":"2026-11-30T10:00:00Z"}}"#),
        2 => format!(r#"{{"@timestamp":"2026-11-30T10:00:00.000Z","log.level":"ERROR","message":{text},"service.name":"checkout"}}"#),
        _ => {
            format!(r#"{{"log":{text},"stream":"stderr","kubernetes":{{"pod_name":"checkout-7d9f8b6c5-x2x4z","namespace_name":"shop"}}}}"#)
        }
    }
}

fn json_twice(text: &str, rng: &mut Rng) -> String {
    let once = json(text, rng);
    json(&once, rng)
}

fn logfmt(text: &str, _: &mut Rng) -> String {
    format!("time=\"2026-11-30T10:00:00Z\" level=error msg={} controller=checkout", quoted(text))
}

fn klog(text: &str, _: &mut Rng) -> String {
    format!(
        "E1130 10:00:00.123456       1 controller.go:347] \"Reconciler error\" err={} controller=\"deployment\" namespace=\"shop\"",
        quoted(text)
    )
}

fn zap(text: &str, _: &mut Rng) -> String {
    format!(
        "2026-11-30T10:00:00.413Z\tERROR\tcontroller.checkout\tReconciler error\t{{\"commit\": \"2346ed5\", \"error\": {}}}",
        quoted(text)
    )
}

fn cri(text: &str, _: &mut Rng) -> String {
    each(text, "2026-11-30T10:00:00.123456789Z stderr F ")
}

fn docker(text: &str, _: &mut Rng) -> String {
    each(text, "2026-11-30T10:00:00.123456789Z ")
}

fn journald(text: &str, _: &mut Rng) -> String {
    each(text, "Nov 30 10:00:00 ip-10-0-1-23 checkout[1234]: ")
}

fn syslog(text: &str, _: &mut Rng) -> String {
    each(text, "<11>1 2026-11-30T10:00:00.123456Z ip-10-0-1-23.eu-west-1.compute.internal checkout 1234 - - ")
}

fn stern(text: &str, rng: &mut Rng) -> String {
    let (pod, container) = pod(rng);
    each(text, &format!("{pod} {container} "))
}

fn compose(text: &str, _: &mut Rng) -> String {
    each(text, "checkout-1  | ")
}

fn kubectl_prefix(text: &str, rng: &mut Rng) -> String {
    let (pod, container) = pod(rng);
    each(text, &format!("[pod/{pod}/{container}] "))
}

fn actions(text: &str, _: &mut Rng) -> String {
    each(text, "2026-11-30T10:00:00.1234567Z ")
}

fn actions_error(text: &str, _: &mut Rng) -> String {
    format!(
        "2026-11-30T10:00:00.1234567Z ##[error]{}",
        each(text, "2026-11-30T10:00:00.1234567Z ").trim_start_matches("2026-11-30T10:00:00.1234567Z ")
    )
}

fn events(text: &str, _: &mut Rng) -> String {
    let head = "Events:\n  Type     Reason          Age                From        Message\n  ----     ------          ----               ----        -------\n";
    format!("{head}  Warning  FailedReconcile  39s (x12 over 5m)  controller  Failed to reconcile due to {text}\n")
}

fn terraform(text: &str, _: &mut Rng) -> String {
    let text = soft_at(text, 76);
    let head = "╷\n│ Error: configuring the provider\n│ \n│   with provider[\"registry.terraform.io/hashicorp/aws\"],\n│   on main.tf line 1, in provider \"aws\":\n│    1: provider \"aws\" {\n│ \n";
    format!("{head}{}\n╵", each(&text, "│ "))
}

fn quote(text: &str, _: &mut Rng) -> String {
    each(text, "> ")
}

fn markdown_code(text: &str, _: &mut Rng) -> String {
    format!("The pod says:\n\n```\n{text}\n```\n\nAny idea?")
}

fn colours(text: &str, _: &mut Rng) -> String {
    text.split('\n').map(|line| format!("\u{1b}[31m{line}\u{1b}[0m")).collect::<Vec<_>>().join("\n")
}

/// As `grep --color` and a logger's levels colour a word here and there.
fn colours_within(text: &str, rng: &mut Rng) -> String {
    let colour = |word: &str| format!("\u{1b}[01;31m\u{1b}[K{word}\u{1b}[m\u{1b}[K");
    text.split(' ').map(|word| if rng.usize(..5) == 0 { colour(word) } else { word.to_owned() }).collect::<Vec<_>>().join(" ")
}

fn html(text: &str, _: &mut Rng) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn html_numbers(text: &str, _: &mut Rng) -> String {
    text.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#x3E;").replace('"', "&#34;").replace('\'', "&#x27;")
}

fn html_blanks(text: &str, rng: &mut Rng) -> String {
    html(text, rng).replace(' ', "&nbsp;")
}

fn no_break(text: &str, _: &mut Rng) -> String {
    text.replace(' ', "\u{a0}")
}

fn narrow_no_break(text: &str, _: &mut Rng) -> String {
    text.replace(' ', "\u{202f}")
}

fn figure_space(text: &str, _: &mut Rng) -> String {
    text.replace(' ', "\u{2007}")
}

fn some_no_break(text: &str, rng: &mut Rng) -> String {
    text.chars().map(|one| if one == ' ' && rng.bool() { '\u{a0}' } else { one }).collect()
}

fn zero_width_after_blanks(text: &str, _: &mut Rng) -> String {
    text.replace(' ', " \u{200b}")
}

/// Where browsers and chats allow a long word to break.
fn zero_width_in_words(text: &str, _: &mut Rng) -> String {
    text.chars().flat_map(|one| [Some(one), "/:.,".contains(one).then_some('\u{200b}')]).flatten().collect()
}

fn tabs(text: &str, _: &mut Rng) -> String {
    text.replace(' ', "\t")
}

fn wide_blanks(text: &str, rng: &mut Rng) -> String {
    text.chars().flat_map(|one| std::iter::repeat_n(one, if one == ' ' && rng.bool() { 2 } else { 1 })).collect()
}

fn crlf(text: &str, _: &mut Rng) -> String {
    text.replace('\n', "\r\n") + "\r\n"
}

fn indented(text: &str, _: &mut Rng) -> String {
    each(text, "        ")
}

/// Cut exactly every so many columns, also within words: a terminal's own lines, copied.
pub fn hard_at(text: &str, width: usize) -> String {
    let mut folded = String::new();
    let mut column = 0;
    for one in text.chars() {
        if one == '\n' {
            column = 0;
        } else {
            if column == width {
                folded.push('\n');
                column = 0;
            }
            column += 1;
        }
        folded.push(one);
    }
    folded
}

/// Broken at blanks, as chats, mails and Terraform do it.
pub fn soft_at(text: &str, width: usize) -> String {
    let mut folded = String::new();
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            folded.push('\n');
        }
        let mut column = 0;
        for (at, word) in line.split(' ').enumerate() {
            let length = word.chars().count();
            if at > 0 && column + 1 + length > width {
                folded.push('\n');
                column = 0;
            } else if at > 0 {
                folded.push(' ');
                column += 1;
            }
            folded.push_str(word);
            column += length;
        }
    }
    folded
}

fn hard(text: &str, rng: &mut Rng) -> String {
    hard_at(text, WIDTHS[rng.usize(..WIDTHS.len())])
}

fn soft(text: &str, rng: &mut Rng) -> String {
    soft_at(text, WIDTHS[rng.usize(..WIDTHS.len())])
}

/// A log before and after.
fn log(text: &str, rng: &mut Rng) -> String {
    let mut lines = String::new();
    let mut some =
        |lines: &mut String| (0..rng.usize(1..6)).for_each(|_| writeln!(lines, "{}", ORDINARY[rng.usize(..ORDINARY.len())]).unwrap());
    some(&mut lines);
    writeln!(lines, "{text}").unwrap();
    some(&mut lines);
    lines
}

fn same(text: &str, _: &mut Rng) -> String {
    text.to_owned()
}

macro_rules! one {
    ($name:ident) => {
        (stringify!($name), &[$name as Wrap])
    };
}
macro_rules! two {
    ($inner:ident, $outer:ident) => {
        (concat!(stringify!($inner), ", ", stringify!($outer)), &[$inner as Wrap, $outer as Wrap])
    };
}

/// Each wrapping, the inner one first. `same` is the text as it stands.
pub const WRAPS: &[(&str, &[Wrap])] = &[
    one!(same),
    one!(json),
    one!(json_twice),
    one!(logfmt),
    one!(klog),
    one!(zap),
    one!(cri),
    one!(docker),
    one!(journald),
    one!(syslog),
    one!(stern),
    one!(compose),
    one!(kubectl_prefix),
    one!(actions),
    one!(actions_error),
    one!(events),
    one!(terraform),
    one!(quote),
    one!(markdown_code),
    one!(colours),
    one!(colours_within),
    one!(html),
    one!(html_numbers),
    one!(html_blanks),
    one!(no_break),
    one!(narrow_no_break),
    one!(figure_space),
    one!(some_no_break),
    one!(zero_width_after_blanks),
    one!(zero_width_in_words),
    one!(tabs),
    one!(wide_blanks),
    one!(crlf),
    one!(indented),
    one!(hard),
    one!(soft),
    one!(log),
    two!(json, cri),
    two!(json, stern),
    two!(json, hard),
    two!(json, log),
    two!(json_twice, hard),
    two!(logfmt, cri),
    two!(klog, cri),
    two!(klog, kubectl_prefix),
    two!(klog, hard),
    two!(zap, hard),
    two!(cri, hard),
    two!(docker, hard),
    two!(stern, hard),
    two!(stern, soft),
    two!(compose, hard),
    two!(journald, hard),
    two!(soft, quote),
    two!(soft, indented),
    two!(hard, quote),
    two!(events, hard),
    two!(no_break, soft),
    two!(no_break, hard),
    two!(json, no_break),
    two!(soft, crlf),
    two!(hard, crlf),
    two!(colours, stern),
    two!(colours, actions),
    two!(log, cri),
    two!(log, hard),
    two!(log, crlf),
    two!(json, html),
    two!(terraform, hard),
    two!(terraform, actions),
    two!(terraform, colours),
];

/// Whether a wrapping puts the whole text in a field of one record.
pub fn is_one_record(name: &str) -> bool {
    ["json", "logfmt", "klog", "zap", "events", "terraform"].iter().any(|one| name.starts_with(one))
}

pub fn wrap(text: &str, with: &[Wrap], rng: &mut Rng) -> String {
    with.iter().fold(text.to_owned(), |text, wrap| wrap(&text, rng))
}
