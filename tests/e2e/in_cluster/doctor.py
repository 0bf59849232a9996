"""`doctor` against a real API server: with the rights of k8s/doctor and without each of them, with pods that are refused, and with pods that are older
than what names their role."""

import copy
import itertools
import json
import re
import time

from injection import OWN, RESTRICTED, container, pod
from kube import is_ready, wait
from rollouts import as_json
from run import LABEL, ROOT, RUN, case
from standins import ACCOUNT
from workstation import Iam, Workstation

RBAC, ADMISSION = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
POD = "pod/checkout-1"
# Without which rights which checks say something else: (argument, exit code, checks). One kind of controller is like another.
WITHOUT = {
    "get /.well-known/openid-configuration": ("checkout", 3, "cluster-issuer oidc-provider provider-audience trust-policy"),
    "list mutatingwebhookconfigurations.admissionregistration.k8s.io": ("checkout", 0, "webhook"),
    "get serviceaccounts": ("checkout", 3, "service-account annotation oidc-provider provider-audience role-exists trust-policy role-policies pods-injected"),
    "list serviceaccounts": ("missing", 1, "service-account"),  # it is missing all the same; the others are not named
    "get pods": (POD, 3, "service-account annotation association oidc-provider provider-audience role-exists trust-policy role-policies pods-admitted "
                         "service-account-used pods-injected pods-unshadowed events"),
    "list pods": ("checkout", 3, "service-account-used pods-injected pods-unshadowed events"),
    "list events": ("checkout", 0, "pods-admitted events"),
    "list replicasets.apps, list daemonsets.apps, list statefulsets.apps": ("checkout", 0, "pods-admitted events"),
    "list jobs.batch": ("checkout", 0, "pods-admitted events"),
}


# --- What makes pods

KINDS = {"Deployment": ("apps/v1", "ReplicaSet"), "DaemonSet": ("apps/v1", "DaemonSet"), "StatefulSet": ("apps/v1", "StatefulSet"), "Job": ("batch/v1", "Job")}


def path(namespace, kind, name=""):
    return f"/apis/{KINDS[kind][0]}/namespaces/{namespace}/{kind.lower()}s/{name}".rstrip("/")


def make(lab, namespace, kind, name, account, admitted=True, replicas=1, **resources):
    """A workload. Pod Security `restricted` refuses its pods, unless they are to be admitted."""
    one = container("app", "sleep", "600", resources=resources)
    if not admitted:
        del one["securityContext"]
    spec = {"template": {"metadata": {"labels": {"app": name}}, "spec": {
        "serviceAccountName": account, "securityContext": RESTRICTED, "terminationGracePeriodSeconds": 1, "containers": [one]}}}
    spec |= {"template": spec["template"] | {"spec": spec["template"]["spec"] | {"restartPolicy": "Never"}}} if kind == "Job" else {
        "selector": {"matchLabels": {"app": name}}}
    if kind in ("Deployment", "StatefulSet"):
        spec["replicas"] = replicas
    if kind == "StatefulSet":
        spec["serviceName"] = name
    lab.cluster.create(path(namespace, kind), {"metadata": {"name": name}, "spec": spec})


def until_refused(lab, namespace, kind, name):
    """The controller has said that its pods are refused."""
    def said():
        events = lab.cluster.get(f"/api/v1/namespaces/{namespace}/events?fieldSelector=reason%3DFailedCreate")["items"]
        return any(e["involvedObject"]["kind"] == KINDS[kind][1] and re.fullmatch(f"{name}(-[a-z0-9]+)?", e["involvedObject"]["name"]) for e in events)
    wait(f"the pods of {kind} {name} are refused", said)


# --- Rights

def rights(documents):
    """Each right of these roles alone: {right: (kind of role, rule)}."""
    found = {}
    for role in (d for d in documents if d["kind"] in ("Role", "ClusterRole")):
        for rule in role["rules"]:
            for verb, url in itertools.product(rule["verbs"], rule.get("nonResourceURLs", [])):
                found[f"{verb} {url}"] = (role["kind"], {"verbs": [verb], "nonResourceURLs": [url]})
            for verb, group, resource in itertools.product(rule["verbs"], rule.get("apiGroups", []), rule.get("resources", [])):
                found[f"{verb} {resource}.{group}".rstrip(".")] = (role["kind"], {"verbs": [verb], "apiGroups": [group], "resources": [resource]})
    return found


