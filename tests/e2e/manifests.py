"""The checks of tests/e2e/manifests: builds every kustomization below k8s/ and walks over what comes out."""

import copy
import ipaddress
import os
import pathlib
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml

from manifests_cel import Policy

ROOT = pathlib.Path(sys.argv[1])
BINARY = sys.argv[2] if len(sys.argv) > 2 else None
KUSTOMIZE = (os.environ.get("KUSTOMIZE") or "kubectl kustomize").split()
K8S = ROOT / "k8s"
COMPONENTS = K8S / "components"
EXAMPLES = K8S / "examples"
IMAGE = "registry.example.com/irsa-probe:0.1.0"
NEWEST, OLDEST = kubernetes_validate.latest_version(), "1.29"
# Kinds of the Prometheus operator: no schema of Kubernetes' knows them, and they are validated beside the alerts.
CUSTOM = {"PodMonitor", "PrometheusRule"}
SERVERS = ("Deployment", "StatefulSet", "DaemonSet")
# Which container a component adds, where, and to which kinds.
ADDS = {
    "init-gate": ("irsa-probe-gate", "initContainers", SERVERS + ("Job", "CronJob")),
    "sidecar": ("irsa-probe", "initContainers", SERVERS + ("Job",)),
    "sidecar-classic": ("irsa-probe", "containers", SERVERS),
    "exec-wrap": ("irsa-probe-install", "initContainers", SERVERS + ("Job", "CronJob")),
}
PATHS = {"startupProbe": "/startupz", "livenessProbe": "/livez", "readinessProbe": "/readyz"}

passed = failed = 0


def ok(name, problems):
    """One line for one check; `problems` is a list, or what makes one."""
    global passed, failed
    try:
        found = list(problems() if callable(problems) else problems)
    except Exception as error:  # a check that breaks has failed
        found = [f"{type(error).__name__}: {error}"]
    if found:
        failed += 1
        print(f"FAIL  {name}")
        for problem in found:
            print(f"        {problem}")
    else:
        passed += 1
        print(f"ok    {name}")
    return not found


def build(folder):
    out = subprocess.run([*KUSTOMIZE, str(folder)], capture_output=True, text=True, timeout=60)
    if out.returncode:
        raise RuntimeError(out.stderr.strip())
    return [document for document in yaml.safe_load_all(out.stdout) if document]


def build_text(**fields):
    """Builds an overlay that exists only here. Its paths are relative, as Kustomize wants them."""
    with tempfile.TemporaryDirectory() as folder:
        near = lambda path: os.path.relpath(path, os.path.realpath(folder))
        for key in ("resources", "components"):
            fields[key] = [near(path) for path in fields.get(key, [])]
        for name, text in fields.pop("files", {}).items():
            pathlib.Path(folder, name).write_text(text)
            fields["resources"].append(name)
        pathlib.Path(folder, "kustomization.yaml").write_text(yaml.safe_dump({"kind": "Kustomization", **fields}))
        return build(folder)


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


figures, kinds_of_container = {}, {}


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
    figures.setdefault(yaml.safe_dump(resources), where)
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


def schema(documents, version):
    for document in documents:
        if document["kind"] in CUSTOM:
            continue
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except Exception as error:
            yield f"{document['kind']} {document['metadata']['name']}: {str(error).strip().splitlines()[0]} {getattr(error, 'message', '')}"


# 1 and 2: everything builds and holds to the schemas.
built = {}
for path in sorted(K8S.rglob("kustomization.yaml")):
    folder, name = path.parent, str(path.parent.relative_to(K8S))
    if yaml.safe_load(path.read_text()).get("kind") == "Component":
        continue

    def one(folder=folder, name=name):
        built[name] = build(folder)
        return [] if built[name] else ["it builds to nothing"]

    if ok(f"{name} builds", one):
        skipped = sorted({d["kind"] for d in built[name] if d["kind"] in CUSTOM})
        note = f" (skipped: {', '.join(skipped)})" if skipped else ""
        ok(f"{name} holds to the schemas of {NEWEST}{note}", lambda: schema(built[name], NEWEST))
        if name.split("/")[-1] != "inject":
            ok(f"{name} holds to the schemas of {OLDEST}{note}", lambda: schema(built[name], OLDEST))

