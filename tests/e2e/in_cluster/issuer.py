"""`check --check-issuer` in pods, against the API server that issues their tokens. The probe shows it no token, so both documents have to be open to
everybody, and the pod has to trust its certificate."""

import base64
import json
import time

from injection import container, pod
from kube import ended, wait
from run import LABEL, RUN, case
from standins import ACCOUNT

DISCOVERY, KEYS = "/.well-known/openid-configuration", "/openid/v1/jwks"
RBAC = "rbac.authorization.k8s.io"
# What the probe says to do is what this test does.
ROLE, GROUP = "system:service-account-issuer-discovery", "system:unauthenticated"
CURE = f"bind ClusterRole {ROLE} to group {GROUP}"


@case
def issuer(lab):
    if may_read(lab, DISCOVERY) or may_read(lab, KEYS):
        raise RuntimeError("this cluster shows its issuer's documents to everybody already")
    namespace = lab.namespace("issuer")
    lab.account(namespace, "checkout", "checkout")
    # The authorities of AWS's side, and the cluster's own.
    own = lab.cluster.get(f"/api/v1/namespaces/{namespace}/configmaps/kube-root-ca.crt")["data"]["ca.crt"]
    lab.cluster.create(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "trust"}, "data": {
        "ca.pem": f"{lab.webhooks.ca}\n{own}", "other-key": forged(lab, namespace), "other-issuer": forged(lab, namespace, "/")}})

    start(lab, namespace, "forbidden")
    lab.ok("without a right: information, and whom to give it", lambda: unreachable(
        lab, namespace, "forbidden", "the discovery document", f'(Forbidden): forbidden: User "system:anonymous" cannot get path "{DISCOVERY}"', CURE))
    rule = {"nonResourceURLs": [DISCOVERY], "verbs": ["get"]}
    lab.cluster.create(f"/apis/{RBAC}/v1/clusterroles", {"metadata": {"name": f"{RUN}-issuer", "labels": {LABEL: RUN}}, "rules": [rule]})
    bind(lab, f"{RUN}-issuer", DISCOVERY)
    start(lab, namespace, "half")
    lab.ok("with a right to the first document alone: the same", lambda: unreachable(
        lab, namespace, "half", "the key set", f'(Forbidden): forbidden: User "system:anonymous" cannot get path "{KEYS}"', CURE))
    bind(lab, ROLE, KEYS)
    start(lab, namespace, "healthy")
    start(lab, namespace, "mistrusting", trust=False)
    for name in ("other-key", "other-issuer"):
        start(lab, namespace, name, token=name)
    lab.ok("with Kubernetes' own role bound as it says: the document names the issuer, and the keys hold the token's", lambda: healthy(lab, namespace))
    lab.ok("without the cluster's authority: information, of the certificate", lambda: unreachable(
        lab, namespace, "mistrusting", "the certificate presented was issued by", "which does not lead to a root in AWS_CA_BUNDLE="))
    lab.ok("a token of another key: signing-key-unknown", lambda: broken(lab, namespace, "other-key", "signing-key-unknown", "The token's kid is another"))
    lab.ok("which STS has refused, by the key set that the cluster publishes", lambda: [] if any(
        r["status"] == 400 and r["subject"] == f"system:serviceaccount:{namespace}:checkout" for r in lab.aws.requests) else ["no such request"])
    lab.ok("a token of another issuer, by a slash: issuer-mismatch", lambda: broken(lab, namespace, "other-issuer", "issuer-mismatch", "a slash at the end"))
    if not lab.failed:
        lab.cluster.delete(f"/api/v1/namespaces/{namespace}")


def may_read(lab, document):
    review = {"spec": {"user": "system:anonymous", "groups": [GROUP], "nonResourceAttributes": {"path": document, "verb": "get"}}}
    return lab.cluster.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]


def bind(lab, role, document):
    """Binds a role to everybody, and waits until the API server goes by it."""
    metadata = {"name": f"{RUN}-{role.replace(':', '-')}", "labels": {LABEL: RUN}}
    lab.cluster.create(f"/apis/{RBAC}/v1/clusterrolebindings", {
        "metadata": metadata, "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}, "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": GROUP}]})
    wait(f"everybody may read {document}", lambda: may_read(lab, document))


def forged(lab, namespace, after=""):
    """A token that nobody signed: of a key that the API server does not have, and with something behind its issuer."""
    now = int(time.time())
    claims = {"iss": f"{lab.aws.issuer}{after}", "sub": f"system:serviceaccount:{namespace}:checkout", "aud": ["sts.amazonaws.com"], "iat": now, "nbf": now,
              "exp": now + 3600}
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "kid": "another"}, claims)] + [bytes(256)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def start(lab, namespace, name, trust=True, token=None):
    # A refusal may pass by itself, so such a check takes all of its time.
    probe = container("check", "/irsa-probe", "check", "--check-issuer", "--no-imds", "--timeout", "8s" if token else "60s", "--output", "json", "--log-level", "off")
    probe |= {"image": lab.cluster.image, "volumeMounts": [{"name": "trust", "mountPath": "/trust"}]}
    variables = {"AWS_CA_BUNDLE": "/trust/ca.pem"} if trust else {}
    if token:
        variables |= {"AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/checkout", "AWS_WEB_IDENTITY_TOKEN_FILE": f"/trust/{token}"}
    probe["env"] = [{"name": name, "value": value} for name, value in variables.items()]
    volumes = [{"name": "trust", "configMap": {"name": "trust"}}]
    lab.cluster.create(f"/api/v1/namespaces/{namespace}/pods", pod(name, containers=[probe], restartPolicy="Never", volumes=volumes))


def seen(lab, namespace, name):
    """(exit code, report, its findings and checks of the step `issuer`)."""
    end = wait(f"{name} has ended", lambda: ended(lab.cluster.pod(namespace, name), "check"))
    report = lab.cluster.log(namespace, name, "check")
    return end["exitCode"], report, *([one for one in report[kind] if one["step"] == "issuer"] for kind in ("findings", "checks"))


def healthy(lab, namespace):
    code, report, findings, checks = seen(lab, namespace, "healthy")
    if code or findings or [check["outcome"] for check in checks] != ["pass"]:
        yield f"exit code {code}: {findings} {checks}"
    if report["token"]["issuer"] != lab.aws.issuer:
        yield str(report["token"])


def unreachable(lab, namespace, name, *words):
    code, _, findings, _ = seen(lab, namespace, name)
    if code or [(finding["code"], finding["severity"]) for finding in findings] != [("issuer-unreachable", "info")]:
        yield f"exit code {code}: {findings}"
    yield from (f"{word} is not in {finding['detail']}" for finding in findings for word in words if word not in finding["detail"])


def broken(lab, namespace, name, wanted, words):
    """What is wrong is a finding, beside STS's refusal of such a token or as its cause."""
    code, _, findings, _ = seen(lab, namespace, name)
    if code != 1 or not any(finding["code"] == wanted and words in finding["detail"] for finding in findings):
        yield f"exit code {code}: {findings}"
