//! Reads of Kubernetes' and AWS's documents that several places need.

use super::target::is_cluster_name;
use crate::core::text::time::Timestamp;
use serde_json::Value;

/// The text at a JSON pointer.
pub fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The list at a JSON pointer; an empty one where there is none.
pub fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A time. Kubernetes and version 2 of aws write it as RFC 3339 says, version 1 of aws as seconds since 1970.
pub fn time(value: Option<&Value>) -> Option<Timestamp> {
    match value? {
        Value::String(text) => Timestamp::parse(text),
        Value::Number(number) => number.as_f64().map(|seconds| Timestamp(seconds as i64)),
        _ => None,
    }
}

/// When an event last happened: its `lastTimestamp`, or the field that events of `events.k8s.io` have in its place.
pub fn event_time(event: &Value) -> Option<Timestamp> {
    const PLACES: [&str; 5] =
        ["/lastTimestamp", "/series/lastObservedTime", "/eventTime", "/firstTimestamp", "/metadata/creationTimestamp"];
    PLACES.iter().find_map(|place| time(event.pointer(place)))
}

/// Whether a list continues after the page that was requested.
pub fn has_more(answer: &Value) -> bool {
    text(answer, "/metadata/continue").is_some_and(|more| !more.is_empty())
}

/// The annotations of an object that are texts.
pub fn annotations(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let all = object.pointer("/metadata/annotations").and_then(Value::as_object);
    all.into_iter().flatten().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
}

/// When an annotation was written, as far as `managedFields` tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteTime {
    /// At this time or before: an owner of the annotation last wrote something then. It is the earliest such time of all owners.
    At(Timestamp),
    /// It was there by then, and perhaps long before.
    Before(Timestamp),
    /// No owner is recorded.
    Unknown,
}

/// The owner of what was there before the first server-side apply. An object that was not tracked from its creation on is tracked from that
/// apply on (apimachinery `managedfields/internal/skipnonapplied.go`).
const UNTRACKED: &str = "before-first-apply";

/// When an annotation was written, as far as that is tracked.
pub fn write_time(object: &Value, key: &str) -> WriteTime {
    let owns =
        |entry: &&Value| entry.pointer("/fieldsV1/f:metadata/f:annotations").and_then(|fields| fields.get(format!("f:{key}"))).is_some();
    let is_tracked = |entry: &&Value| text(entry, "/manager") != Some(UNTRACKED);
    let (tracked, untracked): (Vec<&Value>, Vec<&Value>) =
        list(object, "/metadata/managedFields").iter().filter(owns).partition(is_tracked);
    let earliest = |entries: Vec<&Value>| entries.into_iter().filter_map(|entry| time(entry.get("time"))).min();
    let tracked = earliest(tracked).map(WriteTime::At);
    tracked.or_else(|| earliest(untracked).map(WriteTime::Before)).unwrap_or(WriteTime::Unknown)
}

/// What kubectl's context tells of the cluster.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct KubeContext {
    /// The context's name.
    pub name: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// The cluster's name in EKS.
    pub cluster: Option<String>,
    /// The cluster's region.
    pub region: Option<String>,
    /// The AWS profile whose credentials it takes.
    pub profile: Option<String>,
    /// Whether it logs in with AWS credentials.
    pub uses_aws: bool,
}

/// The programs that make a token for EKS from AWS credentials.
const AWS_LOGINS: [&str; 2] = ["aws", "aws-iam-authenticator"];

