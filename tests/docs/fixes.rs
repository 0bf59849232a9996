//! What the commands of fixes change: every command of the catalogue and of the wordings is read as a shell would, and what it does has to be
//! what its row says.

use irsa_probe::core::catalogue::commands::{CommandEffect, FixCommand};
use irsa_probe::core::catalogue::wording::Wording;
use irsa_probe::core::catalogue::{self, Code};
use irsa_probe::core::{check, doctor};

/// The words of `aws` operations that only read (AWS's naming of operations; `simulate` evaluates policies and stores nothing).
const AWS_READS: [&str; 4] = ["get-", "list-", "describe-", "simulate-"];
/// Verbs of kubectl that only read.
const KUBECTL_READS: [&str; 10] =
    ["config get-contexts", "get", "describe", "logs", "auth can-i", "explain", "top", "version", "api-resources", "diff"];
/// The other verbs, as `kubectl --help` lists them. Those of two words have a part that only reads.
const KUBECTL_CHANGES: [&str; 22] = [
    "annotate",
    "apply",
    "create",
    "cordon",
    "cp",
    "debug",
    "delete",
    "drain",
    "edit",
    "exec",
    "expose",
    "label",
    "patch",
    "replace",
    "rollout pause",
    "rollout restart",
    "rollout undo",
    "run",
    "scale",
    "set",
    "taint",
    "uncordon",
];
/// Commands of irsa-probe itself that only read.
const PROBE_READS: [&str; 5] = ["check", "doctor", "explain", "sdks", "trust-policy"];

/// Doctor's words in place of the catalogue's, and those of a check.
fn wordings_of_check_and_doctor() -> impl Iterator<Item = &'static Wording> {
    doctor::wordings::ALL.iter().copied().chain(check::wordings::all())
}

/// Those of `explain`, too.
fn all_wordings() -> impl Iterator<Item = &'static Wording> {
    wordings_of_check_and_doctor().chain(catalogue::elsewhere::wordings())
}

/// All commands that a fix may print, each with whose it is.
fn commands() -> Vec<(String, FixCommand)> {
    let rows = catalogue::rows().map(|row| (row.code.to_string(), row.commands));
    let wordings = all_wordings().map(|wording| (wording.title.to_owned(), wording.commands));
    rows.chain(wordings).flat_map(|(whose, commands)| commands.iter().map(move |command| (whose.clone(), *command))).collect()
}

/// Whether a line changes nothing: none of the programs in its pipe does.
fn only_reads(line: &str) -> bool {
    assert!(!line.contains(['>', ';', '&', '`', '$', '\n']), "more than a pipe: {line}");
    line.split(" | ").all(program_only_reads)
}

fn program_only_reads(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["aws", service, operation, ..] => {
            assert!(!service.starts_with('-') && !operation.starts_with('-'), "{line}");
            AWS_READS.iter().any(|word| operation.starts_with(word))
        }
        ["kubectl", ..] if words.iter().any(|word| word.starts_with("--dry-run=")) => true,
        ["kubectl", "-n", _, ref rest @ ..] | ["kubectl", ref rest @ ..] => kubectl_only_reads(rest, line),
        ["irsa-probe", command, ..] => {
            assert!(PROBE_READS.contains(&command), "unknown: {line}");
            true
        }
        ["curl", ref rest @ ..] => {
            let sends = |word: &&str| ["-X", "-d", "-F", "-T", "-o", "-O", "--request", "--data", "--upload-file"].contains(word);
            !rest.iter().any(sends)
        }
        _ => panic!("no row says what this does: {line}"),
    }
}

fn kubectl_only_reads(words: &[&str], line: &str) -> bool {
    let is = |verb: &&str| words.starts_with(&verb.split(' ').collect::<Vec<_>>());
    match (KUBECTL_READS.iter().any(is), KUBECTL_CHANGES.iter().any(is)) {
        (true, false) => true,
        (false, true) => false,
        _ => panic!("no row says what this does: {line}"),
    }
}

/// Whether a line names this pod as the one object that it changes.
fn changes_the_pod_alone(line: &str) -> bool {
    ["delete pod {pod}", "annotate pod {pod}", "label pod {pod}", "debug {pod}"].iter().any(|change| line.contains(change))
}

#[test]
fn every_command_s_effect_is_what_it_does() {
    for (whose, FixCommand { template, effect, touches }) in commands() {
        assert_eq!(only_reads(template), effect == CommandEffect::Read, "{whose}: {template}");
        assert_eq!(touches.is_some(), effect == CommandEffect::Shared, "{whose}: {template}");
        assert!(effect != CommandEffect::Own || changes_the_pod_alone(template), "{whose}: {template}");
        // It goes on after "affects", and stands in one line above the command.
        let touches = touches.unwrap_or("x");
        assert!(touches == touches.trim() && !touches.is_empty() && !touches.ends_with(['.', ':']) && !touches.contains('\n'), "{touches}");
        assert_eq!(template, template.split_whitespace().collect::<Vec<_>>().join(" "), "{whose}");
    }
}

