"""Measures older versions in the situations of a document, and writes the rows in which the versions of one family differ.

    versions.py DOCUMENT TARGET [ROW…]       a row is a pattern: N1.. is N100 to N199
"""

import argparse
import json
import pathlib
import re
import sys

import document
import families
import install
import lab
import outcomes


def known():
    """What earlier runs measured, so that an interrupted run goes on where it was."""
    path, found = families.TOOLS / "log.jsonl", {}
    for line in path.read_text().split("\n") if path.exists() else []:
        if line:
            result = json.loads(line)
            found[result["row"], result["family"]] = result
    return found


def table(name, versions, rows, found):
    """The rows that differ. All have the host, as in the document of versions, which tells more than whose credentials came."""
    lines = []
    for row in rows:
        results = [(family, found.get((row.number, family.title))) for family in versions]
        cells = [outcomes.outcome(family, result, True) if result else "–" for family, result in results]
        if len(set(cells) - {"–"}) > 1:
            lines.append(f"| {row.number} | {row.situation} | " + " | ".join(cells) + " |")
    if not lines:
        return []
    titles = " | ".join(family.title for family in versions)
    return [f"### {name}", "", f"| # | situation | {titles} |", "|" + "---|" * (2 + len(versions)), *lines, ""]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("document")
    parser.add_argument("target")
    parser.add_argument("rows", nargs="*")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=40)
    parser.add_argument("--write-only", action="store_true")
    options = parser.parse_args()
    install.trust()
    rows = list(document.rows(pathlib.Path(options.document).read_text()))
    if options.rows:
        rows = [row for row in rows if any(re.fullmatch(each, row.number) for each in options.rows)]
    found = known()
    cells = [(row, family) for row in rows for family in [*families.CURRENT, *families.OLDER] if (row.number, family.title) not in found]
    if not options.write_only:
        for row, family, result in lab.measured(cells, options):
            found[row.number, family.title] = result
    lines = [f"# Older versions in the situations of {pathlib.Path(options.document).name} [L]", ""]
    span = f"{rows[0].number} to {rows[-1].number}"
    lines += [f"Only rows in which the versions of one family differ, of those from {span}. `–` was not measured.", ""]
    for name, current in families.BY_NAME.items():
        versions = [current] + [family for family in families.OLDER if family.name == name]
        if len(versions) > 1:
            # The headings of the document of versions: js-v3, cpp.
            heading = name.lower().replace(" ", "-v").replace("c++", "cpp")
            lines += table(heading, versions, rows, found)
    pathlib.Path(options.target).write_text("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
