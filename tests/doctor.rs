//! `doctor` as a person at a workstation runs it: the real kubectl against a stand-in of the API server, the real AWS CLI against moto.
//!
//! kubectl is `$KUBECTL`'s folder or the PATH's; the CLI and moto are installed below `target` (`tests/peer/install`, from PyPI, once).
//! Only loopback is contacted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

#[path = "properties/allowed.rs"]
mod allowed;
#[path = "doctor/cloud.rs"]
mod cloud;
#[path = "doctor/cluster.rs"]
mod cluster;
#[path = "doctor/refused.rs"]
mod refused;
#[path = "doctor/unreachable.rs"]
mod unreachable;

use cloud::Account;
use cluster::Cluster;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

const ACCOUNT: &str = "/api/v1/namespaces/shop/serviceaccounts/checkout";
const POD: &str = "/api/v1/namespaces/shop/pods/checkout-1";
const WEBHOOK: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/pod-identity-webhook";
const DISCOVERY: &str = "/.well-known/openid-configuration";
const ASSOCIATIONS: &str = "/clusters/production/pod-identity-associations";
const AWS_AUTH: &str = "/api/v1/namespaces/kube-system/configmaps/aws-auth";
const FOLDER: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const KEY: &str = "eks.amazonaws.com/role-arn";
/// Stand in every pod; must never be seen.
const SECRETS: [&str; 3] = ["canary-secret-access-key", "eyJhbGciOiJSUzI1NiJ9.canary", "canary-password"];

/// A workstation, a cluster and an account in which everything is right.
struct Scene {
    home: TempDir,
    cluster: Cluster,
    account: Account,
    issuer: String,
    tools: Vec<&'static str>,
    /// Where aws finds EKS and IAM.
    env: Vec<(String, String)>,
}

/// How it went.
struct Seen {
    exit: Option<i32>,
    report: Value,
    stderr: String,
}

impl Scene {
    fn new() -> Scene {
        let account = Account::new();
        let issuer = format!("https://oidc.eks.eu-central-1.amazonaws.com/id/{}EXAMPLE", account.id);
        let mut scene = Scene {
            home: tempfile::tempdir().unwrap(),
            cluster: Cluster::start(),
            account,
            issuer,
            tools: vec!["kubectl", "aws"],
            env: Vec::new(),
        };
        // moto knows no associations; the stand-in knows EKS.
        scene.set("AWS_ENDPOINT_URL_EKS", &format!("http://{}", scene.cluster.address));
        scene.account.provider(&scene.issuer, "sts.amazonaws.com");
        scene.account.role("/", "checkout", &scene.trust("checkout"));
        scene.account.inline_policy("checkout", "orders");
        let cluster = &scene.cluster;
        cluster.put(DISCOVERY, json!({"issuer": scene.issuer, "jwks_uri": "https://10.0.0.1/openid/v1/jwks"}));
        cluster.put("/clusters/production", json!({"cluster": {"name": "production", "identity": {"oidc": {"issuer": scene.issuer}}}}));
        cluster.put(ASSOCIATIONS, json!({"associations": []}));
        cluster.put(WEBHOOK, json!({
            "metadata": {"name": "pod-identity-webhook"},
            "webhooks": [{"name": "iam-for-pods.amazonaws.com", "failurePolicy": "Ignore", "clientConfig": {"url": "https://127.0.0.1:23443/mutate"}}],
        }));
        cluster.put(ACCOUNT, json!({"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {
            "name": "checkout", "namespace": "shop", "creationTimestamp": "2026-11-01T08:00:00Z",
            "annotations": {KEY: scene.role()},
            "managedFields": [{
                "manager": "kubectl-annotate", "operation": "Update", "apiVersion": "v1", "time": "2026-11-02T08:00:00Z", "fieldsType": "FieldsV1",
                "fieldsV1": {"f:metadata": {"f:annotations": {".": {}, "f:eks.amazonaws.com/role-arn": {}}}},
            }],
        }}));
        cluster.put("/api/v1/namespaces/shop/serviceaccounts/default", json!({"metadata": {"name": "default", "namespace": "shop"}}));
        cluster.put(POD, scene.pod("checkout-1"));
        scene
    }

    /// What Kubernetes alone decides: without aws, whose every start takes its time.
    fn of_kubernetes() -> Scene {
        Scene { tools: vec!["kubectl"], ..Scene::new() }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.env.push((name.to_owned(), value.to_owned()));
    }

    fn role(&self) -> String {
        format!("arn:aws:iam::{}:role/checkout", self.account.id)
    }

    fn trust(&self, service_account: &str) -> Value {
        let path = self.issuer.strip_prefix("https://").unwrap();
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": format!("arn:aws:iam::{}:oidc-provider/{path}", self.account.id)},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {
                format!("{path}:sub"): format!("system:serviceaccount:shop:{service_account}"), format!("{path}:aud"): "sts.amazonaws.com",
            }},
        }]})
    }

    /// A pod as the webhook leaves it, with secrets of its own.
    fn pod(&self, name: &str) -> Value {
        json!({
            "kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": name, "namespace": "shop", "creationTimestamp": "2026-11-03T08:00:00Z"},
            "spec": {"serviceAccountName": "checkout", "containers": [{
                "name": "app",
                "env": [
                    {"name": "DB_PASSWORD", "value": SECRETS[2]}, {"name": "API_TOKEN", "value": SECRETS[1]},
                    {"name": "AWS_SECRET_ACCESS_KEY", "value": SECRETS[0]},
                    {"name": "AWS_ROLE_ARN", "value": self.role()}, {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": format!("{FOLDER}/token")},
                ],
                "volumeMounts": [{"name": "aws-iam-token", "mountPath": FOLDER, "readOnly": true}],
            }]},
            "status": {"phase": "Running"},
        })
    }

    /// The pod without what the webhook gives.
    fn bare(&self, created: &str) {
        self.cluster.edit(POD, |pod| {
            pod["metadata"]["creationTimestamp"] = json!(created);
            pod["spec"]["containers"][0]["env"].as_array_mut().unwrap().truncate(3);
            pod["spec"]["containers"][0]["volumeMounts"] = json!([]);
        });
    }

    fn annotate(&self, annotations: Value) {
        self.cluster.edit(ACCOUNT, |account| account["metadata"]["annotations"] = annotations);
    }

    fn associate(&self, role: &str) {
        self.cluster
            .put(ASSOCIATIONS, json!({"associations": [{"associationId": "a-1", "namespace": "shop", "serviceAccount": "checkout"}]}));
        self.cluster.put(
            &format!("{ASSOCIATIONS}/a-1"),
            json!({"association": {"associationId": "a-1", "roleArn": role, "createdAt": 1_793_606_400.5}}),
        );
    }

    /// The program, in an environment of its own.
    fn command(&self, args: &[&str]) -> Command {
        let bin = self.home.path().join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        for tool in &self.tools {
            let real = if *tool == "aws" { cloud::aws() } else { kubectl() };
            let _ = std::os::unix::fs::symlink(real, bin.join(tool));
        }
        let config = self.home.path().join("config");
        let server = format!("http://{}", self.cluster.address);
        let view = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "work",
            "contexts": [{"name": "work", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
            "clusters": [{"name": "c", "cluster": {"server": server}}], "users": [{"name": "u", "user": {}}],
        });
        std::fs::write(&config, view.to_string()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_irsa-probe"));
        command.arg("doctor").args(args).env_clear().stdin(Stdio::null());
        if !args.contains(&"--timeout") {
            // The AWS CLI is Python, and takes its time on a busy machine.
            command.args(["--timeout", "300s"]);
        }
        command.env("PATH", &bin).env("HOME", self.home.path()).env("KUBECONFIG", config);
        command.env("AWS_ENDPOINT_URL", format!("http://{}", cloud::moto())).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_DEFAULT_REGION", "eu-central-1").env("AWS_MAX_ATTEMPTS", "1");
        for (name, value) in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].into_iter().zip(&self.account.key) {
            command.env(name, value);
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it and returns exit code, standard output and standard error, in which no secret is.
    fn raw(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let output = self.command(args).output().unwrap();
        let texts = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        for secret in SECRETS.iter().copied().chain(self.account.key[1..].iter().map(String::as_str)).filter(|secret| !secret.is_empty()) {
            assert!(!texts.iter().any(|text| text.contains(secret)), "{secret} was written");
        }
        let [stdout, stderr] = texts;
        (output.status.code(), stdout, stderr)
    }

    fn run(&self, args: &[&str]) -> Seen {
        let (exit, stdout, stderr) = self.raw(&[args, &["--output", "json"]].concat());
        let report: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"));
        let errors: Vec<String> = schema().iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "against docs/doctor.v1.schema.json: {errors:?}\n{stdout}");
        let verdict = report["verdict"].as_str().unwrap();
        assert_eq!((verdict, exit), (verdict, Some(["pass", "fail", "", "unknown"].iter().position(|v| *v == verdict).unwrap() as i32)));
        assert!(self.cluster.held.lock().unwrap().seen.iter().all(|request| request.starts_with("GET ") || request.starts_with("POST /")));
        Seen { exit, report, stderr }
    }

    fn checkout(&self) -> Seen {
        self.run(&["checkout", "--cluster", "production"])
    }
}

