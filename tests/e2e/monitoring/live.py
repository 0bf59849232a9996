"""The rules and the dashboard in a real Prometheus, which scrapes the real binary in the sandbox's pods by way of scrape.yaml's relabelling."""

import contextlib
import http.server
import json
import math
import os
import queue
import re
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field

import yaml
from common import HERE, MONITORING, dashboard, get, load, ok, queries, run
from static import substituted

# Each pod's situation in the sandbox, and the alerts that it raises (name, severity).
SITUATIONS = {
    "checkout": ("", set()),
    "imds-open": ("node/node-role-reachable", {("IrsaProbeNodeRoleReachable", "info")}),
    "on-node-role": ("injection/not-injected-node-role", {("IrsaProbeNodeRoleActive", "critical"), ("IrsaProbeNodeRoleReachable", "info")}),
    "fast-clock": ("identity/near-clock-skew-fast", {("IrsaProbeClockSkew", "warning")}),
    "old-token": ("token/token-rotation-overdue", {("IrsaProbeTokenRotationOverdue", "warning")}),
    "cut-off": ("network/connect-refused", {("IrsaProbeNotProven", "critical")}),
    "two-regions": ("redundancy/near-both-work", set()),
}
# And those that are no situation: no round after the first, switched off, and what only looks like a target.
OTHERS = {
    "idle": {("IrsaProbeStale", "warning")},
    "switched-off": set(),
    "closed": {("IrsaProbeDown", "warning")},
    "foreign": {("IrsaProbeDown", "warning")},
}
# Queries that have nothing to return while nothing is wrong with the pod.
ONLY_FAILING = {"Root cause", "Findings"}
# Hours, in a test of seconds.
FOR = "2s"
TOO_OLD = ("3 * 3600", "25")


def check(binary, work):
    with Fleet(binary, work) as fleet:
        fleet.start()
        ok("every pod serves, and Prometheus scrapes it", fleet.wait, lambda: scraped(fleet))
        ok("scrape.yaml gives a target these labels", labels, fleet)
        ok("tests/e2e/prometheus has nothing to say of a healthy pod and the rules", run, HERE.parent / "prometheus", fleet.url("checkout"),
           MONITORING / "rules.yaml")
        ok("each broken pod raises its alerts, and no other pod any", fleet.wait, lambda: firing(fleet, expected()))
        ok("every rule can be evaluated", rules_are_healthy, fleet)
        ok("the variables have values", variables, fleet)
        first = answers(fleet)
        fleet.press("checkout", "t")
        failing = {("IrsaProbeRenewalFailing", "warning"), ("IrsaProbeRenewalFailing", "critical")}
        ok("a broken trust policy: the renewal fails, with the time left", fleet.wait, lambda: firing(fleet, expected(checkout=failing)))
        ok("the alerts' texts name pod, code and time", texts, fleet)
        ok("every query of the dashboard returns data", every_query_answers, first, answers(fleet))
        ok("and the fleet's figures are right", figures, fleet)
        fleet.press("checkout", "m")
        ok("mended: the alerts end", fleet.wait, lambda: firing(fleet, expected()))
        fleet.press("checkout", "i")
        lost = {("IrsaProbeIdentityLost", "critical")}
        ok("another role's identity: the identity is lost", fleet.wait, lambda: firing(fleet, expected(checkout=lost)))
        fleet.press("checkout", "m")
        ok("mended: the alert ends", fleet.wait, lambda: firing(fleet, expected()))
        fleet.forget("cut-off", "closed")
        ok("a pod that went away leaves no alert", fleet.wait, lambda: firing(fleet, expected(**{"cut-off": set(), "closed": set()})))
        fleet.forget(*fleet.pods)
        absent = [("IrsaProbeAbsent", "warning", "")]
        ok("without a single page there is one alert", fleet.wait, lambda: firing(fleet, absent))


def expected(**instead):
    """The alerts of the fleet as it was started, but for these pods."""
    usual = {name: found for name, (_, found) in SITUATIONS.items()} | OTHERS | instead
    return [(alert, severity, pod) for pod, found in usual.items() for alert, severity in found]


def firing(fleet, wanted):
    found = [alert["labels"] for alert in fleet.ask("alerts")["alerts"] if alert["state"] == "firing"]
    found = sorted((labels["alertname"], labels["severity"], labels.get("pod", "")) for labels in found)
    assert found == sorted(wanted), f"not {sorted(set(wanted) - set(found))}, but {sorted(set(found) - set(wanted))}"


def scraped(fleet):
    pages = {series["metric"]["pod"] for series in fleet.query("irsa_probe_rounds_total{verdict='pass'}")}
    wanted = set(fleet.pods) - {"closed", "foreign", "ended"}
    assert pages == wanted, f"no page of {sorted(wanted - pages)}, but of {sorted(pages - wanted)}"
    rounds = fleet.query("sum by (pod) (irsa_probe_rounds_total) > 0")
    assert {series["metric"]["pod"] for series in rounds} == wanted - {"switched-off"}, "not every pod has made its first round"


