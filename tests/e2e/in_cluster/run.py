"""The cases of tests/e2e/cluster, side by side on one cluster.

run.py KUBECTL KUBECONFIG IMAGE BINARY BESIDE [CASE…]: BINARY is irsa-probe as a person at a workstation has it, BESIDE the stand-in of STS
(examples/beside.rs). A CASE is the beginning of a name. Everything that is made lies in namespaces of this run, or bears its label, and goes
at the end.
"""

import concurrent.futures
import dataclasses
import ipaddress
import os
import pathlib
import secrets
import signal
import socket
import sys
import time
import traceback

from kube import STOP, Cluster, wait
from standins import ACCOUNT, Aws, Webhooks

ROOT = pathlib.Path(__file__).resolve().parents[3]
RUN = f"e2e-{secrets.token_hex(3)}"
LABEL = "irsa-probe.io/e2e"
CASES = []
LONG = ("inject", "debug", "commands")  # they begin first, so that the others fill the time beside them


def case(function):
    """Marks a case: a function of a Lab. It may return another one, of what has to be done alone, when all other cases have ended."""
    CASES.append(function)
    return function


@dataclasses.dataclass
class Lab:
    """What a case works with, and where its results go."""

    cluster: Cluster
    aws: Aws
    webhooks: Webhooks
    binary: str
    name: str = ""
    lines: list = dataclasses.field(default_factory=list)
    failed: int = 0
    namespaces: list = dataclasses.field(default_factory=list)
    rest: object = None

    def of(self, name):
        """The same for another case."""
        return dataclasses.replace(self, name=name, lines=[], failed=0, namespaces=[])

    def ok(self, name, problems=()):
        """One line for one check; `problems` is a list, or what makes one. A check that breaks has failed."""
        try:
            found = [problem or "it failed without a word" for problem in (problems() if callable(problems) else problems) or []]
        except Exception as error:
            found = [f"{type(error).__name__}: {error}"]
        self.failed += bool(found)
        self.lines.append(f"{'FAIL' if found else 'ok  '}  {self.name}: {name}" + "".join(f"\n        {problem}" for problem in found))
        return not found

    def namespace(self, name, level="restricted", webhooks="eks"):
        """A namespace that enforces a level of Pod Security, with the stand-ins' authority, and with one arrangement of webhooks."""
        full = f"{RUN}-{name}"
        self.namespaces.append(full)
        self.cluster.namespace(full, {LABEL: RUN, "irsa-probe.io/e2e-webhooks": f"{RUN}-{webhooks}", "pod-security.kubernetes.io/enforce": level})
        self.cluster.create(f"/api/v1/namespaces/{full}/configmaps", {"metadata": {"name": "aws-stand-in"}, "data": {"ca.pem": self.webhooks.ca}})
        return full

    def account(self, namespace, name, role=None, trusted=True, **annotations):
        """A service account, with a role that trusts it."""
        annotations = {f"eks.amazonaws.com/{key.replace('_', '-')}": str(value) for key, value in annotations.items()}
        if role:
            annotations["eks.amazonaws.com/role-arn"] = f"arn:aws:iam::{ACCOUNT}:role/{role}"
            self.aws.trust(role, f"{namespace}:{name}", trusted)
        self.cluster.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": name, "annotations": annotations}})

    def arrange(self, name, webhooks):
        """Webhooks for the namespaces of one arrangement: [(webhook, reinvocation policy)], called in this order."""
        for place, (webhook, reinvocation) in enumerate(webhooks):
            selector = {"irsa-probe.io/e2e-webhooks": f"{RUN}-{name}"}
            body = self.webhooks.configuration(f"{RUN}-{name}-{place}-{webhook}", webhook, selector, reinvocation)
            body["metadata"]["labels"] = {LABEL: RUN}
            self.cluster.create("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", body)

    def until_injected(self, namespace):
        """The API server learns of webhooks by a watch: waits until a pod of this namespace is changed."""
        pod = {"metadata": {"generateName": "try-"},
               "spec": {"serviceAccountName": "default", "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                        "containers": [{"name": "try", "image": self.cluster.image, "securityContext": {
                            "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}}
        wait("the webhooks are called", lambda: any(
            volume["name"] == "aws-stand-in" for volume in self.cluster.create(f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)["spec"]["volumes"]))

    def explain(self):
        """What the cluster says of this case's namespaces, after a failure."""
        for name in self.namespaces:
            for what in (["pods", "-o", "wide"], ["events", "--sort-by=.lastTimestamp"]):
                self.lines += [f"#     {line}" for line in self.cluster.kubectl("-n", name, "get", *what).stdout.splitlines()[-40:]]


def reachable_address(cluster):
    """This machine's address as the nodes see it, or what STAND_IN_ADDRESS says."""
    if os.environ.get("STAND_IN_ADDRESS"):
        return os.environ["STAND_IN_ADDRESS"]
    node = cluster.get("/api/v1/nodes")["items"][0]
    internal = next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP")
    family = socket.AF_INET6 if ipaddress.ip_address(internal).version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((internal, 9))  # sends nothing: the kernel only chooses the route
        return probe.getsockname()[0]


APPLICATIONS = [f"registry.example.com/{name}:1.0" for name in ("checkout", "report", "ledger")]


def need_images(cluster, wanted):
    """Fails for images that no node has: they cannot be pulled, so pods would wait for good. A kubelet tells of a new one within seconds."""
    def missing():
        lacking = set()
        for node in cluster.get("/api/v1/nodes")["items"]:
            images = node["status"].get("images", [])
            takes_pods = all(taint["effect"] == "PreferNoSchedule" for taint in node["spec"].get("taints", []))
            if takes_pods and len(images) < 50:  # a kubelet tells of no more
                lacking |= set(wanted) - {name for image in images for name in image["names"]}
        return sorted(lacking)

    try:
        wait("the nodes have the images", lambda: not missing(), patience=60)
    except RuntimeError:
        raise RuntimeError(f"the nodes have no image {', '.join(missing())}: tests/e2e/kube/images makes them; kind load image-archive brings them in") from None


def run(function, lab):
    """The lab after a case, or after its second half. `rest` is what it has still to do."""
    began, lab.rest = time.monotonic(), None
    try:
        lab.rest = function(lab)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        lab.ok("it ran to its end", [f"{type(error).__name__}: {error} ({pathlib.Path(where.filename).name}:{where.lineno})"])
    if not lab.lines and not lab.rest:
        lab.ok("it checks something", ["it has no check"])
    if lab.failed and not STOP.is_set():
        lab.explain()
    lab.lines.append(f"      {lab.name}: {time.monotonic() - began:.1f} s")
    return lab


def clean_up(cluster):
    """Everything of this run; namespaces go on ending after it. What cannot be deleted is told at the end."""
    problems = []
    for path in ("/api/v1/namespaces", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
                 "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies", "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
                 "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
                 "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
                 "/apis/rbac.authorization.k8s.io/v1/clusterroles", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                 "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"):
        try:
            status, answer = cluster.ask("GET", f"{path}?labelSelector={LABEL}%3D{RUN}")
            if status == 404:  # a kind that this version does not have
                continue
            for thing in answer["items"]:
                gone, said = cluster.delete(f"{path}/{thing['metadata']['name']}")
                if gone not in (200, 202, 404):
                    problems.append(f"{path}/{thing['metadata']['name']}: {gone} {said}")
        except Exception as error:
            problems.append(f"{path}: {type(error).__name__}: {error}")
    if problems:
        raise SystemExit("left behind: " + "; ".join(problems))


def main():
    kubectl, kubeconfig, image, binary, beside, *wanted = sys.argv[1:]
    import applied, commands, debugging, doctor, failures, injection, issuer, rollouts, rotation  # noqa: E401, F401 - each registers its cases

    cluster = Cluster(kubectl, kubeconfig, image)
    version = cluster.get("/version")["gitVersion"]
    try:
        need_images(cluster, [image, *APPLICATIONS])
    except RuntimeError as error:
        raise SystemExit(str(error))
    address = reachable_address(cluster)
    aws = Aws(beside, address, cluster)
    webhooks = Webhooks(address, aws, cluster)
    print(f"Kubernetes {version}; STS for its pods at {aws.addresses['sts']}", flush=True)
    cases = [c for c in CASES if not wanted or any(c.__name__.startswith(w) for w in wanted)]
    cases.sort(key=lambda c: c.__name__ not in LONG)
    if not cases:
        raise SystemExit(f"no case begins with {' or '.join(wanted)}: {', '.join(sorted(c.__name__ for c in CASES))}")
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as after Ctrl-C: what was made has to go
    try:
        # As EKS has it, and after it what brings the stand-ins' addresses.
        first = Lab(cluster, aws, webhooks, binary, "webhooks")
        first.arrange("eks", [("identity", "IfNeeded"), ("endpoints", "IfNeeded")])
        first.until_injected(first.namespace("webhooks"))
        with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
            begun = [pool.submit(run, function, first.of(function.__name__)) for function in cases]
            try:
                for done in concurrent.futures.as_completed(begun):
                    ended.append(done.result())
                    print("\n".join(ended[-1].lines), flush=True)
            except BaseException:
                STOP.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        for lab in [lab for lab in ended if lab.rest]:
            ended.append(run(lab.rest, lab.of(lab.name)))
            print("\n".join(ended[-1].lines), flush=True)
        first.ok("the webhooks had no fault of their own", webhooks.faults)
        ended.append(first)
        print("\n".join(first.lines), flush=True)
    finally:
        clean_up(cluster)
    failed = sum(lab.failed for lab in ended)
    print(f"{sum(line.startswith('ok  ') for lab in ended for line in lab.lines)} passed, {failed} failed")
    raise SystemExit(failed != 0)


if __name__ == "__main__":
    sys.modules["run"] = sys.modules["__main__"]  # the cases import it by its name
    main()
