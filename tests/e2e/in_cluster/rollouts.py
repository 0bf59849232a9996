"""Every example rolls out in a namespace that enforces Pod Security `restricted`. First its role does not trust it, and what gates must block;
then the trust policy is mended, and everything must start."""

import json

from kube import documents, ended, is_ready, statuses, wait
from run import ROOT, case

EXAMPLES = ROOT / "k8s" / "examples"
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
# What a label of the components says of a workload: its container, and the list that has it.
PROBES = {("irsa-probe.io/gate", "true"): "irsa-probe-gate", ("irsa-probe.io/sidecar", "native"): "irsa-probe",
          ("irsa-probe.io/sidecar", "classic"): "irsa-probe", ("irsa-probe.io/exec-wrap", "true"): "irsa-probe-install"}


class Workload:
    """One workload of an example, with its pods."""

    def __init__(self, lab, document):
        self.cluster, self.aws, self.document = lab.cluster, lab.aws, document
        self.namespace, self.name, self.kind = document["metadata"]["namespace"], document["metadata"]["name"], document["kind"]
        labels = document["metadata"].get("labels", {})
        self.parts = {part for part in PROBES if labels.get(part[0]) == part[1]}
        template = document["spec"]["jobTemplate"]["spec"]["template"] if self.kind == "CronJob" else document["spec"]["template"]
        self.spec = template["spec"]
        self.readiness = any("readinessProbe" in c for c in self.spec["containers"] + self.spec.get("initContainers", []) if c["name"] == "irsa-probe")
        self.application = next(c["name"] for c in self.spec["containers"] if c["name"] != "irsa-probe")
        self.replicas = document["spec"].get("replicas", 1)

    def has(self, label, value="true"):
        return (f"irsa-probe.io/{label}", value) in self.parts

    @property
    def ends(self):
        return self.kind in ("Job", "CronJob")

    def start(self):
        """A CronJob's time need not come: a Job is made from it, as a person would."""
        if self.kind == "CronJob":
            self.cluster.must("-n", self.namespace, "create", "job", f"{self.name}-now", f"--from=cronjob/{self.name}")

    def pods(self):
        """The workload's pods, by their ownerReferences."""
        def owner(pod):
            if self.kind == "Deployment":
                return "ReplicaSet", f"{self.name}-{pod['metadata']['labels'].get('pod-template-hash')}"
            return ("Job", f"{self.name}-now") if self.kind == "CronJob" else (self.kind, self.name)

        def mine(pod):
            return any((o["kind"], o["name"]) == owner(pod) for o in pod["metadata"].get("ownerReferences", []))
        return [pod for pod in self.cluster.pods(self.namespace) if mine(pod) and "deletionTimestamp" not in pod["metadata"]]

    # --- While the role does not trust the service account

    def judged(self, pod):
        """The probe of this pod has tried, and STS has refused. A sidecar also says so."""
        if not self.aws.exchanges(self.namespace, pod["metadata"]["name"], 403):
            return False
        if not self.serves_now:
            return True
        status, text = self.cluster.from_pod(self.namespace, pod["metadata"]["name"], "status")
        cause = (text.get("report") or {}).get("rootCause") if status == 200 else None
        return cause and cause["code"] == "trust-policy-denied"

    @property
    def serves_now(self):
        """Its sidecar runs while the gate is shut."""
        return self.has("sidecar", "native") or self.has("sidecar", "classic") and not self.has("gate")

    @property
    def gated(self):
        return self.has("gate") or self.has("sidecar", "native") or self.has("exec-wrap")

    def blocks(self):
        """Problems of a workload whose identity is broken."""
        wanted = 1 if self.kind == "StatefulSet" else self.replicas  # its pods come one by one
        pods = wait("the probe has judged", lambda: len(self.pods()) >= wanted and all(map(self.judged, self.pods()[:wanted])) and self.pods())
        for pod in pods[:wanted]:
            name = pod["metadata"]["name"]
            application = wait("the kubelet has told of it", lambda: statuses(self.cluster.pod(self.namespace, name)).get(self.application))
            if self.has("exec-wrap"):
                if "started as" in str(self.cluster.log(self.namespace, name, self.application)):
                    yield f"{name}: the application has started"
            elif self.gated and ("waiting" not in application["state"] or application["restartCount"]):
                yield f"{name}: the application has started: {application['state']}"
            if (self.gated or self.readiness) and not self.has("exec-wrap") and is_ready(pod):
                yield f"{name} is ready"
            if self.serves_now:
                for path, wanted_status in (("startupz", 503), ("readyz", 503), ("livez", 200)):
                    got = self.cluster.from_pod(self.namespace, name, path)[0]
                    if got != wanted_status:
                        yield f"{name}: /{path} answers {got}"
            if not self.gated and not self.readiness:
                wait("it gates nothing", lambda: is_ready(self.cluster.pod(self.namespace, name)))

    def gives_up(self):
        """Problems of a gate whose time is over: exit code, and the termination message in what a person reads."""
        container = self.application if self.has("exec-wrap") else "irsa-probe-gate"
        pod = wait("the check has ended", lambda: next((p for p in self.pods() if ended(p, container)), None))
        end, name = ended(pod, container), pod["metadata"]["name"]
        said = end.get("message", "")
        if end["exitCode"] != 1 or not said.startswith("trust-policy-denied: "):
            yield f"{name}: exit code {end['exitCode']}, termination message {said!r}"
        described = " ".join(self.cluster.must("-n", self.namespace, "describe", "pod", name).split())
        if " ".join(said.split()) not in described:
            yield f"{name}: kubectl describe does not show the whole termination message"

    # --- When it does

    def complete(self):
        """The workload is as its controller wants it."""
        plural = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets", "Job": "jobs", "CronJob": "jobs"}[self.kind]
        group = "batch" if self.ends else "apps"
        name = f"{self.name}-now" if self.kind == "CronJob" else self.name
        status = self.cluster.get(f"/apis/{group}/v1/namespaces/{self.namespace}/{plural}/{name}")["status"]
        if self.ends:
            return any(c["type"] == "Complete" and c["status"] == "True" for c in status.get("conditions", []))
        if self.kind == "DaemonSet":
            return status.get("numberReady", 0) == status.get("desiredNumberScheduled") > 0
        return status.get("readyReplicas", 0) == self.replicas

    def starts(self):
        """Problems of a workload whose identity is proven."""
        wait(f"{self.kind} {self.name} is complete", self.complete)
        good = [pod for pod in self.pods() if self.ends and pod["status"]["phase"] == "Succeeded" or is_ready(pod)]
        if len(good) < (1 if self.ends else self.replicas):
            yield f"{len(good)} good pods"
        for pod in good:
            name, all_statuses = pod["metadata"]["name"], statuses(pod)
            state = all_statuses[self.application]["state"]
            began = (state.get("running") or state.get("terminated"))["startedAt"]
            if self.parts:
                wait(f"STS has granted {name} the role", lambda: self.aws.exchanges(self.namespace, name))
            if not self.ends:  # a container without a readiness probe is ready before it has written anything
                wait(f"{name}'s application has started", lambda: "started as" in self.cluster.log(self.namespace, name, self.application))
            log = str(self.cluster.log(self.namespace, name, self.application))
            if self.has("gate"):
                gate = all_statuses["irsa-probe-gate"]["state"]["terminated"]
                if gate["exitCode"] != 0 or gate["finishedAt"] > began or gate.get("message"):
                    yield f"{name}: the gate ended as {gate}, the application began {began}"
            if self.has("exec-wrap"):
                if "started as 1 with --port 8080" not in log or "identity proven" not in log:
                    yield f"{name}: the application's log is {log!r}"
            elif not self.ends and "started as 1 " not in log:
                yield f"{name}: the application is not process 1: {log!r}"
            if self.has("sidecar", "native"):
                yield from self.native(pod, began)
            if self.has("sidecar", "native") or self.has("sidecar", "classic"):
                yield from self.serves(name)

    def native(self, pod, began):
        one = statuses(pod)["irsa-probe"]
        state = one["state"].get("running") or one["state"]["terminated"]
        if not self.ends and not one.get("started"):
            yield f"{pod['metadata']['name']}: its start-up probe has not passed"
        if state["startedAt"] > began:
            yield f"{pod['metadata']['name']}: the sidecar began {state['startedAt']}, after the application {began}"
        if self.ends and state.get("exitCode") != 0:
            yield f"the sidecar ended with {state}"

    def serves(self, name):
        if self.ends:
            return
        wait(f"{name} is ready for the first time", lambda: self.cluster.from_pod(self.namespace, name, "readyz")[0] == 200)
        for path in ("startupz", "readyz", "livez", "status", "metrics", ""):
            status, text = self.cluster.from_pod(self.namespace, name, path)
            if status != 200:
                yield f"{name}: /{path} answers {status}"
            if path == "metrics" and "\nirsa_probe_ready 1\n" not in text:
                yield f"{name}: its metrics do not say that it is ready"
        asked = self.cluster.kubectl("-n", self.namespace, "exec", name, "-c", "irsa-probe", "--", "/irsa-probe", "get", "readyz")
        if asked.returncode:
            yield f"{name}: an exec probe in its image: {asked.stdout}{asked.stderr}"