def asked(seen):
    """The rights that the commands of a run took."""
    for tool, _, arguments, _ in seen.commands:
        url = re.fullmatch(r"get --raw ([^?]*)(\?.*)?", arguments)
        if tool != "kubectl" or not url:
            continue
        parts = re.fullmatch(r"/(?:api|apis/([^/]+))/v1/(?:namespaces/[^/]+/)?([^/]+)(/[^/]+)?", url[1])
        yield f"{'get' if parts[3] else 'list'} {parts[2]}.{parts[1] or ''}".rstrip(".") if parts else f"get {url[1]}"


def grant(lab, namespace, user, granted):
    """Gives a user these rights, and waits until the API server goes by them."""
    subject = {"kind": "User", "name": user, "apiGroup": RBAC}
    for kind, plural, where in (("Role", "roles", f"namespaces/{namespace}/"), ("ClusterRole", "clusterroles", "")):
        metadata = {"name": f"{RUN}-{user}", "labels": {LABEL: RUN}}
        rules = [rule for of, rule in granted.values() if of == kind]
        lab.cluster.create(f"/apis/{RBAC}/v1/{where}{plural}", {"metadata": metadata, "rules": rules})
        reference = {"apiGroup": RBAC, "kind": kind, "name": f"{RUN}-{user}"}
        lab.cluster.create(f"/apis/{RBAC}/v1/{where}{plural[:-1]}bindings", {"metadata": metadata, "roleRef": reference, "subjects": [subject]})
    until_granted(lab, namespace, granted, user=user)


