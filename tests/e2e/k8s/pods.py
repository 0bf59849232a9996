"""What has to hold of a pod template: of each container of ours, and of everything around it."""

import copy

import yaml

IMAGE = "registry.example.com/irsa-probe:0.1.0"
SERVERS = ("Deployment", "StatefulSet", "DaemonSet")
# Which container a component adds, where, and to which kinds.
ADDS = {
    "init-gate": ("irsa-probe-gate", "initContainers", SERVERS + ("Job", "CronJob")),
    "sidecar": ("irsa-probe", "initContainers", SERVERS + ("Job",)),
    "sidecar-classic": ("irsa-probe", "containers", SERVERS),
    "exec-wrap": ("irsa-probe-install", "initContainers", SERVERS + ("Job", "CronJob")),
}
PATHS = {"startupProbe": "/startupz", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
# What was seen: the figures of what serves and of what ends, with where; and each container of ours, which has to be the same everywhere.
figures, kinds_of_container = {}, {}


def template(document):
    """The pod template of a workload, or None."""
    spec = document.get("spec") or {}
    if document["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec.get("template") if document["kind"] in SERVERS + ("Job", "CronJob") else None


def containers(pod):
    return [(place, c) for place in ("initContainers", "containers") for c in pod.get(place, [])]


def is_probe(container):
    image = container.get("image", "").split("@")[0].rsplit(":", 1)[0]
    return image.endswith("/irsa-probe") or container["name"].startswith("irsa-probe")


def restricted(pod):
    """The restricted Pod Security Standard, as https://kubernetes.io/docs/concepts/security/pod-security-standards/ lists it."""
    whole = pod.get("securityContext", {})
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield f"{key} is set"
    allowed = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
    for volume in pod.get("volumes", []):
        if not set(volume) - {"name"} <= allowed:
            yield f"volume {volume['name']} is of a forbidden type"
    for _, c in containers(pod):
        name, own = c["name"], c.get("securityContext", {})
        both = {**whole, **own}
        if own.get("allowPrivilegeEscalation") is not False:
            yield f"{name}: allowPrivilegeEscalation"
        if own.get("privileged"):
            yield f"{name}: privileged"
        if "ALL" not in own.get("capabilities", {}).get("drop", []):
            yield f"{name}: capabilities are not dropped"
        if set(own.get("capabilities", {}).get("add", [])) - {"NET_BIND_SERVICE"}:
            yield f"{name}: capabilities are added"
        if both.get("runAsNonRoot") is not True:
            yield f"{name}: runAsNonRoot"
        if both.get("runAsUser") == 0:
            yield f"{name}: runs as root"
        if both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
            yield f"{name}: seccompProfile"
        if both.get("seLinuxOptions") or both.get("windowsOptions") or own.get("procMount"):
            yield f"{name}: an option that the standard does not know"
        if any(port.get("hostPort") for port in c.get("ports", [])):
            yield f"{name}: hostPort"


def guaranteed(pod):
    def equal(c):
        resources = c.get("resources", {})
        limits = resources.get("limits", {})
        return {"cpu", "memory"} <= set(limits) and {**limits, **resources.get("requests", {})} == limits

    return all(equal(c) for _, c in containers(pod))


def probe_container(where, place, c, root=False, readiness=False):
    """What has to hold of every container of ours, wherever it stands."""
    name, own = c["name"], c.get("securityContext", {})
    say = lambda text: f"{where}: {name}: {text}"
    if c.get("image") != IMAGE or not c.get("command"):
        yield say(f"image {c.get('image')}, command {c.get('command')}")
        return
    for problem in restricted({place: [c]}):
        if not (root and problem.endswith("runAsNonRoot")):
            yield say(problem)
    if root and own.get("runAsNonRoot") is not False:
        yield say("runAsNonRoot keeps a pod that runs as root from starting")
    if own.get("readOnlyRootFilesystem") is not True:
        yield say("readOnlyRootFilesystem")
    for key in ("runAsUser", "runAsGroup"):
        if key in own:
            yield say(f"{key} is set")
    resources = c.get("resources", {})
    if set(resources.get("limits", {})) != {"cpu", "memory"} or resources["limits"] != resources.get("requests"):
        yield say("requests and limits differ")
    figures.setdefault(c["command"][1] == "serve", {}).setdefault(yaml.safe_dump(resources), where)
    if name != "irsa-probe-install" and not any(
        e["name"] == "POD_NAME" and e.get("valueFrom") == {"fieldRef": {"fieldPath": "metadata.name"}} for e in c.get("env", [])
    ):
        yield say("POD_NAME is missing")
    ports = {p["name"]: p["containerPort"] for p in c.get("ports", [])}
    wanted = set()
    if "serve" in c["command"]:
        wanted = {"livenessProbe"} | ({"startupProbe"} if place == "initContainers" else set()) | ({"readinessProbe"} if readiness else set())
        if ports != {"irsa-probe": 9475}:
            yield say(f"ports {ports}")
    found = {key for key in c if key.endswith("Probe")}
    if found != wanted:
        yield say(f"has {sorted(found)}, wanted {sorted(wanted)}")
    for key in found:
        get = c[key].get("httpGet", {})
        if get.get("path") != PATHS.get(key) or get.get("port") not in ports:
            yield say(f"{key} asks {get}")
    native = "serve" in c["command"] and place == "initContainers"
    if native != (c.get("restartPolicy") == "Always"):
        yield say(f"restartPolicy {c.get('restartPolicy')}")
    # The same container everywhere, up to what `root` and `readiness` change.
    plain = copy.deepcopy(c)
    plain["securityContext"].pop("runAsNonRoot", None)
    plain.pop("readinessProbe", None)
    if kinds_of_container.setdefault((name, place, c["command"][1]), plain) != plain:
        yield say("differs from the same container elsewhere")


def changes(where, before, after, components):
    """Compares the workloads of an overlay with those of its base."""
    before = {(d["kind"], d["metadata"]["name"]): d for d in before}
    after = {(d["kind"], d["metadata"]["name"]): d for d in after}
    if set(before) != set(after):
        yield f"{where}: resources came or went"
    for key, old in before.items():
        new, kind = copy.deepcopy(after[key]), key[0]
        if template(old) is None:
            if new != old:
                yield f"{where}: {key} changed"
            continue
        pod, base = template(new)["spec"], template(old)["spec"]
        added = [(name, place) for c in components if c in ADDS for name, place, where_to in [ADDS[c]] if kind in where_to]
        ours = [(c["name"], place) for place, c in containers(pod) if is_probe(c)]
        if sorted(ours) != sorted(added):
            yield f"{where}: {key} has {ours}, wanted {added}"
        for place, c in containers(pod):
            if is_probe(c):
                yield from probe_container(f"{where} {kind}", place, c, "root" in components, "readiness" in components and kind in SERVERS)
        # Ours come first among the init containers and last among the containers.
        for place, first in (("initContainers", True), ("containers", False)):
            order = [is_probe(c) for c in pod.get(place, [])]
            if order != sorted(order, reverse=first):
                yield f"{where}: {key}: {place} in the order {[c['name'] for c in pod[place]]}"
        if guaranteed(base) and not guaranteed(pod):
            yield f"{where}: {key} is no longer Guaranteed"
        if not list(restricted(base)) and "root" not in components:
            yield from (f"{where}: {key}: {problem}" for problem in restricted(pod))
        # What is left without ours is the base, to the letter.
        for label in list(new["metadata"].get("labels", {})):
            if label.startswith("irsa-probe.io/"):
                del new["metadata"]["labels"][label]
        if not new["metadata"].get("labels", True):
            del new["metadata"]["labels"]
        for place in ("initContainers", "containers"):
            pod[place] = [c for c in pod.get(place, []) if not is_probe(c)]
            if not pod[place]:
                del pod[place]
        if "exec-wrap" in components:
            yield from unwrap(f"{where} {kind}", pod, base)
        if new != old:
            yield f"{where}: {key} is not what it was:\n{yaml.safe_dump(old)}---\n{yaml.safe_dump(new)}"


def unwrap(where, pod, base):
    """Undoes what exec-wrap and its example do, and complains of what they did otherwise."""
    volume = {"name": "irsa-probe-bin", "emptyDir": {"sizeLimit": "16Mi"}}
    if volume not in pod.get("volumes", []):
        yield f"{where}: the volume is missing"
        return
    pod["volumes"].remove(volume)
    if not pod["volumes"]:
        del pod["volumes"]
    for c, old in zip(pod["containers"], base["containers"]):
        if c == old:
            continue  # an overlay without the patch that is the user's
        cut = c["command"].index("--") if "--" in c["command"] else 0
        if c["command"][:2] != ["/irsa-probe-bin/irsa-probe", "exec"] or c["command"][cut + 1 :] != old.get("command"):
            yield f"{where}: command {c['command']}"
        if {"name": "irsa-probe-bin", "mountPath": "/irsa-probe-bin", "readOnly": True} not in c.get("volumeMounts", []):
            yield f"{where}: the binary is not mounted"
        c["command"] = old.get("command")
        for key, ours in (("volumeMounts", "irsa-probe-bin"), ("env", "POD_NAME")):
            c[key] = [item for item in c.get(key, []) if item["name"] != ours]
            if not c[key]:
                del c[key]
