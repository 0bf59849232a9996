//! Pods that the API server refuses: events and controllers as Kubernetes 1.36 wrote them.

use super::{ACCOUNT, POD, SECRETS, Scene, Seen};
use serde_json::{Value, json};

const BY_POLICY: &str = "is forbidden: violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false (container \"app\" must set \
                         securityContext.allowPrivilegeEscalation=false)";
const NAMESPACE: &str = "/api/v1/namespaces/shop";

/// What differs between the kinds: the group and the list of their objects, and how their events begin.
const KINDS: [(&str, &str, &str, &str); 4] = [
    ("ReplicaSet", "apps/v1", "replicasets", "Error creating: "),
    ("DaemonSet", "apps/v1", "daemonsets", "Error creating: "),
    ("StatefulSet", "apps/v1", "statefulsets", "Create Pod w-0 in StatefulSet w failed error: "),
    ("Job", "batch/v1", "jobs", "(combined from similar events): Error creating: "),
];

fn path(kind: &str) -> String {
    let (_, version, list, _) = KINDS.iter().find(|(known, ..)| *known == kind).unwrap();
    format!("/apis/{version}/namespaces/shop/{list}/w")
}

/// A controller `w` that wants two pods with this service account and has none, and the event that says why, of 10:00.
fn refuse(scene: &Scene, kind: &str, message: &str) {
    let (_, version, _, prefix) = KINDS.iter().find(|(known, ..)| *known == kind).unwrap();
    let (spec, status) = match kind {
        "DaemonSet" => (json!({}), json!({"currentNumberScheduled": 0, "desiredNumberScheduled": 2, "numberReady": 0})),
        "Job" => (json!({"parallelism": 2, "completions": 2}), json!({"ready": 0, "terminating": 0})),
        _ => (json!({"replicas": 2}), json!({"replicas": 0, "observedGeneration": 1})),
    };
    let mut object = json!({"metadata": {"name": "w", "namespace": "shop", "uid": "u-1"}, "spec": spec, "status": status});
    object["spec"]["template"] = json!({"spec": {"serviceAccountName": "checkout", "containers": [{"name": "app"}]}});
    if kind == "ReplicaSet" {
        let condition =
            json!({"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "lastTransitionTime": "2026-11-03T09:00:00Z"});
        object["status"]["conditions"] = json!([condition]);
    }
    scene.cluster.put(&path(kind), object);
    let event = json!({
        "type": "Warning", "reason": "FailedCreate", "message": format!("{prefix}{message}"), "count": 1, "eventTime": null,
        "involvedObject": {"apiVersion": version, "kind": kind, "name": "w", "namespace": "shop", "uid": "u-1"},
        "firstTimestamp": "2026-11-03T09:00:00Z", "lastTimestamp": "2026-11-03T10:00:00Z",
    });
    scene.cluster.put(&format!("{NAMESPACE}/events/{kind}"), event);
}

fn edit(scene: &Scene, kind: &str, change: impl FnOnce(&mut Value)) {
    scene.cluster.edit(&path(kind), change);
}

/// A cluster in which no pod has the service account.
fn without_pods() -> Scene {
    let scene = Scene::of_kubernetes();
    scene.cluster.remove(POD);
    scene
}

fn not_used(seen: &Seen) {
    seen.fails("service-account-not-used", &["No pod of namespace shop has serviceAccountName: checkout now."]);
    assert_eq!(seen.check("pods-admitted")["outcome"], "pass", "{:#}", seen.report);
}

#[test]
fn by_each_kind_of_controller() {
    for (kind, ..) in KINDS {
        let scene = without_pods();
        refuse(&scene, kind, &format!("pods \"w-x\" {BY_POLICY}"));
        let seen = scene.checkout();
        let has =
            format!("{kind} w has 0 of 2 pods; the API server refused the last try, at 2026-11-03T10:00:00Z: pods \"w-x\" {BY_POLICY}.");
        seen.fails("pods-refused", &[&has]);
        assert_eq!(seen.commands(), ["kubectl -n shop get events --field-selector reason=FailedCreate"]);
        for id in ["service-account-used", "pods-injected", "events"] {
            seen.skips(id, "skipped because of pods-refused");
        }
        // By its other names, too.
        scene.run(&["sa/checkout", "--cluster", "production"]).fails("pods-refused", &[]);
    }
}

/// A quota, a policy of one's own, a webhook that fails: their words, whatever they are.
#[test]
fn for_whatever_reason() {
    for message in [
        "pods \"w-x\" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=1, limited: pods=1",
        "pods \"w-x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p' denied request: no probe",
        "Internal error occurred: failed calling webhook \"x.example.com\": failed to call webhook: Post \"https://x.shop.svc:443/\": context deadline exceeded",
        "admission webhook \"validate.kyverno.svc-fail\" denied the request: policy Pod/shop/w-x for resource violation",
    ] {
        let scene = without_pods();
        refuse(&scene, "ReplicaSet", message);
        scene.checkout().fails("pods-refused", &[message]);
    }
    // No secret and no paint.
    let scene = without_pods();
    refuse(&scene, "ReplicaSet", &format!("denied: \u{1b}[31m{}\u{202e}", SECRETS[1]));
    let (exit, text, _) = scene.raw(&["checkout", "--cluster", "production"]);
    assert!(exit == Some(1) && text.contains("denied: ") && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
    // Not without an end.
    refuse(&scene, "ReplicaSet", &"long ".repeat(10_000));
    let (exit, text, _) = scene.raw(&["checkout", "--cluster", "production"]);
    assert!(exit == Some(1) && text.len() < 10_000, "{text}");
}

/// Of another service account's workload, also of the default one's, nothing follows.
#[test]
fn of_another_service_account() {
    for (kind, ..) in KINDS {
        for other in [json!("other"), json!(null)] {
            let scene = without_pods();
            refuse(&scene, kind, BY_POLICY);
            edit(&scene, kind, |object| object["spec"]["template"]["spec"]["serviceAccountName"] = other);
            not_used(&scene.checkout());
        }
    }
    let scene = Scene::of_kubernetes();
    refuse(&scene, "StatefulSet", BY_POLICY);
    edit(&scene, "StatefulSet", |object| object["spec"]["template"]["spec"]["serviceAccountName"] = json!("other"));
    let seen = scene.checkout();
    seen.finds_nothing();
    assert_eq!(seen.check("events")["outcome"], "pass");
    // The default account is one, too.
    let scene = Scene::of_kubernetes();
    refuse(&scene, "Job", BY_POLICY);
    edit(&scene, "Job", |object| drop(object["spec"]["template"]["spec"].as_object_mut().unwrap().remove("serviceAccountName")));
    scene.cluster.edit("/api/v1/namespaces/shop/serviceaccounts/default", |account| {
        account["metadata"]["annotations"] = json!({super::KEY: scene.role()})
    });
    scene.run(&["default", "--cluster", "production"]).fails("pods-refused", &["Job w has 0 of 2 pods"]);
}

/// What is no longer so: the pods are there, or are not wanted any more.
#[test]
fn of_before() {
    type Change = fn(&mut Value);
    let over: [(&str, Change); 9] = [
        ("ReplicaSet", |object| object["status"] = json!({"replicas": 2})),
        ("ReplicaSet", |object| object["spec"]["replicas"] = json!(0)),
        ("ReplicaSet", |object| object["metadata"]["deletionTimestamp"] = json!("2026-11-03T10:01:00Z")),
        // One of the same name that came after it.
        ("StatefulSet", |object| object["metadata"]["uid"] = json!("u-2")),
        ("StatefulSet", |object| object["status"]["replicas"] = json!(2)),
        ("DaemonSet", |object| object["status"]["currentNumberScheduled"] = json!(2)),
        ("Job", |object| object["status"]["active"] = json!(2)),
        ("Job", |object| object["spec"]["suspend"] = json!(true)),
        ("Job", |object| object["status"]["conditions"] = json!([{"type": "Complete", "status": "True"}])),
    ];
    for (kind, change) in over {
        let scene = without_pods();
        refuse(&scene, kind, BY_POLICY);
        edit(&scene, kind, change);
        not_used(&scene.checkout());
        // With its pods there nothing is worth a word.
        scene.cluster.put(POD, scene.pod("checkout-1"));
        let seen = scene.checkout();
        seen.finds_nothing();
        assert_eq!(seen.check("events")["outcome"], "pass", "{kind}: {:#}", seen.report);
    }
    // Deleted.
    let scene = without_pods();
    refuse(&scene, "ReplicaSet", BY_POLICY);
    scene.cluster.remove(&path("ReplicaSet"));
    not_used(&scene.checkout());
    // A StatefulSet makes its pods one after another: the first came after the refusal, and the others wait for it to be ready.
    let scene = Scene::of_kubernetes();
    refuse(&scene, "StatefulSet", BY_POLICY);
    edit(&scene, "StatefulSet", |object| object["status"]["replicas"] = json!(1));
    for (created, refused) in [("2026-11-03T10:00:01Z", false), ("2026-11-03T09:59:59Z", true)] {
        scene.cluster.edit(POD, |pod| {
            pod["metadata"]["creationTimestamp"] = json!(created);
            pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "w", "uid": "u-1"}]);
        });
        match refused {
            true => scene.checkout().fails("pods-refused", &["StatefulSet w has 1 of 2 pods"]),
            false => scene.checkout().finds_nothing(),
        }
    }
    // A Deployment wants pods of its old ReplicaSet until those of the new one are ready.
    let scene = Scene::of_kubernetes();
    refuse(&scene, "ReplicaSet", BY_POLICY);
    let owned = |revision: &str, deployment: &str| {
        json!({
            "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "w", "uid": deployment}],
        })
    };
    let merge =
        |object: &mut Value, more: Value| more.as_object().unwrap().iter().for_each(|(key, value)| object["metadata"][key] = value.clone());
    edit(&scene, "ReplicaSet", |object| merge(object, owned("2", "d-1")));
    for (revision, deployment, refused) in [("3", "d-1", false), ("10", "d-1", false), ("1", "d-1", true), ("3", "d-2", true)] {
        let mut other =
            json!({"metadata": {"name": "w-new", "namespace": "shop", "uid": "u-9"}, "spec": {"replicas": 1}, "status": {"replicas": 1}});
        merge(&mut other, owned(revision, deployment));
        scene.cluster.put(&format!("{}-new", path("ReplicaSet")), other);
        match refused {
            true => scene.checkout().fails("pods-refused", &["ReplicaSet w has 0 of 2 pods"]),
            false => scene.checkout().finds_nothing(),
        }
    }
    // Another controller's pods say nothing of this one's.
    let scene = Scene::of_kubernetes();
    refuse(&scene, "StatefulSet", BY_POLICY);
    edit(&scene, "StatefulSet", |object| object["status"]["replicas"] = json!(1));
    scene
        .cluster
        .edit(POD, |pod| pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "w"}]));
    scene.cluster.edit(POD, |pod| {
        pod["metadata"]["creationTimestamp"] = json!("2026-11-03T10:00:01Z");
        pod["metadata"]["ownerReferences"][0]["uid"] = json!("u-3");
    });
    scene.checkout().fails("pods-refused", &[]);
    // A job goes on making pods that fail.
    let scene = Scene::of_kubernetes();
    refuse(&scene, "Job", BY_POLICY);
    scene.cluster.edit(POD, |pod| {
        pod["metadata"]["creationTimestamp"] = json!("2026-11-03T10:00:01Z");
        pod["metadata"]["ownerReferences"] = json!([{"kind": "Job", "name": "w"}]);
        pod["status"]["phase"] = json!("Failed");
    });
    scene.checkout().finds_nothing();
    // A quota lets two of three run: a pod of before the last try, and the ReplicaSet itself, tell that it is so still.
    let scene = Scene::of_kubernetes();
    refuse(&scene, "ReplicaSet", "pods \"w-x\" is forbidden: exceeded quota: pods");
    edit(&scene, "ReplicaSet", |object| object["status"]["replicas"] = json!(1));
    scene.cluster.edit(POD, |pod| {
        pod["metadata"]["creationTimestamp"] = json!("2026-11-03T10:00:01Z");
        pod["metadata"]["ownerReferences"] = json!([{"kind": "ReplicaSet", "name": "w", "uid": "u-1"}]);
    });
    scene.checkout().fails("pods-refused", &["ReplicaSet w has 1 of 2 pods", "exceeded quota"]);
}

