"""What the documents say of a cell, and whether a run agrees."""

import dataclasses
import re
import subprocess

import document
import families
import outcomes

FOLDER = families.HERE.parent
# A dozen rows that tell the families apart: half-set and empty variables, both ways at once, files, regions, URLs, containers, IMDSv1.
SMALL_ROWS = "01 03 06 08 09 15 23 32 P04 P09 G03 G09 G30 C05 M03 N21 N70 N133 N202".split()
SMALL_FAMILIES = ["botocore", "JS 3", "Go 2", "Java 2"]


def system_ruby():
    """The SDK of the machine's own Debian: 3.168 in Debian 12, 3.212 in Debian 13."""
    ask = "require 'aws-sdk-core'; puts Aws::CORE_GEM_VERSION"
    version = subprocess.run(["ruby", "-e", ask], check=True, capture_output=True, text=True).stdout.strip()
    return families.ruby(version, "")


@dataclasses.dataclass
class Cell:
    row: document.Row
    family: families.Family
    wanted: str
    host: bool


def documents():
    """Every row of every document, and the cells of versions by row and column."""
    rows, versions = [], {}
    for path in sorted(FOLDER.glob("*.md")):
        text = path.read_text()
        rows += document.rows(text)
        for table in document.tables(text):
            if table[0][:2] == ["#", "situation"] and "given" not in table[0]:
                for cells in table[1:]:
                    host = "@" in " ".join(cells[2:])
                    versions |= {(cells[0], title): (cell, host) for title, cell in zip(table[0][2:], cells[2:])}
    return rows, versions


def cells(numbers, programs):
    """The measured cells of these programs."""
    rows, versions = documents()
    now = {family.title for family in families.CURRENT}
    for row in rows:
        if numbers and not any(re.fullmatch(each, row.number) for each in numbers):
            continue
        for family in programs:
            current = row.results().get(family.name, "–")
            wanted, host = current, "@" in " ".join(row.cells[5:])
            if family.title not in now:
                # The first document holds for all versions, save where the document of versions says otherwise. Of the others only what that says.
                known = current if not row.number.startswith("N") else "–"
                wanted, host = versions.get((row.number, family.title), (known, host))
            if wanted not in ("–", ""):
                yield Cell(row, family, wanted, host)


def agrees(wanted, found, seconds):
    """Times vary from run to run, so they are not compared, but a long wait stays one."""
    limit = re.fullmatch(r">(\d+)s( .*)?", wanted) or re.search(r" in (\d+)s$", wanted)
    if limit and (found.startswith(">") or wanted.startswith(">")):
        return seconds > min(int(limit[1]), 90) * 0.9
    plain = re.compile(r" in \d+s$")
    return plain.sub("", wanted) == plain.sub("", found)


def differs(cell, result):
    found = outcomes.outcome(cell.family, result, cell.host)
    return None if agrees(cell.wanted, found, result["seconds"]) else found