# 3: what the examples change, and what they leave alone.
used = set()
for name in sorted(built):
    if not name.startswith("examples/"):
        continue
    kustomization = yaml.safe_load((K8S / name / "kustomization.yaml").read_text())
    components = [pathlib.Path(c).name for c in kustomization.get("components", [])]
    if components:
        used |= set(components)
        base = str(pathlib.Path(os.path.normpath(K8S / name / kustomization["resources"][0])).relative_to(K8S))
        ok(f"{name} adds {' + '.join(components)} and changes nothing else", lambda: changes(name, built[base], built[name], components))
ok("every component has an example", lambda: [c.name for c in COMPONENTS.iterdir() if c.name not in used])


def workload(kind):
    """A workload of any kind, with nothing in it but what must be."""
    pod = {"containers": [{"name": "app", "image": "registry.example.com/app:1"}], **({"restartPolicy": "Never"} if "Job" in kind else {})}
    spec = {"template": {"metadata": {"labels": {"app": "x"}}, "spec": pod}}
    if kind in SERVERS:
        spec["selector"] = {"matchLabels": {"app": "x"}}
    if kind == "StatefulSet":
        spec["serviceName"] = "x"
    if kind == "CronJob":
        spec = {"schedule": "0 0 * * *", "jobTemplate": {"spec": spec}}
    return {"apiVersion": "apps/v1" if kind in SERVERS else "batch/v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}


ALL = [workload(kind) for kind in SERVERS + ("Job", "CronJob")]
FILES = {"all.yaml": yaml.safe_dump_all(ALL)}


def on_all(*components):
    documents = build_text(files=FILES, components=[COMPONENTS / c for c in components])
    yield from changes("+".join(components), ALL, documents, components)
    yield from schema(documents, NEWEST)
    yield from schema(documents, OLDEST)


for components in (["init-gate"], ["sidecar"], ["sidecar-classic"], ["exec-wrap"], ["init-gate", "sidecar-classic"], ["sidecar", "readiness"],
                   ["sidecar-classic", "readiness"], ["exec-wrap", "root"],
                   ["sidecar-classic", "root"], ["init-gate", "sidecar-classic", "readiness", "root"], ["sidecar", "root"]):
    ok(f"{' + '.join(components)} on a workload of every kind", lambda: on_all(*components))
# Without a probe there, they change nothing; and listed first, they find none.
ok("readiness and root without a probe change nothing", lambda: on_all("readiness", "root"))
ok("readiness and root listed before the sidecar do nothing", lambda: (
    [] if build_text(files=FILES, components=[COMPONENTS / c for c in ("readiness", "root", "sidecar")])
    == build_text(files=FILES, components=[COMPONENTS / "sidecar"]) else ["they did something: the comments say otherwise"]))


def moved():
    move = "- {op: move, from: /spec/template/spec/initContainers/0, path: /spec/template/spec/initContainers/-}"
    text = (COMPONENTS / "sidecar" / "kustomization.yaml").read_text()
    if move[2:] not in text:
        yield "its comment says something else"
    patches = [{"target": {"kind": "StatefulSet"}, "patch": move}]
    documents = build_text(resources=[EXAMPLES / "base-statefulset"], components=[COMPONENTS / "sidecar"], patches=patches)
    names = [[c["name"] for c in template(d)["spec"]["initContainers"]] for d in documents if template(d)]
    if names != [["restore", "irsa-probe"]]:
        yield f"order {names}"


ok("the sidecar can be moved behind the other init containers", moved)


def documented(name, text, times):
    """The `patches` that the comment at the top of a kustomization tells people to write: they build, and `text` is then in the result."""
    lines = (K8S / name / "kustomization.yaml").read_text().splitlines()
    start = lines.index("#   patches:")
    block = [line[4:] for line in lines[start:] if line.startswith("#   ")]
    end = next((i for i, line in enumerate(block) if i and not line.startswith("  ")), len(block))
    out = yaml.safe_dump(build_text(resources=[K8S / name], **yaml.safe_load("\n".join(block[:end]))))
    if out.count(text) != times:
        yield f"{text} is there {out.count(text)} times"


ok("the patches that canary's comment shows", lambda: documented("canary", "serviceAccountName: NAME", 2))
ok("the patch that inject's comment shows", lambda: documented("inject", "REGISTRY/irsa-probe:TAG", 1))


def canary():
    jobs = {d["kind"]: d["spec"] for d in built["canary"]}
    job, cron = jobs["Job"], jobs["CronJob"]
    for spec in (job, cron["jobTemplate"]["spec"]):
        pod = spec["template"]["spec"]
        if spec["backoffLimit"] != 0 or spec["activeDeadlineSeconds"] < 120 or pod["restartPolicy"] != "Never":
            yield "a failure would not stay readable"
        yield from restricted(pod)
        for place, c in containers(pod):
            yield from probe_container("canary", place, c)
    if job["template"] != cron["jobTemplate"]["spec"]["template"]:
        yield "Job and CronJob run different pods"
    if job["ttlSecondsAfterFinished"] < 3600 or cron["concurrencyPolicy"] != "Forbid" or cron["failedJobsHistoryLimit"] < 1:
        yield "ttl, concurrencyPolicy or history"


ok("canary: one pod, one answer that stays readable", canary)


def own_image():
    new = {"images": [{"name": IMAGE.split(":")[0], "newName": "mirror.example.org/p/irsa-probe", "newTag": "9"}]}
    for resource in ("examples/classic-gate", "examples/exec-wrap", "examples/job-gate", "examples/sidecar-readiness", "canary"):
        for document in build_text(resources=[K8S / resource], **new):
            for _, c in containers(template(document)["spec"]) if template(document) else []:
                if is_probe(c) and c["image"] != "mirror.example.org/p/irsa-probe:9":
                    yield f"{resource}: {c['name']} has {c['image']}"


ok("`images:` reaches every container of the components and the canary", own_image)


def allowed(policy, address, protocol, port):
    """Whether a policy for egress lets this through by one of its blocks of addresses."""
    for rule in policy["spec"]["egress"]:
        if "ports" in rule and {"protocol": protocol, "port": port} not in rule["ports"]:
            continue
        for block in (peer["ipBlock"] for peer in rule.get("to", []) if "ipBlock" in peer):
            inside = lambda cidr: ipaddress.ip_address(address) in ipaddress.ip_network(cidr)
            if inside(block["cidr"]) and not any(map(inside, block.get("except", []))):
                return True
    return False


IMDS, AGENT, STS = ("169.254.169.254", "fd00:ec2::254"), ("169.254.170.23", "fd00:ec2::23"), ("52.94.201.1", "2600:1f70::1")


def network(name, expected, policy_types):
    [policy] = built[f"networkpolicy/{name}"]
    if policy["spec"]["policyTypes"] != policy_types:
        yield f"policyTypes {policy['spec']['policyTypes']}"
    if not policy["spec"]["podSelector"].get("matchLabels"):
        yield "it selects every pod"
    for address, port, wanted in expected:
        if allowed(policy, address, "TCP", port) != wanted:
            yield f"{address}:{port} is {'blocked' if wanted else 'allowed'}"
    return policy


def egress():
    policy = yield from network("egress", [(a, p, False) for a in IMDS for p in (80, 443)] + [(a, 80, True) for a in AGENT]
                                + [(a, 443, True) for a in STS] + [(a, 80, False) for a in STS], ["Egress"])
    dns = [r for r in policy["spec"]["egress"] if any("podSelector" in peer for peer in r["to"])]
    if [sorted((p["protocol"], p["port"]) for p in r["ports"]) for r in dns] != [[("TCP", 53), ("UDP", 53)]]:
        yield "DNS is not let through"


def metrics():
    [policy] = built["networkpolicy/metrics"]
    if policy["spec"]["policyTypes"] != ["Ingress"] or [r["ports"] for r in policy["spec"]["ingress"]] != [[{"protocol": "TCP", "port": 9475}]]:
        yield "not the sidecar's port, or more than that"


ok("networkpolicy/egress: DNS, STS and the agent, and no IMDS", egress)
ok("networkpolicy/block-imds: everything but IMDS", lambda: network(
    "block-imds", [(a, 80, False) for a in IMDS] + [(a, p, True) for a in AGENT + STS for p in (80, 443, 5432)], ["Egress"]))
ok("networkpolicy/metrics: the sidecar's port", metrics)

# 4: the policy that injects. What it adds is the sidecar of the component, field by field.
APP = {"name": "app", "image": "registry.example.com/app:1"}


def pod_of(**spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"irsa-probe.io/inject": "true"}}, "spec": {"containers": [APP], **spec}}


