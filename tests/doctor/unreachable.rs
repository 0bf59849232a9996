//! What cannot be reached as a whole: the cluster, AWS, or both. Each is one block of the text, with the tool's own line and the fix.

use super::{DISCOVERY, KEY, POD, Scene, Seen, fake};
use serde_json::{Value, json};

const HEADLINE_OF_CLUSTER: &str = "the cluster cannot be reached: ";
const HEADLINE_OF_AWS: &str = "AWS cannot be reached: ";
const HEADLINE_OF_BOTH: &str = "neither the cluster nor AWS can be reached: ";

/// The text, with the exit code of a walk that proves nothing.
fn text(scene: &Scene, args: &[&str]) -> String {
    let (exit, text, stderr) = scene.raw(args);
    assert_eq!((exit, stderr.as_str()), (Some(3), ""), "{text}");
    // The verdict is last, and each block stands once.
    assert!(text.lines().last().unwrap().starts_with("‼ UNKNOWN "), "{text}");
    for headline in [HEADLINE_OF_CLUSTER, HEADLINE_OF_AWS, HEADLINE_OF_BOTH] {
        assert!(text.matches(headline).count() <= 1, "{text}");
    }
    text
}

/// The text has one block, with these words, and fits a terminal.
#[track_caller]
fn has_one_block(text: &str, headline: &str, words: &[&str]) {
    assert_eq!(text.lines().filter(|line| line.starts_with('‼') && !line.starts_with("‼ UNKNOWN ")).count(), 1, "{text}");
    assert!(text.lines().skip_while(|line| !line.starts_with('‼')).count() <= 24, "{text}");
    // Prose is wrapped.
    let words_of = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let flat = words_of(text);
    for part in std::iter::once(headline).chain(words.iter().copied()) {
        assert!(flat.contains(&words_of(part)), "{part}: {text}");
    }
}

