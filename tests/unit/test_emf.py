"""The validation of the embedded metric format refuses malformed lines."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import ValidationError

from tests.emf import validate_emf

Line = dict[str, Any]
LINE: Line = {
    "_aws": {
        "Timestamp": 1_795_000_000_000,
        "CloudWatchMetrics": [
            {
                "Namespace": "Seoyeon",
                "Dimensions": [["stage"], ["stage", "code"]],
                "Metrics": [{"Name": "Failures", "Unit": "Count"}],
            }
        ],
    },
    "stage": "prod",
    "code": "busy",
    "Failures": [1.0],
}


def directive(line: Line) -> Line:
    (found,) = line["_aws"]["CloudWatchMetrics"]
    return dict(found)


def test_a_line_is_accepted() -> None:
    validate_emf(LINE)


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line.pop("_aws"),
        lambda line: line["_aws"].update(Timestamp=1_795_000_000),
        lambda line: line["_aws"].pop("Timestamp"),
        lambda line: directive(line)["Metrics"][0].update(Unit="Millis"),
        lambda line: directive(line)["Metrics"].clear(),
        lambda line: directive(line)["Dimensions"].append([f"d{n}" for n in range(31)]),
        lambda line: line.update(stage=1),
        lambda line: line.update(code=""),
        lambda line: line.pop("Failures"),
        lambda line: line.update(Failures=[True]),
    ],
)
def test_a_malformed_line_is_refused(damage: Callable[[Line], object]) -> None:
    line = copy.deepcopy(LINE)
    damage(line)

    with pytest.raises((ValidationError, AssertionError)):
        validate_emf(line)
