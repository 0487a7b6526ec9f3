"""The numbers that a stage's functions report, and AWS's own about them."""

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import MathExpression, Metric
from aws_cdk.aws_lambda import IFunction

METRICS_NAMESPACE = "Seoyeon"
FIVE_MINUTES = Duration.minutes(5)


class StageMetrics:
    """What chat_ws emits, by its names there; `region` is where the stack is."""

    def __init__(self, stage: str) -> None:
        self._stage = stage

    def total(self, name: str, label: str | None = None) -> Metric:
        return self._metric(name, "Sum", label)

    def percentile(self, name: str, percent: int, label: str | None = None) -> Metric:
        return self._metric(name, f"p{percent}", label or f"p{percent}")

    def by(self, dimension: str, name: str) -> MathExpression:
        """One line for each value of `dimension` that there has been, whatever they are."""
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


def of_function(function: IFunction, name: str, label: str, statistic: str = "Sum") -> Metric:
    """One of Lambda's own metrics, some of which CDK has no method for."""
    return Metric(
        namespace="AWS/Lambda",
        metric_name=name,
        dimensions_map={"FunctionName": function.function_name},
        statistic=statistic,
        period=FIVE_MINUTES,
        label=label,
    )
