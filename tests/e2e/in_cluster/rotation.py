"""The kubelet rotates the token, and the sidecar proves the identity with the new one without losing its readiness."""

import os
import subprocess
import threading

from injection import pod
from kube import PATIENCE, is_ready, wait
from rollouts import as_json, pod_spec
from run import ROOT, case

# A kubelet looks at a token of 600 s, the shortest, once a minute, and renews it at 480 s. One that starts holds no token, and asks for new ones
# at once: RESTART_KUBELET is a command that restarts the kubelet of the only node, and seconds are enough then. Containers that are being
# started at that moment fail, so this is done alone.
RESTART = os.environ.get("RESTART_KUBELET")
POD = "rotated"


@case
def rotation(lab):
    namespace = lab.namespace("rotation")
    lab.account(namespace, "checkout", "apps/checkout", token_expiration=600)
    documents = as_json(lab, ROOT / "k8s/examples/sidecar", namespace)
    [sidecar] = [c for d in documents if d["kind"] == "Deployment" for c in pod_spec(d)["initContainers"] if c["name"] == "irsa-probe"]
    lab.cluster.create(f"/api/v1/namespaces/{namespace}/pods", pod(POD, initContainers=[sidecar]))
    wait("it is ready", lambda: is_ready(lab.cluster.pod(namespace, POD)))
    return lambda lab: rotate(lab, namespace)


def rotate(lab, namespace):
    first = wait("STS has seen its token", lambda: lab.aws.exchanges(namespace, POD))[-1]["token"]
    seen, stop = [], threading.Event()

    def watch():
        while not stop.wait(0.5):
            try:
                seen.append(lab.cluster.from_pod(namespace, POD, "readyz"))
            except Exception as error:
                seen.append((None, repr(error)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        if RESTART:
            subprocess.run(RESTART, shell=True, check=True, timeout=PATIENCE)
        how = "by a kubelet that was restarted" if RESTART else "when it was due"
        lab.ok(f"rotated {how}, the new token is exchanged at once", lambda: [] if wait(
            "STS sees another token", lambda: lab.aws.exchanges(namespace, POD)[-1]["token"] != first, PATIENCE if RESTART else 700) else ["no"])
    finally:
        stop.set()
        watcher.join()
    lost = [f"{status} {answer}" for status, answer in seen if status != 200]
    lab.ok("and the sidecar was ready all the time", lost[:3] if seen else ["it was never asked"])