# A gate bears a refusal for a minute, since IAM takes seconds to spread a new trust policy. These are also tried with less time, by the patch that
# k8s/README.md tells people to write.
HURRIED = {"gate": ("initContainers", "irsa-probe-gate"), "job-gate": ("initContainers", "irsa-probe-gate"), "exec-wrap": ("containers", "checkout")}


def hurry(document, place, container):
    """The patch that gives a check 8 s: enough for a busy machine, and less than the minute. A Job tries more often then."""
    [command] = [c["command"] for c in pod_spec(document)[place] if c["name"] == container]
    at = command.index("--timeout") + 1
    patch = {"spec": {place: [{"name": container, "command": [*command[:at], "8s", *command[at + 1:]]}]}}
    patch = {"spec": {"template": patch, **({"backoffLimit": 20} if "Job" in document["kind"] else {})}}
    if document["kind"] == "CronJob":
        patch = {"spec": {"jobTemplate": patch}}
    patch |= {key: document[key] for key in ("apiVersion", "kind")} | {"metadata": {"name": "any"}}
    return {"target": {"kind": document["kind"]}, "patch": json.dumps(patch)}


def try_example(lab, folder, hurried=False):
    """The example as it is, in a namespace of its own name."""
    workloads = [d for d in as_json(lab, folder, "any") if d["kind"] in WORKLOADS]
    as_root = any(pod_spec(d).get("securityContext", {}).get("runAsUser") == 0 for d in workloads)
    if as_root:
        refused(lab, folder)
    namespace = lab.namespace(lab.name, "baseline" if as_root else "restricted")
    patches = [hurry(d, *HURRIED[folder.name]) for d in workloads] if hurried else []
    applied = apply(lab, folder, namespace, patches=patches)
    things = [Workload(lab, document) for document in applied if document["kind"] in WORKLOADS]
    for thing in things:
        thing.start()
    for thing in things:
        lab.ok(f"{thing.kind} {thing.name}: a broken trust policy " + ("blocks it" if thing.gated or thing.readiness else "shows"), thing.blocks)
        if hurried:
            lab.ok(f"{thing.kind} {thing.name}: the gate gives up, and says why", thing.gives_up)
    trust(lab, applied, namespace)
    for thing in things:
        lab.ok(f"{thing.kind} {thing.name}: with a mended one it starts, {', '.join(sorted(PROBES[part] for part in thing.parts)) or 'without a probe'}",
               thing.starts)
    if not lab.failed:
        lab.cluster.delete(f"/api/v1/namespaces/{namespace}")