impl KubeContext {
    /// Parses `kubectl config view --minify`.
    ///
    /// The cluster's name stands in the arguments of the exec plugin (`aws eks get-token`, `aws-iam-authenticator token`), in the ARN that
    /// `aws eks update-kubeconfig` names clusters with, or in eksctl's `NAME.REGION.eksctl.io`. The region stands in the same places, or in
    /// the server's host, `ID.gr7.REGION.eks.amazonaws.com`.
    pub fn parse(view: &Value) -> KubeContext {
        let arguments: Vec<&str> = list(view, "/users/0/user/exec/args").iter().filter_map(Value::as_str).collect();
        let flag = |names: &[&str]| flag_value(&arguments, names);
        let name = text(view, "/clusters/0/name").unwrap_or_default();
        let (arn_region, arn_name) = match name.split(':').collect::<Vec<_>>()[..] {
            ["arn", _, "eks", region, _, resource] => (Some(region), resource.strip_prefix("cluster/")),
            _ => (None, None),
        };
        let (eksctl_name, eksctl_region) = match name.split('.').collect::<Vec<_>>()[..] {
            [name, region, "eksctl", "io"] => (Some(name), Some(region)),
            _ => (None, None),
        };
        let host = text(view, "/clusters/0/cluster/server").unwrap_or_default();
        let mut labels = host.split('.').rev().skip_while(|label| *label != "eks").skip(1);
        let host_region = labels.next().filter(|_| host.contains(".eks.amazonaws.com"));
        let env = list(view, "/users/0/user/exec/env").iter();
        let env_profile = env.filter(|pair| text(pair, "/name") == Some("AWS_PROFILE")).find_map(|pair| text(pair, "/value"));
        let login = text(view, "/users/0/user/exec/command").and_then(|command| command.rsplit('/').next()).unwrap_or_default();
        let cluster = flag(&["--cluster-name", "--cluster-id", "-i"]).or(arn_name).or(eksctl_name);
        let region = flag(&["--region"]).or(arn_region).or(eksctl_region).or(host_region);
        let owned = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
        KubeContext {
            name: owned(text(view, "/current-context")),
            namespace: owned(text(view, "/contexts/0/context/namespace")),
            cluster: owned(cluster.filter(|name| is_cluster_name(name))),
            region: owned(region.filter(|region| is_cluster_name(region))),
            profile: owned(flag(&["--profile"]).or(env_profile)),
            uses_aws: AWS_LOGINS.contains(&login),
        }
    }
}

/// The value of a flag that has several names, as `--flag value` or `--flag=value`.
fn flag_value<'a>(arguments: &[&'a str], names: &[&str]) -> Option<&'a str> {
    arguments.iter().enumerate().find_map(|(at, word)| match word.split_once('=') {
        Some((name, value)) if names.contains(&name) => Some(value),
        None if names.contains(word) => arguments.get(at + 1).copied(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_cluster_is_found_where_tools_write_it() {
        let parsed = |view: Value| {
            let context = KubeContext::parse(&view);
            (context.cluster.unwrap_or_default(), context.region.unwrap_or_default(), context.profile.unwrap_or_default())
        };
        let exec =
            |args: &[&str]| json!({"users": [{"user": {"exec": {"args": args, "env": [{"name": "AWS_PROFILE", "value": "prod"}]}}}]});
        let named = |name: &str| json!({"clusters": [{"name": name, "cluster": {"server": "https://A.gr7.eu-west-1.eks.amazonaws.com"}}]});
        let three = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(
            parsed(exec(&["--region", "eu-central-1", "eks", "get-token", "--cluster-name", "a"])),
            three("a", "eu-central-1", "prod")
        );
        assert_eq!(parsed(exec(&["token", "-i", "b", "--profile=dev"])), three("b", "", "dev"));
        assert_eq!(parsed(named("arn:aws-cn:eks:cn-north-1:111122223333:cluster/c")), three("c", "cn-north-1", ""));
        assert_eq!(parsed(named("d.us-west-2.eksctl.io")), three("d", "us-west-2", ""));
        assert_eq!(parsed(named("whatever")), three("", "eu-west-1", ""));
        assert_eq!(parsed(exec(&["token", "-i", "--profile"])), three("", "", "prod"), "no flag is taken for a name");
        assert_eq!(parsed(Value::Null), three("", "", ""));
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
        assert_eq!(write_time(&object, "k"), WriteTime::At(Timestamp(1_795_383_243)));
        assert_eq!(write_time(&object, "other"), WriteTime::Unknown);
        // What a server-side apply finds there is dated by the apply.
        let mut object = object;
        object["metadata"]["managedFields"][0]["manager"] = json!("before-first-apply");
        assert_eq!(write_time(&object, "k"), WriteTime::Before(Timestamp(1_795_383_243)));
    }
}
