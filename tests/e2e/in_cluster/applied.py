"""Every overlay below k8s/ passes the API server's strict validation, as `kubectl apply -k` sends it."""

import json
import pathlib
import re
import subprocess
import threading

from kube import documents, wait
from run import LABEL, ROOT, RUN, case

K8S = ROOT / "k8s"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
APPLY = ("apply", "--server-side", "--dry-run=server", "--validate=strict")
one_at_a_time = threading.Lock()


@case
def applied(lab):
    custom_kinds(lab.cluster)
    policies = lab.cluster.serves("admissionregistration.k8s.io/v1", "mutatingadmissionpolicies")
    namespace = lab.namespace("applied", level="privileged")  # some examples run as root
    objects = {}
    for folder in kustomizations("Kustomization"):
        name = folder.relative_to(ROOT)
        # A dry run needs a namespace that exists, so this one stands for those that the overlays name.
        with lab.cluster.overlay(folder, namespace=namespace) as overlay:
            done = lab.cluster.kubectl(*APPLY, "-o", "json", "-k", overlay)
            if not policies and "kind: MutatingAdmissionPolicy\n" in lab.cluster.must("kustomize", overlay):
                refused = done.returncode and "no matches for kind" in done.stderr
                lab.ok(f"{name} is refused as a whole before 1.36", [] if refused else [done.stdout + done.stderr])
                continue
        if lab.ok(f"{name} applies", [f"exit {done.returncode}: {done.stderr}"] if done.returncode or "Warning" in done.stderr else []):
            objects |= {thing["kind"]: thing for thing in documents(done.stdout)}
    misspelt(lab, objects)
    lab.ok("every component is part of an overlay", [f"{folder.relative_to(ROOT)} is in none" for folder in set(kustomizations("Component")) - used()])


def misspelt(lab, objects):
    """With a field that does not exist, an object of each kind is refused: so the validation is strict for all of them."""
    for thing in objects.values():
        thing["metadata"] = {key: thing["metadata"][key] for key in ("name", "namespace") if key in thing["metadata"]}
        thing.get("spec", thing)["misspelt"] = "x"
    # One after the other: what is in a List is validated by kubectl alone.
    done = lab.cluster.kubectl(*APPLY, "-f", "-", text="\n".join(map(json.dumps, objects.values())))
    refused = done.stderr.count(".misspelt: field not declared in schema")
    lab.ok(f"a field that does not exist is refused: {', '.join(sorted(objects))}",
           [] if refused == len(objects) > 0 else [f"{refused} of {len(objects)}: {done.stdout}{done.stderr}"])


def custom_kinds(cluster):
    """The Prometheus operator's kinds, by its own schemas, where the cluster does not have them. They go with this run."""
    script = ROOT / "tests/e2e/kube/crds"
    folder = pathlib.Path(subprocess.run([script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())
    files = [part for file in sorted(folder.glob("*.yaml")) for part in ("-f", str(file))]
    with one_at_a_time:
        for body in documents(cluster.must("create", "--dry-run=client", "--validate=false", "-o", "json", *files)):
            path = f"{DEFINITIONS}/{body['metadata']['name']}"
            # That of the run before may still be ending.
            wait(f"{path} is not being deleted", lambda: "deletionTimestamp" not in str(cluster.ask("GET", path)[1]))
            if cluster.ask("GET", path)[0] == 404:
                body["metadata"]["labels"] = {LABEL: RUN}
                cluster.create(DEFINITIONS, body)
            wait(f"{path} is served", lambda: "Established" in {c["type"] for c in cluster.get(path)["status"]["conditions"] or [] if c["status"] == "True"})


# --- The folders

def kustomizations(kind):
    """The folders below k8s/ whose kustomization is of this kind. Kustomize takes one without a kind for a Kustomization."""
    found = []
    for path in sorted(K8S.rglob("*")):
        if path.name in ("kustomization.yaml", "kustomization.yml", "Kustomization"):
            said = re.search(r"^kind: *(\w+)", path.read_text(), re.M)
            if (said[1] if said else "Kustomization") == kind:
                found.append(path.parent)
    if not found:
        raise RuntimeError(f"no {kind} below {K8S}")
    return found


def used():
    """The folders that a Kustomization names."""
    return {(folder / entry).resolve() for folder in kustomizations("Kustomization")
            for entry in re.findall(r"^ *- +(\.\./[\w./-]+)", (folder / "kustomization.yaml").read_text(), re.M)}