def refused(lab, folder):
    """A pod that runs as root does not pass `restricted`, with or without the probe: the comments say so."""
    namespace = lab.namespace(f"{folder.name}-restricted")
    apply(lab, folder, namespace)

    def problems():
        wait("the API server refuses it", lambda: any("violates PodSecurity" in event.get("message", "") and event["reason"] == "FailedCreate"
             for event in lab.cluster.get(f"/api/v1/namespaces/{namespace}/events")["items"]))
        if lab.cluster.pods(namespace):
            yield "there are pods"

    lab.ok("`restricted` refuses a pod that runs as root", problems)
    lab.cluster.delete(f"/api/v1/namespaces/{namespace}")


def as_json(lab, folder, namespace, **fields):
    text = lab.cluster.build(folder, namespace=namespace, **fields)
    return documents(lab.cluster.must("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-", text=text))


def pod_spec(document):
    spec = document["spec"]["jobTemplate"]["spec"] if document["kind"] == "CronJob" else document["spec"]
    return spec["template"]["spec"]


def apply(lab, folder, namespace, **fields):
    """Applies an example as its users do, and says what is there then."""
    text = lab.cluster.build(folder, namespace=namespace, **fields)
    lab.cluster.must("apply", "--server-side", "--validate=strict", "-f", "-", text=text)
    return as_json(lab, folder, namespace, **fields)


