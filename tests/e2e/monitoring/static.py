"""What can be said of the files by reading them."""

import re

import yaml
from common import HERE, METRIC, MONITORING, ROOT, alerts, dashboard, load, queries, run

PAGES = ROOT / "src" / "serve" / "metrics" / "tests"
TESTS = [HERE / "rules.test.yaml", HERE / "absent.test.yaml"]


def prometheus_rule(work):
    """promtool's opinion of the rules that the operator would write."""
    file = work / "prometheusrule.yaml"
    file.write_text(yaml.safe_dump(load("prometheusrule.yaml")["spec"]))
    run("promtool", "check", "rules", file)


def rules_are_the_same():
    plain, operator = load("rules.yaml")["groups"], load("prometheusrule.yaml")["spec"]["groups"]
    assert plain == operator, "rules.yaml and the spec of prometheusrule.yaml differ"


def alerts_are_complete():
    """Severity, time, texts that name pod and namespace, and a runbook that exists."""
    for alert in alerts():
        name, annotations = alert["alert"], alert["annotations"]
        assert re.fullmatch(r"IrsaProbe[A-Z]\w+", name), name
        assert alert["labels"].get("severity") in ["critical", "warning", "info"], f"{name}: severity"
        assert alert.get("for"), f"{name}: for"
        assert sorted(annotations) == ["description", "runbook", "summary"], f"{name}: {sorted(annotations)}"
        for text in [annotations["summary"], annotations["description"]]:
            # That no probe is left at all is nobody's in particular.
            if name != "IrsaProbeAbsent":
                assert "$labels.pod" in text and "$labels.namespace" in text, f"{name}: {text}"
        page, anchor = annotations["runbook"].split("#", 1)
        headings = [line.lstrip("#").strip().lower() for line in (ROOT / page).read_text().splitlines() if line.startswith("#")]
        # An anchor that is the root cause's code exists: every code has its heading (tests/docs.rs).
        anchor = re.sub(r"\{\{.*\}\}", "", anchor).strip()
        assert not anchor or anchor in headings, f"{name}: {page} has no heading {anchor}"


def alerts_are_tested():
    """Each fires in one of promtool's tests, and in another that could make it fire it must not."""
    tests = [test for file in TESTS for test in yaml.safe_load(file.read_text())["tests"] if "alert_rule_test" in test]
    for alert in alerts():
        name, severity = alert["alert"], alert["labels"]["severity"]
        mine = [[case for case in test["alert_rule_test"] if case["alertname"] == name] for test in tests]
        fires = [any(found["exp_labels"]["severity"] == severity for case in cases for found in case["exp_alerts"]) for cases in mine]
        assert any(fires), f"{name} ({severity}) fires in no test"
        silent = [test for test, cases in zip(tests, mine) if cases and not any(case["exp_alerts"] for case in cases)]
        assert silent, f"{name} has no near miss"
        boundary = [cases for cases in mine if any(case["exp_alerts"] for case in cases) and any(not case["exp_alerts"] for case in cases)]
        assert boundary, f"{name}: no test in which it does not fire yet"


def readme_is_current():
    """Its table of the alerts, and its figures."""
    text = (MONITORING / "README.md").read_text()
    for alert in alerts():
        wait = re.sub(r"m$", " min", alert["for"])
        row = f"| `{alert['alert']}` | {alert['labels']['severity']} | {wait} |"
        assert row in text, f"no row {row}"
    page = [line for line in (PAGES / "healthy.txt").read_text().splitlines() if not line.startswith("#")]
    second = [line for line in page if 'region="eu-west-1"' in line]
    buckets = [line for line in page if "_bucket{" in line and line not in second]
    one = len(page) - len(second)
    assert f"has {one} in one region and {len(page)} in two" in text, f"{one} and {len(page)} series"
    assert f"make {one * 10},000 series, and {(one - len(buckets)) * 10},000 where" in text, f"{one * 10},000, {(one - len(buckets)) * 10},000"
    bound = re.search(r"assert!\(most < (\d+)", (PAGES.parent / "tests.rs").read_text())[1]
    assert f"fewer than {bound} in two regions" in text, bound


def scrape_configuration(work):
    """promtool's opinion of it and of the rules, in a configuration that holds nothing else. Debian builds Prometheus without the discovery of
    Kubernetes, so its two lines are held against the documentation by hand, and targets of a file stand in."""
    configuration = load("scrape.yaml")
    for job in configuration["scrape_configs"]:
        assert job.pop("kubernetes_sd_configs") == [{"role": "pod"}]
        job["file_sd_configs"] = [{"files": ["targets.json"]}]
    file = work / "minimal.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(MONITORING / "rules.yaml")], **configuration}))
    run("promtool", "check", "config", file)


