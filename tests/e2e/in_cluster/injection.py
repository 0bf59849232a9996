"""k8s/inject as it is: what the policy adds to which pods, under every order of webhooks and either reinvocation policy of EKS's."""

import concurrent.futures
import copy
import itertools
import json

from kube import ended, is_ready, statuses, wait
from run import LABEL, ROOT, RUN, case

SIDECAR = "irsa-probe"
ROLE = "apps/checkout"
INJECT = {"irsa-probe.io/inject": "true"}
RESTRICTED = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
OWN = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
POLICIES = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies"


def container(name, *command, **more):
    return {"name": name, "image": "registry.example.com/checkout:1.0", "command": list(command) or ["/app/checkout"], "securityContext": OWN, **more}


def pod(name, labels=None, annotations=None, **spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels or {}, "annotations": annotations or {}}, "spec": {
        "serviceAccountName": "checkout", "securityContext": RESTRICTED, "terminationGracePeriodSeconds": 1, "containers": [container("checkout")], **spec}}


def policy(lab, folder):
    """Applies the policy as its comment says: with an image of the user's own."""
    image = {"target": {"kind": "MutatingAdmissionPolicy", "name": "irsa-probe-inject"},
             "patch": json.dumps([{"op": "replace", "path": "/spec/variables/0/expression", "value": f"'{lab.cluster.image}'"}])}
    text = lab.cluster.build(ROOT / "k8s" / folder, patches=[image], labels=[{"pairs": {LABEL: RUN}}])
    return lab.cluster.kubectl("apply", "--server-side", "--force-conflicts", "--validate=strict", "-f", "-", text=text)


@case
def inject(lab):
    if not lab.cluster.serves("admissionregistration.k8s.io/v1", "mutatingadmissionpolicies"):
        done = policy(lab, "inject")
        lab.ok("before 1.36 it is refused as a whole", [] if done.returncode and "no matches for kind" in done.stderr else [done.stdout + done.stderr])
        return
    if lab.cluster.ask("GET", f"{POLICIES}/irsa-probe-inject")[0] == 200:
        raise RuntimeError("this cluster has the policy irsa-probe-inject already")
    done = policy(lab, "inject")
    lab.ok("it applies", [f"exit {done.returncode}: {done.stderr}"] if done.returncode else [])
    namespace = lab.namespace("inject")
    lab.account(namespace, "checkout", ROLE)
    wait("the policy acts", lambda: SIDECAR in inits(admit(lab, namespace, pod("try", INJECT))))

    run_pods(lab, namespace)
    run_as_root_and_on_the_host(lab)
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda one: arrangement(lab, *one), arrangements()))
    # The documented overlay of the policy, over it: the same names.
    done = policy(lab, "examples/inject")
    lab.ok("an overlay with another image applies over it", [f"exit {done.returncode}: {done.stderr}"] if done.returncode else [])
    figures = lambda: next(c for c in admit(lab, namespace, pod("try", INJECT))["spec"]["initContainers"] if c["name"] == SIDECAR)["resources"]
    lab.ok("and its figures hold", lambda: [] if wait("they hold", lambda: figures()["limits"]["memory"] == "24Mi") else ["no"])


# --- What the API server makes of pods that are never run

def admit(lab, namespace, body):
    """The pod as the API server would store it."""
    return lab.cluster.create(f"/api/v1/namespaces/{namespace}/pods?dryRun=All", body)


def inits(body):
    return [c["name"] for c in body["spec"].get("initContainers", [])]


def shapes(every=True):
    """(pod, whether it should get the sidecar): pods of every kind in everything that the policy looks at, or only in what webhooks change."""
    restore = [container("restore", "/app/restore")]
    both = (False, True)
    for label, annotated, mesh, first, host, there in itertools.product(
            ("true", "false", None) if every else ("true", None), both, both, ([], restore), both if every else (False,), both if every else (False,)):
        if there and (host or mesh):
            continue
        labels = {"irsa-probe.io/inject": label} if label else {}
        annotations = {"irsa-probe.io/e2e-label-it": str(annotated).lower(), "irsa-probe.io/e2e-mesh": str(mesh).lower()}
        body = pod("shape", labels, annotations, initContainers=copy.deepcopy(first))
        if host:
            body["spec"]["hostNetwork"] = True
        if there:
            body["spec"]["containers"].append(container(SIDECAR, "sleep", "9"))
        # What a webhook labels is not asked for again: the policy has to match when the pod arrives.
        yield body, label == "true" and not host and not there


def arrangements():
    """EKS's webhook before the others and after them, with either reinvocation policy. The first arrangement takes every shape of pod."""
    both = itertools.product((("identity", "label", "mesh"), ("label", "mesh", "identity")), ("IfNeeded", "Never"))
    return [(order, reinvocation, number == 0) for number, (order, reinvocation) in enumerate(both)]


def arrangement(lab, order, reinvocation, every):
    """Shapes of pods under one arrangement of webhooks."""
    name = f"{'-'.join(order)}-{reinvocation}".lower()
    lab.arrange(name, [(webhook, reinvocation if webhook == "identity" else "IfNeeded") for webhook in order] + [("endpoints", "IfNeeded")])
    namespace = lab.namespace(f"inject-{name}", level="privileged", webhooks=name)
    lab.account(namespace, "checkout", ROLE)
    lab.until_injected(namespace)

    def problems():
        for body, wanted in shapes(every):
            what = f"{body['metadata']['labels']} {body['metadata']['annotations']} host={body['spec'].get('hostNetwork')} {inits(body)}"
            got = admit(lab, namespace, body)
            if (SIDECAR in inits(got)) != wanted:
                yield f"{what}: {inits(got)}"
            elif wanted:
                yield from (f"{what}: {problem}" for problem in added(lab, namespace, body, got))

    lab.ok(f"webhooks {' → '.join(order)}, EKS's reinvoked {reinvocation}: the sidecar once, with the identity, and nothing else", problems)
    lab.cluster.delete(f"/api/v1/namespaces/{namespace}")