impl Seen {
    fn codes(&self) -> Vec<&str> {
        self.report["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
    }

    fn root(&self) -> &Value {
        &self.report["rootCause"]
    }

    /// The commands of the root cause's fix.
    fn commands(&self) -> Vec<&str> {
        self.root()["remedy"]["commands"].as_array().unwrap().iter().map(|command| command["command"].as_str().unwrap()).collect()
    }

    fn check(&self, id: &str) -> &Value {
        self.report["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap()
    }

    #[track_caller]
    fn passes(&self) {
        assert_eq!((self.exit, self.codes()), (Some(0), vec![]), "{:#}", self.report);
    }

    /// Nothing was found; without aws that is not proven.
    #[track_caller]
    fn finds_nothing(&self) {
        assert_eq!((self.exit, self.codes()), (Some(3), vec![]), "{:#}", self.report);
    }

    /// Fails with this one finding, whose detail has these words.
    #[track_caller]
    fn fails(&self, code: &str, words: &[&str]) {
        assert_eq!((self.exit, self.codes()), (Some(1), vec![code]), "{:#}", self.report);
        assert_eq!(self.root()["code"], code);
        let detail = self.root()["detail"].as_str().unwrap();
        for word in words {
            assert!(detail.contains(word), "{word}: {detail}");
        }
    }

    #[track_caller]
    fn skips(&self, id: &str, words: &str) {
        let check = self.check(id);
        assert_eq!(check["outcome"], "skip", "{check}");
        assert!(check["because"].as_str().unwrap().contains(words), "{words}: {check}");
    }
}

fn schema() -> &'static jsonschema::Validator {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/doctor.v1.schema.json")).unwrap();
        jsonschema::options().should_validate_formats(true).build(&serde_json::from_str(&text).unwrap()).unwrap()
    })
}

/// A real kubectl, of whatever version.
fn kubectl() -> &'static Path {
    static KUBECTL: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let given = std::env::var_os("KUBECTL").map(PathBuf::from).filter(|given| given.is_file());
        given.or_else(|| std::env::split_paths(&path).map(|folder| folder.join("kubectl")).find(|kubectl| kubectl.is_file()))
    };
    let found = KUBECTL.get_or_init(|| find().and_then(|kubectl| kubectl.canonicalize().ok()));
    found
        .as_deref()
        .expect("kubectl is missing: name one in KUBECTL, or put it on the PATH (Debian, Ubuntu: apt-get install kubernetes-client)")
}

/// A program that stands in a tool's place.
fn fake(scene: &mut Scene, tool: &str, script: &str) {
    scene.tools.retain(|known| *known != tool);
    let bin = scene.home.path().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let path = bin.join(tool);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// None of the processes whose numbers stand in the file runs any more.
#[track_caller]
fn all_gone(numbers: &Path) {
    let numbers = std::fs::read_to_string(numbers).unwrap();
    let runs = |pid: &str| std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty());
    assert!(!numbers.is_empty() && (0..12_000).any(|_| !numbers.lines().any(runs) || pause()), "still running: {numbers:?}");
}

/// False, after a moment.
fn pause() -> bool {
    std::thread::sleep(std::time::Duration::from_millis(10));
    false
}

#[test]
fn everything_is_right() {
    let scene = Scene::new();
    let seen = scene.run(&["checkout", "--cluster", "production", "--show-commands"]);
    seen.passes();
    for id in
        ["cluster-issuer", "oidc-provider", "provider-audience", "webhook", "service-account", "annotation", "role-exists", "trust-policy"]
    {
        assert_eq!(seen.check(id)["outcome"], "pass", "{id}");
    }
    assert_eq!(seen.check("role-policies")["detail"], "orders (inline)");
    assert_eq!(seen.check("pods-injected")["detail"], "IRSA");
    assert_eq!(seen.report["expected"], json!({"provider": "irsa", "roleArn": scene.role()}));
    assert_eq!(seen.report["subject"]["namespace"], "shop", "kubectl's");
    // Every command once, as it could be pasted.
    let commands: Vec<&str> = seen.stderr.lines().collect();
    assert!(commands.iter().all(|line| line.starts_with("+ kubectl ") || line.starts_with("+ aws ")), "{commands:?}");
    assert!(commands.contains(&"+ aws iam get-role --role-name checkout --output json"), "{commands:?}");
    assert!(
        commands.contains(&"+ kubectl get --raw '/api/v1/namespaces/shop/events?fieldSelector=type%3DWarning&limit=500'"),
        "{commands:?}"
    );
    let (exit, text, stderr) = scene.raw(&["sa/checkout", "-n", "shop", "--cluster", "production"]);
    assert_eq!((exit, stderr.as_str()), (Some(0), ""));
    let last = format!("PASS  nothing prevents shop/checkout from getting {} (irsa)", scene.role());
    assert_eq!(text.lines().last(), Some(last.as_str()), "{text}");
}

/// The cluster is moto's too: its own issuer, by both ways.
#[test]
fn the_real_emulator_has_the_cluster() {
    let mut scene = Scene::new();
    scene.env.clear();
    scene.issuer = scene.account.cluster("production");
    scene.account.provider(&scene.issuer, "sts.amazonaws.com");
    scene.cluster.put(DISCOVERY, json!({"issuer": scene.issuer}));
    let seen = scene.checkout();
    // The role trusts the issuer of before.
    seen.fails("trust-policy-denied", &["oidc-provider"]);
    assert_eq!(seen.report["cluster"]["issuer"], scene.issuer.as_str());
    // moto has no associations: that is a skip, and not fatal.
    seen.skips("association", "aws failed");
    // A name that was mistyped: which associations there are is not known then, and a PASS would say that there are none.
    let seen = scene.run(&["checkout", "--cluster", "prodction"]);
    assert!(seen.report["undecided"].as_array().unwrap().contains(&json!("cluster-issuer")), "{:#}", seen.report);
    seen.skips("cluster-issuer", "EKS has no cluster prodction here: ");
}

#[test]
fn two_clusters_are_not_mixed_up() {
    let scene = Scene::new();
    scene.cluster.put(
        "/clusters/production",
        json!({"cluster": {"identity": {"oidc": {"issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/OTHER"}}}}),
    );
    scene.associate("arn:aws:iam::111122223333:role/of-the-other");
    let seen = scene.checkout();
    assert_eq!((seen.exit, &seen.report["undecided"]), (Some(3), &json!(["cluster-issuer"])), "{:#}", seen.report);
    seen.skips("cluster-issuer", "two clusters");
    assert_eq!(seen.report["expected"]["provider"], "irsa", "the other cluster's association is none of this one's");
}