def until_granted(lab, namespace, granted, **subject):
    for right, (kind, rule) in granted.items():
        if "nonResourceURLs" in rule:
            what = {"nonResourceAttributes": {"path": rule["nonResourceURLs"][0], "verb": rule["verbs"][0]}}
        else:
            what = {"resourceAttributes": {"verb": rule["verbs"][0], "group": rule["apiGroups"][0], "resource": rule["resources"][0],
                                           **({"namespace": namespace} if kind == "Role" else {})}}
        review = {"spec": {**subject, **what}}
        wait(f"{subject['user']} may {right}", lambda: lab.cluster.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"])


def person(lab, namespace):
    """A service account that has k8s/doctor as it is, by an overlay as its comment shows: the documents, and its token."""
    lab.account(namespace, "person")
    subject = [{"op": "replace", "path": "/subjects/0", "value": {"kind": "ServiceAccount", "name": "person", "namespace": namespace}}]
    fields = {"nameSuffix": f"-{RUN}", "labels": [{"pairs": {LABEL: RUN}}], "patches": [{"target": {"kind": ".*RoleBinding"}, "patch": json.dumps(subject)}]}
    text = lab.cluster.build(ROOT / "k8s/doctor", namespace=namespace, **copy.deepcopy(fields))
    lab.cluster.must("apply", "--server-side", "--validate=strict", "-f", "-", text=text)
    documents = as_json(lab, ROOT / "k8s/doctor", namespace, **fields)
    until_granted(lab, namespace, rights(documents), user=f"system:serviceaccount:{namespace}:person",
                  groups=["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"])
    return documents, lab.cluster.must("-n", namespace, "create", "token", "person", "--duration=10m").strip()


@case
def doctor_rights(lab):
    namespace = lab.namespace("doctor-rights")
    lab.account(namespace, "checkout", "checkout")
    lab.cluster.create(f"/api/v1/namespaces/{namespace}/pods", pod("checkout-1", containers=[container("app", "sleep", "600")]))
    # Another account's, so that `doctor` has to look at every kind of controller.
    for kind in KINDS:
        make(lab, namespace, kind, f"other-{kind.lower()}", "default", admitted=False)
    documents, token = person(lab, namespace)
    granted = rights(documents)
    listed = sorted(right for key in WITHOUT for right in key.split(", "))
    lab.ok("this test has every right of k8s/doctor", [] if sorted(granted) == listed else [f"{sorted(granted)} and {listed}"])
    for kind in KINDS:
        until_refused(lab, namespace, kind, f"other-{kind.lower()}")
    wait("the pod is ready, after which its warnings are over", lambda: is_ready(lab.cluster.pod(namespace, "checkout-1")))
    with Iam() as iam:
        iam.provider(lab.aws.issuer)
        iam.role("checkout", lab.aws.policy(lab.aws.issuer.removeprefix("https://"), [f"system:serviceaccount:{namespace}:checkout"]))
        station = Workstation(lab, namespace, iam)
        with_all = exact(lab, station, {"token": token}, granted)
        for key in WITHOUT:
            lab.ok(f"without `{key}` what rests on it is skipped, and nothing else", lambda: lacking(lab, station, granted, key, with_all))
        without_any(lab, station)
    if not lab.failed:
        lab.cluster.delete(f"/api/v1/namespaces/{namespace}")


def exact(lab, station, user, granted):
    """With all rights: {argument: what was seen}."""
    seen = {argument: station.doctor(user, argument) for argument in ("checkout", POD, "missing")}

    def passes(argument, *skipped):
        yield from seen[argument].ended(0)
        if seen[argument].skipped() != set(skipped):
            yield f"skipped: {seen[argument].skipped()}"
        if seen[argument].report["expected"] != {"provider": "irsa", "roleArn": f"arn:aws:iam::{ACCOUNT}:role/checkout"}:
            yield str(seen[argument].report["expected"])

    # EKS is not asked about a cluster that nobody named.
    lab.ok("with the rights of k8s/doctor: PASS, beside refused pods of another account", passes("checkout", "association", "aws-auth"))
    lab.ok("the same of a pod", passes(POD, "association", "aws-auth", "pods-admitted"))
    lab.ok("and of a name that nothing has", seen["missing"].ended(1, "service-account-missing"))
    lab.ok("--aws-auth, for which that is not enough, is skipped alone", lambda: aws_auth(station, user, seen["checkout"]))
    lab.ok("no command is refused", [refused for one in seen.values() for refused in one.refused()])
    took = {right for one in seen.values() for right in asked(one)}
    lab.ok("each right is needed", [] if took == set(granted) else [f"not asked: {set(granted) - took}, not granted: {took - set(granted)}"])
    return seen


def aws_auth(station, user, without):
    seen = station.doctor(user, "checkout", "--aws-auth")
    yield from seen.ended(0)
    yield from (str(check) for name, check in seen.checks.items() if check != without.checks[name] and name != "aws-auth")
    if "no permission" not in seen.checks["aws-auth"].get("because", "") or len(seen.refused()) != 1:
        yield f"{seen.checks['aws-auth']} {seen.refused()}"


def lacking(lab, station, granted, key, with_all):
    """Problems of a user who lacks these rights. It is in no group of service accounts, which may read the discovery document in any case."""
    argument, code, names = WITHOUT[key]
    user = "doctor-without-" + re.sub(r"[^a-z]+", "-", key)[:40].strip("-")
    grant(lab, station.namespace, user, {right: rule for right, rule in granted.items() if right not in key.split(", ")})
    seen, before = station.doctor({"as": user}, argument), with_all[argument]
    yield from seen.ended(code, *before.codes)
    changed = {name: check for name, check in seen.checks.items() if check != before.checks[name]}
    if set(changed) != set(names.split()):
        yield f"{sorted(changed)} differ, and {names} should: {list(changed.values())}"
    yield from (str(check) for check in changed.values() if check["outcome"] == "pass")
    if seen.skipped() - before.skipped() and all("no permission: Error from server (Forbidden)" not in str(check.get("because")) for check in changed.values()):
        yield f"nothing names the right: {list(changed.values())}"
    if len(seen.refused()) < len(key.split(", ")):
        yield f"refused: {seen.refused()}"


def without_any(lab, station):
    def problems(user, words):
        seen = station.doctor(user, "checkout")
        yield from seen.ended(3)
        yield from (str(check) for check in seen.checks.values() if check["outcome"] != "skip" or not check["because"])
        if words not in seen.checks["service-account"]["because"]:
            yield str(seen.checks["service-account"])

    lab.ok("without any right: UNKNOWN, and nothing is claimed", lambda: problems({"as": "doctor-nobody"}, "no permission: Error from server (Forbidden)"))
    lab.ok("with a token that is none: the same", lambda: problems({"token": "none"}, "the API server does not accept kubectl's login"))


# --- Pods that are refused

# Workloads, each with a service account of its name: (kind, what differs, how many pods it has, words of the API server).
REFUSED = {
    "by-standard": ("Deployment", {"admitted": False}, "0 of 1", "violates PodSecurity"),
    "by-standard-too": ("DaemonSet", {"admitted": False}, "0 of", "violates PodSecurity"),
    "by-standard-as-well": ("Job", {"admitted": False}, "0 of 1", "violates PodSecurity"),
    "by-policy": ("StatefulSet", {}, "0 of 1", "ValidatingAdmissionPolicy"),
    "by-quota": ("Deployment", {"replicas": 2, "requests": {"irsa-probe.io/e2e": "1"}, "limits": {"irsa-probe.io/e2e": "1"}}, "1 of 2", "exceeded quota"),
}


@case
def doctor_refused(lab):
    namespace = lab.namespace("doctor-refused")
    for name in REFUSED:
        lab.account(namespace, name, "checkout")
    refuse(lab, namespace)
    for name, (kind, differs, *_) in REFUSED.items():
        make(lab, namespace, kind, name, name, **differs)
    lab.account(namespace, "checkout", "checkout")
    make(lab, namespace, "Deployment", "checkout", "checkout")
    for name, (kind, *_) in REFUSED.items():
        until_refused(lab, namespace, kind, name)
    wait("one is admitted", lambda: (1, 1) in replicas(lab, namespace, "Deployment", "checkout"))
    wait("one of two is admitted", lambda: (2, 1) in replicas(lab, namespace, "Deployment", "by-quota"))
    station = Workstation(lab, namespace)
    for name, (kind, _, has, words) in REFUSED.items():
        lab.ok(f"a {kind} whose pods are refused, {name}: pods-refused", lambda: refused(station, name, KINDS[kind][1], has, words))
    lab.ok("another account, whose pods are admitted: nothing is found", lambda: admitted(station, "checkout"))
    own = {"containers": [{"name": "app", "securityContext": OWN, "readinessProbe": {"tcpSocket": {"port": 9}}}]}
    lab.ok("the Deployment, mended, whose new pod is not ready yet: nothing is found", lambda: mended(lab, station, "by-standard", {"spec": own}, old=(1, 0)))
    own["containers"][0]["readinessProbe"] = None
    lab.ok("the Deployment, mended: nothing is found", lambda: mended(lab, station, "by-standard", {"spec": own}))
    lab.ok("the StatefulSet, mended: nothing is found", lambda: mended(lab, station, "by-policy", {"metadata": {"labels": {"mended": "true"}}}))
    if not lab.failed:
        lab.cluster.delete(f"/api/v1/namespaces/{namespace}")


def refuse(lab, namespace):
    """A quota, and a policy on the pods of one service account. Pod Security comes with the namespace."""
    quotas = f"/api/v1/namespaces/{namespace}/resourcequotas"
    lab.cluster.create(quotas, {"metadata": {"name": "one"}, "spec": {"hard": {"requests.irsa-probe.io/e2e": "1"}}})
    metadata = {"name": f"{RUN}-doctor", "labels": {LABEL: RUN}}
    lab.cluster.create(f"/apis/{ADMISSION}/v1/validatingadmissionpolicies", {"metadata": metadata, "spec": {
        "matchConstraints": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}, "resourceRules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]},
        "validations": [{"expression": "object.spec.serviceAccountName != 'by-policy' || 'mended' in object.metadata.labels"}]}})
    lab.cluster.create(f"/apis/{ADMISSION}/v1/validatingadmissionpolicybindings", {"metadata": metadata, "spec": {
        "policyName": metadata["name"], "validationActions": ["Deny"]}})
    wait("the quota counts", lambda: lab.cluster.get(f"{quotas}/one")["status"]["hard"])
    try_it = pod("try", serviceAccountName="by-policy")
    wait("the policy acts", lambda: "ValidatingAdmissionPolicy" in str(lab.cluster.ask("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", try_it)))


