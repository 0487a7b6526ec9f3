"""Alarms. Each description states the problem and where to look."""

from aws_cdk import Duration, Stack
from aws_cdk.aws_cloudwatch import (
    Alarm,
    ComparisonOperator,
    IMetric,
    MathExpression,
    TreatMissingData,
)
from aws_cdk.aws_cloudwatch_actions import SnsAction
from aws_cdk.aws_iam import PolicyStatement, ServicePrincipal
from aws_cdk.aws_lambda import IFunction
from aws_cdk.aws_sns import Topic
from aws_cdk.aws_sns_subscriptions import EmailSubscription
from constructs import Construct

from cdk.monitoring.metrics import FIVE_MINUTES, StageMetrics, lambda_metric

# Below this number of failures in five minutes, a rate has no meaning.
MIN_FAILURES = 5
FAILURE_PERCENT = 10
# Usually 1 s; a cold start adds about 3 s.
FIRST_TOKEN_MS = 6_000


class Alarms(Construct):
    """Exposes `alarms`, which are sent to `email` if it is given.

    Missing data does not alarm: an idle stage emits no metrics.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        metrics: StageMetrics,
        routes: IFunction,
        worker: IFunction,
        failure: IFunction,
        reader: IFunction | None,
        daily_cost: float,
        email: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic = self._make_topic(email) if email else None
        self.alarms: list[Alarm] = []
        self._add(
            "FailureRate",
            _failure_rate(metrics),
            threshold=FAILURE_PERCENT,
            periods=3,
            datapoints=2,
            description=f"More than {FAILURE_PERCENT} % of the answers fail. "
            "See the failures by code on the dashboard.",
        )
        self._add(
            "FirstToken",
            metrics.percentile("FirstToken", 95),
            threshold=FIRST_TOKEN_MS,
            periods=3,
            datapoints=3,
            description=f"The time to the first token is over {FIRST_TOKEN_MS // 1_000} s for one "
            "answer in twenty. See the latency graphs on the dashboard.",
        )
        self._add(
            "LostTurns",
            _lost_turns(metrics, worker, failure),
            description="All runs of a turn crashed, or the failure function could not end it. "
            "See the logs of the worker and failure functions.",
        )
        self._add(
            "Throttling",
            MathExpression(
                expression="SUM([worker, routes])",
                using_metrics={
                    "worker": lambda_metric(worker, "Throttles", "worker"),
                    "routes": lambda_metric(routes, "Throttles", "routes"),
                },
                label="throttled calls",
                period=FIVE_MINUTES,
            ),
            periods=3,
            datapoints=2,
            description="Lambda throttles calls: the concurrency quota is too low. "
            "make doctor prints the quota and the command that raises it.",
        )
        if reader:
            self._add(
                "Reader",
                lambda_metric(reader, "Errors", "errors"),
                description="The reader function failed or ran out of time; the document is shown "
                "as broken, and can be read again. See the log of the reader function.",
            )
        self._add(
            "DailyCost",
            metrics.total("EstimatedCost").with_(period=Duration.days(1)),
            threshold=daily_cost,
            description=f"The models have cost more than {daily_cost:g} dollars in a day, "
            "estimated from tokens. The setting daily_tokens limits it.",
        )

    def _add(
        self,
        construct_id: str,
        metric: IMetric,
        *,
        description: str,
        threshold: float = 0,
        periods: int = 1,
        datapoints: int = 1,
    ) -> None:
        alarm = Alarm(
            self,
            construct_id,
            alarm_name=f"{Stack.of(self).stack_name}-{construct_id}",
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            datapoints_to_alarm=datapoints,
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
        )
        if self._topic:
            alarm.add_alarm_action(SnsAction(self._topic))
            alarm.add_ok_action(SnsAction(self._topic))
        self.alarms.append(alarm)

    def _make_topic(self, email: str) -> Topic:
        topic = Topic(self, "Topic", enforce_ssl=True, display_name=Stack.of(self).stack_name)
        topic.add_subscription(EmailSubscription(email))
        # A topic policy replaces the default one, which lets the account's alarms publish.
        topic.add_to_resource_policy(
            PolicyStatement(
                principals=[ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        return topic


def _failure_rate(metrics: StageMetrics) -> MathExpression:
    """Return failures in percent, 0 below MIN_FAILURES."""
    return MathExpression(
        expression=f"IF(failures >= {MIN_FAILURES}, 100 * failures / SUM([failures, answers]), 0)",
        using_metrics={
            "failures": metrics.total("Failures"),
            "answers": metrics.total("Answers"),
        },
        label="failed answers, %",
        period=FIVE_MINUTES,
    )


def _lost_turns(metrics: StageMetrics, worker: IFunction, failure: IFunction) -> MathExpression:
    """Return the turns that the failure function ended, plus those that it could not end."""
    return MathExpression(
        # With `+`, the sum would be missing whenever one of the metrics is.
        expression="SUM([lost, undelivered, unended])",
        using_metrics={
            "lost": metrics.total("LostTurns"),
            "undelivered": lambda_metric(worker, "DestinationDeliveryFailures", "undelivered"),
            "unended": lambda_metric(failure, "Errors", "unended"),
        },
        label="lost turns",
        period=FIVE_MINUTES,
    )