#[test]
fn oidc_provider_missing() {
    let scene = Scene::new();
    let issuer = "https://oidc.eks.eu-central-1.amazonaws.com/id/REBUILT";
    scene.cluster.put(DISCOVERY, json!({"issuer": issuer}));
    scene.cluster.put("/clusters/production", json!({"cluster": {"identity": {"oidc": {"issuer": issuer}}}}));
    let seen = scene.checkout();
    assert_eq!((seen.exit, seen.codes()), (Some(1), vec!["oidc-provider-missing", "trust-policy-denied"]), "both have to be mended");
    assert!(seen.root()["detail"].as_str().unwrap().contains("of other clusters: oidc.eks.eu-central-1.amazonaws.com/id/2000000"));
    seen.skips("provider-audience", "skipped because of oidc-provider-missing");
}

#[test]
fn audience_not_registered() {
    let scene = Scene::new();
    scene.annotate(json!({KEY: scene.role(), "eks.amazonaws.com/audience": "sts.amazon.com"}));
    let seen = scene.checkout();
    assert_eq!(seen.codes(), ["audience-not-registered", "trust-policy-denied"]);
    assert!(seen.root()["detail"].as_str().unwrap().contains("\"sts.amazon.com\"; the provider accepts: sts.amazonaws.com"));
    // The default, written out, is no other one.
    scene.annotate(json!({KEY: scene.role(), "eks.amazonaws.com/audience": "sts.amazonaws.com"}));
    scene.checkout().passes();
}

#[test]
fn webhook_missing() {
    let scene = Scene::of_kubernetes();
    scene.cluster.remove(WEBHOOK);
    scene.cluster.put(
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio",
        json!({"metadata": {"name": "istio"}, "webhooks": [{"name": "x"}]}),
    );
    // Deleted since: pods that run have their identity, the next ones will not.
    scene.checkout().fails("webhook-missing", &["There are: istio.", "new pods will not be"]);
    // Under another name, by its hooks.
    scene.cluster.edit("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio", |other| {
        other["webhooks"] = json!([{"name": "pod-identity.example.com"}]);
    });
    scene.checkout().finds_nothing();
    scene.cluster.edit("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio", |other| {
        other["webhooks"] = json!([{"name": "x"}]);
    });
    scene.bare("2026-11-03T08:00:00Z");
    let seen = scene.checkout();
    seen.fails("webhook-missing", &["There are: istio."]);
    seen.skips("pods-injected", "skipped because of webhook-missing");
    let scene = Scene::of_kubernetes();
    scene.cluster.edit(WEBHOOK, |webhook| webhook["webhooks"] = json!([]));
    scene.checkout().fails("webhook-missing", &["has no webhooks"]);
}

#[test]
fn service_account_missing() {
    let scene = Scene::of_kubernetes();
    let seen = scene.run(&["chekout", "--cluster", "production"]);
    seen.fails("service-account-missing", &["no service account and no pod chekout", "checkout, default"]);
    seen.skips("trust-policy", "skipped because of service-account-missing");
    let seen = scene.run(&["sa/checkout", "-n", "shpo", "--cluster", "production"]);
    seen.fails("service-account-missing", &["the namespace does not exist"]);
    // A 404 without a text, as proxies send it: from a server that is known as an API server, and from an unknown one.
    scene.cluster.refuse("serviceaccounts/chekout", 404);
    scene.cluster.refuse("pods/chekout", 404);
    scene.run(&["chekout", "--cluster", "production"]).fails("service-account-missing", &["no pod chekout"]);
    scene.cluster.refuse("/", 404);
    scene.run(&["chekout", "--cluster", "production"]).finds_nothing();
}

#[test]
fn annotation_missing() {
    let scene = Scene::new();
    scene.annotate(json!({"meta.helm.sh/release-name": "checkout"}));
    scene.bare("2026-11-03T08:00:00Z");
    let seen = scene.checkout();
    seen.fails("annotation-missing", &["and no association"]);
    seen.skips("pods-injected", "skipped because of annotation-missing");
    // Where associations cannot be seen, pods without an identity tell as much.
    let seen = scene.run(&["checkout"]);
    seen.fails("annotation-missing", &["Associations cannot be seen", "--cluster NAME", "its pods (1) have none"]);
    // And where there are no pods either, nothing tells.
    scene.cluster.remove(POD);
    let seen = scene.run(&["checkout"]);
    assert_eq!(seen.codes(), ["service-account-not-used"]);
    seen.skips("annotation", "is not known");
}

#[test]
fn annotation_misspelt() {
    let scene = Scene::of_kubernetes();
    for key in ["eks.amazon.com/role-arn", "eks.amazonaws.com/roleArn", "eks.amazonaws.com/rol-arn", "iam.amazonaws.com/role"] {
        scene.annotate(json!({key: scene.role()}));
        let seen = scene.checkout();
        seen.fails("annotation-misspelt", &[key]);
        assert!(seen.commands().last().unwrap().ends_with(&format!("{KEY}={}", scene.role())), "the fix has the role");
    }
    // With a bare name in it.
    scene.annotate(json!({"eks.amazonaws.com/arn": "checkout"}));
    scene.checkout().fails("annotation-misspelt", &["eks.amazonaws.com/arn: checkout"]);
    // The right key on the pod.
    scene.annotate(json!({}));
    scene.cluster.edit(POD, |pod| pod["metadata"]["annotations"] = json!({KEY: "arn:aws:iam::111122223333:role/checkout"}));
    scene.checkout().fails("annotation-misspelt", &["Pod checkout-1 has the annotation", "belongs on the service account"]);
    // Beside the right one on the service account, any other is harmless.
    scene.annotate(json!({KEY: scene.role(), "eks.amazon.com/role-arn": scene.role()}));
    scene.checkout().finds_nothing();
}

#[test]
fn role_arn_malformed() {
    let scene = Scene::of_kubernetes();
    for (value, why) in [
        (scene.role().replace("iam::", "iam:us-east-1:"), "no region, and \"us-east-1\""),
        (format!("{} ", scene.role()), "white space"),
        (format!("'{}'", scene.role()), "quotes"),
        ("checkuot".into(), "bare role name"),
    ] {
        scene.annotate(json!({KEY: value}));
        scene.checkout().fails("role-arn-malformed", &[why]);
    }
    // A webhook that composes: its pods have the whole ARN.
    scene.annotate(json!({KEY: "checkout"}));
    scene.checkout().finds_nothing();
}

#[test]
fn role_missing() {
    let scene = Scene::new();
    let role = format!("arn:aws:iam::{}:role/deleted", scene.account.id);
    scene.annotate(json!({KEY: role}));
    scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"][3]["value"] = json!(role));
    let seen = scene.checkout();
    seen.fails("role-missing", &["has no role deleted"]);
    seen.skips("trust-policy", "skipped because of role-missing");
    // The name alone is not enough: STS wants the path.
    scene.account.role("/apps/", "deleted", &scene.trust("checkout"));
    let seen = scene.checkout();
    seen.fails("role-missing", &["role/apps/deleted: write its path"]);
    let role = format!("arn:aws:iam::{}:role/apps/deleted", scene.account.id);
    let remedy = &seen.root()["remedy"];
    assert_eq!(
        seen.commands(),
        [
            "kubectl -n shop get serviceaccount checkout -o yaml",
            &format!("kubectl -n shop annotate --overwrite serviceaccount checkout {KEY}={role}")
        ],
        "none is made"
    );
    assert!(remedy.get("snippet").is_none() && seen.root()["title"] == "the role has another ARN in IAM", "{remedy}");
    scene.annotate(json!({KEY: role}));
    scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"][3]["value"] = json!(role));
    scene.checkout().passes();
}

