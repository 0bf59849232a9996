"""A MutatingAdmissionPolicy with JSON patches, evaluated as the API server does it, as far as that can be done without one.

The parser and the evaluation of CEL are cel-python's. What is Kubernetes' own is done here after k8s.io/apiserver,
pkg/admission/plugin/policy/mutating: `Object...{}` makes an object that knows its type's name, that name has to be the path of the field that
holds it (CheckTypeNamesMatchFieldPathNames), and variables see no patch types (compilation.go). What only a real API server shows: the type
check of cel-go, the cost budget, and the order of admission in that cluster.
"""

import copy
import re

import celpy
import celpy.celtypes as celtypes


class Message(celtypes.MapType):
    """What `Object.spec.x{...}` evaluates to; `type_name` is what stood before the brace."""


def message_type(name):
    def make(_class, fields=None):
        message = Message(fields or {})
        message.type_name = name
        return message

    return type(name, (Message,), {"__new__": make})


def type_names(tree):
    """The names before the braces, as dotted text."""
    if getattr(tree, "data", None) == "member_object":
        yield dotted(tree.children[0])
    for child in getattr(tree, "children", []):
        yield from type_names(child)


def dotted(tree):
    if getattr(tree, "data", None) == "member_dot":
        return f"{dotted(tree.children[0])}.{tree.children[1]}"
    return dotted(tree.children[0]) if hasattr(tree, "children") else str(tree)


def plain(value, expected, problems):
    """To plain data; a type that does not stand where its name says is a problem."""
    if isinstance(value, Message) and value.type_name != expected:
        problems.append(f"{value.type_name} where {expected} belongs")
    if isinstance(value, (Message, celtypes.MapType)):
        return {str(key): plain(item, f"{expected}.{key}", problems) for key, item in value.items()}
    if isinstance(value, (celtypes.ListType, list)):
        return [plain(item, expected, problems) for item in value]
    for kind, python in ((celtypes.BoolType, bool), (celtypes.IntType, int), (celtypes.StringType, str)):
        if isinstance(value, kind):
            return python(value)
    raise TypeError(f"{value!r} in a patch")


class Policy:
    def __init__(self, documents):
        [self.policy] = [d for d in documents if d["kind"] == "MutatingAdmissionPolicy"]
        [self.binding] = [d for d in documents if d["kind"] == "MutatingAdmissionPolicyBinding"]
        self.spec = self.policy["spec"]

    def problems(self):
        if self.binding["spec"]["policyName"] != self.policy["metadata"]["name"]:
            yield "the binding names another policy"
        if self.spec["failurePolicy"] != "Ignore":
            yield "an error would keep pods from being created"
        for row in self.spec["matchConditions"] + self.spec["variables"]:
            tree = celpy.Environment().compile(row["expression"])
            if any(True for _ in type_names(tree)):
                yield f"{row['name']}: the API server knows no patch types there"
        for row in self.spec["matchConditions"]:
            if "variables." in row["expression"]:
                yield f"{row['name']}: variables do not exist yet when conditions are evaluated"

    def run(self, expression, activation):
        # cel-python cannot hold a name that is also the beginning of another one, so the dots of types' names go.
        names = set(type_names(celpy.Environment().compile(expression)))
        types = {name.replace(".", "_"): message_type(name) for name in names}
        flat = re.sub(r"\b(JSONPatch|Object[.\w]*)(?=\s*\{)", lambda name: name[0].replace(".", "_"), expression)
        environment = celpy.Environment(annotations=types)
        result = environment.program(environment.compile(flat)).evaluate({**activation, **types})
        if isinstance(result, Exception):
            raise result
        return result

    def admit(self, pod):
        """The pod as the policy leaves it, or None where the policy does not apply."""
        labels = pod["metadata"].get("labels", {})
        wanted = self.spec["matchConstraints"]["objectSelector"]["matchLabels"]
        if any(labels.get(key) != value for key, value in wanted.items()):
            return None
        activation = {"object": celpy.json_to_cel(pod)}
        for row in self.spec["matchConditions"]:
            if not self.run(row["expression"], activation):
                return None
        variables = celtypes.MapType({})
        for row in self.spec["variables"]:
            variables[celtypes.StringType(row["name"])] = self.run(row["expression"], {**activation, "variables": variables})
        activation["variables"] = variables
        pod, problems = copy.deepcopy(pod), []
        for mutation in self.spec["mutations"]:
            for step in self.run(mutation["jsonPatch"]["expression"], activation):
                self.apply(pod, {str(key): value for key, value in step.items()}, problems)
        if problems:
            raise TypeError("; ".join(problems))
        return pod

    def apply(self, pod, step, problems):
        if step["op"] != "add" or set(step) != {"op", "path", "value"}:
            raise ValueError(f"an operation that is not looked at here: {step}")
        *parents, last = str(step["path"]).lstrip("/").split("/")
        value = plain(step["value"], "Object." + ".".join(p for p in [*parents, last] if not p.isdigit() and p != "-"), problems)
        for parent in parents:
            pod = pod[int(parent)] if isinstance(pod, list) else pod[parent]
        if isinstance(pod, list):
            pod.insert(len(pod) if last == "-" else int(last), value)
        else:
            pod[last] = value
