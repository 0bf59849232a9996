"""Every kubectl command that the project prints, tried with the real kubectl, on objects of the names that the texts use."""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import threading

import tried
from applied import custom_kinds
from injection import container, pod
from kube import documents, ended, is_ready, wait
from printed import Named, Printed, printed
from rollouts import pod_spec
from run import ROOT, case, need_images

# What the scripts around a command start. A program that is missing here is an error: nothing else is in their reach.
PROGRAMS = ("jq", "grep", "mktemp", "rm")
POD = "checkout-7d9f4c5b6-x2x8v"
DENIED = ("User: arn:aws:sts::111122223333:assumed-role/eks-node/i-0abc1234567890def is not authorized to perform: dynamodb:PutItem on resource: "
          "arn:aws:dynamodb:us-west-2:111122223333:table/orders")
# The applications of the texts run as this user, and one of them has logged an error of AWS's.
USER = {"runAsUser": 1000, "runAsGroup": 1000}
SAYS = ["sh", "-c", f'echo "{DENIED}"; exec /app/checkout']
# Pods of the cluster's own namespace, by the labels that the texts go by.
SYSTEM = {"dns": {"k8s-app": "kube-dns"}, "agent": {"app.kubernetes.io/name": "eks-pod-identity-agent"}}


def fillings(lab, namespace, system):
    """What is put in for what the texts leave open, or have a name of their own for. Both namespaces are this run's."""
    return {
        ("NAMESPACE", "shop", "{namespace}", "{{ $labels.namespace }}"): namespace,
        ("kube-system",): system,
        ("POD", "{pod}", "{{ $labels.pod }}"): POD,
        ("CONTAINER",): "checkout",
        ("{{ $labels.container }}",): "irsa-probe",
        ("SERVICE_ACCOUNT", "{serviceAccount}"): "without-role",
        ("ROLE_ARN", "{roleArn}"): "arn:aws:iam::111122223333:role/apps/checkout",
        ("ACCOUNT",): "111122223333",
        ("NAME",): "apps/checkout",
        ("DEPLOYMENT",): "checkout",
        ("NODE", "{node}"): lab.cluster.get("/api/v1/nodes")["items"][0]["metadata"]["name"],
        ("IMAGE", "registry.example.com/irsa-probe:0.1.0"): lab.cluster.image,
        ("the STS host",): "sts.us-west-2.amazonaws.com",
        ("{pid}",): "1",
        ("{profile}",): "restricted",
    }


@case
def commands(lab):
    need_images(lab.cluster, ["public.ecr.aws/docker/library/busybox:stable"])  # of a command that the catalogue prints
    everything = list(printed())
    # `restricted` refuses a plain `kubectl run`. The cluster's own namespace enforces nothing.
    namespace, system = lab.namespace("commands", level="baseline"), lab.namespace("commands-system", level="privileged")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(lab, namespace, system, pathlib.Path(folder))
        objects(lab, bench)
        bench.try_all([one for one in everything if isinstance(one, Printed)])
        named(lab, {one for one in everything if isinstance(one, Named)})
        bench.complete()
        near_misses(lab, bench)
    lab.ok("what kubectl debug started has ended well", lambda: debugged(lab, namespace))
    if not lab.failed:
        for one in (namespace, system):
            lab.cluster.delete(f"/api/v1/namespaces/{one}")


# --- What the commands are about

def objects(lab, bench):
    namespace, cluster = bench.namespace, lab.cluster
    custom_kinds(cluster)
    lab.account(namespace, "checkout", "apps/checkout")
    cluster.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "without-role"}})
    overlays(lab, bench)
    built = cluster.must("create", "--dry-run=client", "--validate=false", "-o", "json", "-k", str(bench.folder / "both"))
    [deployment] = [thing for thing in documents(built) if thing["kind"] == "Deployment"]
    deployment["spec"]["replicas"] = 1
    spec = pod_spec(deployment)
    spec["securityContext"] |= USER
    spec["terminationGracePeriodSeconds"] = 1
    for one in spec["initContainers"]:
        one["image"] = cluster.image
    for one in spec["containers"]:
        one["command"] = SAYS
    template = deployment["spec"]["template"]
    apps, core = f"/apis/apps/v1/namespaces/{namespace}/deployments", f"/api/v1/namespaces/{namespace}"
    cluster.create(apps, deployment)
    orders = {"app": "orders"}
    cluster.create(apps, {"metadata": {"name": "orders"}, "spec": {
        "selector": {"matchLabels": orders}, "template": {**template, "metadata": {"labels": orders}}}})
    for name in (POD, "checkout-1"):
        cluster.create(f"{core}/pods", {**template, "metadata": {"name": name}})
    cluster.create(f"{core}/pods", pod("without-role", {}, serviceAccountName="without-role", containers=[container("app")]))
    for name, labels in SYSTEM.items():
        cluster.create(f"/api/v1/namespaces/{bench.system}/pods", pod(name, labels, serviceAccountName="default", containers=[container(name)]))
    (bench.folder / "pod.yaml").write_text(json.dumps({"apiVersion": "v1", "kind": "Pod", "spec": spec, "metadata": {
        "name": "try", "namespace": namespace, "labels": {"irsa-probe.io/inject": "true"}}}))
    (bench.folder / "as.json").write_text(json.dumps({"securityContext": USER}))
    cluster.create(f"/api/v1/namespaces/{bench.system}/configmaps", {"metadata": {"name": "aws-auth"}, "data": {"mapRoles": "[]"}})
    cluster.create(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies", {"metadata": {"name": "none"}, "spec": {
        "podSelector": {"matchLabels": {"app": "none"}}}})
    cluster.create(f"{core}/events", {"metadata": {"name": "refused"}, "reason": "FailedCreate", "type": "Warning", "message": "is forbidden",
                                      "involvedObject": {"kind": "ReplicaSet", "name": "refused", "namespace": namespace}})
    cluster.must("apply", "-k", str(bench.folder / "k8s/canary"))
    good = lambda one: is_ready(one) or one["status"]["phase"] == "Succeeded"
    wait("all pods are ready", lambda: len(pods := cluster.pods(namespace)) >= 5 and all(map(good, pods + cluster.pods(bench.system))))


