"""The dashboard: its order, its layout, and the limit of a free one."""

import json
import re

import pytest

from tests.infrastructure.conftest import Assembly, Json


@pytest.fixture(scope="module")
def widgets(aws: Assembly) -> list[Json]:
    _, dashboard = aws.service.one("AWS::CloudWatch::Dashboard")
    body = json.loads(aws.service.text(dashboard["Properties"]["DashboardBody"]))
    return list(body["widgets"])


def lines_of(widgets: list[Json]) -> list[list[object]]:
    return [line for widget in widgets for line in widget["properties"].get("metrics", [])]


def test_alarms_come_first_and_then_the_sections(widgets: list[Json]) -> None:
    headings = [widget["properties"]["markdown"] for widget in widgets if widget["type"] == "text"]

    assert widgets[0]["type"] == "alarm"
    assert len(widgets[0]["properties"]["alarms"]) == 6
    assert headings == ["## Usage", "## Latency", "## Errors", "## Cost", "## Documents"]


def test_widgets_fill_rows_and_never_overlap(widgets: list[Json]) -> None:
    cells = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(cells) == len(set(cells))
    assert len(cells) == 24 * (max(y for _, y in cells) + 1)


def test_codes_and_models_are_found_by_search(widgets: list[Json]) -> None:
    searches = re.findall(r"\{Seoyeon,(\w+),stage\}", json.dumps(widgets))

    assert sorted(searches) == ["code", "code", "model", "model"]


def test_bedrock_s_throttles_come_from_its_region(widgets: list[Json]) -> None:
    (line,) = (line[0] for line in lines_of(widgets) if "AWS/Bedrock" in json.dumps(line))

    assert isinstance(line, dict)
    assert line["region"] == "us-west-2"


def test_it_has_at_most_the_50_metrics_of_a_free_dashboard(widgets: list[Json]) -> None:
    metrics = {json.dumps(line[:-1]) for line in lines_of(widgets) if isinstance(line[0], str)}

    assert 20 < len(metrics) <= 50
