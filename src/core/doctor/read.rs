//! Reads of kubectl's and aws's documents that more than one place needs.

use super::is_cluster_name;
use crate::core::text::time::Timestamp;
use serde_json::Value;

/// The text at a JSON pointer.
pub fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The list at a JSON pointer; nothing is an empty one.
pub fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A time as Kubernetes writes it (RFC 3339), or as aws does: so, or as seconds (its version 1).
pub fn time(value: Option<&Value>) -> Option<Timestamp> {
    match value? {
        Value::String(text) => Timestamp::parse(text),
        Value::Number(number) => number.as_f64().map(|seconds| Timestamp(seconds as i64)),
        _ => None,
    }
}

/// When an event last happened: its `lastTimestamp`, or what events of `events.k8s.io` have in its place.
pub fn event_time(event: &Value) -> Option<Timestamp> {
    const PLACES: [&str; 5] =
        ["/lastTimestamp", "/series/lastObservedTime", "/eventTime", "/firstTimestamp", "/metadata/creationTimestamp"];
    PLACES.iter().find_map(|place| time(event.pointer(place)))
}

/// Whether a list goes on beyond the page that was read.
pub fn is_cut_off(answer: &Value) -> bool {
    text(answer, "/metadata/continue").is_some_and(|more| !more.is_empty())
}

/// The annotations of an object that are texts.
pub fn annotations(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let all = object.pointer("/metadata/annotations").and_then(Value::as_object);
    all.into_iter().flatten().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
}

/// What managedFields tell of an annotation's age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// When something was last written whose owner holds it: at or after the annotation itself. The earliest of several owners.
    At(Timestamp),
    /// It was there by then, and perhaps long before.
    Before(Timestamp),
    /// Nothing.
    Unknown,
}

/// Who holds what was there before the first server-side apply, which is when it begins to be tracked on an object that was not tracked
/// from its creation on (apimachinery `managedfields/internal/skipnonapplied.go`).
const UNTRACKED: &str = "before-first-apply";

/// When an annotation was written, as far as that is tracked.
pub fn written(object: &Value, key: &str) -> Written {
    let owns =
        |entry: &&Value| entry.pointer("/fieldsV1/f:metadata/f:annotations").and_then(|fields| fields.get(format!("f:{key}"))).is_some();
    let is_tracked = |entry: &&Value| text(entry, "/manager") != Some(UNTRACKED);
    let (tracked, untracked): (Vec<&Value>, Vec<&Value>) =
        list(object, "/metadata/managedFields").iter().filter(owns).partition(is_tracked);
    let earliest = |entries: Vec<&Value>| entries.into_iter().filter_map(|entry| time(entry.get("time"))).min();
    let tracked = earliest(tracked).map(Written::At);
    tracked.or_else(|| earliest(untracked).map(Written::Before)).unwrap_or(Written::Unknown)
}

/// What kubectl's context tells of the cluster.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Context {
    pub name: Option<String>,
    pub namespace: Option<String>,
    pub cluster: Option<String>,
    pub region: Option<String>,
    pub profile: Option<String>,
}

/// Reads `kubectl config view --minify`. The name stands in the arguments of the exec plugin (`aws eks get-token`, `aws-iam-authenticator
/// token`), in the ARN that `aws eks update-kubeconfig` names clusters with, or in eksctl's `NAME.REGION.eksctl.io`.
pub fn context(view: &Value) -> Context {
    let owned = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
    let exec: Vec<&str> = list(view, "/users/0/user/exec/args").iter().filter_map(Value::as_str).collect();
    let flag = |names: &[&str]| {
        exec.iter().enumerate().find_map(|(at, word)| match word.split_once('=') {
            Some((name, value)) if names.contains(&name) => Some(value),
            None if names.contains(word) => exec.get(at + 1).copied(),
            _ => None,
        })
    };
    let arn: Vec<&str> = text(view, "/clusters/0/name").unwrap_or_default().split(':').collect();
    let (arn_region, arn_name) = match arn[..] {
        ["arn", _, "eks", region, _, resource] => (Some(region), resource.strip_prefix("cluster/")),
        _ => (None, None),
    };
    let eksctl: Vec<&str> = text(view, "/clusters/0/name").unwrap_or_default().split('.').collect();
    let (eksctl_name, eksctl_region) = match eksctl[..] {
        [name, region, "eksctl", "io"] => (Some(name), Some(region)),
        _ => (None, None),
    };
    // HEX.gr7.REGION.eks.amazonaws.com
    let host = text(view, "/clusters/0/cluster/server").unwrap_or_default();
    let mut labels = host.split('.').rev().skip_while(|label| *label != "eks").skip(1);
    let server_region = labels.next().filter(|_| host.contains(".eks.amazonaws.com"));
    let env = list(view, "/users/0/user/exec/env").iter();
    let profile = env.filter(|pair| text(pair, "/name") == Some("AWS_PROFILE")).find_map(|pair| text(pair, "/value"));
    Context {
        name: owned(text(view, "/current-context")),
        namespace: owned(text(view, "/contexts/0/context/namespace")),
        cluster: owned(flag(&["--cluster-name", "--cluster-id", "-i"]).or(arn_name).or(eksctl_name).filter(|name| is_cluster_name(name))),
        region: owned(flag(&["--region"]).or(arn_region).or(eksctl_region).or(server_region).filter(|region| is_cluster_name(region))),
        profile: owned(flag(&["--profile"]).or(profile)),
    }
}

