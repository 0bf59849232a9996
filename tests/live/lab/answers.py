"""What the fakes answer: documents of STS, IMDS, the Pod Identity agent and the ECS address, in AWS's own shapes."""

import json
import re
import threading
import urllib.parse

AWS = "https://sts.amazonaws.com/doc/2011-06-15/"
LATER = "2099-01-01T00:00:00Z"
EARLIER = "2020-01-01T00:00:00Z"
ROLE_ARN = re.compile(r"arn:aws(-[a-z]+)*:iam::\d{12}:role/[\w+=,.@/-]+")
SESSION = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+\n?", re.ASCII)

ISSUER = "https://oidc.eks.us-west-2.amazonaws.com/id/E2E"
SEE = "See the AssumeRoleWithWebIdentity documentation for requirements."
INVALID = "1 validation error detected"
# The answer that each word of the column `fake` stands for: status, code, message.
ERRORS = {
    "denied": (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
    "invalid_token": (400, "InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {ISSUER}"),
    "invalid_token_new": (400, "InvalidIdentityToken", f"The web identity token provided could not be validated. {SEE}"),
    "not_jwt": (400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"),
    "bad_arn": (400, "ValidationError", "Request ARN is invalid"),
    "bad_session": (400, "ValidationError", f"{INVALID}: Value at 'roleSessionName' failed to satisfy constraint"),
    "idpcomm": (400, "IDPCommunicationError", "The request could not be fulfilled because the identity provider could not be reached."),
    "throttling": (400, "Throttling", "Rate exceeded"),
    "region_disabled": (403, "RegionDisabledException", "STS is not activated in this region for account:123456789012."),
    "500": (500, "InternalFailure", "The request processing has failed because of an unknown error."),
    "expired": (400, "ExpiredTokenException", "Token expired: current date/time 1753382758 must be before the expiration date/time 1753089571"),
    "rejected": (403, "IDPRejectedClaim", "The identity provider (IdP) reported that authentication failed."),
    "429": (429, "TooManyRequestsException", "Rate exceeded"),
    "limit": (503, "RequestLimitExceeded", "Request limit exceeded."),
    "504": (504, "GatewayTimeout", "The gateway timed out."),
    "503": (503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
}


# Answers that are none of STS: of a proxy, a portal or a firewall.
PAGES = {
    "html403": (403, "text/html", "<html><body>Forbidden</body></html>"),
    "html200": (200, "text/html", "<html><body>Please log in</body></html>"),
    "html404": (404, "text/html", "<html><body>Not Found</body></html>"),
    "html502": (502, "text/html", "<html><body>Bad Gateway</body></html>"),
    "empty200": (200, "text/xml", ""),
    "empty403": (403, "text/plain", ""),
}


class Modes:
    """How each fake answers. `once:X` is X for the first call and good afterwards, `twice:X` for two calls."""

    def __init__(self, modes):
        self.modes = dict(modes)
        self.lock = threading.Lock()

    def take(self, name):
        with self.lock:
            mode = self.modes.get(name, "")
            times, _, rest = mode.partition(":")
            if not rest:
                return mode
            self.modes[name] = f"once:{rest}" if times == "twice" else ""
            return rest


def sts_error(name):
    status, code, message = ERRORS[name]
    kind = "Receiver" if status >= 500 else "Sender"
    body = (
        f'<ErrorResponse xmlns="{AWS}">\n  <Error>\n    <Type>{kind}</Type>\n    <Code>{code}</Code>\n    <Message>{message}</Message>\n'
        "  </Error>\n  <RequestId>00000000-0000-4000-8000-000000000000</RequestId>\n</ErrorResponse>\n"
    )
    return status, "text/xml", body


def sts_refusal(form):
    """Why real STS refuses this request for certain, or None."""
    if not ROLE_ARN.fullmatch(form.get("RoleArn", "")):
        return "bad_arn"
    if not SESSION.fullmatch(form.get("RoleSessionName", "")):
        return "bad_session"
    if form["Action"] == "AssumeRoleWithWebIdentity" and not JWT.fullmatch(form.get("WebIdentityToken", "")):
        return "not_jwt"
    return None


def sts_key(form):
    """Another key id for each way in, so that the key tells which role was taken and how."""
    role = form["RoleArn"].rsplit("/", 1)[-1]
    if form["Action"] == "AssumeRole":
        return "ASIAROLE000000000000"
    return {"irsa": "ASIAIRSA000000000000", "prof": "ASIAWEB0000000000000"}.get(role, "ASIAOTHER00000000000")


def sts(body, modes):
    """The answer to a call of STS and what to note of it. A body of None is a reset."""
    form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
    action = form.get("Action", "")
    note = {"action": action, "role": form.get("RoleArn", ""), "session": form.get("RoleSessionName", "")}
    if action == "GetCallerIdentity":
        return note, (200, "text/xml", caller())
    if action not in ("AssumeRole", "AssumeRoleWithWebIdentity"):
        return note, sts_error("denied")
    mode = modes.take("sts")
    if mode in PAGES:
        return note, PAGES[mode]
    if mode in ("reset", "hang"):
        return note, mode if mode == "hang" else None
    if mode in ERRORS:
        return note, sts_error(mode)
    if refusal := sts_refusal(form):
        return note, sts_error(refusal)
    note["good"] = sts_key(form)
    answer = (200, "text/xml", assumed(form))
    return note, ("slow", answer) if mode == "slow3" else answer


def assumed(form):
    action, role = form["Action"], form["RoleArn"].rsplit("/", 1)[-1]
    web = ""
    if action == "AssumeRoleWithWebIdentity":
        provider = ISSUER.removeprefix("https://")
        web = (
            "<SubjectFromWebIdentityToken>system:serviceaccount:shop:checkout</SubjectFromWebIdentityToken><Audience>sts.amazonaws.com</Audience>"
            f"<Provider>arn:aws:iam::123456789012:oidc-provider/{provider}</Provider>"
        )
    session = form["RoleSessionName"]
    return (
        f'<{action}Response xmlns="{AWS}"><{action}Result>{web}<AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:{session}</AssumedRoleId>'
        f"<Arn>arn:aws:sts::123456789012:assumed-role/{role}/{session}</Arn></AssumedRoleUser><Credentials>"
        f"<AccessKeyId>{sts_key(form)}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
        f"<Expiration>{LATER}</Expiration></Credentials></{action}Result><ResponseMetadata>"
        f"<RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata></{action}Response>"
    )


def caller():
    return (
        f'<GetCallerIdentityResponse xmlns="{AWS}"><GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/x/y</Arn>'
        "<UserId>AROAEXAMPLE:y</UserId><Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata>"
        "<RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )


def container(key, expires=LATER):
    document = {"AccessKeyId": key, "SecretAccessKey": "s", "Token": "t", "AccountId": "123456789012", "Expiration": expires}
    return 200, "application/json", json.dumps(document)


def agent(authorization, token, modes):
    """The Pod Identity agent: refuses a call without the pod's own token, as the real one does."""
    mode = modes.take("agent")
    if mode == "reset":
        return None
    if mode == "hang":
        return "hang"
    if mode == "badjson":
        return 200, "text/html", "<html><body>login</body></html>"
    if mode in ("nokeys", "empty200"):
        return 200, "application/json", "{}" if mode == "nokeys" else ""
    if mode == "expired":
        return container("ASIAPIA0000000000000", EARLIER)
    texts = {
        "400": "[AccessDeniedException]: Unauthorized Exception! EKS does not have permissions to assume the associated role.",
        "401": "Unauthorized",
        "403": "Forbidden",
        "404": "[ResourceNotFoundException]: The association was not found.",
        "429": "Too Many Requests",
        "500": "[InternalServerException]: internal error",
        "502": "Bad Gateway",
        "503": "Service Unavailable",
    }
    if mode in texts:
        return int(mode), "text/plain; charset=utf-8", texts[mode] + "\n"
    if authorization.strip() != token:
        return 400, "text/plain; charset=utf-8", "Service account token cannot be empty\n"
    return container("ASIAPIA0000000000000")


ROLES = "/latest/meta-data/iam/security-credentials"
PLACES = {
    "/latest/meta-data/placement/region": "us-west-2",
    "/latest/meta-data/placement/availability-zone": "us-west-2a",
    "/latest/meta-data/instance-id": "i-0abc",
    "/latest/dynamic/instance-identity/document": json.dumps({"region": "us-west-2", "availabilityZone": "us-west-2a", "accountId": "123456789012"}),
}


def imds(method, path, token, mode):
    """The metadata service: with a token it is IMDSv2, without one IMDSv1."""
    plain = "text/plain"
    if mode in ("silent", "reset"):
        return "hang" if mode == "silent" else None
    if mode == "500":
        return 500, plain, "internal error"
    if method == "PUT":
        if mode in ("hang_v1", "hang_v2only"):
            return "hang"
        if mode in ("403", "put404", "put401", "put400", "put500"):
            return int(mode[-3:]), plain, "refused"
        return 200, plain, "AQAEAtoken"
    if not token and mode == "hang_v2only":
        return 401, plain, "unauthorized"
    path = path.rstrip("/")
    if path == ROLES:
        return (404, plain, "not found") if mode == "norole" else (200, plain, "" if mode == "emptyrole" else "node-role")
    if path == f"{ROLES}/node-role":
        if mode == "unauthorized":
            document = {"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role node-role.", "LastUpdated": EARLIER}
            return 200, plain, json.dumps(document)
        if mode in ("nodocument", "badjson"):
            return (404, plain, "not found") if mode == "nodocument" else (200, plain, "<html>")
        key = "ASIANODE200000000000" if token else "ASIANODE100000000000"
        document = json.loads(container(key, EARLIER if mode == "expired" else LATER)[2])
        document |= {"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-11-01T00:00:00Z"}
        return 200, plain, json.dumps(document)
    if path in PLACES:
        return 200, plain, PLACES[path]
    return 404, plain, "not found"