def added(lab, namespace, body, got):
    """Problems of what the policy added: against the same pod without the label, which differs in the sidecar only."""
    body = copy.deepcopy(body)
    body["metadata"]["labels"] = {}
    plain = admit(lab, namespace, body)
    ours = [c for c in got["spec"]["initContainers"] if c["name"] == SIDECAR]
    others = [c for c in got["spec"]["initContainers"] if c["name"] != SIDECAR]
    if len(ours) != 1:
        yield f"{len(ours)} sidecars"
    if inits(got)[0] not in (SIDECAR, "mesh-init") or inits(got).index(SIDECAR) > 1:
        yield f"the order is {inits(got)}"
    names = {e["name"] for e in ours[0]["env"]}
    if not {"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"} <= names or all(m["name"] != "aws-iam-token" for m in ours[0].get("volumeMounts", [])):
        yield f"the sidecar has no identity: {sorted(names)}"
    if bare(others) != bare(plain["spec"].get("initContainers", [])) or bare(got["spec"]["containers"]) != bare(plain["spec"]["containers"]):
        yield f"another container differs:\n{others}\n{got['spec']['containers']}\n{plain['spec']}"


def bare(containers):
    """Without the default token's mount, whose volume has a random name."""
    return [{**c, "volumeMounts": [m for m in c.get("volumeMounts", []) if not m["name"].startswith("kube-api-access-")]} for c in containers]


# --- Pods that run

def run_pods(lab, namespace):
    """Bare pods, a Deployment and a Job, with and without init containers, in a `restricted` namespace."""
    template = pod("x", {**INJECT, "app": "injected"})
    first = {"initContainers": [container("restore", "/app/restore")]}
    deployment = {"metadata": {"name": "injected"}, "spec": {"selector": {"matchLabels": {"app": "injected"}}, "template": {
        "metadata": template["metadata"], "spec": {**template["spec"], **first}}}}
    job = {"metadata": {"name": "injected"}, "spec": {"backoffLimit": 0, "template": {"metadata": {"labels": INJECT}, "spec": {
        **template["spec"], "restartPolicy": "Never", "containers": [container("report", "/app/report")]}}}}
    pods = f"/api/v1/namespaces/{namespace}/pods"
    lab.cluster.create(pods, pod("bare", INJECT))
    lab.cluster.create(pods, pod("bare-init", INJECT, **copy.deepcopy(first)))
    lab.cluster.create(pods, pod("plain"))
    lab.cluster.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", deployment)
    lab.cluster.create(f"/apis/batch/v1/namespaces/{namespace}/jobs", job)

    def ready(one):
        name = one["metadata"]["name"]
        wait(f"{name} is ready", lambda: is_ready(lab.cluster.pod(namespace, name)))
        status, text = lab.cluster.from_pod(namespace, name, "status")
        if status != 200 or text["state"] != "ready":
            yield f"/status: {status} {text}"
        wait("STS has granted it the role", lambda: lab.aws.exchanges(namespace, name))

    for name in ("bare", "bare-init"):
        lab.ok(f"a bare pod, {name}: ready, and the sidecar has proven the identity", lambda: ready(lab.cluster.pod(namespace, name)))
    lab.ok("a Deployment's pod with an init container", lambda: ready(wait("it is there", lambda: lab.cluster.pods(namespace, "app=injected"))[0]))
    lab.ok("a pod without the label is left alone", lambda: [] if inits(lab.cluster.pod(namespace, "plain")) == [] else ["it has init containers"])

    def finished():
        done = wait("the Job is complete", lambda: [p for p in lab.cluster.pods(namespace, "job-name=injected") if p["status"]["phase"] == "Succeeded"])
        code = ended(done[0], SIDECAR)["exitCode"]
        if code != 0:
            yield f"the sidecar ended with {code}"

    lab.ok("a Job ends, and its sidecar with it", finished)


def run_as_root_and_on_the_host(lab):
    namespace = lab.namespace("inject-privileged", level="privileged")
    lab.account(namespace, "checkout", ROLE)
    pods = f"/api/v1/namespaces/{namespace}/pods"
    lab.cluster.create(pods, pod("root", INJECT, securityContext={"runAsUser": 0}))
    lab.cluster.create(pods, pod("host", INJECT, hostNetwork=True, containers=[container("checkout", "sleep", "600")]))

    def runs(name, injected):
        wait(f"{name} is ready", lambda: is_ready(lab.cluster.pod(namespace, name)))
        if (SIDECAR in statuses(lab.cluster.pod(namespace, name))) != injected:
            yield f"containers: {sorted(statuses(lab.cluster.pod(namespace, name)))}"

    lab.ok("a pod that runs as root starts with the sidecar", lambda: runs("root", True))
    lab.ok("a pod on the host's network starts without it", lambda: runs("host", False))
    lab.cluster.delete(f"/api/v1/namespaces/{namespace}")
