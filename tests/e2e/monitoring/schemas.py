"""The objects' form by the types that the Prometheus operator and Grafana publish, checked by the TypeScript compiler (a field that is not
theirs is an error in an object literal), and by the operator's schemas, which also know the values' form."""

import json
import os

import yaml
from common import MONITORING, dashboard, load, run

KUSTOMIZE = (os.environ.get("KUSTOMIZE") or "kubectl kustomize").split()
MODELS = "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1"
OPTIONS = {"stat": "stat", "table": "table", "timeseries": "timeseries", "state-timeline": "statetimeline"}


def operator_values(tools):
    """`validate` of each object's model."""
    objects = [load("podmonitor.yaml"), load("prometheusrule.yaml")]
    kinds = [thing["kind"] for thing in objects]
    script = "".join(f'import {{ {kind} }} from "{MODELS}/{kind}";\n' for kind in kinds)
    script += "".join(f"new {thing['kind']}({json.dumps(thing)}).validate();\n" for thing in objects)
    (tools / "operator.mjs").write_text(script)
    run("node", "operator.mjs", cwd=tools)


def operator_fields(tools):
    text = ""
    for file in ["podmonitor.yaml", "prometheusrule.yaml"]:
        thing = load(file)
        kind = thing["kind"]
        text += f'import type {{ I{kind} }} from "{MODELS}/{kind}";\nexport const {kind}: I{kind} = {json.dumps(thing)};\n'
    compile_types(tools, "operator.ts", text)


def grafana_fields(tools):
    """The dashboard against @grafana/schema. What the package types as any (a panel's options and custom fields) is held against the types of
    the panel's own kind."""
    text = """
import type * as grafana from "./node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen";
"""
    for kind in OPTIONS.values():
        text += f'import type * as {kind} from "./node_modules/@grafana/schema/dist/types/raw/composable/{kind}/panelcfg/x/types.gen";\n'
    text += """
// JSON has the values of an enum, not its names.
type Plain<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T : T extends (infer U)[] ? Plain<U>[]
    : unknown extends T ? any : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
// The Prometheus data source's query is not in the package.
type Target = { refId: string; datasource: grafana.DataSourceRef; editorMode: "code"; expr: string; legendFormat: string; range: boolean;
    instant: boolean; format?: "table" };
type Defaults<Custom> = Plain<Omit<grafana.FieldConfig, "custom">> & { custom?: Plain<Partial<Custom>> };
type Panel<Type extends string, Options, Custom> = Plain<Omit<grafana.Panel, "type" | "options" | "targets" | "fieldConfig">> & {
    type: Type; options: Plain<Partial<Options>>; targets: Target[];
    fieldConfig: { defaults: Defaults<Custom>; overrides: Plain<grafana.FieldConfigSource["overrides"]> } };
"""
    board = dashboard()
    for panel in board.pop("panels"):
        kind = panel["type"]
        if kind == "row":
            wanted = "Plain<grafana.RowPanel>"
        else:
            own = OPTIONS[kind]
            custom = "{}" if kind == "stat" else f"{own}.FieldConfig"
            wanted = f'Panel<"{kind}", {own}.Options, {custom}>'
        text += f"export const panel{panel['id']}: {wanted} = {json.dumps(panel)};\n"
    text += f'export const dashboard: Plain<Omit<grafana.Dashboard, "panels">> = {json.dumps(board)};\n'
    compile_types(tools, "dashboard.ts", text)


def compile_types(tools, name, text):
    (tools / name).write_text(text)
    run("node_modules/.bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler", "--target",
        "esnext", "--types", "", name, cwd=tools)


def kustomization():
    """It builds to these three, in the namespace that it names; the dashboard arrives as it is, under a name that does not change."""
    namespace = load("kustomization.yaml")["namespace"]
    built = {thing["kind"]: thing for thing in yaml.safe_load_all(run(*KUSTOMIZE, MONITORING))}
    assert sorted(built) == ["ConfigMap", "PodMonitor", "PrometheusRule"], sorted(built)
    assert all(thing["metadata"]["namespace"] == namespace for thing in built.values()), built
    for file in ["podmonitor.yaml", "prometheusrule.yaml"]:
        alone = load(file)
        assert built[alone["kind"]]["spec"] == alone["spec"], f"{file} is not what kustomize makes of it"
        assert alone["metadata"]["labels"]["release"], f"{file} has no label release"
    board = built["ConfigMap"]
    assert board["metadata"]["name"] == "irsa-probe-dashboard", board["metadata"]
    assert board["metadata"]["labels"]["grafana_dashboard"] == "1", board["metadata"]
    assert board["data"] == {"irsa-probe.json": (MONITORING / "dashboard.json").read_text()}
