"""The checks of tests/e2e/manifests: builds every kustomization below k8s/ and looks at what comes out."""

import copy
import ipaddress
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml

from cel import Policy
from pods import IMAGE, PATHS, SERVERS, changes, containers, figures, is_probe, probe_container, restricted, template

ROOT = pathlib.Path(sys.argv[1])
BINARY = sys.argv[2] if len(sys.argv) > 2 else None
KUSTOMIZE = (os.environ.get("KUSTOMIZE") or "kubectl kustomize").split()
K8S = ROOT / "k8s"
COMPONENTS = K8S / "components"
EXAMPLES = K8S / "examples"
NEWEST, OLDEST = kubernetes_validate.latest_version(), "1.29"
# Kinds of the Prometheus operator: no schema of Kubernetes' knows them, and they are validated beside the alerts.
CUSTOM = {"PodMonitor", "PrometheusRule"}

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
# The same as `kubectl get -o json` prints them: a comment inside a patch cannot be merged into these.
JSON_FILES = {f"{document['kind']}.json": json.dumps(document) for document in ALL}


def on_all(*components):
    documents = build_text(files=FILES, components=[COMPONENTS / c for c in components])
    yield from changes("+".join(components), ALL, documents, components)
    yield from schema(documents, NEWEST)
    yield from schema(documents, OLDEST)


for components in (["init-gate"], ["sidecar"], ["sidecar-classic"], ["exec-wrap"], ["init-gate", "sidecar-classic"], ["sidecar", "readiness"],
                   ["sidecar-classic", "readiness"], ["exec-wrap", "root"],
                   ["sidecar-classic", "root"], ["init-gate", "sidecar-classic", "readiness", "root"], ["sidecar", "root"]):
    ok(f"{' + '.join(components)} on a workload of every kind", lambda: on_all(*components))
    ok(f"{' + '.join(components)} on the same in JSON", lambda: (
        [] if build_text(files=JSON_FILES, components=[COMPONENTS / c for c in components])
        == build_text(files=FILES, components=[COMPONENTS / c for c in components]) else ["it is not what YAML becomes"]))
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

ok("the patch that doctor's comment shows", lambda: documented("doctor", "name: NAME", 2))


def doctor():
    for role in (d for d in built["doctor"] if d["kind"] in ("Role", "ClusterRole")):
        for rule in role["rules"]:
            if not set(rule["verbs"]) <= {"get", "list"} or {"*", "secrets", "pods/log"} & {*rule.get("resources", []), *rule.get("apiGroups", [])}:
                yield f"{role['kind']}: {rule}"


ok("doctor: rights to read, to nothing secret, and named one by one", doctor)


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
    metadata = {"name": "p", "labels": {"irsa-probe.io/inject": "true"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [APP], **spec}}


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

for serves, seen in figures.items():
    name = f"one set of figures for what {'serves' if serves else 'ends'}"
    ok(name, lambda seen=seen: [f"{where}: {text}" for text, where in seen.items()] if len(seen) != 1 else [])


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