def labels(fleet):
    """Also: the pod that has ended is no target, nor is another port of a pod."""
    targets = {target["labels"]["pod"]: target["labels"] for target in fleet.ask("targets", state="active")["activeTargets"]}
    assert set(targets) == set(fleet.pods) - {"ended"}, sorted(targets)
    address = fleet.pods["checkout"].address
    wanted = {"job": "irsa-probe", "namespace": "shop", "pod": "checkout", "container": "irsa-probe", "endpoint": "irsa-probe",
              "instance": address, "node": "node-a"}
    assert targets["checkout"] == wanted, targets["checkout"]


def rules_are_healthy(fleet):
    rules = [rule for group in fleet.ask("rules")["groups"] for rule in group["rules"]]
    assert len(rules) > 10 and all(rule["health"] == "ok" for rule in rules), [rule for rule in rules if rule["health"] != "ok"]


def texts(fleet):
    found = fleet.ask("alerts")["alerts"]
    assert found
    for alert in found:
        said, who = alert["annotations"], alert["labels"]
        whole = " ".join(said.values())
        assert "{{" not in whole and "error" not in whole and "<no value>" not in whole, whole
        assert f"{who['namespace']}/{who['pod']}" in said["summary"], whole
    one = {(alert["labels"]["alertname"], alert["labels"]["pod"]): alert["annotations"] for alert in found}
    renewal = one["IrsaProbeRenewalFailing", "checkout"]
    assert re.search(r"cannot renew its AWS identity, (1m )?\d+(\.\d+)?m?s left: trust-policy-denied$", renewal["summary"]), renewal
    assert renewal["runbook"] == "docs/findings.md#trust-policy-denied", renewal
    assert one["IrsaProbeNodeRoleActive", "on-node-role"]["runbook"] == "docs/findings.md#not-injected"
    assert one["IrsaProbeNotProven", "cut-off"]["summary"].endswith(": connect-refused")


def variables(fleet):
    """What Grafana asks for: label_values(SELECTOR, LABEL). The sandbox has no clusters, and must do without."""
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            values = fleet.ask(f"label/{label}/values", **{"match[]": substituted(selector)})
            wanted = {"cluster": [], "namespace": ["shop"], "pod": sorted(set(fleet.pods) - {"closed", "foreign", "ended"})}
            assert values == wanted[variable["name"]], f"{variable['name']}: {values}"


def answers(fleet):
    """The dashboard's queries that return a number."""
    found = set()
    for panel, ref, expression in queries():
        values = [float(series["value"][1]) for series in fleet.query(substituted(expression))]
        if any(not math.isnan(value) for value in values):
            found.add((panel, ref, expression))
    return found


def every_query_answers(first, second):
    silent = [f"{panel} {ref}: {expression}" for panel, ref, expression in queries() if (panel, ref, expression) not in first | second]
    assert not silent, "nothing returned:\n" + "\n".join(silent)
    late = {panel for panel, _, _ in second - first}
    assert late <= ONLY_FAILING, f"only with a failing pod: {late}"


def figures(fleet):
    shown = {panel["title"]: panel["targets"][0]["expr"] for panel in dashboard()["panels"] if panel["type"] == "stat"}
    wanted = {"Pods": 9, "Ready": 6, "Degraded": 1, "Not ready": 1, "Starting": 1, "With the node's role": 1, "Switched off": 1, "Not scraped": 2}
    for title, value in wanted.items():
        found = [float(series["value"][1]) for series in fleet.query(substituted(shown[title]))]
        assert found == [value], f"{title}: {found}, not {value}"


@dataclass
class Pod:
    address: str
    process: subprocess.Popen | None = None
    labels: dict = field(default_factory=dict)


