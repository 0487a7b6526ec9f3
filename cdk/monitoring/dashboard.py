"""The dashboard of a stage: usage, latency, errors, cost, documents."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, Stack
from aws_cdk.aws_cloudwatch import (
    Alarm,
    AlarmStatusWidget,
    GraphWidget,
    HorizontalAnnotation,
    IMetric,
    IWidget,
    MathExpression,
    Metric,
    SingleValueWidget,
    TextWidget,
    TextWidgetBackground,
    YAxisProps,
)
from aws_cdk.aws_cloudwatch import Dashboard as CloudWatchDashboard
from aws_cdk.aws_dynamodb import ITable
from aws_cdk.aws_lambda import IFunction
from constructs import Construct

from cdk.monitoring.metrics import FIVE_MINUTES, StageMetrics, lambda_metric
from cdk.stack_names import global_name

WIDTH = 24
# Four widgets in a row.
COLUMN, HEIGHT = WIDTH // 4, 6
DAY = Duration.days(1)


class Dashboard(Construct):
    """A CloudWatch dashboard, named after its stack and region."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        metrics: StageMetrics,
        functions: Mapping[str, IFunction],
        table: ITable,
        alarms: Sequence[Alarm],
        bedrock_region: str,
        daily_cost: float,
        daily_tokens: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self._metrics = metrics
        self._functions = functions
        self._bedrock_region = bedrock_region
        rows: list[list[IWidget]] = [
            [AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=WIDTH, height=2)],
            [_heading("Usage")],
            self._usage(),
            [_heading("Latency")],
            self._latency(),
            [_heading("Errors")],
            self._errors(table),
            [_heading("Cost")],
            self._cost(daily_cost, daily_tokens),
        ]
        if "reader" in functions:
            rows += [[_heading("Documents")], self._documents()]
        CloudWatchDashboard(
            self,
            "Dashboard",
            dashboard_name=global_name(Stack.of(self)),
            default_interval=DAY,
            widgets=rows,
        )

    def _usage(self) -> list[IWidget]:
        total = self._metrics.total
        return [
            _today("Today", total("Messages", "questions"), total("Answers", "answers")),
            _graph("Questions and answers", total("Messages"), total("Answers")),
            _graph(
                "Stops, continues, resumes",
                total("Stops", "stops"),
                total("Continues", "continues"),
                total("Resumes", "resumes"),
            ),
            _graph("Daily quota exceeded", total("QuotaRefusals", "quota_exceeded")),
        ]

    def _latency(self) -> list[IWidget]:
        percentile, worker = self._metrics.percentile, self._functions["worker"]
        return [
            _graph(
                "Time to first token, ms",
                *(percentile("FirstToken", each) for each in (50, 95, 99)),
            ),
            _graph("Tokens per second", *(percentile("TokensPerSecond", each) for each in (5, 50))),
            _graph(
                "Worker duration, ms",
                *(lambda_metric(worker, "Duration", f"p{each}", f"p{each}") for each in (50, 95)),
            ),
            _graph(
                "Concurrent executions",
                *(
                    lambda_metric(function, "ConcurrentExecutions", name, "Maximum")
                    for name, function in self._functions.items()
                ),
            ),
        ]

    def _errors(self, table: ITable) -> list[IWidget]:
        total = self._metrics.total
        functions = self._functions.items()
        return [
            _graph("Failures by code", self._metrics.by_dimension("code", "Failures")),
            _graph(
                "Retries and lost turns",
                total("Retries", "model retries"),
                total("LostTurns", "lost turns"),
            ),
            _graph("Errors", *(lambda_metric(each, "Errors", name) for name, each in functions)),
            _graph(
                "Throttles",
                *(lambda_metric(each, "Throttles", name) for name, each in functions),
                self._bedrock_throttles(),
                _table_throttles(table),
            ),
        ]

    def _cost(self, daily_cost: float, daily_tokens: int) -> list[IWidget]:
        total = self._metrics.total
        tokens = MathExpression(
            expression="SUM([prompt, answer])",
            using_metrics={
                "prompt": total("PromptTokens").with_(period=DAY),
                "answer": total("CompletionTokens").with_(period=DAY),
            },
            label="tokens",
            period=DAY,
        )
        limit = [HorizontalAnnotation(value=daily_tokens, label="limit")] if daily_tokens else []
        return [
            _graph("Prompt tokens by model", self._metrics.by_dimension("model", "PromptTokens")),
            _graph(
                "Answer tokens by model", self._metrics.by_dimension("model", "CompletionTokens")
            ),
            _graph("Tokens per day", tokens, annotations=limit),
            _graph(
                "Estimated cost per day, dollars",
                total("EstimatedCost", "dollars").with_(period=DAY),
                annotations=[HorizontalAnnotation(value=daily_cost, label="alarm")],
            ),
        ]

    def _documents(self) -> list[IWidget]:
        total, percentile = self._metrics.total, self._metrics.percentile
        read, failed = total("DocumentsRead", "read"), total("DocumentFailures", "failed")
        return [
            _today("Documents today", read, failed),
            _graph("Documents", read, failed),
            _graph(
                "Failed documents by code", self._metrics.by_dimension("code", "DocumentFailures")
            ),
            _graph("Reading time, ms", *(percentile("ReadingTime", each) for each in (50, 95))),
        ]

    def _bedrock_throttles(self) -> MathExpression:
        """Return the throttles of all models in the account, other applications included."""
        search = '{AWS/Bedrock,ModelId} MetricName="InvocationThrottles"'
        return MathExpression(
            expression=f"SUM(SEARCH('{search}', 'Sum'))",
            using_metrics={},
            label="Bedrock, whole account",
            search_region=self._bedrock_region,
            period=FIVE_MINUTES,
        )


def _table_throttles(table: ITable) -> MathExpression:
    def throttles(name: str) -> Metric:
        return Metric(
            namespace="AWS/DynamoDB",
            metric_name=name,
            dimensions_map={"TableName": table.table_name},
            statistic="Sum",
            period=FIVE_MINUTES,
        )

    return MathExpression(
        expression="SUM([reads, writes])",
        using_metrics={
            "reads": throttles("ReadThrottleEvents"),
            "writes": throttles("WriteThrottleEvents"),
        },
        label="table",
        period=FIVE_MINUTES,
    )


def _heading(text: str) -> TextWidget:
    return TextWidget(
        markdown=f"## {text}", width=WIDTH, height=1, background=TextWidgetBackground.TRANSPARENT
    )


def _today(title: str, *metrics: Metric) -> SingleValueWidget:
    return SingleValueWidget(
        title=title,
        metrics=[metric.with_(period=DAY) for metric in metrics],
        width=COLUMN,
        height=HEIGHT,
    )


def _graph(
    title: str, *metrics: IMetric, annotations: Sequence[HorizontalAnnotation] = ()
) -> GraphWidget:
    return GraphWidget(
        title=title,
        left=list(metrics),
        left_annotations=list(annotations),
        left_y_axis=YAxisProps(min=0, show_units=False),
        width=COLUMN,
        height=HEIGHT,
    )
