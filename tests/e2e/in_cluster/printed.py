"""The kubectl commands that the project prints: in documents, in comments of manifests, and in the texts of the program."""

import dataclasses
import re

from run import ROOT
from tried import VERBS

DOCUMENTS = ("README*.md", "docs/**/*.md", "k8s/**/*.md")
MANIFESTS = ("k8s/**/*.yaml",)
PROGRAM = ("src/**/*.rs",)
GENERATED = {"src/core/catalogue/rows.rs": "docs/findings.md"}  # the same commands, with their placeholders in words

WORD = re.compile(r"(?<![\w./-])kubectl(?![\w./-])")
SPAN = re.compile(r"`([^`]+)`")
# In a sentence, what has a flag is a command. It ends where the sentence or its part does.
IN_SENTENCE = re.compile(r"kubectl(?: [^\s,;()]+)*? -{1,2}[a-z].*?(?=[,.;:)]? *$|[,.;:)]+ |\))")
# Of a shell's text: a quoted string, a comment, or any other character.
PART = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|(?P<comment>(?:^|(?<=\s))#[^\n]*)|\\.|(?P<open>['"])|.""", re.S)
# A verb with flags alone.
NAMED = re.compile(rf"kubectl ({'|'.join(VERBS)})((?: -\S+)*)")


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


def printed():
    """Everything, as Printed and Named."""
    readers = [(DOCUMENTS, document), (MANIFESTS, manifest), (PROGRAM, program)]
    for patterns, reader in readers:
        files = sorted({str(file.relative_to(ROOT)) for pattern in patterns for file in ROOT.glob(pattern)} - GENERATED.keys())
        found = [one for file in files for one in reader(file, (ROOT / file).read_text())]
        if not found:
            raise RuntimeError(f"no command in {' '.join(patterns)}")
        yield from found


# --- Markdown

def document(where, text):
    """Fenced blocks by their language; the rest is sentences."""
    rest, block, fence, first = [], [], None, 0
    for number, line in enumerate(text.splitlines(), 1):
        opening = re.match(r" *```(\w*)", line)
        if opening and fence is None:
            fence, first, block = opening[1], number, []
        elif opening:
            yield from fenced(f"{where}:{first}", fence, block)
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
            yield from sentences(f"{where}:{paragraph[0][0]}", " ".join(line.strip() for _, line in paragraph))
            paragraph = []


def fenced(where, language, lines):
    if language in ("sh", "bash"):
        if WORD.search("\n".join(lines)):
            yield from script(where, lines)
        return
    for line in lines:
        # What a terminal showed: what follows a prompt, or a command on a line of its own, which the program printed or a comment has.
        shown = re.match(r" *\$ +(.*\bkubectl .*)", line) or re.match(r" *(?:# +)?(kubectl .*)", line)
        if shown:
            yield Printed(where, (shown[1],))
        else:
            yield from sentences(where, line)


def script(where, lines):
    """A block for a shell. One of single commands is taken apart, so that what stands in many blocks is tried once."""
    whole, comments = logical(where, lines)
    for comment in comments:
        yield from sentences(where, comment)
    own = [line for line in whole if WORD.search(line)]
    if not own:
        return
    # Calls to AWS stand beside those to the cluster, and neither needs what the other printed.
    single = all(line.startswith(("kubectl ", "aws ")) and "$" not in line for line in whole)
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

def sentences(where, text):
    """Commands in a text: spans of code, and what has a flag. Every other "kubectl" is the program's name."""
    if "`" in text:
        for code in SPAN.findall(text):
            if WORD.search(code):
                yield from span(where, code)
        text = SPAN.sub("", text)
    for start in (match.start() for match in WORD.finditer(text)):
        found = IN_SENTENCE.match(text, start)
        if found:
            yield from span(where, found[0].strip())


def span(where, code):
    """A command, or the beginning of one: of a verb with flags alone nobody can tell what they are about."""
    beginning = NAMED.fullmatch(code)
    if beginning:
        yield Named(where, beginning[1], tuple(beginning[2].split()))
    elif code != "kubectl":
        yield Printed(where, (code,))


# --- YAML and Rust

def manifest(where, text):
    for number, line in enumerate(text.splitlines(), 1):
        alone = re.match(r" *# +(kubectl .*)", line)
        if alone:
            yield Printed(f"{where}:{number}", (alone[1],))
        elif WORD.search(line):
            yield from sentences(f"{where}:{number}", line)


def program(where, text):
    """The string literals before the tests."""
    text = re.split(r"^#\[cfg\(test\)\]\s+mod \w+ \{", text, flags=re.M)[0]
    code = re.sub(r"^\s*//.*$", lambda comment: " " * len(comment[0]), text, flags=re.M)
    for literal in re.finditer(r'(?<!\')"((?:[^"\\]|\\.)*)"', code, re.S):
        if not WORD.search(literal[1]):
            continue
        said = re.sub(r"\\\n\s*", "", literal[1])
        said = re.sub(r'\\(["\\])', r"\1", said).replace("{{", "{").replace("}}", "}")
        here = f"{where}:{code[:literal.start()].count(chr(10)) + 1}"
        if said.startswith("kubectl ") and not re.search("[.:] ", said):
            yield Printed(here, (said,))
        else:
            yield from sentences(here, said)
