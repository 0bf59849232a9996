"""The checks of k8s/monitoring in their order: check.py BINARY TOOLS, from `run`."""

import pathlib
import sys
import tempfile

import common
import live
import schemas
import static
from common import MONITORING, ok, run

binary, tools = sys.argv[1], pathlib.Path(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    ok("promtool takes rules.yaml", run, "promtool", "check", "rules", MONITORING / "rules.yaml")
    ok("and what the PrometheusRule holds", static.prometheus_rule, work)
    ok("they are the same", static.rules_are_the_same)
    ok("every alert has severity, time, texts and a runbook that exists", static.alerts_are_complete)
    ok("every alert has a test that fires, a boundary and a near miss", static.alerts_are_tested)
    ok("promtool test rules", run, "promtool", "test", "rules", *static.TESTS)
    ok("README.md has every alert, and its figures are right", static.readme_is_current)
    ok("promtool takes scrape.yaml", static.scrape_configuration, work)
    ok("scrape.yaml and the PodMonitor make the same labels", static.labels_are_the_same)
    ok("kustomize builds it", schemas.kustomization)
    ok("the operator's schemas take PodMonitor and PrometheusRule", schemas.operator_values, tools)
    ok("and know each of their fields", schemas.operator_fields, tools)
    ok("Grafana's types know each field of the dashboard", schemas.grafana_fields, tools)
    ok("every metric, label and code that is named exists", static.metrics_exist)
    ok("every query parses", static.queries_parse, work)
    ok("every panel has title, unit, description and query", static.panels_are_complete)
    ok("no data source is fixed", static.no_data_source_is_fixed)
    ok("the grid is tidy", static.grid_is_tidy)
    live.check(binary, work)
print(f"{common.passed} passed, {common.failed} failed")
sys.exit(common.failed > 0)
