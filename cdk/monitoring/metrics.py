"""CloudWatch metrics: those that the functions emit, and Lambda's own."""

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import MathExpression, Metric
from aws_cdk.aws_lambda import IFunction

METRICS_NAMESPACE = "Seoyeon"
FIVE_MINUTES = Duration.minutes(5)


class StageMetrics:
    """The metrics of one stage, by the names under which chat_ws emits them."""

    def __init__(self, stage: str) -> None:
        self._stage = stage

    def total(self, name: str, label: str | None = None) -> Metric:
        return self._metric(name, "Sum", label)

    def percentile(self, name: str, percent: int, label: str | None = None) -> Metric:
        return self._metric(name, f"p{percent}", label or f"p{percent}")

    def by_dimension(self, dimension: str, name: str) -> MathExpression:
        """Return one series for each value of `dimension`, found by a search."""
        search = (
            f'{{{METRICS_NAMESPACE},{dimension},stage}} MetricName="{name}" stage="{self._stage}"'
        )
        return MathExpression(
            expression=f"SEARCH('{search}', 'Sum')",
            using_metrics={},
            label=f"${{PROP('Dim.{dimension}')}}",
            period=FIVE_MINUTES,
        )

    def _metric(self, name: str, statistic: str, label: str | None) -> Metric:
        return Metric(
            namespace=METRICS_NAMESPACE,
            metric_name=name,
            dimensions_map={"stage": self._stage},
            statistic=statistic,
            period=FIVE_MINUTES,
            label=label,
        )


def lambda_metric(function: IFunction, name: str, label: str, statistic: str = "Sum") -> Metric:
    """Return a metric of Lambda; the CDK has no method for some of them."""
    return Metric(
        namespace="AWS/Lambda",
        metric_name=name,
        dimensions_map={"FunctionName": function.function_name},
        statistic=statistic,
        period=FIVE_MINUTES,
        label=label,
    )