def sidecar():
    [deployment] = [d for d in built["examples/sidecar"] if d["kind"] == "Deployment"]
    [c] = [c for c in template(deployment)["spec"]["initContainers"] if c["name"] == "irsa-probe"]
    return copy.deepcopy(c)


def injects(pod, name="inject", change=lambda c: None):
    policy = Policy(built[name])
    got, wanted = policy.admit(pod), copy.deepcopy(pod)
    container = sidecar()
    change(container)
    wanted["spec"]["initContainers"] = [container] + wanted["spec"].get("initContainers", [])
    if got is None:
        yield "it was left alone"
    elif got != wanted:
        yield f"differs:\n{yaml.safe_dump(got['spec'])}---\n{yaml.safe_dump(wanted['spec'])}"
    else:
        yield from schema([got], NEWEST)
        yield from schema([got], OLDEST)
        if policy.admit(got) is not None:
            yield "asked again, it would act again"


def leaves(pod):
    if Policy(built["inject"]).admit(pod) is not None:
        yield "it was changed"


def root_may(c):
    c["securityContext"]["runAsNonRoot"] = False


def mirrored(c):
    c["image"] = "111122223333.dkr.ecr.us-west-2.amazonaws.com/irsa-probe:0.1.0"
    for figure in c["resources"].values():
        figure["memory"] = "24Mi"


