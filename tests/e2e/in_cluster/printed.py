"""The commands of a program that the project prints: in documents, in comments of manifests, and in the texts of irsa-probe.

printed.py PROGRAM… prints them as JSON: a list of {"program", "where", and "lines" or "named"}. A named one has no objects.
"""

import dataclasses
import json
import pathlib
import re
import sys

from tried import VERBS

ROOT = pathlib.Path(__file__).resolve().parents[3]

DOCUMENTS = ("README*.md", "docs/**/*.md", "k8s/**/*.md")
MANIFESTS = ("k8s/**/*.yaml",)
PROGRAM = ("src/**/*.rs",)
TESTS = re.compile(r"/tests(/|\.rs$)")
GENERATED = {"src/core/catalogue/rows.rs": "docs/findings.md"}  # the same commands, with their placeholders in words

SPAN = re.compile(r"`([^`]+)`")
# Of a shell's text: a quoted string, a comment, or any other character.
PART = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|(?P<comment>(?:^|(?<=\s))#[^\n]*)|\\.|(?P<open>['"])|.""", re.S)


@dataclasses.dataclass(frozen=True)
class Program:
    """Whose commands are looked for. `beginning` is a verb with flags alone. Where the program's name is a word of sentences, too, `operation`
    is what else has to follow it."""

    name: str
    beginning: str
    operation: str = None

    def word(self, text):
        return re.search(rf"(?<![\w./:-]){self.name}(?![\w./:-])", text)

    def begins(self, text):
        return re.match(rf"{self.name} {self.operation or ''}", text)

    def named(self, code):
        """(verb, flags) of a command without objects."""
        found = re.fullmatch(rf"{self.name} {self.beginning}((?: -\S+)*)", code)
        return found and (found[1], tuple(found[2].split()))

    def in_sentence(self, text):
        """Commands in prose: what has a flag is one. It ends where the sentence or its part does."""
        flagged = rf"{self.name}(?: [^\s,;()]+)*? -{{1,2}}[a-z].*?(?=[,.;:)]? *$|[,.;:)]+ |\))"
        operation = rf"|{self.name} {self.operation}" if self.operation else ""
        return [found[0].strip() for found in re.finditer(rf"(?<![\w./:-])(?:{flagged}{operation})", text)]


OWN = sorted({name for file in ROOT.glob("src/cli/*.rs") for name in re.findall(r'CommandRow = CommandRow \{\s+name: "([a-z-]+)"', file.read_text())})
PROGRAMS = {one.name: one for one in (
    Program("kubectl", rf"({'|'.join(VERBS)})"),
    # An operation has a hyphen in its name: what else follows "aws" in a sentence is none.
    Program("aws", r"([a-z0-9-]+ [a-z0-9-]+)", r"[a-z0-9-]+ [a-z0-9]+(?:-[a-z0-9]+)+(?![\w-])"),
    Program("irsa-probe", rf"({'|'.join(OWN)})", rf"(?:{'|'.join(OWN)}|--help|--version)\b"),
)}


@dataclasses.dataclass(frozen=True)
class Printed:
    """Lines that a reader gives to a shell one after the other, or all of a script."""

    where: str
    lines: tuple

    def __post_init__(self):
        if any(line.endswith("\\") for line in self.lines):
            raise RuntimeError(f"{self.where}: a command goes on in the next line, and is read in blocks for a shell only: {self.lines}")


@dataclasses.dataclass(frozen=True)
class Named:
    """A command that a text names without its objects, such as `kubectl apply -k`."""

    where: str
    verb: str
    flags: tuple


def printed(name="kubectl"):
    """Everything of a program, as Printed and Named."""
    program = PROGRAMS[name]
    readers = [(DOCUMENTS, document), (MANIFESTS, manifest), (PROGRAM, source)]
    for patterns, reader in readers:
        files = sorted({str(file.relative_to(ROOT)) for pattern in patterns for file in ROOT.glob(pattern)} - GENERATED.keys())
        files = [file for file in files if not TESTS.search(file)]
        found = [one for file in files for one in reader(program, file, (ROOT / file).read_text())]
        if not found:
            raise RuntimeError(f"no command of {name} in {' '.join(patterns)}")
        yield from found


# --- Markdown

def document(program, where, text):
    """Fenced blocks by their language; the rest is sentences."""
    rest, block, fence, first = [], [], None, 0
    for number, line in enumerate(text.splitlines(), 1):
        opening = re.match(r" *```(\w*)", line)
        if opening and fence is None:
            fence, first, block = opening[1], number, []
        elif opening:
            yield from fenced(program, f"{where}:{first}", fence, block)
            fence = None
        elif fence is None:
            rest.append((number, line))
        else:
            block.append(line)
    if fence is not None:
        raise RuntimeError(f"{where}:{first}: the block does not end")
    # A span of code may go on in the next line, and does not go on after an empty one.
    paragraph = []
    for number, line in [*rest, (0, "")]:
        if line.strip():
            paragraph.append((number, line))
        elif paragraph:
            yield from sentences(program, f"{where}:{paragraph[0][0]}", " ".join(line.strip() for _, line in paragraph))
            paragraph = []


def fenced(program, where, language, lines):
    if language in ("sh", "bash"):
        if program.word("\n".join(lines)):
            yield from script(program, where, lines)
        return
    # A help breaks a long example as a shell does.
    for line in re.sub(r"\\\n *", "", "\n".join(lines)).splitlines():
        # What a terminal showed: what follows a prompt, or a command on a line of its own, which the program printed or a comment has.
        # A table may begin with "aws cli v1", which is no command.
        shown = re.match(rf" *\$ +(.*\b{program.name} .*)", line) or re.match(rf" *(?:# +)?({program.name} .*)", line)
        shown = shown if shown and (line.lstrip().startswith("$") or program.begins(shown[1])) else None
        strings = [string for string in re.findall(r'"((?:[^"\\]|\\.)*)"', line) if program.begins(string)]
        if shown:
            yield Printed(where, (shown[1],))
        elif strings:  # of JSON
            yield from (Printed(where, (string,)) for string in strings)
        else:
            yield from sentences(program, where, line)


def script(program, where, lines):
    """A block for a shell. One of single commands is taken apart, so that what stands in many blocks is tried once."""
    whole, comments = logical(where, lines)
    for comment in comments:
        yield from sentences(program, where, comment)
    own = [line for line in whole if program.word(line)]
    if not own:
        return
    # Calls to AWS and of ours stand beside those to the cluster, and none needs what another one printed.
    single = all(line.startswith(("kubectl ", "aws ", "irsa-probe ")) and "$" not in line for line in whole)
    yield Printed(where, tuple(own) if single else ("\n".join(whole),))


def logical(where, lines):
    """(commands, comments): lines with their continuations, which follow a backslash, a pipe, or an open quote."""
    found, comments, current = [], [], ""
    for line in lines:
        parts = list(PART.finditer(f"{current}\n{line}" if current else line.strip()))
        comments += [part[0].lstrip("# ") for part in parts if part["comment"]]
        current = "".join(part[0] for part in parts if not part["comment"]).rstrip()
        if current and not any(part["open"] for part in parts) and not current.endswith(("\\", "|", "&&")):
            found.append(current)
            current = ""
    if current:
        raise RuntimeError(f"{where}: a command does not end: {current}")
    return found, comments


# --- Sentences, of any file

def sentences(program, where, text):
    """Commands in a text: spans of code, and what the program's sentences have. Every other "kubectl" is the program's name."""
    if "`" in text:
        for code in SPAN.findall(text):
            if program.word(code):
                yield from span(program, where, code)
        text = SPAN.sub("", text)
    for code in program.in_sentence(text):
        yield from span(program, where, code)


def span(program, where, code):
    """A command, or the beginning of one: of a verb with flags alone nobody can tell what they are about."""
    beginning = program.named(code)
    if beginning:
        yield Named(where, *beginning)
    elif code != program.name:
        yield Printed(where, (code,))


# --- YAML and Rust

def manifest(program, where, text):
    for number, line in enumerate(text.splitlines(), 1):
        alone = re.match(rf" *# +({program.name} .*)", line)
        if alone:
            yield Printed(f"{where}:{number}", (alone[1],))
        elif program.word(line):
            yield from sentences(program, f"{where}:{number}", line)


def source(program, where, text):
    """The string literals before the tests."""
    text = re.split(r"^#\[cfg\(test\)\]\s+mod \w+ \{", text, flags=re.M)[0]
    code = re.sub(r"^\s*//.*$", lambda comment: " " * len(comment[0]), text, flags=re.M)
    for literal in re.finditer(r'(?<!\')"((?:[^"\\]|\\.)*)"', code, re.S):
        if not program.word(literal[1]):
            continue
        # The beginning of a sentence about the program, such as "kubectl is not on the PATH".
        if re.match(r"\w+ (is|has|does|fails|and)\b", literal[1]):
            continue
        said = re.sub(r"\\\n\s*", "", literal[1])
        said = re.sub(r"\\\\\\n *", "", said)  # the shell's own continuation
        said = re.sub(r'\\(["\\])', r"\1", said).replace("{{", "{").replace("}}", "}")
        # A flag that is left out where its value is the usual one.
        said = re.sub(r"\[(--[a-z-]+ \{\w+\})\]", r"\1", said)
        here = f"{where}:{code[:literal.start()].count(chr(10)) + 1}"
        if program.begins(said) and not re.search("[.:] ", said):
            yield Printed(here, (said,))
        else:
            yield from sentences(program, here, said)


if __name__ == "__main__":
    everything = [(name, one) for name in sys.argv[1:] for one in printed(name)]
    json.dump([{"program": name, "where": one.where} | ({"lines": one.lines} if isinstance(one, Printed) else {"named": [one.verb, *one.flags]})
               for name, one in everything], sys.stdout)
