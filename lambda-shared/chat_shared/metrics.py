"""Figures for CloudWatch, as lines of its embedded metric format on stdout: no call, no wait.

Their only dimensions are the stage and what `put` is given: a code, a model; never a person.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Callable, Mapping

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

NAMESPACE = "Seoyeon"
UNITS = {"FirstToken": "Milliseconds", "TokensPerSecond": "Count/Second", "EstimatedCost": "None"}


class Metrics:
    def __init__(self, stage: str, write: Callable[[str], object] = print) -> None:
        self._stage = stage
        self._write = write

    def put(self, figures: Mapping[str, float | None], **also: str) -> None:
        """By stage, and once more by stage and `also` where that is given; None is no figure."""
        known = {name: value for name, value in figures.items() if value is not None}
        if not known:
            return
        # Without a service: Powertools would make a dimension of it.
        line = AmazonCloudWatchEMFProvider(namespace=NAMESPACE, service="")
        line.add_dimension("stage", self._stage)
        if also:
            line.add_dimensions(stage=self._stage, **also)
        for name, value in known.items():
            line.add_metric(name, UNITS.get(name, "Count"), value)
        self._write(json.dumps(line.serialize_metric_set()))