#[test]
fn trust_policy_denied() {
    let scene = Scene::new();
    scene.account.role("/", "other", &scene.trust("other"));
    let role = format!("arn:aws:iam::{}:role/other", scene.account.id);
    scene.annotate(json!({KEY: role}));
    scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"][3]["value"] = json!(role));
    let seen = scene.checkout();
    seen.fails("trust-policy-denied", &["system:serviceaccount:shop:other"]);
    let remedy = &seen.root()["remedy"];
    let statement: Value = serde_json::from_str(remedy["snippet"].as_str().unwrap()).unwrap();
    assert_eq!(statement["Effect"], "Allow", "one statement, which cannot replace the others");
    assert!(statement.to_string().contains("system:serviceaccount:shop:checkout"), "{statement}");
    assert!(remedy["text"].as_str().unwrap().contains("replaces the whole policy"), "{remedy}");
    assert!(remedy["commands"].as_array().unwrap().iter().all(|command| command["effect"] == "read"), "{remedy}");
}

/// Where no edit is certain, doctor names no statement of somebody else as the one to change. It asks the policy's owner.
#[test]
fn a_trust_policy_of_others() {
    let scene = Scene::new();
    let statement = |principal: Value, action: &str, condition: Value| json!({"Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition});
    let account = "arn:aws:iam::444455556666:root";
    let of_address = statement(json!({"AWS": account}), "sts:AssumeRole", json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}));
    let other_issuer =
        format!("arn:aws:iam::{}:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/{}", scene.account.id, "0A".repeat(16));
    let other_cluster = statement(
        json!({"Federated": other_issuer}),
        "sts:AssumeRoleWithWebIdentity",
        json!({"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}}),
    );
    let node = json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"});
    let text = |seen: &Seen| seen.root()["remedy"]["text"].as_str().unwrap().to_owned();
    let wants = |name: &str, statements: Value| {
        scene.account.role("/", name, &json!({"Version": "2012-10-17", "Statement": statements}));
        let role = format!("arn:aws:iam::{}:role/{name}", scene.account.id);
        scene.annotate(json!({KEY: role}));
        scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"][3]["value"] = json!(role));
        scene.checkout()
    };
    let prints =
        |seen: &Seen| seen.root()["remedy"]["commands"].to_string().contains("irsa-probe trust-policy --format terraform --role-arn");
    for (name, statements, others, held) in [
        ("of-account", json!([of_address]), account, "Condition.IpAddress.aws:SourceIp"),
        ("of-node", json!([node, other_cluster]), "ec2.amazonaws.com", "ForAnyValue:StringEquals"),
    ] {
        let seen = wants(name, statements);
        seen.fails("trust-policy-denied", &["No statement names this pod's provider, arn:aws:iam::", others]);
        let detail = seen.root()["detail"].as_str().unwrap();
        assert!(!detail.contains("does not apply") && !detail.contains("The edit"), "{detail}");
        let text = text(&seen);
        let said = [held, "Ask the policy's owner", "aws iam update-assume-role-policy replaces the whole policy"];
        assert!(said.iter().all(|words| text.contains(words)) && !text.contains("named above"), "{text}");
        let snippet: Value = serde_json::from_str(seen.root()["remedy"]["snippet"].as_str().unwrap()).unwrap();
        assert_eq!(snippet["Principal"], scene.trust("checkout")["Statement"][0]["Principal"]);
        assert_eq!(snippet["Condition"], scene.trust("checkout")["Statement"][0]["Condition"]);
        assert!(prints(&seen), "the same statement for the role's code");
    }
    // The pod's own provider is nearer than another's statement with fewer reasons.
    let seen = wants("of-two", json!([node, scene.trust("other")["Statement"][0]]));
    seen.fails("trust-policy-denied", &["Statement 2 does not apply", "system:serviceaccount:shop:other"]);
    // A Deny has one owner, and no statement beside it helps.
    let own = &scene.trust("checkout")["Statement"][0];
    let mut deny = own.clone();
    deny["Effect"] = json!("Deny");
    let seen = wants("denies", json!([own, deny]));
    seen.fails("trust-policy-denied", &["Statement 2 denies it"]);
    assert!(text(&seen).starts_with("Change the statement that is named above"), "{}", text(&seen));
    assert_eq!(seen.root()["remedy"]["snippet"], Value::Null);
    assert!(!prints(&seen), "{:#}", seen.root());
}

/// The role that keeps the pod out is a stack's: the fix names the stack, from the tags that get-role shows.
#[test]
fn a_role_that_a_stack_manages() {
    let scene = Scene::new();
    let text = |seen: &Seen| seen.root()["remedy"]["text"].as_str().unwrap().to_owned();
    scene.account.role("/", "other", &scene.trust("other"));
    let role = format!("arn:aws:iam::{}:role/other", scene.account.id);
    scene.annotate(json!({KEY: role}));
    scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"][3]["value"] = json!(role));
    scene.account.tag_role("other", "team", "shop");
    let unmanaged = text(&scene.checkout());
    scene.account.tag_role("other", "aws:cloudformation:stack-name", "shop-roles");
    let id = format!("arn:aws:cloudformation:eu-central-1:{}:stack/shop-roles/1a2b", scene.account.id);
    scene.account.tag_role("other", "aws:cloudformation:stack-id", &id);
    let seen = scene.run(&["checkout", "--cluster", "production", "--show-commands"]);
    seen.fails("trust-policy-denied", &["system:serviceaccount:shop:other"]);
    let said = text(&seen);
    let more = said.strip_prefix(&unmanaged).unwrap_or_else(|| panic!("{said}"));
    assert!(more.starts_with(" The role belongs to CloudFormation stack shop-roles in eu-central-1. Change the policy in"), "{more}");
    assert!(!seen.stderr.contains("tags") && !seen.stderr.contains("cloudformation"), "no further question: {}", seen.stderr);
    let (_, printed, _) = scene.raw(&["checkout", "--cluster", "production"]);
    assert!(
        printed.split_whitespace().collect::<Vec<_>>().join(" ").contains("CloudFormation stack shop-roles in eu-central-1"),
        "{printed}"
    );
}

#[test]
fn pod_predates_annotation() {
    let scene = Scene::of_kubernetes();
    scene.bare("2026-11-02T07:59:59Z");
    let seen = scene.checkout();
    seen.fails("pod-predates-annotation", &["created at 2026-11-02T07:59:59Z", "last written at 2026-11-02T08:00:00Z"]);
    // Whom a new pod affects hangs on what makes it.
    for (owner, effect, touches) in [
        (json!([]), "shared", Some("what pod shop/checkout-1 serves: it has no controller and does not come back, so keep its manifest")),
        (json!([{"kind": "ReplicaSet", "name": "checkout-1", "controller": true}]), "own", None),
        (
            json!([{"kind": "StatefulSet", "name": "checkout", "controller": true}]),
            "shared",
            Some("what relies on pod shop/checkout-1 by its name or volume: its StatefulSet makes it again after it has ended"),
        ),
    ] {
        scene.cluster.edit(POD, |pod| pod["metadata"]["ownerReferences"] = owner);
        let mut command = json!({"command": "kubectl -n shop delete pod checkout-1", "effect": effect});
        touches.into_iter().for_each(|touches| command["touches"] = json!(touches));
        assert_eq!(scene.checkout().root()["remedy"]["commands"], json!([command]));
    }
    // It got the role of an older annotation.
    let scene = Scene::of_kubernetes();
    scene.cluster.edit(POD, |pod| {
        pod["metadata"]["creationTimestamp"] = json!("2026-11-01T08:00:00Z");
        pod["spec"]["containers"][0]["env"][3]["value"] = json!("arn:aws:iam::111122223333:role/old");
    });
    scene.checkout().fails("pod-predates-annotation", &["role/old"]);
    // Older, and yet injected: the annotation was only written again.
    scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"][3]["value"] = json!(scene.role()));
    scene.checkout().finds_nothing();
    // Pods that are over are past mending.
    scene.bare("2026-11-01T08:00:00Z");
    scene.cluster.edit(POD, |pod| pod["status"]["phase"] = json!("Succeeded"));
    let seen = scene.checkout();
    seen.finds_nothing();
    assert_eq!(seen.check("service-account-used")["detail"], "1, and all of them have ended");
}

#[test]
fn pod_not_injected() {
    let scene = Scene::of_kubernetes();
    let mut container = json!({"name": "logger"});
    scene.cluster.edit(POD, |pod| pod["spec"]["containers"].as_array_mut().unwrap().push(container.take()));
    scene.checkout().fails("pod-not-injected", &["container logger has no identity"]);
    // Meant so.
    scene.cluster.edit(POD, |pod| pod["metadata"]["annotations"] = json!({"eks.amazonaws.com/skip-containers": "logger"}));
    let seen = scene.checkout();
    seen.finds_nothing();
    assert!(seen.check("pods-injected")["detail"].as_str().unwrap().contains("logger"));
    scene.bare("2026-11-03T08:00:00Z");
    scene.cluster.edit(POD, |pod| pod["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"] = json!("logger, app"));
    scene.checkout().fails("pod-not-injected", &["skip-containers"]);
    scene.cluster.edit(POD, |pod| {
        pod["metadata"] = json!({"name": "checkout-1", "labels": {"eks.amazonaws.com/skip-pod-identity-webhook": "true"}})
    });
    scene.checkout().fails("pod-not-injected", &["skip-pod-identity-webhook"]);
    // Nothing to be seen of why; without times that is said.
    scene.cluster.edit(POD, |pod| pod["metadata"] = json!({"name": "checkout-1", "creationTimestamp": "2026-11-03T08:00:00Z"}));
    scene.checkout().fails("pod-not-injected", &["younger than what names the role"]);
    scene.cluster.edit(POD, |pod| pod["metadata"]["creationTimestamp"] = json!("2026-11-02T08:00:00Z"));
    scene.checkout().fails("pod-not-injected", &["is not known: both have the same time, to the second"]);
}

/// An account of `kubectl create serviceaccount`, annotated by `kubectl annotate`, as a real API server gives it: nothing tells when it was
/// annotated. The pod may have been there before, or the webhook may have left it out: neither is said.
#[test]
fn whether_a_pod_predates_the_annotation_is_not_known() {
    const TITLE: &str = "containers have no identity, and the reason is not known";
    let undecided = |seen: &Seen, words: &[&str]| {
        seen.finds_nothing();
        let check = seen.check("pods-injected");
        assert_eq!((&check["outcome"], &check["title"]), (&json!("warn"), &json!(TITLE)), "{:#}", seen.report);
        assert!(seen.report["undecided"].as_array().unwrap().contains(&json!("pods-injected")), "{:#}", seen.report);
        for word in words {
            assert!(check["detail"].as_str().unwrap().contains(word), "{word}: {check}");
        }
    };
    let scene = Scene::of_kubernetes();
    let untracked = || scene.cluster.edit(ACCOUNT, |account| drop(account["metadata"].as_object_mut().unwrap().remove("managedFields")));
    untracked();
    scene.checkout().finds_nothing();
    scene.bare("2026-11-03T08:00:00Z");
    let seen = scene.checkout();
    let settles = [
        "Pod checkout-1, container app: nothing was injected",
        "does not say when it was annotated",
        "kubectl -n shop delete pod checkout-1",
    ];
    undecided(&seen, &settles);
    let (exit, text, _) = scene.raw(&["checkout", "--cluster", "production"]);
    assert_eq!(exit, Some(3));
    assert!(
        text.contains(&format!("‼ {TITLE}: Pod checkout-1"))
            && text.lines().last().unwrap().starts_with("UNKNOWN  AWS cannot be reached; not decided: pods-injected"),
        "{text}"
    );
    // What is said of several: the first in full.
    scene.cluster.put("/api/v1/namespaces/shop/pods/checkout-2", {
        let mut other = scene.cluster.held.lock().unwrap().document(POD);
        other["metadata"]["name"] = json!("checkout-2");
        other
    });
    undecided(&scene.checkout(), &["The same with checkout-2."]);
    // What can be told of one of them is said, and the other one is not forgotten.
    scene.cluster.edit(POD, |pod| pod["metadata"]["creationTimestamp"] = json!("2026-11-01T07:00:00Z"));
    scene.checkout().fails(
        "pod-predates-annotation",
        &["the service account itself at 2026-11-01T08:00:00Z", "Why nothing was injected into pod checkout-2 is not known"],
    );
    scene.cluster.remove("/api/v1/namespaces/shop/pods/checkout-2");
    // A server-side apply dates what it finds by itself. What was created after that is younger, of what was before nothing is known.
    let by_apply = json!([{
        "manager": "before-first-apply", "operation": "Update", "apiVersion": "v1", "time": "2026-11-02T08:00:00Z", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {"f:annotations": {".": {}, "f:eks.amazonaws.com/role-arn": {}}}},
    }]);
    scene.cluster.edit(ACCOUNT, |account| account["metadata"]["managedFields"] = by_apply);
    scene.bare("2026-11-02T07:00:00Z");
    undecided(&scene.checkout(), &settles);
    scene.bare("2026-11-03T08:00:00Z");
    scene.checkout().fails("pod-not-injected", &["younger than what names the role"]);
    untracked();
    // Other reasons need no times.
    scene.cluster.edit(POD, |pod| pod["metadata"]["labels"] = json!({"eks.amazonaws.com/skip-pod-identity-webhook": "true"}));
    scene.checkout().fails("pod-not-injected", &["skip-pod-identity-webhook"]);
    // With another role: of an older annotation, or preset.
    scene.cluster.put(POD, scene.pod("checkout-1"));
    scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"][3]["value"] = json!("arn:aws:iam::111122223333:role/old"));
    undecided(&scene.checkout(), &["has arn:aws:iam::111122223333:role/old, and the annotation now names another role"]);
}

#[test]
fn injection_suppressed() {
    let scene = Scene::of_kubernetes();
    scene.bare("2026-11-03T08:00:00Z");
    scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"].as_array_mut().unwrap().push(json!({"name": "AWS_ROLE_ARN"})));
    scene.checkout().fails("injection-suppressed", &["container app (AWS_ROLE_ARN)"]);
    // Another role, younger than the annotation: preset, too.
    let scene = Scene::of_kubernetes();
    scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"][3]["value"] = json!("arn:aws:iam::111122223333:role/own"));
    scene.checkout().fails("injection-suppressed", &["role/own", "preset"]);
    // A region does not suppress anything.
    let scene = Scene::of_kubernetes();
    scene.cluster.edit(POD, |pod| {
        let env = pod["spec"]["containers"][0]["env"].as_array_mut().unwrap();
        env.push(json!({"name": "AWS_REGION", "value": "eu-central-1"}));
    });
    scene.checkout().finds_nothing();
}

#[test]
fn static_keys_shadow() {
    let scene = Scene::of_kubernetes();
    // The secret alone shadows nothing (it stands in each pod here); the pair does.
    scene.cluster.edit(POD, |pod| {
        let env = pod["spec"]["containers"][0]["env"].as_array_mut().unwrap();
        env.push(json!({"name": "AWS_ACCESS_KEY_ID", "valueFrom": {"secretKeyRef": {"name": "aws", "key": "id"}}}));
    });
    scene.checkout().fails("shadowed-by-env-keys", &["container app"]);
    // Empty ones are unset to every SDK.
    scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"][2]["value"] = json!(""));
    scene.checkout().finds_nothing();
}

#[test]
fn service_account_not_used() {
    let scene = Scene::of_kubernetes();
    scene.cluster.edit(POD, |pod| pod["spec"]["serviceAccountName"] = json!("default"));
    scene.checkout().fails("service-account-not-used", &[]);
    // Selectors that go unheard: another account's pods are none of this one's, and what is normal is no warning.
    let pods = json!({"items": [scene.cluster.held.lock().unwrap().document(POD), {"metadata": {"name": "bare"}, "spec": {"containers": [{"name": "x"}]}}]});
    scene.cluster.put("/api/v1/namespaces/shop/pods", pods);
    let seen = scene.checkout();
    seen.fails("service-account-not-used", &["serviceAccountName: checkout"]);
    seen.skips("pods-injected", "skipped because of service-account-not-used");
}

#[test]
fn a_pod_is_walked_by_its_service_account() {
    let scene = Scene::of_kubernetes();
    scene.cluster.put("/api/v1/namespaces/shop/pods/checkout-2", {
        let mut other = scene.pod("checkout-2");
        other["spec"]["containers"][0]["env"] = json!([]);
        other
    });
    for word in ["checkout-1", "pod/checkout-1"] {
        let seen = scene.run(&[word, "--cluster", "production"]);
        seen.finds_nothing();
        assert_eq!((&seen.report["subject"]["pod"], &seen.report["subject"]["serviceAccount"]), (&json!("checkout-1"), &json!("checkout")));
    }
    scene.run(&["checkout-2", "--cluster", "production"]).fails("pod-not-injected", &["checkout-2"]);
    scene.run(&["sa/checkout", "--cluster", "production"]).fails("pod-not-injected", &["checkout-2"]);
    let seen = scene.run(&["pod/gone", "--cluster", "production"]);
    assert_eq!(seen.exit, Some(3));
    seen.skips("service-account", "pods \"gone\" not found");
}

/// Who may see pods and no service accounts: a bare name may be a pod's, and of one that is neither nothing follows.
#[test]
fn a_bare_name_where_service_accounts_are_forbidden() {
    let scene = Scene::of_kubernetes();
    scene.cluster.refuse("serviceaccounts", 403);
    let seen = scene.run(&["checkout-1", "--cluster", "production"]);
    seen.finds_nothing();
    assert_eq!((&seen.report["subject"]["pod"], &seen.report["subject"]["serviceAccount"]), (&json!("checkout-1"), &json!("checkout")));
    assert_eq!(seen.report["checks"], scene.run(&["pod/checkout-1", "--cluster", "production"]).report["checks"]);
    let seen = scene.run(&["chekout", "--cluster", "production"]);
    seen.finds_nothing();
    seen.skips("service-account-used", "no permission");
    // A service account's name is still one, and what is said of it under its own kind is still true.
    let seen = scene.run(&["checkout", "--cluster", "production"]);
    seen.finds_nothing();
    assert_eq!(seen.check("service-account-used")["detail"], "1 pod");
    scene.run(&["sa/chekout", "--cluster", "production"]).fails("service-account-not-used", &[]);
}

/// By its region the cluster is of one partition, and the role of another: no policy of the other one's is judged, and none is to be changed.
#[test]
fn partition_mismatch() {
    let scene = Scene::new();
    let role = scene.role().replace("arn:aws:", "arn:aws-cn:");
    scene.annotate(json!({KEY: role}));
    let seen = scene.checkout();
    seen.fails("partition-mismatch", &["in partition aws-cn", "The cluster is in partition aws,"]);
    assert!(seen.commands().last().unwrap().ends_with(&format!("{KEY}={}", scene.role())), "{:#}", seen.report);
    for id in ["oidc-provider", "role-exists", "trust-policy", "pods-injected"] {
        seen.skips(id, "skipped because of partition-mismatch");
    }
    // Where no region tells, aws does not show what is of another partition than its own.
    let issuer = "https://issuer.example.com";
    scene.cluster.put(DISCOVERY, json!({"issuer": issuer}));
    scene.cluster.put("/clusters/production", json!({"cluster": {"identity": {"oidc": {"issuer": issuer}}}}));
    let seen = scene.checkout();
    assert!(!seen.codes().iter().any(|code| code.contains("trust") || code.contains("role")), "{:#}", seen.report);
    seen.skips("trust-policy", "aws acts in aws: choose a profile of aws-cn");
    // A cluster in China has it right.
    let scene = Scene::of_kubernetes();
    scene.cluster.put(DISCOVERY, json!({"issuer": "https://oidc.eks.cn-north-1.amazonaws.com.cn/id/A"}));
    scene.annotate(json!({KEY: role}));
    scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"][3]["value"] = json!(role));
    scene.checkout().finds_nothing();
}

#[test]
fn pod_identity() {
    let scene = Scene::new();
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"],
    }]});
    scene.account.role("/", "associated", &trust);
    scene.associate(&format!("arn:aws:iam::{}:role/associated", scene.account.id));
    let folder = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
    scene.cluster.edit(POD, |pod| {
        pod["spec"]["containers"][0]["env"] = json!([
            {"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://169.254.170.23/v1/credentials"},
            {"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value": format!("{folder}/eks-pod-identity-token")},
        ]);
        pod["spec"]["containers"][0]["volumeMounts"] = json!([{"mountPath": folder}]);
    });
    let seen = scene.checkout();
    seen.passes();
    assert_eq!(seen.report["expected"]["provider"], "pod-identity");
    seen.skips("annotation", "wins over the annotation");
    // The association went away under the running pod.
    scene.cluster.put(ASSOCIATIONS, json!({"associations": []}));
    let seen = scene.checkout();
    seen.fails("association-missing", &["checkout-1"]);
    seen.skips("pods-injected", "skipped because of association-missing");
    // Tied to the cluster, which EKS has told of: this one, and another.
    let arn = |name: &str| format!("arn:aws:eks:eu-central-1:{}:cluster/{name}", scene.account.id);
    scene.cluster.edit("/clusters/production", |cluster| cluster["cluster"]["arn"] = json!(arn("production")));
    for (role, cluster) in [("tied", "production"), ("elsewhere", "staging")] {
        let mut trust = trust.clone();
        trust["Statement"][0]["Condition"] = json!({"StringEquals": {"aws:SourceArn": arn(cluster)}});
        scene.account.role("/", role, &trust);
        scene.associate(&format!("arn:aws:iam::{}:role/{role}", scene.account.id));
        match role {
            "tied" => scene.checkout().passes(),
            _ => scene.checkout().fails("pod-identity-trust-denied", &["aws:SourceArn", "cluster/staging"]),
        }
    }
    // A trust policy for IRSA is none for Pod Identity.
    scene.associate(&scene.role());
    scene.checkout().fails("pod-identity-trust-denied", &["pods.eks.amazonaws.com"]);
}

