"""What both halves of the test share: where things lie, the count of checks, and one way to ask over HTTP."""

import json
import pathlib
import re
import subprocess
import traceback
import urllib.error
import urllib.parse
import urllib.request

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
MONITORING = ROOT / "k8s" / "monitoring"
# A metric of the probe's own page; what a recording rule makes of one has a colon before it.
METRIC = re.compile(r"(?<![\w:])((?:irsa_probe|process)_\w+)")

passed, failed = 0, 0


def ok(name, check, *arguments):
    """One line for one check; an assertion or an error fails it."""
    global passed, failed
    try:
        check(*arguments)
    except Exception as error:  # whatever it is, it is this check's
        failed += 1
        print(f"FAIL  {name}")
        text = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
        print("\n".join(f"      {line}" for line in (text or repr(error)).splitlines()), flush=True)
    else:
        passed += 1
        print(f"ok    {name}", flush=True)


def run(*command, cwd=None):
    """The command's output; a failure or a hang is the check's."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def load(name):
    return yaml.safe_load((MONITORING / name).read_text())


def dashboard():
    return json.loads((MONITORING / "dashboard.json").read_text())


def queries():
    """(panel, refId, expression) of each of the dashboard's queries."""
    return [(panel["title"], target["refId"], target["expr"]) for panel in dashboard()["panels"] for target in panel.get("targets", [])]


def alerts():
    return [rule for group in load("rules.yaml")["groups"] for rule in group["rules"] if "alert" in rule]


# Without the environment's proxy: what listens on 127.0.0.1 is here.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(url, **parameters):
    """The body; also of a refusal, for Prometheus says in it what it does not like."""
    try:
        with _opener.open(url + ("?" + urllib.parse.urlencode(parameters, doseq=True) if parameters else ""), timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.read().decode()
