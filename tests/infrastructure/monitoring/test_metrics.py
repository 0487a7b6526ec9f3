"""What the functions emit is what dashboard and alarms ask for, by name and dimensions.

CloudWatch knows no wrong name: a metric that nobody emits is a line that stays empty, and an alarm
that never rings.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_shared.metrics import NAMESPACE, Metrics

from cdk.assets.functions import ROOT
from tests.infrastructure.conftest import Assembly, Json

# For whoever looks into how answers are cut; no graph of it says anything to an operator.
LEFT_OUT = {("Frames", frozenset({"stage"}))}
STAGE = "prod"
Series = tuple[str, frozenset[str]]


def calls(source: Path) -> Iterator[ast.Call]:
    """Each `metrics.put(...)` of a module."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("metrics.put"):
            yield node


def emit(call: ast.Call) -> list[Json]:
    """The line that it writes, but for the figures."""
    (figures,) = call.args
    assert isinstance(figures, ast.Dict), "figures are named where they are emitted"
    names = [ast.literal_eval(key) for key in figures.keys if key]
    assert len(names) == len(figures.keys)
    also = {str(keyword.arg): "any" for keyword in call.keywords}
    lines: list[str] = []
    Metrics(STAGE, lines.append).put(dict.fromkeys(names, 1), **also)
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def emitted() -> dict[Series, str]:
    """Every series that the functions make, and its unit."""
    found: dict[Series, str] = {}
    for source in sorted(ROOT.glob("lambda-*/**/*.py")):
        for line in (line for call in calls(source) for line in emit(call)):
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


def test_what_is_emitted_is_charted_or_left_out_for_a_reason(
    aws: Assembly, emitted: dict[Series, str]
) -> None:
    assert emitted.keys() - set(charted(aws)) - set(watched(aws)) == LEFT_OUT


def test_nothing_is_asked_for_in_another_unit(aws: Assembly, emitted: dict[Series, str]) -> None:
    """A query that names a unit finds that unit only; one that names none finds all."""
    asked = json.dumps([widgets_of(aws), aws.service.properties("AWS::CloudWatch::Alarm")])

    assert '"Unit"' not in asked
    assert '"unit"' not in asked
    # What titles and thresholds take for granted.
    assert {unit for (name, _), unit in emitted.items() if name == "FirstToken"} == {"Milliseconds"}
    assert {unit for (name, _), unit in emitted.items() if name == "EstimatedCost"} == {"None"}


@pytest.mark.parametrize("function", ["frames", "one run of one turn", "every run died"])
def test_functions_emit_under_the_stage_that_is_looked_at(aws: Assembly, function: str) -> None:
    _, properties = aws.service.function(function)

    assert properties["Environment"]["Variables"]["STAGE"] == STAGE


def test_the_documentation_names_each_of_them(emitted: dict[Series, str]) -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.partition("\n### Metrics\n")[2].partition("\n##")[0]
    rows = [row.split("|") for row in section.splitlines() if row.startswith("| ")][1:]
    named = {name for row in rows for name in re.findall(r"`([A-Z]\w+)`", row[2])}

    assert named == {name for name, _ in emitted}
