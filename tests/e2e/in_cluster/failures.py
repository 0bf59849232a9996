"""Broken pods of a real cluster, each judged by the gate's own command with less time. The exit code has to be right, and so has the code in the
termination message that the kubelet keeps."""

from injection import OWN, RESTRICTED, container, pod
from kube import ended, wait
from run import case

ROLE = "apps/checkout"


def env(**variables):
    return {"env": [{"name": name, "value": value} for name, value in variables.items()]}


def located(own, addresses):
    return {**own, "env": [{**one, "value": one["value"].format(**addresses)} for one in own.get("env", [])]}


# A failure that passes by itself is not a definite one: exit code 3.
TRANSIENT = {"connect-refused"}

# Per pod: the code that is right (None: it passes), the annotations of its service account (role None: no annotation), fields of its spec and of
# its container, and whether EKS's webhook was there. A variable's value may name a stand-in; with `{openImds}` IMDS gives the node's role, and the message has
# to say who uses it.
FAILURES = {
    "healthy": (None, {}, {}, {}, "eks"),
    "arbitrary-user": (None, {}, {"securityContext": {**RESTRICTED, "runAsUser": 123456}}, {}, "eks"),
    "fs-group": (None, {}, {"securityContext": {**RESTRICTED, "runAsUser": 123456, "fsGroup": 2000}}, {}, "eks"),
    "without-default-token": (None, {}, {"automountServiceAccountToken": False}, {}, "eks"),
    "webhook-away": ("not-injected", {}, {}, {}, "away"),
    "not-annotated": ("not-injected", {"role": None}, {}, {}, "eks"),
    "role-set-by-hand": ("half-injected", {}, {}, env(AWS_ROLE_ARN=f"arn:aws:iam::111122223333:role/{ROLE}"), "eks"),
    "role-of-another-account": ("oidc-provider-missing", {"role_arn": "arn:aws:iam::444455556666:role/checkout"}, {}, {}, "eks"),
    "role-misspelt": ("role-arn-malformed", {"role_arn": "arn:aws:iam::111122223333:user/checkout"}, {}, {}, "eks"),
    "token-elsewhere": ("token-missing", {}, {}, env(AWS_ROLE_ARN=f"arn:aws:iam::111122223333:role/{ROLE}", AWS_WEB_IDENTITY_TOKEN_FILE="/nowhere"), "eks"),
    "other-audience": ("token-audience-unexpected", {"audience": "sts.example.com"}, {}, {}, "eks"),
    "trust-denied": ("trust-policy-denied", {"trusted": False}, {}, {}, "eks"),
    "trust-denied-beside-node-role": ("trust-policy-denied", {"trusted": False}, {}, env(AWS_EC2_METADATA_SERVICE_ENDPOINT="{openImds}"), "eks"),
    "own-authority-unknown": ("tls-untrusted", {}, {}, env(AWS_CA_BUNDLE=""), "eks"),
    "sts-shut": ("connect-refused", {}, {}, env(AWS_ENDPOINT_URL_STS="https://127.0.0.1:9"), "eks"),
    "switched-off": (None, {"role": None}, {}, env(IRSA_PROBE_DISABLED="the case switches it off"), "eks"),
}


@case
def failures(lab):
    lab.arrange("away", [("endpoints", "IfNeeded")])
    namespaces = {arrangement: lab.namespace(f"failures-{arrangement}", webhooks=arrangement) for arrangement in ("eks", "away")}
    for namespace in namespaces.values():
        lab.until_injected(namespace)
    for name, (code, account, spec, own, arrangement) in FAILURES.items():
        namespace = namespaces[arrangement]
        lab.account(namespace, name, **{"role": ROLE, **account} if "role_arn" not in account else account)
        check = {"name": "check", "image": lab.cluster.image, "command": ["/irsa-probe", "check", "--timeout", "8s" if code else "60s"],
                 "securityContext": {**OWN, "readOnlyRootFilesystem": True}, **located(own, lab.aws.addresses)}
        body = pod(name, serviceAccountName=name, restartPolicy="Never", **{**spec, "containers": [check]})
        lab.cluster.create(f"/api/v1/namespaces/{namespace}/pods", body)

    def problems(name, code, namespace):
        end = wait("the check has ended", lambda: ended(lab.cluster.pod(namespace, name), "check"))
        message = end.get("message", "")
        if code is None and (end["exitCode"] or message):
            yield f"exit code {end['exitCode']}, {message}"
        # What passes has exchanged its token; what is switched off asks nothing.
        if code is None and bool(lab.aws.exchanges(namespace, name)) != (name != "switched-off"):
            yield f"STS was asked: {lab.aws.exchanges(namespace, name)}"
        if code and (end["exitCode"] != (3 if code in TRANSIENT else 1) or not message.startswith(f"{code}: ")):
            yield f"exit code {end['exitCode']}, {message}"
        if ("\nmeanwhile: " in message) != (name == "trust-denied-beside-node-role"):
            yield f"the node's role: {message}"

    for name, (code, *_, arrangement) in FAILURES.items():
        lab.ok(f"{name}: {code or 'it passes'}", lambda: problems(name, code, namespaces[arrangement]))


# What k8s/README.md says of a token's owner and mode ("UID-neutral"): by the users of all containers. Per pod: the pod's user, the application's own, and
# what `ls -n` then shows.
MODES = {
    "no-user": (None, None, "-rw-r--r-- 0"),
    "pod-user": (1000, None, "-rw------- 1000"),
    "own-user": (None, 1000, "-rw-r--r-- 0"),
}


@case
def token_modes(lab):
    namespace = lab.namespace("token-modes")
    lab.account(namespace, "checkout", ROLE)
    for name, (whole, own, _) in MODES.items():
        user = lambda uid: {} if uid is None else {"runAsUser": uid}
        application = container("checkout", "sh", "-c", 'ls -lnL "$AWS_WEB_IDENTITY_TOKEN_FILE"', securityContext={**OWN, **user(own)})
        probe = {"name": "check", "image": lab.cluster.image, "command": ["/irsa-probe", "check", "--timeout", "60s"], "securityContext": OWN}
        lab.cluster.create(f"/api/v1/namespaces/{namespace}/pods", pod(
            name, restartPolicy="Never", securityContext={**RESTRICTED, **user(whole)}, containers=[application, probe]))

    def problems(name, wanted):
        wait("both have ended", lambda: all(ended(lab.cluster.pod(namespace, name), one) for one in ("checkout", "check")))
        said = lab.cluster.log(namespace, name, "checkout").split()
        if f"{said[0]} {said[2]}" != wanted:
            yield f"{' '.join(said)}, and not {wanted}"
        code = ended(lab.cluster.pod(namespace, name), "check")["exitCode"]
        if code:
            yield f"the check ended with {code}"

    for name, (*_, wanted) in MODES.items():
        lab.ok(f"{name}: the token is {wanted}", lambda: problems(name, wanted))
