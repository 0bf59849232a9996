"""Stands for kubectl where a printed command is tried: runs the real one, in a form that changes nothing that other commands need.

Without imports of the other modules, because it is started for every command. TRIED_KUBECTL is the real program, TRIED_LOG a file that gets
a line for each call.
"""

import json
import os
import re
import signal
import subprocess
import sys

SECONDS = 300

# Flags of kubectl before its verb, with the number of words after them.
BEFORE = {"-n": 1, "--namespace": 1, "-A": 0}

# How each verb is tried. A command runs as it is, but for this:
#   add       words put behind the verb
#   env       of the real kubectl
#   until     the command has no end of its own: it has done its work when it prints this
#   good      exit codes that do not mean a failure
#   or        an error with these words is no failure
#   found     it has to print something: a misspelt name or label finds nothing, and kubectl does not call that an error
#   alone     after all others, because it changes what these need
SERVER = {"add": ["--dry-run=server"]}
VERBS = {
    "annotate": SERVER,
    "apply": SERVER,
    "auth can-i": {},
    "config get-contexts": {},
    "create": {**SERVER, "or": "already exists"},
    "debug": {},  # knows no dry run; it adds containers, which end by themselves
    "delete": SERVER,
    "describe": {"found": True},
    "diff": {"good": (0, 1), "found": True},  # 1: there is a difference
    "edit": {"env": {"EDITOR": "true"}},  # an editor that changes nothing
    "exec": {},  # what it starts only reads
    "get": {"found": True},
    "kustomize": {},
    "logs": {"found": True},
    "port-forward": {"until": "Forwarding from"},
    "rollout restart": {"alone": True},  # knows no dry run
    # What the container says is the cluster's matter: a test cluster may have no DNS. It has to start, and to say it.
    "run": {"good": (0, 1), "found": True},
}
WATCH = {"-w", "--watch"}
TERMINAL = {"-t", "-it", "-ti", "--tty"}
LATE = []  # what had to be ended


def verb_at(words):
    """(place, verb) of a command's words, which do not include "kubectl"."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        flag = words[at].split("=")[0]
        if flag not in BEFORE:
            raise ValueError(f"an unknown flag before the verb: {words[at]}")
        at += 1 + (BEFORE[flag] if "=" not in words[at] else 0)
    for length in (2, 1):
        verb = " ".join(words[at:at + length])
        if verb in VERBS:
            return at, verb
    raise ValueError(f"no row says how to try: kubectl {' '.join(words)}")


def unfilled(words):
    """Placeholders that nothing was put in for."""
    return [part for word in words if not re.search(r"\s", word) for part in re.split(r"\W+", word) if re.fullmatch("[A-Z][A-Z_]+", part)] \
        + [word for word in words if re.match(r"\{\w*\}", word)]


def main(words):
    at, verb = verb_at(words)
    how = VERBS[verb]
    with open(os.environ["TRIED_LOG"], "a") as log:
        log.write(json.dumps({"verb": verb, "words": words}) + "\n")
    left = unfilled(words)
    if left:
        raise ValueError(f"no row says what to put in for {', '.join(left)}")
    behind = at + len(verb.split())
    command = [os.environ["TRIED_KUBECTL"], *words[:behind], *how.get("add", []), *words[behind:]]
    until = how.get("until") or ("" if WATCH & set(words) else None)
    environment = {**os.environ, "PATH": os.environ["TRIED_PATH"], **how.get("env", {})}
    if TERMINAL & set(words[:words.index("--")] if "--" in words else words):
        code, out, err = in_terminal(command, environment)
    else:
        code, out, err = in_pipes(command, environment, until)
    sys.stdout.write(out)
    sys.stderr.write(err)
    if LATE:
        raise ValueError(f"not within {SECONDS} s")
    if code not in how.get("good", (0,)) and not ("or" in how and how["or"] in err):
        return code
    if how.get("found") and (not out.strip() or "No resources found" in err):
        raise ValueError("it found nothing")
    return 0


def in_pipes(command, environment, until):
    """(exit code, stdout, stderr) of a command; what has no end of its own is ended when it has said what it is run for."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    at_last(process)
    for line in process.stdout if until is not None else ():
        if until in line:
            process.kill()
            process.wait()
            return 0, line, ""
    out, err = process.communicate()
    if until is not None and not LATE:
        raise ValueError(f"ended before it said {until!r}: {out}{err}")
    return process.returncode, out, err


def in_terminal(command, environment):
    """The same in a terminal, as a person has it. All output is one there."""
    ours, its = os.openpty()
    process = subprocess.Popen(command, env=environment, stdin=its, stdout=its, stderr=its, start_new_session=True)
    os.close(its)
    at_last(process)
    out = b""
    try:
        while part := os.read(ours, 65536):
            out += part
    except OSError:  # the terminal's other side is closed
        pass
    return process.wait(), out.decode(errors="replace"), ""


def at_last(process):
    """Ends a process that takes too long."""
    signal.signal(signal.SIGALRM, lambda *_: (LATE.append(process), process.kill()))
    signal.alarm(SECONDS)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ValueError as error:
        sys.exit(f"tried: {error}")