/// The pods of before still run: what can be said of them is said, and of the new ones that they are refused.
#[test]
fn beside_pods_that_run() {
    let scene = Scene::of_kubernetes();
    refuse(&scene, "ReplicaSet", BY_POLICY);
    scene.cluster.edit(POD, |pod| pod["metadata"]["ownerReferences"] = json!([{"kind": "ReplicaSet", "name": "of-before", "uid": "u-0"}]));
    let seen = scene.checkout();
    seen.fails("pods-refused", &["ReplicaSet w has 0 of 2 pods"]);
    assert_eq!((&seen.check("service-account-used")["detail"], &seen.check("pods-injected")["detail"]), (&json!("1 pod"), &json!("IRSA")));
    // Other warnings are not hidden by it.
    let event = json!({
        "type": "Warning", "reason": "BackOff", "message": "Back-off restarting failed container",
        "involvedObject": {"kind": "Pod", "name": "checkout-1"}, "lastTimestamp": "2026-11-03T10:00:00Z",
    });
    scene.cluster.put(&format!("{NAMESPACE}/events/other"), event);
    let seen = scene.checkout();
    assert_eq!(seen.check("events")["detail"], "BackOff checkout-1: Back-off restarting failed container");
    // One pod that was named is there.
    scene.run(&["pod/checkout-1", "--cluster", "production"]).finds_nothing();
    // Two workloads: the one refused last is told first.
    refuse(&scene, "StatefulSet", "pods \"w-0\" is forbidden: exceeded quota");
    scene.cluster.edit(&format!("{NAMESPACE}/events/StatefulSet"), |event| event["lastTimestamp"] = json!("2026-11-03T10:00:09Z"));
    scene.checkout().fails("pods-refused", &["StatefulSet w has 0 of 2 pods; the API server refused the last try, at 2026-11-03T10:00:09Z: pods \"w-0\" is forbidden: exceeded quota. ReplicaSet w has"]);
}