/// The region in an EKS issuer: `https://oidc.eks.REGION.amazonaws.com/id/HEX`.
pub fn issuer_region(issuer: &str) -> Option<String> {
    let region = issuer.strip_prefix("https://oidc.eks.").or_else(|| issuer.strip_prefix("https://oidc-eks."))?.split('.').next()?;
    is_cluster_name(region).then(|| region.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_cluster_is_read_from_where_tools_write_it() {
        let of = |view: Value| {
            let context = context(&view);
            (context.cluster.unwrap_or_default(), context.region.unwrap_or_default(), context.profile.unwrap_or_default())
        };
        let exec =
            |args: &[&str]| json!({"users": [{"user": {"exec": {"args": args, "env": [{"name": "AWS_PROFILE", "value": "prod"}]}}}]});
        let named = |name: &str| json!({"clusters": [{"name": name, "cluster": {"server": "https://A.gr7.eu-west-1.eks.amazonaws.com"}}]});
        let three = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(of(exec(&["--region", "eu-central-1", "eks", "get-token", "--cluster-name", "a"])), three("a", "eu-central-1", "prod"));
        assert_eq!(of(exec(&["token", "-i", "b", "--profile=dev"])), three("b", "", "dev"));
        assert_eq!(of(named("arn:aws-cn:eks:cn-north-1:111122223333:cluster/c")), three("c", "cn-north-1", ""));
        assert_eq!(of(named("d.us-west-2.eksctl.io")), three("d", "us-west-2", ""));
        assert_eq!(of(named("whatever")), three("", "eu-west-1", ""));
        assert_eq!(of(exec(&["token", "-i", "--profile"])), three("", "", "prod"), "no flag is taken for a name");
        assert_eq!(of(Value::Null), three("", "", ""));
        assert_eq!(issuer_region("https://oidc.eks.us-west-2.amazonaws.com/id/A").as_deref(), Some("us-west-2"));
        assert_eq!(issuer_region("https://kubernetes.default.svc"), None);
    }

    #[test]
    fn times_in_both_of_their_forms() {
        assert_eq!(time(Some(&json!("2026-11-22T21:34:03+00:00"))), Some(Timestamp(1_795_383_243)));
        assert_eq!(time(Some(&json!(1_795_383_243.5))), Some(Timestamp(1_795_383_243)));
        assert_eq!(time(Some(&json!([]))), None);
        let object = json!({"metadata": {"managedFields": [
            {"time": "2026-11-22T21:34:03Z", "fieldsV1": {"f:metadata": {"f:annotations": {"f:k": {}}}}},
            {"time": "2026-11-20T21:34:03Z", "fieldsV1": {"f:metadata": {"f:labels": {"f:k": {}}}}},
        ]}});
        assert_eq!(written(&object, "k"), Written::At(Timestamp(1_795_383_243)));
        assert_eq!(written(&object, "other"), Written::Unknown);
        // What a server-side apply finds there is dated by the apply.
        let mut object = object;
        object["metadata"]["managedFields"][0]["manager"] = json!("before-first-apply");
        assert_eq!(written(&object, "k"), Written::Before(Timestamp(1_795_383_243)));
    }
}