/// Clusters and instances are a region's, and the reader's default region can be another one, with a cluster of the same name.
#[test]
fn commands_about_a_region_name_it() {
    let of_region: Vec<(String, FixCommand)> = commands()
        .into_iter()
        .filter(|(_, command)| command.template.contains("aws eks ") || command.template.contains("aws ec2 "))
        .collect();
    assert!(of_region.len() > 5, "{of_region:?}");
    for (whose, command) in of_region {
        assert!(
            command.template.contains(" --region {region}") || command.template.contains(" --region {clusterRegion}"),
            "{whose}: {command:?}"
        );
    }
}

/// What stands in a sentence is read as a command, too: a `|` in it would be a pipe.
#[test]
fn no_fix_s_sentences_have_a_pipe() {
    let fixes = catalogue::rows().map(|row| (row.code.to_string(), row.fix));
    for (whose, fix) in fixes.chain(all_wordings().map(|wording| (wording.title.to_owned(), wording.fix))) {
        assert!(!fix.contains('|'), "{whose}: {fix}");
    }
}

/// A pod's owner is not known inside the pod, so that a row of the catalogue never says that only the pod is affected.
#[test]
fn only_doctor_knows_that_a_change_is_the_pod_s_own() {
    assert!(catalogue::rows().flat_map(|row| row.commands).all(|command| command.effect != CommandEffect::Own));
}

#[test]
fn commands_that_read_come_first() {
    let lists = catalogue::rows().map(|row| row.commands).chain(all_wordings().map(|wording| wording.commands));
    for list in lists {
        assert!(list.is_sorted_by_key(|command| command.effect != CommandEffect::Read), "{list:?}");
    }
}

/// What would change more than it names: everything of a kind, or a policy as a whole.
#[test]
fn no_command_reaches_further_than_its_object() {
    for (whose, FixCommand { template, effect, .. }) in commands() {
        assert!(!template.contains("update-assume-role-policy"), "{whose}: it replaces the policy of a role that exists");
        assert!(!template.contains("file://") || template.starts_with("aws iam create-role "), "{whose}: {template}");
        if effect == CommandEffect::Read {
            continue;
        }
        assert!(
            !["--all", "-A", "--all-namespaces"].iter().any(|flag| template.split(' ').any(|word| word == *flag)),
            "{whose}: {template}"
        );
        // `kubectl VERB KIND` without a name changes every object of the kind.
        let words: Vec<&str> = template.split(' ').collect();
        if let Some(kind) = words.iter().position(|word| ["deployment", "pod", "serviceaccount", "configmap"].contains(word)) {
            assert!(words.get(kind + 1).is_some_and(|name| !name.starts_with('-')), "{whose}: {template} names no object");
        }
    }
}

/// The node's role is everyone's on the node: what one application needs does not belong there (EKS best practices guide, "Identity and access
/// management"). `check` and doctor know only that an identity is missing.
#[test]
fn no_fix_of_check_or_doctor_gives_the_node_s_role_a_permission() {
    const GIVES: [&str; 7] =
        ["attach-", "put-role-policy", "put-user-policy", "create-policy", "add-role-to", "add-user-to", "policy of role {roleName}"];
    let by_check = Code::ALL
        .iter()
        .filter(|code| code.is_of_check() || code.row().doctor)
        .map(|code| (code.id(), code.row().fix, code.row().commands));
    let by_wordings = wordings_of_check_and_doctor().map(|wording| (wording.title, wording.fix, wording.commands));
    let mut looked_at = 0;
    for (whose, fix, commands) in by_check.chain(by_wordings) {
        let texts = std::iter::once(fix)
            .chain(commands.iter().filter(|command| command.effect != CommandEffect::Read).map(|command| command.template));
        for text in texts {
            // A trust policy gives no permission.
            let permissions = text.replace("trust policy of role {roleName}", "trust policy");
            assert!(!GIVES.iter().any(|gives| permissions.contains(gives)), "{whose}: {text}");
            allows_nothing_to_the_node(whose, text);
            looked_at += 1;
        }
    }
    assert!(looked_at > Code::ALL.len(), "{looked_at}");
    // `explain` knows whom AWS names. A row that gives a permission stands below the node's own (`core::catalogue::elsewhere`).
    catalogue::elsewhere::wordings().for_each(|wording| allows_nothing_to_the_node(wording.title, wording.fix));
}

/// Where a fix speaks of the node's role at all, it does not speak of allowing anything.
fn allows_nothing_to_the_node(whose: &str, text: &str) {
    let of_node =
        ["node's role", "node role", "instance role", "instance profile", "node's policies"].iter().any(|name| text.contains(name));
    let allows = ["llow", "grant", "permission", "dd "].iter().any(|word| text.contains(word));
    assert!(!(of_node && allows), "{whose}: {text}");
}
