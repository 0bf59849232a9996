"""The cluster as the cases see it: the real kubectl for what people type, and `kubectl proxy` for the many small questions of a test."""

import atexit
import contextlib
import http.client
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import urllib.parse

# How long anything may take on a busy machine. What does not come by then never comes.
PATIENCE = 300
STOP = threading.Event()  # the run is ended early: waiting ends at once


class Cluster:
    def __init__(self, kubectl, kubeconfig, image):
        self.image = image
        # What kubectl remembers of a cluster's kinds goes by its address, and another cluster has this one's tomorrow.
        remembered = tempfile.TemporaryDirectory()
        atexit.register(remembered.cleanup)
        self.environment = {**os.environ, "KUBECONFIG": kubeconfig, "KUBECACHEDIR": remembered.name}
        self.program = kubectl
        proxy = subprocess.Popen([kubectl, "proxy", "--port=0"], stdout=subprocess.PIPE, text=True, env=self.environment,
                                 start_new_session=True)  # Ctrl-C is not for it: what was made goes through it
        atexit.register(proxy.kill)
        said = proxy.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", said)
        if not found:
            raise SystemExit(f"kubectl proxy did not start: {said}")
        self.port = int(found[1])

    # --- The API

    def ask(self, method, path, body=None, kind="application/json"):
        """(status, answer) of the API server; the answer is parsed if it is JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": kind, "Accept": "application/json, */*"})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def get(self, path):
        status, answer = self.ask("GET", path)
        if status >= 300:
            raise RuntimeError(f"GET {path}: {status} {message(answer)}")
        return answer

    def serves(self, group_version, plural):
        return any(kind["name"] == plural for kind in self.get(f"/apis/{group_version}")["resources"])

    def create(self, path, body):
        status, answer = self.ask("POST", path, body)
        if status >= 300:
            raise RuntimeError(f"POST {path}: {status} {message(answer)}")
        return answer

    def delete(self, path):
        return self.ask("DELETE", path)

    def pods(self, namespace, selector=""):
        query = "?labelSelector=" + urllib.parse.quote(selector) if selector else ""
        return self.get(f"/api/v1/namespaces/{namespace}/pods{query}")["items"]

    def pod(self, namespace, name):
        return self.get(f"/api/v1/namespaces/{namespace}/pods/{name}")

    def log(self, namespace, pod, container):
        status, text = self.ask("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}")
        if status != 200:
            raise RuntimeError(f"no log of {pod}: {status} {message(text)}")
        return text

    def from_pod(self, namespace, pod, path, port=9475):
        """What a pod answers over HTTP: (status, text)."""
        return self.ask("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy/{path}")

    def namespace(self, name, labels):
        self.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
        # Pods are refused until the controllers have made both.
        wait(f"{name} is complete", lambda: self.ask("GET", f"/api/v1/namespaces/{name}/serviceaccounts/default")[0] == 200
             and self.ask("GET", f"/api/v1/namespaces/{name}/configmaps/kube-root-ca.crt")[0] == 200)

    # --- kubectl

    def kubectl(self, *arguments, text=None, timeout=PATIENCE, env=None, cwd=None):
        """A finished kubectl: `returncode`, `stdout`, `stderr`."""
        return subprocess.run([self.program, *arguments], input=text if text is not None else "", capture_output=True, text=True, timeout=timeout,
                              env={**self.environment, **(env or {})}, cwd=cwd)

    def must(self, *arguments, **more):
        """What kubectl printed; a failure is an error."""
        done = self.kubectl(*arguments, **more)
        if done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    @contextlib.contextmanager
    def overlay(self, folder, **fields):
        """An overlay of this cluster's over a folder below k8s/, while the block runs: with its image, and `fields` of a kustomization."""
        name, tag = self.image.rsplit(":", 1)
        fields.setdefault("images", []).append({"name": "registry.example.com/irsa-probe", "newName": name, "newTag": tag})
        with tempfile.TemporaryDirectory() as overlay:
            fields["resources"] = [os.path.relpath(folder, os.path.realpath(overlay))]
            pathlib.Path(overlay, "kustomization.yaml").write_text(json.dumps({"kind": "Kustomization", **fields}))
            yield overlay

    def build(self, folder, **fields):
        """What Kustomize makes of such an overlay."""
        with self.overlay(folder, **fields) as overlay:
            return self.must("kustomize", overlay)


def documents(text):
    """The objects that kubectl printed as JSON: one after the other, or in a list."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(text.rstrip()):
        document, at = decoder.raw_decode(text, at)
        found += document["items"] if document["kind"] == "List" else [document]
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


def message(answer):
    return answer.get("message", answer) if isinstance(answer, dict) else answer


def wait(what, holds, patience=PATIENCE):
    """What `holds()` gives, once it is true. An error counts as not yet."""
    end, last = time.monotonic() + patience, None
    while True:
        try:
            last = holds()
            if last:
                return last
        except (RuntimeError, KeyError, IndexError, OSError, http.client.HTTPException) as error:
            last = error
        if STOP.is_set():
            raise RuntimeError(f"stopped: {what}")
        if time.monotonic() > end:
            raise RuntimeError(f"not within {patience} s: {what} ({last})")
        time.sleep(0.5)


# --- What a pod's status says

def statuses(pod):
    """Every container's status, by its name."""
    status = pod.get("status", {})
    return {one["name"]: one for kind in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses") for one in status.get(kind, [])}


def ended(pod, container):
    """How a container ended, now or before its restart."""
    one = statuses(pod).get(container, {})
    return one.get("state", {}).get("terminated") or one.get("lastState", {}).get("terminated")


def is_ready(pod):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", []))