def trust(lab, documents, namespace):
    for account in (d for d in documents if d["kind"] == "ServiceAccount"):
        role = account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].split(":role/")[1]
        lab.aws.trust(role, f"{namespace}:{account['metadata']['name']}")


@case
def canary(lab):
    """The Job and the CronJob that test one service account, in a namespace that enforces `restricted`: first broken, then mended."""
    namespace = lab.namespace("canary")
    lab.account(namespace, "checkout", "apps/checkout", trusted=False)

    documents = [d for d in as_json(lab, ROOT / "k8s" / "canary", namespace) if d["kind"] in ("Job", "CronJob")]
    hurried = [hurry(d, "containers", "irsa-probe") for d in documents]
    # Its time may come while this runs.
    suspended = {"target": {"kind": "CronJob"}, "patch": json.dumps([{"op": "add", "path": "/spec/suspend", "value": True}])}

    def outcome(problem, patches):
        apply(lab, ROOT / "k8s" / "canary", namespace, patches=[*patches, suspended])
        jobs = [document["metadata"]["name"] for document in documents if document["kind"] == "Job"]
        for cronjob in (document["metadata"]["name"] for document in documents if document["kind"] == "CronJob"):
            jobs.append(f"{cronjob}-now")
            lab.cluster.must("-n", namespace, "create", "job", jobs[-1], f"--from=cronjob/{cronjob}")
        for job in jobs:
            yield from problem(job, wait("the check has ended", lambda: ended(lab.cluster.pods(namespace, f"job-name={job}")[0], "irsa-probe")))
            lab.cluster.delete(f"/apis/batch/v1/namespaces/{namespace}/jobs/{job}?propagationPolicy=Background")
        wait("its pods are gone", lambda: not lab.cluster.pods(namespace))

    def fails(name, end):
        if end["exitCode"] != 1 or not end.get("message", "").startswith("trust-policy-denied: "):
            yield f"{name}: {end}"

    def passes(name, end):
        granted = [r for r in lab.aws.requests if r["status"] == 200 and (r["pod"] or "").startswith(f"{name}-") and f":{namespace}:" in r["subject"]]
        if end["exitCode"] or end.get("message") or not granted:
            yield f"{name}: {end}, granted {granted}"

    lab.ok("a broken trust policy: exit code 1, and the termination message says why", lambda: outcome(fails, hurried))
    lab.aws.trust("apps/checkout", f"{namespace}:checkout")
    lab.ok("a mended one: exit code 0", lambda: outcome(passes, []))


def cases():
    """One case for each folder, so that a new example is tried without a change here."""
    for folder in sorted(EXAMPLES.iterdir()):
        # The bases are the others' application, without a probe. What stands on none of them has no workload: `applied` and `inject` try that.
        if folder.name.startswith("base") or "../base" not in (folder / "kustomization.yaml").read_text():
            continue
        for hurried in (False, True)[:1 + (folder.name in HURRIED)]:
            def one(lab, folder=folder, hurried=hurried):
                try_example(lab, folder, hurried)
            one.__name__ = f"example-{folder.name}" + "-hurried" * hurried
            case(one)


cases()
