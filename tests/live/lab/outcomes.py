"""What a program ended as, in the words of the documents."""

import json
import re

# The fakes give another key id for each way to credentials.
KEYS = {
    "ASIAROLE": "prof role",
    "ASIAIRSA": "irsa",
    "ASIAWEB": "prof web",
    "ASIAOTHER": "irsa*",
    "ASIAPIA": "pia",
    "ASIAECS": "ECS",
    "ASIAFOREIGN": "**foreign**",
    "ASIANODE2": "NODE",
    "ASIANODE1": "NODE v1",
    "AKIASTATIC": "static",
    "AKIAFILE": "cred keys",
    "AKIACONF": "conf keys",
    "ASIAPROCESS": "process",
}


def said(result):
    """The program's own line of JSON, or None when it did not come to it."""
    for line in reversed(result["out"].strip().split("\n")):
        try:
            line = json.loads(line)
            if isinstance(line, dict):
                return line
        except ValueError:
            continue
    return None


def host(notes):
    """Where the exchange went: the host that STS was called by, else the one that a proxy or DNS was asked for."""
    for who in ("sts", "proxy", "dns"):
        hosts = [note["host"] for note in notes if note["who"] == who and (who == "sts" or note["host"].startswith("sts"))]
        if who == "sts":
            hosts = [note["host"] for note in notes if note["who"] == "sts" and note["action"] != "GetCallerIdentity"]
        if hosts:
            name = hosts[-1].lower().rstrip(".")
            break
    else:
        return ""
    if name == "url":
        return "URL"
    if name == "sts.amazonaws.com":
        return "**global**"
    name = re.sub(r"\.amazonaws\.com(\.cn)?$", lambda cn: cn[1] or "", name)
    return re.sub(r"^sts\.", "", name)


def outcome(family, result, with_host):
    """The cell of the document, without the host unless it is wanted. What took long says how long."""
    word = ended(family, result, with_host)
    return word + (f" in {round(result['seconds'])}s" if result["code"] is not None and result["seconds"] > 30 else "")


def ended(family, result, with_host):
    notes = result["notes"]
    asked = [note for note in notes if note["who"] == "sts" and note["action"].startswith("AssumeRole")]
    calls = [note for note in notes if note["who"] == "agent"]
    line = said(result)
    where = f" @{place}" if with_host and (place := host(notes)) else ""
    if result["code"] is None:
        return ">30s" + where
    key, error = (line or {}).get("key"), (line or {}).get("error", "")
    if family.signed:
        requests = [note["key"] for note in notes if note["who"] == "s3"]
        key = next((each for each in requests if each), None)
        if not requests and (refused := re.search(r"Invalid header value .*Credential=(\w+)", result["err"])):
            # A key that no header can hold is still the key that the chain gave.
            key = refused[1]
        error = "" if requests and not key else result["err"] + error
        if not requests and asked and asked[-1].get("good"):
            # The chain did its part: what failed is the request, for a reason of its own.
            key = asked[-1]["good"]
        if family.name == "C++" and line is None:
            return "crash" + where
    elif line is None:
        return "crash" + where
    failed = [note for note in asked if not note.get("good")]
    if key:
        # Keys of spaces are the environment's, too.
        word = "static" if not key.strip() else next((word for start, word in KEYS.items() if key.startswith(start)), f"key {key!r}")
        if word in ("NODE", "NODE v1"):
            if failed:
                word += " (after STS)" if len(failed) == 1 else f" (after STS {len(failed)}×)"
            elif calls:
                word += " (after agent)" if len(calls) == 1 else f" (after agent {len(calls)}×)"
        return word + where
    if (family.signed and error == "") or (family.none and re.search(family.none, error)):
        shows = family.name in ("Ruby", "C++") and calls
        return "none" + (f" (agent {len(calls)}×)" if shows else "") + where
    times = len(asked) or len(calls)
    return "stop" + (f" {times}×" if times > 1 else "") + where
