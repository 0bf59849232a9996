//! The pod: its environment, its files, and the situation that describes them.

use std::{fs, os::unix::fs::FileTypeExt, time::Duration};

use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{assume, sandbox},
    support::{Sandbox, World},
};

#[test]
fn an_empty_situation_is_an_irsa_pod() {
    let sandbox = Sandbox::start(&World::default());
    let env = sandbox.env();
    let names: Vec<&str> = env.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "AWS_CA_BUNDLE",
            "AWS_DEFAULT_REGION",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT",
            "AWS_REGION",
            "AWS_ROLE_ARN",
            "AWS_STS_REGIONAL_ENDPOINTS",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "HOME",
            "HOSTNAME",
            "HTTPS_PROXY",
            "KUBERNETES_SERVICE_HOST",
            "NO_PROXY",
            "PATH",
        ]
    );
    assert!(env.values().all(|value| !value.contains('{')), "{env:?}");
    let token = fs::read_to_string(&env["AWS_WEB_IDENTITY_TOKEN_FILE"]).unwrap();
    assert_eq!(token, sandbox.expand("{jwt}"));
    let link = fs::read_link(&env["AWS_WEB_IDENTITY_TOKEN_FILE"]).unwrap();
    assert_eq!(link.to_str(), Some("..data/token"));
    let dir = sandbox.dir().to_owned();
    drop(sandbox);
    assert!(!dir.exists());
}

#[test]
fn the_scenario_has_the_last_word() {
    let sandbox = sandbox(json!({
        "inject": ["irsa", "pod-identity"],
        "defaultToken": true,
        "env": {"AWS_REGION": null, "AWS_PROFILE": "x", "DEFAULT": "{defaultToken}"},
        "files": {"home/.aws/config": "[profile x]\nrole_arn={role}\n", "deep/er": {"content": "y", "mode": "0600"}},
    }));
    let env = sandbox.env();
    assert!(!env.contains_key("AWS_REGION") && env["AWS_PROFILE"] == "x" && env.contains_key("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
    assert!(fs::read_to_string(&env["DEFAULT"]).unwrap().starts_with("ey"));
    assert!(fs::read_to_string(sandbox.dir().join("home/.aws/config")).unwrap().contains("arn:aws:iam::111122223333:role/apps/checkout"));
}

#[test]
fn tokens_lie_as_they_are_told() {
    let at = |token: serde_json::Value| {
        let sandbox = sandbox(json!({"token": token}));
        let path = sandbox.expand("{token}");
        (sandbox, path)
    };
    let (_sandbox, path) = at(json!({"as": "fifo"}));
    assert!(fs::symlink_metadata(path).unwrap().file_type().is_fifo());
    let (_sandbox, path) = at(json!({"as": "directory"}));
    assert!(fs::metadata(path).unwrap().is_dir());
    for layout in ["missing", "dangling"] {
        let (_sandbox, path) = at(json!({"as": layout}));
        assert!(fs::metadata(path).is_err(), "{layout}");
    }
    let (_sandbox, path) = at(json!({"as": "empty"}));
    assert_eq!(fs::read(path).unwrap(), b"");
    let (_sandbox, path) = at(json!({"bytes": 2_000_000}));
    assert_eq!(fs::read(path).unwrap().len(), 2_000_000);
    let (sandbox, path) = at(json!({"suffix": "\n", "as": "file"}));
    assert_eq!(fs::read_to_string(path).unwrap(), sandbox.expand("{jwt}\n"));
    let (_sandbox, path) = at(json!({"as": "unreadable"}));
    assert_eq!(fs::read(path).is_ok(), Sandbox::running_as_root());
}

#[test]
fn a_torn_token_is_empty_once() {
    let sandbox = sandbox(json!({"token": {"as": "torn-once"}}));
    let path = sandbox.expand("{token}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
    while fs::read_to_string(&path).unwrap() != sandbox.expand("{jwt}") {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_world_can_break_and_be_mended() {
    let sandbox = sandbox(json!({}));
    let first = sandbox.expand("{jwt}");
    assert_eq!(assume(&sandbox, &[]).status, 200);
    sandbox.set_world(|world| world.namespace = "elsewhere".to_owned());
    assert_ne!(sandbox.expand("{jwt}"), first);
    assert_eq!(assume(&sandbox, &[]).status, 200, "token and default trust move together");
    sandbox.set_world(|world| world.iam.providers = Some(Vec::new()));
    assert_eq!(assume(&sandbox, &[]).tag("Code"), "InvalidIdentityToken");
    sandbox.set_world(|world| world.iam.providers = None);
    assert_eq!(assume(&sandbox, &[]).status, 200);
    let before = sandbox.expand("{jwt}");
    sandbox.rotate_tokens();
    assert_ne!(fs::read_to_string(sandbox.expand("{token}")).unwrap(), before);
    assert!(sandbox.secrets().contains(&before), "an old token stays a secret");
}

#[test]
fn a_situation_survives_being_written_down() {
    let full = json!({
        "inject": ["irsa", "pod-identity"],
        "sts": {
            "reach": "name:sts.invalid",
            "script": {"*": [{"hang": "body", "delayMs": 5}, "normal"], "GetCallerIdentity": {"steps": [{"close": "mid-body"}], "then": "normal"}},
            "regions": {"eu-west-1": {"tls": "reset"}},
        },
        "imds": {"mode": "hop-limit-v1", "role": "n", "script": {"token": [{"status": 503}]}},
        "files": {"a": "b", "c": {"content": "d", "mode": "0600"}},
        "iam": {"roles": [{"trust": null}, {"policy": {"Statement": []}}], "users": [{"name": "u"}], "texts": "2026"},
    });
    for json in [json!({}), full] {
        let world: World = serde_json::from_value(json).unwrap();
        let text = serde_json::to_string(&world).unwrap();
        assert_eq!(serde_json::from_str::<World>(&text).unwrap(), world);
    }
}

#[test]
fn misspelt_situations_are_refused() {
    for wrong in [
        json!({"tokn": {}}),
        json!({"token": {"ass": "fifo"}}),
        json!({"imds": "v3"}),
        json!({"sts": {"script": {"X": [{"stauts": 1}]}}}),
        json!({"sts": {"reach": "pigeon"}}),
    ] {
        assert!(serde_json::from_value::<World>(wrong.clone()).is_err(), "{wrong}");
    }
    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Runner {
        args: Vec<String>,
        exit: i32,
    }
    let (world, runner): (World, Runner) =
        World::split(r#"{"region": "eu-west-1", "args": ["check"], "exit": 1}"#, &["args", "exit"]).unwrap();
    assert_eq!((world.region.as_str(), runner), ("eu-west-1", Runner { args: vec!["check".to_owned()], exit: 1 }));
    assert!(World::split::<Runner>(r#"{"exti": 1}"#, &["args", "exit"]).is_err());
}