/// IRSA in a pod beside an association: older than it (it is of 2026-11-02, 08:00 UTC), younger, or not known.
#[test]
fn pods_beside_an_association() {
    let mut scene = Scene::of_kubernetes();
    // Of aws nothing else is wanted here, and the real one takes its time at every start.
    let (list, one) = (r#"{"associations":[{"associationId":"a-1"}]}"#, r#"{"association":{"createdAt":1793606400.5,"roleArn":"ROLE"}}"#);
    let one = one.replace("ROLE", &scene.role());
    fake(&mut scene, "aws", &format!("case \"$*\" in *list-pod-*) echo '{list}';; *describe-pod-*) echo '{one}';; *) exit 1;; esac"));
    for (created, title, detail) in [
        (json!("2026-11-01T23:59:59Z"), "pods still have IRSA from before the association", "recreate the pod, and it has Pod Identity"),
        (json!("2026-11-03T08:00:00Z"), "pods have IRSA, but an association names their service account", "younger than the association"),
        (json!(null), "pods have IRSA, but an association names their service account", "is not known (the pod has no creationTimestamp)"),
    ] {
        scene.cluster.edit(POD, |pod| pod["metadata"]["creationTimestamp"] = created);
        let seen = scene.checkout();
        let check = seen.check("pods-injected");
        assert_eq!((&check["outcome"], &check["title"]), (&json!("warn"), &json!(title)), "{:#}", seen.report);
        assert!(check["detail"].as_str().unwrap().contains(detail), "{check}");
    }
    // On Fargate neither an association nor a new pod helps.
    scene.cluster.edit(POD, |pod| pod["metadata"]["labels"] = json!({"eks.amazonaws.com/fargate-profile": "default"}));
    assert!(
        scene.checkout().check("pods-injected")["detail"].as_str().unwrap().contains("is not supported: the next pod may have neither")
    );
    scene.bare("2026-11-03T08:00:00Z");
    let seen = scene.checkout();
    seen.fails("pod-not-injected", &["runs on Fargate", "Deleting the pod does not change that"]);
    assert!(seen.root()["title"].as_str().unwrap().contains("not supported on Fargate"));
    // The association may serve pods on EC2 nodes, so that nothing here takes it away.
    assert_eq!(seen.commands(), ["kubectl -n shop get pods --field-selector spec.serviceAccountName=checkout"]);
    // With IRSA alone Fargate is a place like any other.
    fake(&mut scene, "aws", "exit 1");
    scene.checkout().fails("pod-not-injected", &["younger than what names the role"]);
}

#[test]
fn aws_auth() {
    let scene = Scene::of_kubernetes();
    scene.run(&["checkout", "--cluster", "production", "--aws-auth"]).skips("aws-auth", "access entries");
    let map = |arn: &str| json!({"metadata": {"name": "aws-auth"}, "data": {"mapRoles": format!("- rolearn: {arn}\n  username: admin\n  groups:\n  - system:masters\n")}});
    scene.cluster.put(AWS_AUTH, map("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/Admin_1"));
    let seen = scene.run(&["checkout", "--cluster", "production", "--aws-auth"]);
    seen.fails("aws-auth-role-path", &["it has to be arn:aws:iam::111122223333:role/Admin_1"]);
    assert!(seen.root()["remedy"]["text"].as_str().unwrap().contains("arn:aws:iam::111122223333:role/Admin_1"));
    scene.checkout().skips("aws-auth", "not requested (--aws-auth)");
    // Once for each of its users, in other capitals.
    scene.cluster.edit(AWS_AUTH, |map| {
        let twice = map["data"]["mapRoles"].as_str().unwrap().repeat(2).replace("rolearn", "roleARN");
        map["data"]["mapRoles"] = json!(twice);
    });
    let seen = scene.run(&["checkout", "--cluster", "production", "--aws-auth"]);
    seen.fails("aws-auth-role-path", &[]);
    assert_eq!(seen.root()["detail"].as_str().unwrap().matches("has to be").count(), 1);
    scene.cluster.put(AWS_AUTH, map("arn:aws:iam::111122223333:instance-profile/nodes"));
    scene.run(&["checkout", "--cluster", "production", "--aws-auth"]).fails("role-arn-malformed", &["instance profile"]);
    scene.cluster.put(AWS_AUTH, map("arn:aws:iam::111122223333:role/nodes"));
    scene.run(&["checkout", "--cluster", "production", "--aws-auth"]).finds_nothing();
}

#[test]
fn another_accounts_role_is_not_judged() {
    let scene = Scene::new();
    let role = "arn:aws:iam::999900001111:role/checkout";
    scene.annotate(json!({KEY: role}));
    scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"][3]["value"] = json!(role));
    let seen = scene.checkout();
    assert_eq!((seen.exit, seen.codes()), (Some(3), vec![]));
    assert_eq!(seen.report["undecided"], json!(["oidc-provider", "provider-audience", "role-exists", "trust-policy"]));
    seen.skips("trust-policy", "the role is in account 999900001111, and aws acts in 2000000");
    assert_eq!(seen.check("pods-injected")["outcome"], "pass");
}

#[test]
fn kubectl_without_permission() {
    let scene = Scene::new();
    scene.cluster.refuse("mutatingwebhookconfigurations", 403);
    scene.cluster.refuse("openid-configuration", 403);
    scene.cluster.refuse("events", 403);
    let seen = scene.checkout();
    seen.passes();
    seen.skips("webhook", "no permission: Error from server (Forbidden)");
    assert_eq!(seen.check("cluster-issuer")["outcome"], "pass", "EKS told it");
    scene.cluster.refuse("/api/v1", 403);
    let seen = scene.checkout();
    assert_eq!((seen.exit, seen.codes()), (Some(3), vec![]));
    scene.cluster.refuse("/", 401);
    let seen = scene.run(&["checkout"]);
    assert_eq!((seen.exit, seen.codes()), (Some(3), vec![]));
}

#[test]
fn aws_without_permission() {
    let mut scene = Scene::new();
    let refusing = format!("http://{}", scene.cluster.address);
    scene.set("AWS_ENDPOINT_URL_IAM", &refusing);
    let seen = scene.checkout();
    assert_eq!((seen.exit, seen.codes()), (Some(3), vec![]));
    seen.skips("trust-policy", "no permission: An error occurred (AccessDenied)");
    // What Kubernetes alone decides, it decides.
    scene.bare("2026-11-01T08:00:00Z");
    scene.checkout().fails("pod-predates-annotation", &[]);
    // The account may not be asked for, and the role's ARN tells it. What is not shown is missing only in an account that is known.
    for (role, exit) in [("", Some(0)), ("*get-role*) echo '(NoSuchEntity)' >&2; exit 254;;", Some(3))] {
        let mut scene = Scene::new();
        let real = cloud::aws();
        fake(&mut scene, "aws", &format!("case \"$*\" in sts*) exit 1;; {role} esac\nexec {} \"$@\"", real.display()));
        let seen = scene.checkout();
        assert_eq!((seen.exit, seen.codes()), (exit, vec![]), "{:#}", seen.report);
    }
    // No credentials at all: aws is asked once.
    scene.account.key = [String::new(), String::new(), String::new()];
    let seen = scene.run(&["checkout", "--cluster", "production", "--show-commands"]);
    assert_eq!(seen.stderr.lines().filter(|line| line.starts_with("+ aws")).count(), 1, "{}", seen.stderr);
    seen.skips("role-exists", "aws has no working credentials: Unable to locate credentials");
}

#[test]
fn a_tool_is_missing() {
    let mut scene = Scene::new();
    scene.tools = vec!["kubectl"];
    let seen = scene.checkout();
    assert_eq!((seen.exit, seen.codes()), (Some(3), vec![]));
    assert!(
        seen.stderr.starts_with("irsa-probe: aws is not on the PATH: Install the AWS CLI") && seen.stderr.lines().count() == 1,
        "{}",
        seen.stderr
    );
    seen.skips("trust-policy", "aws is not on the PATH");
    assert_eq!(seen.check("pods-injected")["outcome"], "pass");
    let mut scene = Scene::new();
    scene.tools = vec!["aws"];
    let seen = scene.checkout();
    assert_eq!((seen.exit, seen.codes()), (Some(3), vec![]));
    seen.skips("service-account", "kubectl is not on the PATH");
    assert_eq!(seen.check("cluster-issuer")["outcome"], "pass", "EKS told it");
}

#[test]
fn tools_that_hang_flood_or_are_too_old() {
    let mut scene = Scene::new();
    fake(&mut scene, "kubectl", "exec /bin/sleep 1000");
    fake(&mut scene, "aws", "exec /bin/sleep 1000");
    let seen = scene.run(&["checkout", "--timeout", "300ms"]);
    assert_eq!((seen.exit, seen.codes()), (Some(3), vec![]));
    seen.skips("service-account", "kubectl did not answer within 1 s");
    // A shell's wrapper, and what it started.
    let started = scene.home.path().join("started");
    let wrapper = format!("/bin/sh -c 'echo $$ >>{}; /bin/sleep 1000; :' & wait", started.display());
    fake(&mut scene, "kubectl", &wrapper);
    // A busy machine needs its time to start it.
    let begun = || std::fs::read_to_string(&started).is_ok_and(|numbers| numbers.ends_with('\n'));
    let in_time = ["1s", "4s", "16s", "64s"].iter().any(|timeout| {
        scene.run(&["checkout", "--timeout", timeout]).skips("service-account", "kubectl did not answer within");
        begun()
    });
    assert!(in_time, "it was never started");
    all_gone(&started);
    std::fs::remove_file(&started).unwrap();
    let mut child = scene.command(&["checkout"]).stdout(Stdio::null()).spawn().unwrap();
    assert!((0..12_000).any(|_| begun() || pause()), "it was not started");
    assert!(Command::new("/bin/kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    all_gone(&started);
    fake(&mut scene, "kubectl", "exec /usr/bin/yes");
    fake(&mut scene, "aws", "echo 'Error: Invalid choice, valid choices are:' >&2; exit 252");
    let seen = scene.run(&["checkout"]);
    assert_eq!((seen.exit, seen.codes()), (Some(3), vec![]));
    seen.skips("service-account", "kubectl");
    fake(&mut scene, "kubectl", "echo 'not JSON'");
    scene.run(&["checkout"]).skips("service-account", "something else than JSON");
}

#[test]
fn hostile_text_paints_nothing() {
    let scene = Scene::of_kubernetes();
    let hostile = "\u{1b}[31mred\u{202e}\nINJECTED";
    scene.annotate(json!({KEY: hostile, "eks.amazonaws.com/role": hostile}));
    scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["name"] = json!(hostile));
    scene.cluster.put(
        "/api/v1/namespaces/shop/events/e",
        json!({
            "type": "Warning", "reason": hostile, "message": format!("{hostile} {}", SECRETS[1]),
            "involvedObject": {"kind": "Pod", "name": "checkout-1"}, "lastTimestamp": "2026-11-03T09:00:00Z",
        }),
    );
    for output in ["text", "json"] {
        let (exit, text, _) = scene.raw(&["checkout", "--cluster", "production", "--output", output]);
        assert_eq!(exit, Some(1));
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains("\nINJECTED"), "{text}");
    }
    let seen = scene.checkout();
    seen.fails("role-arn-malformed", &["white space"]);
    assert_eq!(seen.check("events")["outcome"], "warn");
}

/// Each start of a sidecar leaves an event of its start-up probe, and each application may of its readiness probe.
#[test]
fn probes_that_failed_before_a_pod_was_ready() {
    let scene = Scene::of_kubernetes();
    let event = |reason: &str, at: &str| {
        let event = json!({
            "type": "Warning", "reason": reason, "message": "Startup probe failed: HTTP probe failed with statuscode: 503", "count": 1,
            "involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": "checkout-1"}, "lastTimestamp": at,
        });
        scene.cluster.put("/api/v1/namespaces/shop/events/e", event);
    };
    let ready = |status: &str| {
        let conditions = json!([
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-11-03T08:00:00Z"},
            {"type": "Ready", "status": status, "lastTransitionTime": "2026-11-03T08:00:05Z"},
        ]);
        scene.cluster.edit(POD, |pod| pod["status"]["conditions"] = conditions);
    };
    let outcome = || {
        let seen = scene.checkout();
        seen.finds_nothing();
        seen.check("events")["outcome"].as_str().unwrap().to_owned()
    };
    ready("True");
    for (reason, at, expected) in [
        ("Unhealthy", "2026-11-03T08:00:02Z", "pass"),
        ("Unhealthy", "2026-11-03T08:00:05Z", "pass"),
        ("Unhealthy", "2026-11-03T08:00:06Z", "warn"),
        ("BackOff", "2026-11-03T08:00:02Z", "warn"),
    ] {
        event(reason, at);
        assert_eq!(outcome(), expected, "{reason} at {at}");
    }
    // Not ready, or ready since an unknown time.
    event("Unhealthy", "2026-11-03T08:00:02Z");
    ready("False");
    assert_eq!(outcome(), "warn");
    scene.cluster.edit(POD, |pod| pod["status"]["conditions"] = json!([{"type": "Ready", "status": "True"}]));
    assert_eq!(outcome(), "warn");
}