def overlays(lab, bench):
    """k8s/ as this run's own, and the overlays that the README has people write."""
    shutil.copytree(ROOT / "k8s", bench.folder / "irsa-probe/k8s")
    (bench.folder / "k8s").symlink_to("irsa-probe/k8s")
    for file in (bench.folder / "irsa-probe").rglob("*.yaml"):
        file.write_text(bench.own(file.read_text()))
    written = re.findall(r"`([\w-]+)/kustomization\.yaml`[^`]*(?:`[^`\n]+`[^`]*)*?```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    here = {"base": "resources: [../k8s/examples/base]", ".": "resources: [k8s/examples/sidecar-readiness]", **dict(written),
            # Workloads with both, because the texts ask for the gate's log and for the sidecar's.
            "both": "resources: [../k8s/examples/base]\ncomponents: [../k8s/components/init-gate, ../k8s/components/sidecar]"}
    for name, text in here.items():
        (bench.folder / name).mkdir(exist_ok=True)
        text = bench.own(text).replace("REGISTRY", "registry.example.com").replace("TAG", "0.1.0")
        (bench.folder / name / "kustomization.yaml").write_text(text)


def debugged(lab, namespace):
    """Problems of the containers that `kubectl debug` added or copied: it tells nothing of how they end."""
    kinds = set()
    for one in lab.cluster.pods(namespace):
        name, spec = one["metadata"]["name"], one["spec"]
        started = {"added": [c["name"] for c in spec.get("ephemeralContainers", [])], "copied": ["checkout"] * (name == f"{POD}-irsa-probe")}
        kinds |= {kind for kind, names in started.items() if names}
        for each in sum(started.values(), []):
            wait(f"{name}, {each} has ended", lambda: ended(lab.cluster.pod(namespace, name), each))
            end = ended(lab.cluster.pod(namespace, name), each)
            if end["exitCode"] != 0:
                yield f"{name}, {each}: {end} {lab.cluster.log(namespace, name, each)}"
    yield from (f"nothing was {kind}" for kind in {"added", "copied"} - kinds)


# --- How they are tried