INIT = {"name": "restore", "image": "registry.example.com/app:1"}
ok("inject: the CEL parses, and policy and binding fit", lambda: Policy(built["inject"]).problems())
ok("inject: a pod gets the sidecar of the component, field by field", lambda: injects(pod_of()))
ok("inject: in front of init containers that are there", lambda: injects(pod_of(initContainers=[INIT])))
ok("inject: a user that is not root changes nothing", lambda: injects(pod_of(securityContext={"runAsUser": 1000})))
ok("inject: a pod that runs as root starts all the same", lambda: injects(pod_of(securityContext={"runAsUser": 0}), change=root_may))
ok("inject: not a pod that has a native sidecar", lambda: leaves(pod_of(initContainers=[INIT, sidecar()])))
ok("inject: not a pod that has a classic sidecar", lambda: leaves(pod_of(containers=[APP, {"name": "irsa-probe", "image": IMAGE}])))
ok("inject: not with hostNetwork", lambda: leaves(pod_of(hostNetwork=True)))
ok("inject: with hostNetwork: false, yes", lambda: injects(pod_of(hostNetwork=False)))
ok("inject: not on Windows, by os", lambda: leaves(pod_of(os={"name": "windows"})))
ok("inject: not on Windows, by nodeSelector", lambda: leaves(pod_of(nodeSelector={"kubernetes.io/os": "windows"})))
ok("inject: on Linux, by both", lambda: injects(pod_of(os={"name": "linux"}, nodeSelector={"kubernetes.io/os": "linux"})))
ok("inject: not without the label", lambda: leaves({**pod_of(), "metadata": {"name": "p", "labels": {"irsa-probe.io/inject": "false"}}}))
ok("inject: another image and figure by overlay", lambda: injects(pod_of(), "examples/inject", mirrored))

ok("one set of figures everywhere", lambda: [f"{where}: {text}" for text, where in figures.items()] if len(figures) != 1 else [])


def commands():
    """Every command line below k8s/, against the binary's own help."""
    lines = [c["command"] for d in built.values() for w in d if template(w) for _, c in containers(template(w)["spec"])
             if c.get("command", [""])[0].endswith("/irsa-probe")]
    if len({line[1] for line in lines}) < 4:
        yield "not every command is used any more"
    for command, *rest in {tuple(line[1:]) for line in lines}:
        flags = rest[: rest.index("--")] if "--" in rest else rest
        out = subprocess.run([BINARY, command, "--help"], capture_output=True, text=True, timeout=20)
        yield from ([f"{command}: {out.stderr.strip()}"] if out.returncode else [])
        yield from (f"{command} does not know {f}" for f in flags if f.startswith("--") and f"  {f}" not in out.stdout)
    out = subprocess.run([BINARY, "serve", "--help"], capture_output=True, text=True, timeout=20).stdout
    yield from ([] if ":9475" in out else ["serve listens elsewhere"])
    out = subprocess.run([BINARY, "get", "--help"], capture_output=True, text=True, timeout=20).stdout
    yield from (f"no {path}" for path in PATHS.values() if path[1:] not in out)


if BINARY:
    ok("the binary knows every command, flag, port and path", commands)

print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
