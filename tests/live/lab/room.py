"""One program in a room of its own: a network namespace in which everything stands at its real address. Prints what it said and what was asked.

    unshare --mount --net --pid --fork --kill-child -- python3 room.py SPECIFICATION      (see lab.py)
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import time

import certificates
import fakes

ADDRESSES = ["169.254.169.254", "fd00:ec2::254", "169.254.170.23", "fd00:ec2::23", "169.254.170.2", "10.1.2.3"]
HOME = pathlib.Path("/home/app")
IRSA_TOKEN = pathlib.Path("/var/run/secrets/eks.amazonaws.com/serviceaccount/token")
PIA_TOKEN = pathlib.Path("/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token")


def run(*command):
    subprocess.run(command, check=True)


def token(audience):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    now = int(time.time())
    claims = {"aud": [audience], "iat": now - 60, "nbf": now - 60, "exp": now + 3600, "sub": "system:serviceaccount:shop:checkout"}
    claims["iss"] = "https://oidc.eks.us-west-2.amazonaws.com/id/E2E"
    return f"{part({'alg': 'RS256', 'kid': 'k'})}.{part(claims)}.{base64.urlsafe_b64encode(b'no signature').decode().rstrip('=')}"


def network(absent):
    lines = ["link set lo up"]
    for address in ADDRESSES:
        if address not in absent:
            lines.append(f"address add {address}/128 dev lo nodad" if ":" in address else f"address add {address}/32 dev lo")
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


def layer(folder):
    """A layer in memory over a folder: what lies below stays in sight, for programs may lie there, and what is written goes with the namespace."""
    made = pathlib.Path("/run/lab") / folder.strip("/").replace("/", "-")
    for part in ("upper", "work"):
        (made / part).mkdir(parents=True)
    run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={folder},upperdir={made}/upper,workdir={made}/work", folder)


def lay(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def files(specification, cache):
    """The room's own names, home and tokens. All lies in memory and goes with the namespace."""
    run("mount", "-t", "tmpfs", "none", "/run")
    if os.path.realpath("/var/run") != "/run":
        run("mount", "--bind", "/run", "/var/run")
    layer("/home")
    layer("/tmp")
    HOME.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "none", str(HOME))
    made = {"resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", "hosts": "127.0.0.1 localhost\n::1 localhost\n"}
    for name, text in made.items():
        lay(pathlib.Path("/run/lab") / name, text)
        run("mount", "--bind", f"/run/lab/{name}", os.path.realpath(f"/etc/{name}"))
    # Each SDK trusts the lab's CA by the bundle it reads anyway, so that no variable has to say so.
    for bundle in specification["bundles"]:
        run("mount", "--bind", str(cache / "ca.pem"), os.path.realpath(bundle))
    # OpenSSL also looks for a file that is named by the hash of the issuer's name. Some clients look nowhere else.
    layer("/etc/ssl/certs")
    lay(pathlib.Path("/etc/ssl/certs") / certificates.hashed(cache), (cache / "ca.pem").read_text())
    run("mount", "--bind", str(cache / "ca.pem"), os.path.realpath("/etc/ssl/certs/ca-certificates.crt"))
    good = {"IRSA_TOKEN": token("sts.amazonaws.com"), "PIA_TOKEN": token("pods.eks.amazonaws.com")}
    lay(IRSA_TOKEN, good["IRSA_TOKEN"])
    lay(PIA_TOKEN, good["PIA_TOKEN"])
    for name, text in specification["files"].items():
        path = {"IRSA_TOKEN": IRSA_TOKEN, "PIA_TOKEN": PIA_TOKEN}.get(name) or pathlib.Path(name.replace("~", str(HOME), 1))
        if text is None:
            path.chmod(0)
        else:
            lay(path, text.replace("@TOKEN@", good.get(name, good["IRSA_TOKEN"])))
            if name in specification["unreadable"]:
                path.chmod(0)
    return good["PIA_TOKEN"]


def main():
    specification = json.loads(sys.argv[1])
    cache = pathlib.Path(specification["cache"])
    modes = dict(specification["modes"])
    absent = ["169.254.169.254", "fd00:ec2::254"] if modes.get("imds") == "absent" else []
    absent += ["169.254.170.2"] if modes.get("ecs") == "absent" else []
    network(absent)
    pia = files(specification, cache)
    certificates.issue(cache, "")
    room = fakes.Room(modes, pia, cache)
    room.open(absent)
    # Without capabilities root cannot read what its mode forbids, as an application's user cannot.
    command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", *specification["command"]]
    started = time.monotonic()
    # Binary variables: a room must be able to give what no text can hold.
    try:
        done = subprocess.run(command, env=specification["env"], cwd=HOME, capture_output=True, timeout=specification["seconds"])
        code, out, err = done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as late:
        code, out, err = None, (late.stdout or b"").decode("utf-8", "replace"), (late.stderr or b"").decode("utf-8", "replace")
    with room.lock:
        result = {"code": code, "out": out[-6000:], "err": err[-6000:], "notes": room.notes, "seconds": round(time.monotonic() - started, 1)}
    print(json.dumps(result), flush=True)
    # Threads that hang on purpose would hold the exit up.
    os._exit(0)


main()
