"""Reads the tables of the measured documents: which situation, which variables, which files, which answers, and what each family ended as."""

import re

AGENT = "http://169.254.170.23/v1/credentials"
FAKE = "http://127.0.0.1:5981"
WORDS = {
    "ROLE": "arn:aws:iam::123456789012:role/irsa",
    "ROLE2": "arn:aws:iam::123456789012:role/prof",
    "IRSA_TOKEN": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
    "PIA_TOKEN": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
    "AGENT": AGENT,
    "FAKE": FAKE,
}
# What EKS injects. Rows 01 to 36 are older and have URLs of the fake instead.
BASE = {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2", "AWS_STS_REGIONAL_ENDPOINTS": "regional"}
BASE_OF_URLS = {"AWS_REGION": "us-west-2", "AWS_ENDPOINT_URL_STS": FAKE}
BASE_OF_URLS |= {"AWS_EC2_METADATA_SERVICE_ENDPOINT": FAKE, "AWS_METADATA_SERVICE_TIMEOUT": "1"}


def replaced(text):
    return re.sub(r"\b(ROLE2|ROLE|IRSA_TOKEN|PIA_TOKEN|AGENT|FAKE)\b", lambda word: WORDS[word[0]], text)


def value(text):
    """Quotes are part of the notation where a value needs them, and else of the value."""
    if len(text) > 1 and text[0] == text[-1] == '"' and (len(text) == 2 or re.search(r"[\s\\]", text[1:-1])):
        text = text[1:-1].replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r")
    return replaced(text)


def environment(number, given):
    urls = number.isdigit()
    env = {"HOME": "/home/app"} | (BASE_OF_URLS if urls else BASE)
    for word in re.findall(r"`([^`]*)`|(IRSA|PIA)", given):
        if word[1] == "IRSA":
            env |= {"AWS_ROLE_ARN": WORDS["ROLE"], "AWS_WEB_IDENTITY_TOKEN_FILE": WORDS["IRSA_TOKEN"]}
        elif word[1] == "PIA":
            env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{FAKE}/v1/credentials" if urls else AGENT
            env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = WORDS["PIA_TOKEN"]
        elif word[0].startswith("-"):
            env.pop(word[0][1:], None)
        else:
            name, _, text = word[0].partition("=")
            env[name] = value(text)
    return env


def files(cell):
    """The files with their texts, and which of them nobody may read. A text of None leaves the usual file."""
    texts, unreadable = {}, []
    for name, text, mark in re.findall(r"`([^`]+)`(?:: `([^`]*)`)?( unreadable)?", cell):
        if mark:
            unreadable.append(name)
        if not text:
            texts[name] = None
            continue
        text = "" if text == "(empty)" else re.sub(r" ?⏎ ?", "\n", replaced(text)).replace("\\r", "\r")
        texts[name] = text + "\n" if name not in ("IRSA_TOKEN", "PIA_TOKEN") and not text.endswith("\n") else text
    return texts, unreadable


def modes(cell):
    return dict(part.split(": ", 1) for part in cell.split(", ") if part)


class Row:
    def __init__(self, names, cells, host):
        self.names, self.cells, self.host = names, cells, host
        self.number, self.situation = cells[0], cells[1]

    @property
    def given(self):
        return self.cells[2]

    def results(self):
        return dict(zip(self.names[5:], self.cells[5:]))

    def text(self):
        return "| " + " | ".join(self.cells) + " |"


def tables(text):
    """Each table as its rows of cells, the head first."""
    table = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("| "):
            table.append([cell.strip() for cell in line[1:-1].split(" | ")])
        elif not line.startswith("|--") and table:
            yield table
            table = []


def rows(text):
    """Every row of the tables whose head says `given`. A section whose title speaks of the host has it in each cell."""
    for section in re.split(r"(?m)^(?=#)", text):
        host = "with the host" in section.split("\n", 1)[0]
        for table in tables(section):
            names = table[0]
            if names[0] != "#" or names[2] != "given":
                continue
            for cells in table[1:]:
                if len(cells) != len(names):
                    raise ValueError(f"row {cells[0]} has {len(cells)} cells, not {len(names)}")
                yield Row(names, cells, host)