def replicas(lab, namespace, kind, name):
    """[(wanted, existing)] of what makes the pods of a Deployment or a StatefulSet."""
    if kind == "Deployment":
        made = lab.cluster.get(f"/apis/apps/v1/namespaces/{namespace}/replicasets?labelSelector=app%3D{name}")["items"]
    else:
        made = [lab.cluster.get(path(namespace, kind, name))]
    return [(one["spec"]["replicas"], one["status"].get("replicas", 0)) for one in made]


def refused(station, name, kind, has, words):
    seen = station.doctor({}, name)
    yield from seen.ended(1, "pods-refused")
    detail = seen.report["rootCause"]["detail"] if seen.codes else ""
    if not re.search(rf"^{kind} {name}(-[a-z0-9]+)? has {has}.* pods; the API server refused the last try, at [0-9TZ:-]+: pods \"{name}.*{words}", detail):
        yield detail
    yield from (f"{detail} names {other}" for other in REFUSED if re.search(rf" {other}(-[a-z0-9]{{5,}})? has ", detail) and other != name)


def admitted(station, name):
    """Without aws that is UNKNOWN, and no more than that."""
    seen = station.doctor({}, name)
    yield from seen.ended(3)
    yield from (str(seen.checks[check]) for check in ("pods-admitted", "service-account-used", "pods-injected") if seen.checks[check]["outcome"] != "pass")


