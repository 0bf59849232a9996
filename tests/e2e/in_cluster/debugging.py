"""`kubectl debug` with `check --pid`: a container that is added to a running pod judges its application, and says as whom it may."""

import concurrent.futures
import json
import pathlib
import re
import tempfile

from injection import OWN, RESTRICTED, container, pod
from kube import is_ready, statuses, wait
from run import case

# Applications of every kind of user: a level of Pod Security that admits them, the pod's securityContext, the container's, and whether a debug
# container without one of its own is the same user: it has the pod's, else its image's.
USERS = {
    "image-user": ("restricted", RESTRICTED, OWN, False),
    "pod-user": ("restricted", {**RESTRICTED, "runAsUser": 1000, "runAsGroup": 3000}, OWN, True),
    "own-user": ("restricted", RESTRICTED, {**OWN, "runAsUser": 1001, "runAsGroup": 3001}, False),
    "group-only": ("restricted", {**RESTRICTED, "fsGroup": 2000}, {**OWN, "runAsUser": 1002}, False),
    "root-dropped": ("baseline", {}, {"runAsUser": 0, "capabilities": {"drop": ["ALL"]}}, False),
    "root": ("privileged", {}, {"runAsUser": 0}, False),
    "root-pod": ("baseline", {"runAsUser": 0}, {}, True),
}
PASSES = "PASS this pod is arn:aws:sts::111122223333:assumed-role/checkout/"


class Debug:
    """One pod of an application, and the debug containers that are added to it."""

    def __init__(self, lab, namespace, name, **spec):
        self.lab, self.namespace, self.name = lab, namespace, name
        lab.cluster.create(f"/api/v1/namespaces/{namespace}/pods", pod(name, **spec))

    def run(self, *arguments):
        """What a debug container says, started as a person does: (exit code, text). kubectl's own refusal is an error."""
        before = set(statuses(self.pod()))
        self.lab.cluster.must("-n", self.namespace, "debug", self.name, *arguments)

        def done():
            for name, status in statuses(self.pod()).items():
                end = status.get("state", {}).get("terminated")
                if name not in before and end:
                    return end["exitCode"], str(self.lab.cluster.log(self.namespace, self.name, name))
        return wait("the debug container has ended", done)

    def check(self, *flags, profile="restricted", more=()):
        return self.run(f"--image={self.lab.cluster.image}", "--target=checkout", f"--profile={profile}", *more, "--", "/irsa-probe", "check", *flags)

    def follow(self, said):
        """Runs the command that the check printed, in the words that it printed."""
        command = re.search(r"kubectl debug (-it POD .*? -- /irsa-probe .*?), with (\{.*\}) in as\.json", said)
        values = {"-it": None, "POD": None, "--target=CONTAINER": "--target=checkout", "--image=IMAGE": f"--image={self.lab.cluster.image}"}
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "as.json")
            file.write_text(command[2])
            values["--custom=as.json"] = f"--custom={file}"
            return self.run(*[a for a in (values.get(word, word) for word in command[1].split()) if a])

    def pod(self):
        return self.lab.cluster.pod(self.namespace, self.name)

    def ready(self):
        wait(f"{self.name} is ready", lambda: is_ready(self.pod()))


def expects(outcome, code, *texts):
    """Problems of an outcome that should have this exit code and these texts."""
    got, said = outcome
    flat = " ".join(said.split())
    return [f"exit code {got}, {said}"] if got != code or any(" ".join(text.split()) not in flat for text in texts) else []


@case
def debug(lab):
    namespaces = {level: lab.namespace(f"debug-{level}", level) for level in ("restricted", "baseline", "privileged")}
    for namespace in namespaces.values():
        lab.account(namespace, "checkout", "apps/checkout")
        lab.account(namespace, "stranger", "apps/checkout", trusted=False)
    applications = {}
    for name, (level, whole, own, _) in USERS.items():
        applications[name] = Debug(lab, namespaces[level], name, securityContext=whole, containers=[container("checkout", securityContext=own)])
    restricted = namespaces["restricted"]
    sharing = {"shareProcessNamespace": True, "securityContext": {**RESTRICTED, "runAsUser": 1000, "runAsGroup": 1000}}
    workers = container("checkout", "sh", "-c", "sleep 601 & exec sleep 600")
    shared = Debug(lab, restricted, "shared", **sharing, containers=[workers])
    two = Debug(lab, restricted, "two", **sharing, containers=[workers, container("other", "sleep", "600")])
    broken = Debug(lab, restricted, "broken", serviceAccountName="stranger", securityContext={**RESTRICTED, "runAsUser": 1000, "runAsGroup": 1000})
    same = [f"--custom={lab.aws.folder / 'as.json'}"]
    (lab.aws.folder / "as.json").write_text(json.dumps({"securityContext": {"runAsUser": 1000, "runAsGroup": 1000}}))

    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda name: as_any_user(lab, name, applications[name]), USERS))
    shared.ready()
    said = shared.check("--pid", "1", more=same)
    lab.ok("a shared process namespace: process 1 is the pause container", expects(said, 2, "process 1 is the pause container's"))
    lab.ok("the application is named, with its worker", expects(said, 2, "(sleep, UID 1000, GID 1000, has AWS_* variables, one more like it)"))
    lab.ok("in one line", [] if len(said[1].splitlines()) == 1 else [said[1]])
    lab.ok("--pid auto takes the only application", lambda: expects(shared.check("--pid", "auto", more=same), 0, PASSES))
    two.ready()
    lab.ok("of two containers it takes none", lambda: expects(two.check("--pid", "auto", more=same), 2, "2 processes here can be the application"))
    broken.ready()
    lab.ok("the application's own failure is judged, not the debug container's", lambda: expects(
        broken.check("--pid", "1", "--timeout", "8s", more=same), 1, "FAIL trust-policy-denied"))
    lab.ok("without --pid it speaks of itself: nothing was injected", lambda: expects(broken.check("--timeout", "8s", more=same), 1, "not-injected"))


def as_any_user(lab, name, application):
    """First without a user of its own, then by the command that the check printed."""
    level, *_, same_user = USERS[name]
    application.ready()
    said = application.check("--pid", "1", profile="restricted" if level == "restricted" else "baseline")
    if same_user:
        lab.ok(f"{name}: the debug container is the same user, and proves the identity", expects(said, 0, PASSES))
    elif lab.ok(f"{name}: another user has no verdict, and is told as whom", expects(said, 2, "Give the debug container UID")):
        lab.ok(f"{name}: the command that it prints proves the identity", lambda: expects(application.follow(said[1]), 0, PASSES))