/// What cannot be seen decides nothing, in either direction.
#[test]
fn that_cannot_be_seen() {
    let scene = without_pods();
    refuse(&scene, "ReplicaSet", BY_POLICY);
    scene.cluster.refuse("/replicasets", 403);
    let seen = scene.checkout();
    seen.finds_nothing();
    for id in ["pods-admitted", "service-account-used", "pods-injected", "events"] {
        seen.skips(id, "pods of ReplicaSet w were refused, and whether they are of this service account is not known: no permission");
    }
    assert!(seen.report["undecided"].as_array().unwrap().contains(&json!("pods-injected")), "{:#}", seen.report);
    // A controller of another maker's.
    for (kind, version) in [("CloneSet", "apps.kruise.io/v1alpha1"), ("StatefulSet", "apps.kruise.io/v1beta1")] {
        let scene = without_pods();
        refuse(&scene, "StatefulSet", BY_POLICY);
        scene.cluster.edit(&format!("{NAMESPACE}/events/StatefulSet"), |event| {
            event["involvedObject"]["kind"] = json!(kind);
            event["involvedObject"]["apiVersion"] = json!(version);
        });
        let seen = scene.checkout();
        seen.finds_nothing();
        seen.skips("service-account-used", "controllers of this kind are not examined");
    }
    // Without the pods' names a warning about one of them cannot be told from others'.
    let scene = Scene::of_kubernetes();
    scene.cluster.refuse("/shop/pods", 403);
    scene.checkout().skips("events", "no permission");
    // A CronJob's event is of a job.
    let scene = without_pods();
    refuse(&scene, "Job", "jobs.batch \"w-1\" is forbidden: exceeded quota");
    scene.cluster.edit(&format!("{NAMESPACE}/events/Job"), |event| event["involvedObject"]["kind"] = json!("CronJob"));
    not_used(&scene.checkout());
    // Who may see no events learns that, and what is known all the same.
    scene.cluster.refuse("/events", 403);
    let seen = scene.checkout();
    seen.fails("service-account-not-used", &["Whether the cluster refuses its pods is not known: no permission"]);
    seen.skips("pods-admitted", "no permission");
    // A page that is not the last.
    let scene = without_pods();
    scene.cluster.put(&format!("{NAMESPACE}/events"), json!({"metadata": {"continue": "more"}, "items": []}));
    scene.checkout().fails("service-account-not-used", &["the namespace has more warnings than are read"]);
}

/// The account is there by now, and the controller has not tried again: it is used.
#[test]
fn for_want_of_the_account() {
    let missing = "pods \"w-x\" is forbidden: error looking up service account shop/checkout: serviceaccount \"checkout\" not found";
    let scene = without_pods();
    refuse(&scene, "ReplicaSet", missing);
    scene.cluster.edit(ACCOUNT, |account| account["metadata"]["creationTimestamp"] = json!("2026-11-03T10:00:05Z"));
    let seen = scene.checkout();
    seen.finds_nothing();
    seen.skips("service-account-used", "ReplicaSet w uses it, and its pods do not exist yet");
    // It was there when the controller tried.
    scene.cluster.edit(ACCOUNT, |account| account["metadata"]["creationTimestamp"] = json!("2026-11-01T08:00:00Z"));
    scene.checkout().fails("pods-refused", &[missing]);
    scene.cluster.remove(ACCOUNT);
    let seen = scene.checkout();
    seen.fails("service-account-missing", &[]);
    seen.skips("pods-admitted", "skipped because of service-account-missing");
}
