"""What EKS and AWS bring, on an address of this machine that the cluster reaches: STS and IMDS (examples/beside.rs), and the webhooks."""

import atexit
import base64
import copy
import http.server
import json
import os
import pathlib
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading

ACCOUNT, REGION = "111122223333", "us-west-2"
PREFIX = "eks.amazonaws.com/"
VOLUME, TOKEN_FOLDER = "aws-iam-token", "/var/run/secrets/eks.amazonaws.com/serviceaccount"
CA_FOLDER = "/etc/aws-stand-in"
# `doctor` knows EKS's webhook by its name.
NAMES = {"identity": "iam-for-pods"}


class Aws:
    """STS and IMDS. Who may have a role is changed while they run."""

    def __init__(self, program, address, cluster):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="irsa-probe-cluster-"))
        atexit.register(lambda: subprocess.run(["rm", "-rf", self.folder]))
        self.issuer = cluster.get("/.well-known/openid-configuration")["issuer"]
        self.lock, self.trusted, self.requests = threading.Lock(), {}, []
        (self.folder / "jwks.json").write_text(json.dumps(cluster.get("/openid/v1/jwks")))
        self.write()
        self.log = open(self.folder / "log", "w")
        process = subprocess.Popen([program, address, str(self.folder)], stdout=subprocess.PIPE, stderr=self.log, text=True, start_new_session=True)
        atexit.register(process.kill)
        first = process.stdout.readline()
        if not first:
            raise SystemExit(f"the stand-in of STS did not start: {(self.folder / 'log').read_text()}")
        self.addresses = json.loads(first)
        threading.Thread(target=self.read, args=[process.stdout], daemon=True).start()

    def read(self, lines):
        for line in lines:
            self.requests.append(json.loads(line))

    def trust(self, role, subject, trusted=True):
        """Lets a service account (NAMESPACE:NAME) have a role, or no longer."""
        with self.lock:
            subjects = self.trusted.setdefault(f"arn:aws:iam::{ACCOUNT}:role/{role}", set())
            (subjects.add if trusted else subjects.discard)(f"system:serviceaccount:{subject}")
            self.write()

    def write(self):
        bare = self.issuer.removeprefix("https://")
        roles = [{"arn": arn, "policy": self.policy(bare, sorted(subjects))} for arn, subjects in self.trusted.items()]
        world = {"issuer": self.issuer, "account": ACCOUNT, "region": REGION, "iam": {"roles": roles}, "sts": {"reach": "override"}, "imds": "forbidden"}
        new = self.folder / "world.new"
        new.write_text(json.dumps(world))
        os.replace(new, self.folder / "world.json")

    def policy(self, bare, subjects):
        """A trust policy as AWS's documentation has it. With nobody to trust it names a service account that does not exist."""
        return {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{bare}"}, "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{bare}:aud": "sts.amazonaws.com", f"{bare}:sub": subjects or ["system:serviceaccount:none:none"]}}}]}

    def exchanges(self, namespace, pod, status=200):
        """The exchanges of a pod's tokens that STS granted, or refused with this status."""
        return [r for r in self.requests if (r["operation"], r["pod"], r["status"]) == ("AssumeRoleWithWebIdentity", pod, status)
                and r["subject"].startswith(f"system:serviceaccount:{namespace}:")]


class Webhooks:
    """Mutating webhooks, served over TLS: EKS's own, what brings the stand-ins' addresses into pods, and others that platforms have."""

    def __init__(self, address, aws, cluster):
        self.aws, self.cluster, self.faults = aws, cluster, []
        self.ca = (aws.folder / "ca.pem").read_text()
        webhooks = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize, disable_nagle_algorithm = -1, True  # an answer in two packets waits 40 ms for an acknowledgement

            def do_POST(self):
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = json.dumps(webhooks.answer(self.path.split("?")[0].strip("/"), review)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

            def server_bind(self):  # without the look-up of a name, which takes seconds where there is no DNS
                socketserver.TCPServer.server_bind(self)
                self.server_name, self.server_port = self.server_address[:2]

            def handle_error(self, *_):
                error = sys.exc_info()[1]
                if not isinstance(error, (ConnectionError, ssl.SSLError)):  # those are connections that the API server gave up
                    webhooks.faults.append(f"{type(error).__name__}: {error}")

        server = Server((address, 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(aws.folder / "server.pem", aws.folder / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        host = f"[{address}]" if ":" in address else address
        self.url = f"https://{host}:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def configuration(self, name, webhook, selector, reinvocation="IfNeeded"):
        """The configuration of one webhook, of EKS's form, but for a time-out that a busy machine needs. The API server calls webhooks in the order of their configurations' names."""
        return {
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", "metadata": {"name": name},
            "webhooks": [{
                "name": f"{NAMES.get(webhook, webhook)}.{name}.amazonaws.com",
                "failurePolicy": "Ignore", "matchPolicy": "Equivalent", "reinvocationPolicy": reinvocation,
                "clientConfig": {"url": f"{self.url}/{webhook}", "caBundle": base64.b64encode(self.ca.encode()).decode()},
                "namespaceSelector": {"matchLabels": selector},
                "objectSelector": {"matchExpressions": [{"key": f"{PREFIX}skip-pod-identity-webhook", "operator": "DoesNotExist"}]},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "*"}],
                "sideEffects": "None", "timeoutSeconds": 30, "admissionReviewVersions": ["v1"]}]}

    def answer(self, webhook, review):
        request = review["request"]
        pod = copy.deepcopy(request["object"])
        response = {"uid": request["uid"], "allowed": True}
        getattr(self, webhook)(pod, request["namespace"])
        patch = [{"op": "replace" if key in request["object"] else "add", "path": f"/{key}", "value": pod[key]}
                 for key in pod if pod[key] != request["object"].get(key)]
        if patch:
            response |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
        return {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}

    # --- Each webhook changes the pod in place

    def identity(self, pod, namespace):
        """amazon-eks-pod-identity-webhook v0.6.17, pkg/handler/handler.go, as docs/facts.md has it."""
        spec = pod["spec"]
        status, account = self.cluster.ask("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/{spec.get('serviceAccountName', 'default')}")
        if status not in (200, 404):
            raise RuntimeError(f"the service account cannot be read: {status} {account}")
        annotations = account["metadata"].get("annotations", {}) if status == 200 else {}
        role = annotations.get(f"{PREFIX}role-arn")
        if not role:
            return
        own = pod["metadata"].get("annotations", {})
        expiration = int(own.get(f"{PREFIX}token-expiration") or annotations.get(f"{PREFIX}token-expiration") or 86400)
        skipped = {name.strip() for name in own.get(f"{PREFIX}skip-containers", "").split(",")}
        for container in spec.get("initContainers", []) + spec["containers"]:
            if container["name"] in skipped:
                continue
            env = container.setdefault("env", [])
            there = {one["name"] for one in env}
            if "AWS_STS_REGIONAL_ENDPOINTS" not in there:
                env.append({"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "regional"})
            if not there & {"AWS_DEFAULT_REGION", "AWS_REGION"}:
                env += [{"name": name, "value": REGION} for name in ("AWS_DEFAULT_REGION", "AWS_REGION")]
            if not there & {"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"}:
                env += [{"name": "AWS_ROLE_ARN", "value": role}, {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": f"{TOKEN_FOLDER}/token"}]
                mounts = container.setdefault("volumeMounts", [])
                if all(mount["name"] != VOLUME for mount in mounts):
                    mounts.append({"name": VOLUME, "mountPath": TOKEN_FOLDER, "readOnly": True})
        volumes = spec.setdefault("volumes", [])
        if all(volume["name"] != VOLUME for volume in volumes):
            volumes.insert(0, {"name": VOLUME, "projected": {"sources": [{"serviceAccountToken": {
                "audience": annotations.get(f"{PREFIX}audience", "sts.amazonaws.com"), "expirationSeconds": expiration, "path": "token"}}]}})

    def endpoints(self, pod, _namespace):
        """Where the stand-ins are, and whom to trust: AWS would need none of it."""
        spec = pod["spec"]
        variables = {"AWS_ENDPOINT_URL_STS": self.aws.addresses["sts"], "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.aws.addresses["imds"],
                     "AWS_CA_BUNDLE": f"{CA_FOLDER}/ca.pem"}
        for container in spec.get("initContainers", []) + spec["containers"]:
            env, mounts = container.setdefault("env", []), container.setdefault("volumeMounts", [])
            there = {one["name"] for one in env}
            env += [{"name": name, "value": value} for name, value in variables.items() if name not in there]
            if all(mount["name"] != "aws-stand-in" for mount in mounts):
                mounts.append({"name": "aws-stand-in", "mountPath": CA_FOLDER, "readOnly": True})
        volumes = spec.setdefault("volumes", [])
        if all(volume["name"] != "aws-stand-in" for volume in volumes):
            volumes.append({"name": "aws-stand-in", "configMap": {"name": "aws-stand-in"}})

    def label(self, pod, _namespace):
        """Sets the label of k8s/inject where an annotation asks for it."""
        metadata = pod["metadata"]
        if metadata.get("annotations", {}).get("irsa-probe.io/e2e-label-it") == "true":
            metadata.setdefault("labels", {})["irsa-probe.io/inject"] = "true"

    def mesh(self, pod, _namespace):
        """Puts an init container of its own in front, as service meshes do, where an annotation asks for it."""
        first = {"name": "mesh-init", "image": "registry.example.com/checkout:1.0", "command": ["sh", "-c", "echo the network is set up"],
                 "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
        there = pod["spec"].get("initContainers", [])
        if pod["metadata"].get("annotations", {}).get("irsa-probe.io/e2e-mesh") == "true" and all(c["name"] != "mesh-init" for c in there):
            pod["spec"]["initContainers"] = [first, *there]