def labels_are_the_same():
    """scrape.yaml relabels as the operator does for podmonitor.yaml. What the operator adds by itself: prometheus-operator,
    pkg/prometheus/promcfg.go, generatePodMonitorConfig (filterRunning and its port, namespace, container, pod, job, endpoint)."""
    monitor = load("podmonitor.yaml")
    spec, [endpoint] = monitor["spec"], monitor["spec"]["podMetricsEndpoints"]
    assert spec["namespaceSelector"] == {"any": True} and spec["selector"] == {}, "it selects less than scrape.yaml"
    assert endpoint.get("filterRunning", True), "it scrapes pods that have ended"
    words = {"sourceLabels": "source_labels", "targetLabel": "target_label"}
    own = [{words.get(key, key): value for key, value in rule.items()} for rule in endpoint["relabelings"]]
    meta = "__meta_kubernetes_"
    operator = [
        {"source_labels": [meta + "pod_phase"], "regex": "(Failed|Succeeded)", "action": "drop"},
        {"source_labels": [meta + "pod_container_port_name"], "regex": endpoint["port"], "action": "keep"},
        {"source_labels": [meta + "namespace"], "target_label": "namespace"},
        {"source_labels": [meta + "pod_container_name"], "target_label": "container"},
        {"source_labels": [meta + "pod_name"], "target_label": "pod"},
        {"target_label": "endpoint", "replacement": endpoint["port"]},
    ]
    [job] = load("scrape.yaml")["scrape_configs"]
    wanted = operator + own
    # The job's own name says what the operator's object has to relabel.
    found = job["relabel_configs"] + [{"target_label": "job", "replacement": job["job_name"]}]
    key = lambda rule: sorted((name, str(value)) for name, value in rule.items())
    assert sorted(found, key=key) == sorted(wanted, key=key), f"{found}\n{wanted}"
    for field, theirs in [("metrics_path", "path"), ("scrape_interval", "interval"), ("scrape_timeout", "scrapeTimeout")]:
        assert job[field] == endpoint[theirs], field


def metrics_exist():
    """Every metric and every label's value that a query or a rule names is one of the pages' or of the catalogue."""
    series = [line for page in sorted(PAGES.glob("*.txt")) for line in page.read_text().splitlines() if line and not line.startswith("#")]
    names = {re.split(r"[{ ]", line)[0] for line in series}
    labels = {(label, value) for line in series for label, value in re.findall(r'(\w+)="([^"]*)"', line)}
    keys = {label for label, _ in labels} | {"cluster", "namespace", "pod", "container", "node", "job", "instance", "endpoint"}
    codes = {line[4:] for line in (ROOT / "docs" / "findings.md").read_text().splitlines() if line.startswith("### ")}
    assert len(names) > 20 and len(codes) > 50, "the pages or the catalogue were not found"
    rules = [rule for group in load("rules.yaml")["groups"] for rule in group["rules"]]
    texts = [expression for _, _, expression in queries()]
    texts += [rule["expr"] for rule in rules] + [text for rule in rules for text in rule.get("annotations", {}).values()]
    texts += [variable["query"]["query"] for variable in dashboard()["templating"]["list"] if variable["type"] == "query"]
    asked = {name for text in texts for name in METRIC.findall(text)}
    assert asked <= names, f"on no page: {sorted(asked - names)}"
    for text in texts:
        for label, value in re.findall(r'(\w+)="([^"$]*)"', text):
            known = (label, value) in labels or (label == "code" and value in codes) or (label, value) == ("job", "irsa-probe")
            assert known, f'{label}="{value}" is on no page: {text}'
        for group in re.findall(r"(?:by|without|ignoring|on) \(([^)]*)\)", text):
            unknown = {label.strip() for label in group.split(",")} - keys - {"le"}
            assert not unknown, f"no such label: {unknown}: {text}"


def queries_parse(work):
    rules = [{"record": f"q{n}", "expr": substituted(expression)} for n, (_, _, expression) in enumerate(queries())]
    file = work / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    run("promtool", "check", "rules", file)


def substituted(expression, pod="checkout"):
    """As Grafana fills it in: all clusters, all namespaces, one pod. Nothing else may be left to fill in."""
    for name, value in {"$cluster": ".*", "$namespace": ".*", "$pod": pod}.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


def panels_are_complete():
    board = dashboard()
    assert board["schemaVersion"] >= 41 and board["uid"] == "irsa-probe" and "id" not in board, "its head"
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids)), "two panels have one id"
    titles = [panel["title"] for panel in board["panels"]]
    for panel in board["panels"]:
        title = panel.get("title")
        assert title, panel["id"]
        if panel["type"] == "row":
            continue
        assert panel["description"].endswith("."), f"{title}: description"
        assert panel["fieldConfig"]["defaults"]["unit"], f"{title}: unit"
        assert panel["targets"], f"{title}: no query"
    assert titles.count("Fleet") == 1 and titles.count("Pod $pod") == 1, "its rows"


def no_data_source_is_fixed():
    """Every data source named is the variable, and there is such a variable."""
    board = dashboard()
    variables = {variable["name"]: variable for variable in board["templating"]["list"]}
    assert list(variables) == ["datasource", "cluster", "namespace", "pod"], list(variables)
    assert variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus"
    sources = []

    def look(value):
        if isinstance(value, dict):
            sources.extend([value["datasource"]] if "datasource" in value else [])
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(board)
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert len(sources) == len(panels) + len(queries()) + 3, f"{len(sources)} data sources"
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources), sources


def grid_is_tidy():
    """24 columns, no panel over another, no hole between them."""
    cells = {}
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        assert place["x"] >= 0 and place["x"] + place["w"] <= 24, panel["title"]
        for cell in [(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])]:
            assert cell not in cells, f"{panel['title']} lies over {cells[cell]}"
            cells[cell] = panel["title"]
    height = max(y for _, y in cells) + 1
    holes = [(x, y) for y in range(height) for x in range(24) if (x, y) not in cells]
    assert not holes, f"holes at {holes[:5]}"
