"""The metrics that the functions emit are those of dashboard and alarms, by name and dimensions.

CloudWatch does not report an unknown name: the graph stays empty, and the alarm never goes off.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_shared.metrics import NAMESPACE, Metrics

from cdk.assets.functions import ROOT
from tests.emf import validate_emf
from tests.infrastructure.conftest import Assembly, Json

# Emitted for analyses of the streaming, not for operators.
NOT_SHOWN = {("Frames", frozenset({"stage"}))}
STAGE = "prod"
Series = tuple[str, frozenset[str]]


def calls(source: Path) -> Iterator[ast.Call]:
    """Yield each `metrics.put(...)` of a module."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("metrics.put"):
            yield node


def emit(call: ast.Call) -> list[Json]:
    """Return the lines that a call emits, with made-up values."""
    (metrics,) = call.args
    assert isinstance(metrics, ast.Dict), "metrics are named where they are emitted"
    names = [ast.literal_eval(key) for key in metrics.keys if key]
    assert len(names) == len(metrics.keys)
    also = {str(keyword.arg): "any" for keyword in call.keywords}
    lines: list[str] = []
    Metrics(STAGE, lines.append).put(dict.fromkeys(names, 1), **also)
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def emitted() -> dict[Series, str]:
    """Return every series that the functions emit, with its unit."""
    found: dict[Series, str] = {}
    for source in sorted(ROOT.glob("lambda-*/**/*.py")):
        for line in (line for call in calls(source) for line in emit(call)):
            validate_emf(line)
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            assert directive["Namespace"] == NAMESPACE
            assert line["stage"] == STAGE
            for dimensions in directive["Dimensions"]:
                for metric in directive["Metrics"]:
                    series = metric["Name"], frozenset(dimensions)
                    assert found.setdefault(series, metric["Unit"]) == metric["Unit"]
    return found


def widgets_of(assembly: Assembly) -> list[Json]:
    _, dashboard = assembly.service.one("AWS::CloudWatch::Dashboard")
    body = json.loads(assembly.service.text(dashboard["Properties"]["DashboardBody"]))
    return [widget["properties"] for widget in body["widgets"]]


def charted(assembly: Assembly) -> Iterator[Series]:
    lines = [line for widget in widgets_of(assembly) for line in widget.get("metrics", [])]
    for line in lines:
        if line[0] == NAMESPACE:
            _, name, *rest = (part for part in line if isinstance(part, str))
            dimensions = dict(zip(rest[::2], rest[1::2], strict=True))
            assert dimensions["stage"] == STAGE
            yield name, frozenset(dimensions)
        elif isinstance(line[0], dict):
            yield from searched(line[0].get("expression", ""))


def searched(expression: str) -> Iterator[Series]:
    for dimensions, name, stage in re.findall(
        rf'{{{NAMESPACE},([\w,]+)}} MetricName="(\w+)" stage="(\w+)"', expression
    ):
        assert stage == STAGE
        yield name, frozenset(dimensions.split(","))


def watched(assembly: Assembly) -> Iterator[Series]:
    for alarm in assembly.service.properties("AWS::CloudWatch::Alarm"):
        asked = [
            alarm,
            *(
                each["MetricStat"]["Metric"]
                for each in alarm.get("Metrics", [])
                if "MetricStat" in each
            ),
        ]
        for metric in asked:
            if metric.get("Namespace") == NAMESPACE:
                dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
                assert dimensions["stage"] == STAGE
                yield metric["MetricName"], frozenset(dimensions)


def test_the_functions_emit_what_is_charted_and_watched(
    aws: Assembly, emitted: dict[Series, str]
) -> None:
    assert set(charted(aws)) - emitted.keys() == set()
    assert set(watched(aws)) - emitted.keys() == set()
    assert len(set(watched(aws))) >= 5


def test_every_metric_is_shown_or_left_out_for_a_reason(
    aws: Assembly, emitted: dict[Series, str]
) -> None:
    assert emitted.keys() - set(charted(aws)) - set(watched(aws)) == NOT_SHOWN


def test_no_query_names_a_unit(aws: Assembly, emitted: dict[Series, str]) -> None:
    """A query with a unit finds the metrics of that unit only."""
    asked = json.dumps([widgets_of(aws), aws.service.properties("AWS::CloudWatch::Alarm")])

    assert '"Unit"' not in asked
    assert '"unit"' not in asked
    # Titles and thresholds assume these units.
    assert {unit for (name, _), unit in emitted.items() if name == "FirstToken"} == {"Milliseconds"}
    assert {unit for (name, _), unit in emitted.items() if name == "EstimatedCost"} == {"None"}


@pytest.mark.parametrize("function", ["routes", "worker", "failure"])
def test_functions_emit_under_the_stage_of_the_dashboard(aws: Assembly, function: str) -> None:
    _, properties = aws.service.function(function)

    assert properties["Environment"]["Variables"]["STAGE"] == STAGE


def test_the_documentation_names_every_metric(emitted: dict[Series, str]) -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.partition("\n### Metrics\n")[2].partition("\n##")[0]
    rows = [row.split("|") for row in section.splitlines() if row.startswith("| ")][1:]
    named = {name for row in rows for name in re.findall(r"`([A-Z]\w+)`", row[2])}

    assert named == {name for name, _ in emitted}