class Bench:
    """A folder in which the commands run, with `kubectl` in front of everything else."""

    def __init__(self, lab, namespace, system, folder):
        self.lab, self.namespace, self.system, self.folder = lab, namespace, system, folder
        self.fillings = fillings(lab, namespace, system)
        self.used, self.verbs, self.once, self.lock = set(), set(), {}, threading.Lock()
        found = {program: shutil.which(program) for program in PROGRAMS} | {"irsa-probe": lab.binary}
        missing = [program for program, path in found.items() if not path]
        if missing:
            raise RuntimeError(f"missing: {', '.join(missing)}")
        self.bin = folder / "bin"
        self.bin.mkdir()
        for program, path in found.items():
            (self.bin / program).symlink_to(path)
        shim = self.bin / "kubectl"
        shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -IS {shlex.quote(tried.__file__)} "$@"\n')
        shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
        # The context's namespace, which commands without -n mean, in a file before the one that knows the cluster.
        seen = json.loads(lab.cluster.must("config", "view", "--minify", "-o", "json"))
        context = {**seen["contexts"][0]["context"], "namespace": namespace}
        (folder / "context").write_text(json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "tried", "contexts": [
            {"name": "tried", "context": context}]}))
        given = lab.cluster.environment
        self.environment = {**given, "PATH": str(self.bin), "KUBECONFIG": f"{folder / 'context'}:{given['KUBECONFIG']}",
                            "TRIED_KUBECTL": shutil.which(lab.cluster.program), "TRIED_PATH": given["PATH"]}

    def own(self, text):
        """A manifest with this run's namespace and the cluster's image."""
        text = text.replace("registry.example.com/irsa-probe:0.1.0", self.lab.cluster.image)
        return re.sub(r"^namespace: [\w-]+", f"namespace: {self.namespace}", text, flags=re.M)

    def fill(self, line):
        for spellings, value in self.fillings.items():
            for spelling in spellings:
                line, count = re.subn(rf"(?<!\w){re.escape(spelling)}(?!\w)", value, line)
                if count:
                    self.used.add(spellings)
        return line

    def try_all(self, commands):
        """One check for each file."""
        files = {}
        for one in commands:
            files.setdefault(one.where.split(":")[0], []).append((one.where, tuple(map(self.fill, one.lines))))
        blocks = sorted({lines for those in files.values() for _, lines in those})
        last = [lines for lines in blocks if any(alone(line) for line in lines)]
        with concurrent.futures.ThreadPoolExecutor(max_workers=6) as pool:
            list(pool.map(self.block, [lines for lines in blocks if lines not in last]))
        list(map(self.block, last))
        for file, those in sorted(files.items()):
            problems = [f"{where}: {problem}" for where, lines in those for problem in map(self.line, lines) if problem]
            self.lab.ok(f"{file}: {len(those)} commands", problems)

    def block(self, lines):
        """Lines one after the other: a later one may need what an earlier one made."""
        for line in lines:
            self.line(line)

    def line(self, line):
        """The problem of a line, which is run the first time only."""
        with self.lock:
            first = line not in self.once
            if first:
                self.once[line] = concurrent.futures.Future()
        if first:
            try:
                self.once[line].set_result(self.run(line))
            except Exception as error:
                self.once[line].set_result(f"{line}\n{type(error).__name__}: {error}")
        return self.once[line].result()

    def run(self, line):
        with tempfile.TemporaryDirectory() as own:
            where = self.folder
            if "\n" in line and not line.startswith("kubectl "):  # a script writes files
                where = pathlib.Path(own, "here")
                shutil.copytree(self.folder, where, symlinks=True)
            log = pathlib.Path(own, "log")
            done = subprocess.run([shutil.which("bash"), "-euo", "pipefail", "-c", line], cwd=where, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=2 * tried.SECONDS, env={**self.environment, "TRIED_LOG": str(log)})
            calls = [json.loads(call) for call in log.read_text().splitlines()] if log.exists() else []
        self.verbs |= {call["verb"] for call in calls}
        if done.returncode:
            return f"{line}\nexit {done.returncode}: {done.stdout[-500:]}{done.stderr[-1500:]}"
        if len(calls) < len(re.findall(r"(?<![\w./-])kubectl ", line)):
            return f"{line}\nran kubectl {len(calls)} times only"
        return None

    def complete(self):
        """A row that no text uses any more has to go."""
        lost = [f"the verb {verb}" for verb in tried.VERBS if verb not in self.verbs]
        lost += [f"the placeholder {' '.join(spellings)}" for spellings in self.fillings if spellings not in self.used]
        self.lab.ok("every row that says how to try is needed", lost)


def alone(line):
    """Whether a line has a command that others have to be done before."""
    return any(re.search(rf"kubectl .*\b{verb}\b", line) for verb, how in tried.VERBS.items() if how.get("alone"))


def named(lab, beginnings):
    """Verbs and flags that a text names without an object: kubectl's help has to have them."""
    helps = {verb: lab.cluster.must(*verb.split(), "--help") for verb in {one.verb for one in beginnings}}
    lab.ok(f"what is named only, kubectl has: {', '.join(sorted({' '.join([one.verb, *one.flags]) for one in beginnings}))}",
           [f"{one.where}: kubectl {one.verb} has no {flag}" for one in beginnings for flag in one.flags
            if not re.search(rf"(^|\s){re.escape(flag.split('=')[0])}[,=:]", helps[one.verb])])


def near_misses(lab, bench):
    """Commands that are wrong in one place each have to be found wrong."""
    wrong = {"kubectl -n shop get pods -l app=chekout": "it found nothing", "kubectl -n shop get pod PODS": "no row says what to put in for PODS",
             "kubectl -n shop gett pods": "no row says how to try", "kubectl -n shop get pods --show-label": "unknown flag",
             "kubectl -n shop annotate serviceaccount checkout a/b/c=d": "metadata.annotations: Invalid value"}
    lab.ok(f"{len(wrong)} commands with one fault each are found", [f"{line}: {got}" for line, reason in wrong.items()
                                                                  if reason not in (got := bench.line(bench.fill(line)) or "passed")])
