"""A workstation on which `doctor` runs: the real kubectl and AWS CLI on the PATH, kubeconfigs of several users, and IAM (moto)."""

import copy
import dataclasses
import http.client
import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import threading
import urllib.parse

from standins import ACCOUNT, REGION

AWS = pathlib.Path(os.environ["AWS"])
# Each tool stands behind a script that notes the command, its exit code and its errors. The record's fields end in US, the record in RS.
SCRIPT = """#!/bin/sh
PATH=/usr/bin:/bin:$CALLERS_PATH
{ said=$(%s "$@" 2>&1 >&3 3>&-); code=$?; } 3>&1
[ -z "$said" ] || printf '%%s\\n' "$said" >&2
printf '%s\\037%%s\\037%%s\\037%%s\\036' "$code" "$*" "$said" >>"$COMMANDS"
exit $code
"""
# IAM answers each user of Kubernetes the same, and a start of the AWS CLI takes half a second of a core: what it has answered is repeated.
REPEAT = """#!/bin/sh
known=%s/$(printf %%s "$*" | cksum | tr -d ' ')
[ -e "$known" ] || { %s "$@" >"$known.$$" && mv "$known.$$" "$known"; } && cat "$known"
"""


class Iam:
    """moto, with the account of the other stand-ins. It ends with the `with` block."""

    def __enter__(self):
        environment = {**os.environ, "MOTO_ACCOUNT_ID": ACCOUNT, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen([AWS / "moto_server", "-H", "127.0.0.1", "-p", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        env=environment, start_new_session=True)
        self.address = next((m[1] for line in self.process.stderr if (m := re.search(r"Running on http://(\S+)", line))), None)
        if not self.address:
            raise RuntimeError("moto did not start")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()  # its log has to go somewhere
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def call(self, action, **fields):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        authorization = f"AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/{REGION}/iam/aws4_request, SignedHeaders=host, Signature=0"
        body = urllib.parse.urlencode({"Action": action, "Version": "2010-05-08", **fields})
        connection.request("POST", "/", body, {"Host": "iam.amazonaws.com", "Authorization": authorization,
                                               "Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{action}: {answer.status} {text}")

    def provider(self, issuer):
        self.call("CreateOpenIDConnectProvider", **{"Url": issuer, "ClientIDList.member.1": "sts.amazonaws.com",
                                                    "ThumbprintList.member.1": "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"})

    def role(self, name, trust):
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
        self.call("CreateRole", RoleName=name, Path="/", AssumeRolePolicyDocument=json.dumps(trust))
        self.call("PutRolePolicy", RoleName=name, PolicyName="orders", PolicyDocument=json.dumps(policy))


@dataclasses.dataclass
class Seen:
    """What came of a run of `doctor`."""

    exit: int
    report: dict
    commands: list  # (tool, exit code, arguments, errors)

    @property
    def codes(self):
        return [finding["code"] for finding in self.report["findings"]]

    @property
    def checks(self):
        return {check["id"]: check for check in self.report["checks"]}

    def skipped(self):
        return {name for name, check in self.checks.items() if check["outcome"] == "skip"}

    def refused(self):
        """The commands that the API server refused."""
        return [f"kubectl {arguments}: {errors}" for tool, _, arguments, errors in self.commands if tool == "kubectl" and "Forbidden" in errors]

    def ended(self, code, *findings):
        """Problems of a run that is to end with this exit code and these findings."""
        verdict = {0: "pass", 1: "fail", 3: "unknown"}[code]
        if (self.exit, self.report["verdict"], self.codes) != (code, verdict, list(findings)):
            yield f"exit code {self.exit}, {self.report['verdict']}, {self.codes}: {json.dumps(self.report['checks'])}"


class Workstation:
    """With an `iam` its users have the AWS CLI, else kubectl alone."""

    def __init__(self, lab, namespace, iam=None):
        self.binary, self.namespace = lab.binary, namespace
        self.home = tempfile.TemporaryDirectory(prefix="irsa-probe-workstation-")
        self.folder = pathlib.Path(self.home.name)
        self.administrator = json.loads(lab.cluster.must("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
        self.environment = {"PATH": str(self.folder / "bin"), "HOME": str(self.folder), "CALLERS_PATH": os.environ["PATH"], "GOGC": "off"}  # kubectl ends before it pays to collect
        self.script("bin/kubectl", SCRIPT % (shlex.quote(lab.cluster.program), "kubectl"))
        if iam:
            (self.folder / "answers").mkdir()
            self.script("aws", REPEAT % (shlex.quote(str(self.folder / "answers")), shlex.quote(str(AWS / "aws"))))
            self.script("bin/aws", SCRIPT % (shlex.quote(str(self.folder / "aws")), "aws"))
            self.environment |= {"AWS_ENDPOINT_URL": f"http://{iam.address}", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
                                 "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1"}

    def script(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def doctor(self, user, *arguments):
        """`doctor`, run by a user: {"as": NAME} is one that the administrator impersonates, {"token": TOKEN} one with a token, {} the administrator."""
        config = copy.deepcopy(self.administrator)
        config["contexts"][0]["context"]["namespace"] = self.namespace
        config["users"][0]["user"] = user if "token" in user else {**config["users"][0]["user"], **user}
        (self.folder / "kubeconfig").write_text(json.dumps(config))
        (self.folder / "kubeconfig").chmod(0o600)
        commands = self.folder / "commands"
        commands.write_text("")
        environment = {**self.environment, "KUBECONFIG": str(self.folder / "kubeconfig"), "COMMANDS": str(commands)}
        done = subprocess.run([self.binary, "doctor", *arguments, "--output", "json", "--timeout", "120s"], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=600, env=environment)
        if "eyJ" in done.stdout + done.stderr:
            raise RuntimeError("doctor wrote a token")
        if not done.stdout:
            raise RuntimeError(f"doctor {' '.join(arguments)}: exit {done.returncode}, {done.stderr}")
        records = [record.split("\037") for record in commands.read_text().split("\036")[:-1]]
        return Seen(done.returncode, json.loads(done.stdout), [(tool, int(code), arguments, errors) for tool, code, arguments, errors in records])