/// A role that is named like a secret is the role, in its annotation, in its pods, in what they are held against and in commands.
#[test]
fn any_role_s_name_is_shown_whole() {
    let scene = Scene::of_kubernetes();
    for (nth, name) in allowed::NAMES.into_iter().enumerate().step_by(20) {
        let arn = |name: &str| format!("arn:aws:iam::{}:role{}{name}", scene.account.id, allowed::PATHS[nth % allowed::PATHS.len()]);
        let has = |role: &str| scene.cluster.edit(POD, |pod| pod["spec"]["containers"][0]["env"][3]["value"] = json!(role));
        scene.annotate(json!({KEY: arn(name)}));
        has(&arn(name));
        let seen = scene.checkout();
        seen.finds_nothing();
        assert_eq!(seen.report["expected"]["roleArn"], arn(name).as_str());
        assert_eq!(seen.check("pods-injected")["detail"], "IRSA");
        assert!(!seen.report.to_string().contains("[redacted"), "{:#}", seen.report);
        // A pod from before the annotation has another one's.
        has(&arn(&format!("{}-1", name.get(..name.len().min(62)).unwrap())));
        scene.cluster.edit(POD, |pod| pod["metadata"]["creationTimestamp"] = json!("2026-11-01T08:00:00Z"));
        let event = json!({
            "type": "Warning", "reason": "Failed", "message": format!("cannot become {} on key-jar.eyJ.example", arn(name)),
            "involvedObject": {"kind": "Pod", "name": "checkout-1"}, "lastTimestamp": "2026-11-03T09:00:00Z",
        });
        scene.cluster.put("/api/v1/namespaces/shop/events/e", event);
        let seen = scene.checkout();
        seen.fails("pod-predates-annotation", &[&format!("{}-1", name.get(..name.len().min(62)).unwrap())]);
        let events = seen.check("events")["detail"].as_str().unwrap();
        let told = events.contains(&arn(name)) || events.contains('…');
        assert!(told && !seen.report.to_string().contains("[redacted"), "{:#}", seen.report);
        let (_, page, _) = scene.raw(&["checkout", "--cluster", "production"]);
        assert!(!page.contains("[redacted"), "{page}");
        scene.cluster.remove("/api/v1/namespaces/shop/events/e");
        scene.cluster.edit(POD, |pod| pod["metadata"]["creationTimestamp"] = json!("2026-11-03T08:00:00Z"));
    }
}

