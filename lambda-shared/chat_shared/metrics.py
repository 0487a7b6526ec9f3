"""CloudWatch metrics in the embedded metric format: lines on stdout, no API calls.

Dimensions are the stage and the arguments of `put` (an error code, a model), never a user.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Callable, Mapping

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

NAMESPACE = "Seoyeon"
UNITS = {
    "FirstToken": "Milliseconds",
    "ReadingTime": "Milliseconds",
    "TokensPerSecond": "Count/Second",
    "EstimatedCost": "None",
}


class Metrics:
    def __init__(self, stage: str, write: Callable[[str], object] = print) -> None:
        self._stage = stage
        self._write = write

    def put(self, metrics: Mapping[str, float | None], **dimensions: str) -> None:
        """Emit each metric by stage, and again by stage + `dimensions` if given.

        None values are skipped.
        """
        known = {name: value for name, value in metrics.items() if value is not None}
        if not known:
            return
        # An empty service: Powertools would add its name as a dimension.
        line = AmazonCloudWatchEMFProvider(namespace=NAMESPACE, service="")
        line.add_dimension("stage", self._stage)
        if dimensions:
            line.add_dimensions(stage=self._stage, **dimensions)
        for name, value in known.items():
            line.add_metric(name, UNITS.get(name, "Count"), value)
        self._write(json.dumps(line.serialize_metric_set()))