#[track_caller]
fn lacks(text: &str, words: &[&str]) {
    for word in words {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

/// A program that fails as the real one does.
fn fails(scene: &mut Scene, tool: &str, stderr: &str) {
    fake(scene, tool, &format!("/bin/cat >&2 <<'END'\n{stderr}\nEND\nexit 255"));
}

fn skipped(seen: &Seen) -> usize {
    seen.report["checks"].as_array().unwrap().iter().filter(|check| check["outcome"] == "skip").count()
}

#[test]
fn without_kubectl_the_account_is_still_asked() {
    let mut scene = Scene::new();
    scene.tools = vec!["aws"];
    let page = text(&scene, &["checkout", "--cluster", "production"]);
    has_one_block(
        &page,
        HEADLINE_OF_CLUSTER,
        &["kubectl is not on the PATH", "fix Install kubectl (https://kubernetes.io/docs/tasks/tools/)"],
    );
    // EKS tells the issuer.
    assert!(page.contains("√ the cluster's issuer is known:\n    https://oidc.eks"), "{page}");
    lacks(&page, &[HEADLINE_OF_AWS, "service-account –", "the role is not known"]);
    assert!(page.ends_with("\n‼ UNKNOWN the cluster cannot be reached; no fault found in the rest\n"), "{page}");
    // The JSON still says it of each check.
    let seen = scene.checkout();
    assert!(skipped(&seen) > 10, "{:#}", seen.report);
    seen.skips("pods-injected", "kubectl is not on the PATH");
}

#[test]
fn without_aws_the_cluster_is_still_judged() {
    let mut scene = Scene::of_kubernetes();
    let page = text(&scene, &["checkout", "--cluster", "production"]);
    has_one_block(
        &page,
        HEADLINE_OF_AWS,
        &[
            "aws is not on the PATH",
            "fix Install the AWS CLI (https://aws.amazon.com/cli/)",
            "skipped 6 of 16 checks: oidc-provider, provider-audience, association, role-exists, trust-policy, role-policies",
        ],
    );
    assert!(
        page.contains("√ the service account exists: shop/checkout") && page.contains("√ their containers have the identity: IRSA"),
        "{page}"
    );
    assert!(page.ends_with("\n‼ UNKNOWN AWS cannot be reached; no fault found in the rest\n"), "{page}");
    // What the cluster alone decides is found, and the block stands above the verdict.
    scene.bare("2026-11-01T08:00:00Z");
    let (exit, page, _) = scene.raw(&["checkout", "--cluster", "production"]);
    assert_eq!(exit, Some(1), "{page}");
    assert!(
        page.contains(HEADLINE_OF_AWS) && page.rsplit("\n\n").next().unwrap().starts_with("× FAIL pod-predates-annotation: "),
        "{page}"
    );
    // Without a login: aws's own words, whatever its version.
    scene.cluster.put(POD, scene.pod("checkout-1"));
    for (stderr, title, fix) in [
        (
            "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
            "no working credentials",
            "aws sso login",
        ),
        (
            "Unable to locate credentials. You can configure credentials by running \"aws login\".",
            "no working credentials",
            "aws sso login",
        ),
        (
            "\nError when retrieving token from sso: Token has expired and refresh failed",
            "(SSO) is missing or has expired",
            "aws sso login",
        ),
        ("\nError loading SSO Token: Token for corp does not exist", "(SSO) is missing or has expired", "aws sso login"),
        ("\nThe config profile (prod) could not be found", "the AWS profile does not exist", "export AWS_PROFILE=NAME"),
        ("\nCould not connect to the endpoint URL: \"https://sts.amazonaws.com/\"", "no endpoint of AWS answers", "HTTPS_PROXY"),
    ] {
        fails(&mut scene, "aws", stderr);
        let page = text(&scene, &["checkout", "--cluster", "production"]);
        has_one_block(&page, HEADLINE_OF_AWS, &[title, fix, &format!("why {}", stderr.trim())]);
    }
}

#[test]
fn without_both_there_are_two_fixes_or_one() {
    let mut scene = Scene::new();
    scene.tools = vec![];
    let page = text(&scene, &["checkout"]);
    assert_eq!(page.matches("\n‼ ").count(), 3, "two blocks and the verdict: {page}");
    assert!(page.contains(HEADLINE_OF_CLUSTER) && page.contains(HEADLINE_OF_AWS) && page.lines().count() <= 24, "{page}");
    assert!(page.ends_with("\n‼ UNKNOWN neither the cluster nor AWS can be reached; nothing was examined\n"), "{page}");
    // kubectl logs in with aws, which has no login: one fix for both.
    let expired = "\nError when retrieving token from sso: Token has expired and refresh failed";
    let kubectl = |exec: Value| {
        let view = json!({
            "current-context": "work", "contexts": [{"name": "work", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
            "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}], "users": [{"name": "u", "user": {"exec": exec}}],
        });
        format!(
            "case \"$1\" in config) echo '{view}'; exit 0;; esac\n/bin/cat >&2 <<'END'{expired}\nUnable to connect to the server: getting \
             credentials: exec: executable aws failed with exit code 255\nEND\nexit 1"
        )
    };
    let exec = |command: &str| json!({"command": command, "args": ["--region", "eu-central-1", "eks", "get-token", "--cluster-name", "production", "--profile", "ops"]});
    fails(&mut scene, "aws", expired);
    fake(&mut scene, "kubectl", &kubectl(exec("aws")));
    let page = text(&scene, &["checkout"]);
    has_one_block(&page, HEADLINE_OF_BOTH, &["aws sso login", "skipped 15 of 16 checks", expired.trim()]);
    assert!(page.ends_with("\n‼ UNKNOWN neither the cluster nor AWS can be reached; nothing was examined\n"), "{page}");
    // Another program logs kubectl in: two logins.
    fake(&mut scene, "kubectl", &kubectl(exec("corp-login")));
    let page = text(&scene, &["checkout"]);
    assert_eq!(page.matches("\n‼ ").count(), 3, "two blocks and the verdict: {page}");
    // aws works here without a profile, and kubectl's profile has no login.
    let mut scene = Scene::new();
    fake(&mut scene, "kubectl", &kubectl(exec("aws")));
    let page = text(&scene, &["checkout"]);
    has_one_block(&page, HEADLINE_OF_CLUSTER, &["(SSO) is missing or has expired", "aws sso login --profile ops"]);
    lacks(&page, &[HEADLINE_OF_AWS]);
}

/// kubectl's own words for a server that is away, a login that is refused, and a context that is wrong.
#[test]
fn a_cluster_that_does_not_answer() {
    let scene = Scene::new();
    scene.cluster.refuse("/", 401);
    let page = text(&scene, &["checkout"]);
    has_one_block(
        &page,
        HEADLINE_OF_CLUSTER,
        &[
            "the API server does not accept kubectl's login",
            "why error: You must be logged in to the server",
            "aws eks update-kubeconfig --region",
        ],
    );
    // Of what one object's refusal says nothing follows for the others.
    let scene = Scene::new();
    for path in ["openid-configuration", "mutatingwebhookconfigurations", "events"] {
        scene.cluster.refuse(path, 401);
    }
    let (exit, page, _) = scene.raw(&["checkout", "--cluster", "production"]);
    assert!(exit == Some(0) && !page.contains("cannot be reached"), "{page}");
    let scene = Scene::new();
    scene.cluster.refuse("/api", 403);
    let page = text(&scene, &["checkout"]);
    lacks(&page, &["cannot be reached"]);
    assert!(page.contains("no permission: Error from server (Forbidden)"), "{page}");
    for (view, stderr, words) in [
        (
            "error: current-context must exist in order to minify",
            "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
            ["kubectl has no usable context", "kubectl config get-contexts"],
        ),
        (
            "error: cannot locate context gone",
            "Error in configuration: context was not found for specified context: gone",
            ["why error: cannot locate context gone", "aws eks update-kubeconfig"],
        ),
        (
            "",
            "Unable to connect to the server: dial tcp: lookup A.gr7.eu-central-1.eks.amazonaws.com: no such host",
            ["the API server does not answer kubectl", "network (VPN)"],
        ),
        ("", "error: something that is not known here", ["kubectl fails", "kubectl get --raw /version"]),
    ] {
        let mut scene = Scene::new();
        let context = if view.is_empty() { "echo '{\"contexts\": []}'; exit 0" } else { &format!("echo '{view}' >&2; exit 1") };
        fake(&mut scene, "kubectl", &format!("case \"$1\" in config) {context};; esac\necho '{stderr}' >&2; exit 1"));
        let page = text(&scene, &["checkout", "--cluster", "production"]);
        has_one_block(&page, HEADLINE_OF_CLUSTER, &words);
    }
}

/// In a pod kubectl needs no context: it takes the pod's own service account.
#[test]
fn a_server_that_answers_without_a_context() {
    let mut scene = Scene::of_kubernetes();
    scene.tools.clear();
    let real = super::kubectl().display().to_string();
    fake(
        &mut scene,
        "kubectl",
        &format!(
            "case \"$1\" in config) echo 'error: current-context must exist in order to minify' >&2; exit 1;; esac\nexec {real} \"$@\""
        ),
    );
    let page = text(&scene, &["checkout", "-n", "shop"]);
    has_one_block(&page, HEADLINE_OF_AWS, &["aws is not on the PATH"]);
    assert!(page.contains("√ their containers have the identity: IRSA"), "{page}");
}

/// The context is another cluster's than the name; the role is another account's. Both tools work, and what they show says nothing of each other.
#[test]
fn two_clusters_and_two_accounts() {
    let scene = Scene::new();
    scene.cluster.edit(DISCOVERY, |document| document["issuer"] = json!("https://oidc.eks.eu-central-1.amazonaws.com/id/OTHER"));
    let (_, page, _) = scene.raw(&["checkout", "--cluster", "production"]);
    assert_eq!(page.matches("‼ kubectl and --cluster mean two clusters").count(), 1, "{page}");
    assert!(page.contains("kubectl config get-contexts") && page.contains("id/OTHER"), "{page}");
    let scene = Scene::new();
    let page = {
        let role = "arn:aws:iam::999900001111:role/checkout";
        scene.annotate(json!({KEY: role}));
        scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"][3]["value"] = json!(role));
        text(&scene, &["checkout", "--cluster", "production"])
    };
    has_one_block(
        &page,
        "aws acts in another account than the role's",
        &["Choose a profile of account 999900001111: export AWS_PROFILE=NAME."],
    );
    let (_, page, _) = Scene::new().raw(&["checkout", "--cluster", "staging"]);
    assert!(page.contains("EKS has no cluster of this name") && page.contains("aws eks list-clusters --region eu-central-1"), "{page}");
}