def mended(lab, station, name, template, old=(0, 0)):
    kind = REFUSED[name][0]
    status, answer = lab.cluster.ask("PATCH", path(station.namespace, kind, name), {"spec": {"template": template}}, "application/strategic-merge-patch+json")
    if status != 200:
        yield f"{status} {answer}"
    # A Deployment wants pods of its old ReplicaSet, which are still refused, until the new pods are ready.
    wait("the new pod is there", lambda: {(1, 1)} <= {*replicas(lab, station.namespace, kind, name)} <= {(1, 1), (0, 0), old})
    yield from admitted(station, name)


# --- Pods that are older than what names their role

@case
def doctor_age(lab):
    namespace = lab.namespace("doctor-age")
    role = f"eks.amazonaws.com/role-arn=arn:aws:iam::{ACCOUNT}:role/"
    lab.cluster.must("-n", namespace, "apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "applied"}}))
    lab.cluster.must("-n", namespace, "create", "serviceaccount", "created")
    pods = f"/api/v1/namespaces/{namespace}/pods"
    for name in ("applied", "created"):
        lab.cluster.create(pods, pod(name, serviceAccountName=name))
    time.sleep(1.1)  # Kubernetes' times are in whole seconds
    for name in ("applied", "created"):
        lab.cluster.must("-n", namespace, "annotate", "serviceaccount", name, f"{role}checkout")
    station = Workstation(lab, namespace)

    def predates(words):
        seen = station.doctor({}, "applied")
        yield from seen.ended(1, "pod-predates-annotation")
        cause = seen.report["rootCause"] or {"detail": "nothing", "remedy": {}}
        commands = [(one["command"], one["effect"]) for one in cause["remedy"].get("commands", ())]
        if words not in cause["detail"] or commands != [(f"kubectl -n {namespace} delete pod applied", "shared")]:
            yield str(cause)

    def untold():
        seen = station.doctor({}, "created")
        yield from seen.ended(3)
        check = seen.checks["pods-injected"]
        if check["outcome"] != "warn" or "managedFields lacks what kubectl annotate adds to an account that kubectl create made" not in check["detail"]:
            yield str(check)

    def anew(name):
        lab.cluster.must("-n", namespace, "delete", "pod", name, "--now")
        lab.cluster.create(pods, pod(name, serviceAccountName=name))
        yield from admitted(station, name)

    lab.ok("a pod from before the annotation: pod-predates-annotation", lambda: predates("Pod applied has nothing injected."))
    lab.ok("the API server does not say when an account of `kubectl create` was annotated: UNKNOWN", untold)
    for name in ("applied", "created"):
        lab.ok(f"a new pod, {name}: nothing is found", lambda: anew(name))
    time.sleep(1.1)
    lab.cluster.must("-n", namespace, "annotate", "--overwrite", "serviceaccount", "applied", f"{role}other")
    lab.ok("a pod from before the annotation of another role", lambda: predates("the role of an older annotation"))
    if not lab.failed:
        lab.cluster.delete(f"/api/v1/namespaces/{namespace}")
