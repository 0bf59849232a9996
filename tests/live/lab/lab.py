"""Runs the documents' situations with real SDKs, each in a room of its own, and compares or writes the cells.

    lab.py compare [FAMILY…] [--all] [--rows 01,P04]              exits 1 when a cell differs from the documents in tests/live
    lab.py fill DOCUMENT [FAMILY…] [--rows …] [--again]           writes the cells that are empty
    lab.py show DOCUMENT [FAMILY…] --rows ROW                     prints all that was asked and said

A new situation is a row whose cells are empty. `–` is a cell that was not measured.
"""

import argparse
import concurrent.futures
import fcntl
import json
import os
import pathlib
import re
import subprocess
import sys

import check
import document
import families
import install
import outcomes

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# A room ends with this program, however that ends.
UNSHARE = ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
UNSHARE += ["--"] if os.geteuid() == 0 else ["--map-root-user", "--"]


def room(row, family, seconds):
    texts, unreadable = document.files(row.cells[3])
    specification = {
        "env": family.env | {"PATH": PATH} | document.environment(row.number, row.given),
        "files": texts,
        "unreadable": unreadable,
        "modes": document.modes(row.cells[4]),
        "command": family.started(),
        "bundles": family.trusted(),
        "cache": str(families.TOOLS / "certificates"),
        "seconds": seconds,
    }
    command = [*UNSHARE, sys.executable, str(families.HERE / "room.py"), json.dumps(specification)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"the room of {row.number} for {family.title} failed:\n{done.stdout}{done.stderr}") from None


def chosen(options):
    rows = list(document.rows(pathlib.Path(options.document).read_text()))
    if options.rows:
        rows = [row for row in rows if any(re.fullmatch(each, row.number) for each in options.rows.split(","))]
    names = options.families or [family.name for family in families.CURRENT]
    return rows, [families.BY_NAME.get(name) or families.BY_TITLE[name] for name in names]


def measured(cells, options):
    """Yields each cell as it ends, so many at once."""
    for family in {family.title: family for _, family in cells}.values():
        install.install(family)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        waiting = {pool.submit(room, row, family, options.seconds): (row, family) for row, family in cells}
        with open(families.TOOLS / "log.jsonl", "a") as log:
            for ended in concurrent.futures.as_completed(waiting):
                row, family = waiting.pop(ended)
                result = ended.result()
                log.write(json.dumps({"row": row.number, "family": family.title, **result}) + "\n")
                log.flush()
                yield row, family, result


def compare(options):
    numbers = options.rows.split(",") if options.rows else []
    if options.all:
        programs = families.CURRENT + families.OLDER
    elif options.families:
        programs = [families.BY_NAME.get(name) or families.BY_TITLE[name] for name in options.families]
    else:
        programs = [families.BY_NAME[name] for name in check.SMALL_FAMILIES] + [check.system_ruby()]
    if not options.all and not numbers:
        numbers = check.SMALL_ROWS
    wanted = {(cell.row.number, cell.family.title): cell for cell in check.cells(numbers, programs)}
    wrong = 0
    for row, family, result in measured([(cell.row, cell.family) for cell in wanted.values()], options):
        cell = wanted[row.number, family.title]
        if (found := check.differs(cell, result)) is not None:
            # A machine that is busy can keep an answer past an SDK's limit: a second run alone decides.
            result = room(row, family, options.seconds)
            if (found := check.differs(cell, result)) is not None:
                wrong += 1
                print(f"DIFFERS {row.number} ({row.situation}), {family.title}: wanted {cell.wanted}, found {found}", flush=True)
    print(f"{len(wanted)} cells, {wrong} differ")
    return 1 if wrong or not wanted else 0


def write(path, row, family, found):
    """Changes one cell. Other runs may fill other cells of the document at the same time."""
    with open(families.TOOLS / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lines = path.read_text().split("\n")
        for at, line in enumerate(lines):
            if line.startswith(f"| {row.number} |"):
                cells = [cell.strip(" ") for cell in line[1:-1].split(" | ")]
                cells[row.names.index(family.name)] = found
                lines[at] = "| " + " | ".join(cells) + " |"
        path.write_text("\n".join(lines))


def fill(options):
    rows, programs = chosen(options)
    cells = [(row, family) for row in rows for family in programs if family.name in row.names]
    cells = [(row, family) for row, family in cells if options.again or row.results()[family.name] == ""]
    for row, family, result in measured(cells, options):
        write(pathlib.Path(options.document), row, family, outcomes.outcome(family, result, row.host))
    return 0


def show(options):
    rows, programs = chosen(options)
    for row, family, result in measured([(row, family) for row in rows for family in programs], options):
        print(row.number, family.title, outcomes.outcome(family, result, True), "| document:", row.results().get(family.name))
        print(json.dumps(result, indent=1, ensure_ascii=False))
    return 0


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    for function in (compare, fill, show):
        command = commands.add_parser(function.__name__)
        command.set_defaults(function=function)
        if function != compare:
            command.add_argument("document")
        command.add_argument("--all", action="store_true")
        command.add_argument("--again", action="store_true")
        command.add_argument("--rows")
        command.add_argument("--jobs", type=int, default=4)
        command.add_argument("--seconds", type=int, default=100)
        command.add_argument("families", nargs="*")
    options = parser.parse_args()
    families.TOOLS.mkdir(parents=True, exist_ok=True)
    install.trust()
    return options.function(options)


if __name__ == "__main__":
    sys.exit(main())