class Fleet(contextlib.ExitStack):
    """The pods, and a Prometheus that finds them in a file, with the labels that the discovery of Kubernetes gives."""

    def __init__(self, binary, work):
        super().__init__()
        self.binary, self.work, self.pods = binary, work, {}

    def start(self):
        for name, (situation, _) in SITUATIONS.items():
            self.sandbox(name, ["--serve"] + (["--situation", situation] if situation else []), r"http://(127\.0\.0\.1:\d+)/")
        world = self.spawn([os.environ["SANDBOX"], "--hold"], {**os.environ, "IRSA_PROBE_BINARY": self.binary}, stderr=subprocess.DEVNULL)
        lines = until(world.stdout, "until Ctrl-C")
        environment = dict(re.findall(r"^export (\w+)='(.*)'$", "".join(lines), re.MULTILINE))
        self.probe("idle", environment, "--interval", "1h")
        self.probe("switched-off", {"IRSA_PROBE_DISABLED": "a test"})
        closed = self.enter_context(socket.socket())
        closed.bind(("127.0.0.1", 0))
        self.pods["closed"] = Pod("127.0.0.1:%d" % closed.getsockname()[1])
        foreign = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
        self.callback(foreign.shutdown)
        threading.Thread(target=foreign.serve_forever, daemon=True).start()
        self.pods["foreign"] = Pod("127.0.0.1:%d" % foreign.server_port)
        self.pods["ended"] = Pod(self.pods["closed"].address, labels={"__meta_kubernetes_pod_phase": "Succeeded"})
        self.prometheus()

    def spawn(self, command, environment, **streams):
        process = subprocess.Popen([str(part) for part in command], env=environment, stdin=subprocess.PIPE,
                                   **{"stdout": subprocess.PIPE, **streams}, text=True)
        self.callback(end, process)
        return process

    def sandbox(self, name, flags, address):
        environment = {**os.environ, "IRSA_PROBE_BINARY": self.binary}
        process = self.spawn([os.environ["SANDBOX"], *flags], environment, stderr=subprocess.DEVNULL)
        self.pods[name] = Pod(re.search(address, until(process.stdout, "status page")[-1])[1], process)

    def probe(self, name, environment, *flags):
        process = self.spawn([self.binary, "serve", "--listen", "127.0.0.1:0", *flags], environment, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
        self.pods[name] = Pod(re.search(r"address=(127\.0\.0\.1:\d+)", until(process.stderr, "address=")[-1])[1], process)

    def press(self, name, key):
        self.pods[name].process.stdin.write(key + "\n")
        self.pods[name].process.stdin.flush()

    def url(self, name):
        return "http://" + self.pods[name].address

    def forget(self, *names):
        for name in names:
            self.pods = {pod: what for pod, what in self.pods.items() if pod != name}
        self.write_targets()

    def write_targets(self):
        """As the discovery of role pod gives them: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#pod"""
        meta = "__meta_kubernetes_"
        groups = []
        for name, pod in self.pods.items():
            common = {meta + "namespace": "shop", meta + "pod_name": name, meta + "pod_node_name": "node-a", meta + "pod_phase": "Running",
                      meta + "pod_container_name": "irsa-probe", meta + "pod_container_init": "true",
                      meta + "pod_container_port_name": "irsa-probe"} | pod.labels
            groups.append({"targets": [pod.address], "labels": common})
            # The application's own port, which is not to be scraped.
            application = {meta + "pod_container_name": "app", meta + "pod_container_port_name": "http", meta + "pod_container_init": "false"}
            groups.append({"targets": ["127.0.0.1:9"], "labels": common | application})
        # In one step: Prometheus reads the file whenever it changes.
        fresh = self.work / "targets.new"
        fresh.write_text(json.dumps(groups))
        fresh.rename(self.work / "targets.json")

    def prometheus(self):
        self.write_targets()
        rules = load("rules.yaml")
        for group in rules["groups"]:
            for rule in group["rules"]:
                if "for" in rule:
                    rule["for"] = FOR
                rule["expr"] = rule["expr"].replace(*TOO_OLD)
        (self.work / "rules.yaml").write_text(yaml.safe_dump(rules))
        configuration = load("scrape.yaml")
        for job in configuration["scrape_configs"]:
            job.pop("kubernetes_sd_configs")
            job |= {"scrape_interval": "1s", "scrape_timeout": "1s"}
            job["file_sd_configs"] = [{"files": [str(self.work / "targets.json")]}]
        configuration |= {"global": {"evaluation_interval": "1s"}, "rule_files": [str(self.work / "rules.yaml")]}
        (self.work / "prometheus.yml").write_text(yaml.safe_dump(configuration))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % free.getsockname()[1]
        self.api = f"http://{address}/api/v1/"
        self.spawn(["prometheus", f"--config.file={self.work}/prometheus.yml", f"--storage.tsdb.path={self.work}/data",
                    f"--web.listen-address={address}", "--log.level=error"], {"PATH": os.environ["PATH"]}, stdout=subprocess.DEVNULL)

    def ask(self, path, **parameters):
        answer = json.loads(get(self.api + path, **parameters))
        assert answer["status"] == "success", f"{parameters}: {answer['error']}"
        return answer["data"]

    def query(self, expression):
        return self.ask("query", query=expression)["result"]

    def wait(self, holds, seconds=60):
        until = time.monotonic() + seconds
        while True:
            try:
                return holds()
            except (AssertionError, OSError):
                if time.monotonic() > until:
                    raise
            time.sleep(0.3)


class Foreign(http.server.BaseHTTPRequestHandler):
    """Another program's page on the probe's port."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"other_requests_total 1\n")

    def log_message(self, *_):
        pass


def until(stream, text, seconds=30):
    """The lines up to the first that holds the text. They are read on for as long as the process lives: a full pipe would stop it."""
    lines = queue.Queue()
    threading.Thread(target=lambda: [lines.put(line) for line in stream], daemon=True).start()
    found, end_of_patience = [], time.monotonic() + seconds
    while not found or text not in found[-1]:
        try:
            found.append(lines.get(timeout=max(0.0, end_of_patience - time.monotonic())))
        except queue.Empty:
            raise AssertionError(f"no line with {text!r}:\n{''.join(found)}") from None
    return found


def end(process):
    """An interrupt lets the sandbox take its probe with it."""
    process.send_signal(2)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