#[test]
fn words_that_cannot_be_names_are_usage() {
    let scene = Scene::new();
    for args in [&["deployment/checkout"][..], &["Checkout"], &["checkout", "-n", "a/b"], &["checkout", "--cluster", "a b"], &["../x"]] {
        let (exit, stdout, stderr) = scene.raw(args);
        assert_eq!((exit, stdout.as_str(), stderr.lines().count()), (Some(2), "", 1), "{args:?}: {stderr}");
    }
    assert!(scene.cluster.held.lock().unwrap().seen.is_empty(), "nothing was run");
}

/// docs/commands/doctor.md shows what is printed, of an account and a cluster of its own.
#[test]
fn the_transcript_of_the_page_is_current() {
    let scene = Scene::new();
    scene.bare("2026-11-01T09:30:00Z");
    scene.cluster.edit(POD, |pod| {
        pod["metadata"]["ownerReferences"] = json!([{"kind": "ReplicaSet", "name": "checkout", "controller": true}]);
    });
    let (_, printed, _) = scene.raw(&["-n", "shop", "checkout", "--cluster", "production"]);
    let printed = printed.replace(&scene.account.id, "111122223333");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands/doctor.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let command = "$ irsa-probe doctor -n shop checkout --cluster production\n";
    let (before, rest) = text.split_once(command).unwrap();
    let (shown, after) = rest.split_once("```").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        std::fs::write(&page, format!("{before}{command}{printed}```{after}")).unwrap();
    } else {
        assert_eq!(printed, shown, "update with: UPDATE_DOCS=1 cargo test --test doctor transcript");
    }
}
