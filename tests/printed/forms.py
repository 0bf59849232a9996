"""Reads statements in three forms by the parsers of others, and says where one is not the other.

Standard input: {name: {"json", "terraform", "cloudformation"}}. Standard output: one line for each difference, then how many agree. Terraform's
form is parsed by python-hcl2 in a data source; CloudFormation's by cfn-lint, whose rules then judge a template with a role for each of them.
"""

import json
import pathlib
import re
import sys
import tempfile

import cfnlint.decode
import hcl2
from cfnlint.api import lint_file, ManualArgs

# What python-hcl2 leaves as it is written: HCL native syntax specification, "Template Expressions".
ESCAPE = re.compile(r'\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\([nrt"\\])|(\$\$|%%)(?={)|([$%]\{|\\)', re.S)
PLAIN = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
# A stack has 500 resources at most.
ROLES = 400


def text(written):
    """What a quoted template means that has no part to evaluate."""
    if not re.fullmatch(r'".*"', written, re.S):
        raise ValueError(f"{written} is no quoted text")

    def meaning(found):
        short, long, plain, doubled, template = found.groups()
        if template:
            raise ValueError(f"{written} has a part that Terraform evaluates")
        return chr(int(short or long, 16)) if short or long else PLAIN[plain] if plain else doubled[0]

    return ESCAPE.sub(meaning, written[1:-1])


def one_or_many(values):
    return values[0] if len(values) == 1 else values


def from_terraform(block):
    """The statement of IAM that aws_iam_policy_document makes of a block."""
    parsed = hcl2.loads(f'data "aws_iam_policy_document" "trust" {{\n{block}}}\n')
    [source] = parsed["data"]
    [statement] = source['"aws_iam_policy_document"']['"trust"']["statement"]
    known = {"effect", "actions", "principals", "condition", "__is_block__"}
    if not statement.keys() <= known:
        raise ValueError(f"unknown: {statement.keys() - known}")
    [principals] = statement["principals"]
    made = {
        "Effect": text(statement["effect"]),
        "Principal": {text(principals["type"]): one_or_many([text(name) for name in principals["identifiers"]])},
        "Action": one_or_many([text(action) for action in statement["actions"]]),
    }
    for condition in statement.get("condition", []):
        keys = made.setdefault("Condition", {}).setdefault(text(condition["test"]), {})
        keys[text(condition["variable"])] = one_or_many([text(value) for value in condition["values"]])
    return made


def template(items):
    head = 'AWSTemplateFormatVersion: "2010-09-09"\nResources:\n'
    role = "  Role{}:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Version: \"2012-10-17\"\n        Statement:\n{}"
    return head + "".join(role.format(nth, re.sub("^", " " * 10, item, flags=re.M).rstrip(" ")) for nth, item in enumerate(items))


def plain(node):
    """cfn-lint's nodes as Python's own."""
    return json.loads(json.dumps(node))


def main():
    given = json.load(sys.stdin)
    problems = []
    for name, forms in given.items():
        try:
            read = from_terraform(forms["terraform"])
        except Exception as error:
            read = f"{type(error).__name__}: {error}"
        if read != json.loads(forms["json"]):
            problems.append(f"{name}: terraform: {read} is not {forms['json']}")
    names = list(given)
    for first in range(0, len(names), ROLES):
        some = names[first:first + ROLES]
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "template.yaml")
            file.write_text(template(given[name]["cloudformation"] for name in some))
            decoded, errors = cfnlint.decode.decode(str(file))
            problems += [f"cloudformation: {error}" for error in errors]
            problems += [f"cloudformation: {found}" for found in lint_file(file, config=ManualArgs(regions=["us-west-2"]))]
            for nth, name in enumerate(some if not errors else []):
                [read] = plain(decoded)["Resources"][f"Role{nth}"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
                if read != json.loads(given[name]["json"]):
                    problems.append(f"{name}: cloudformation: {read} is not {given[name]['json']}")
    print("\n".join([*problems, f"{len(given)} statements, {len(problems)} problems"]))


main()
