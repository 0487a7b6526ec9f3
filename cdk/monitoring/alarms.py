"""What somebody should be told about: each alarm says in words what is so and where to look."""

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

from cdk.monitoring.metrics import FIVE_MINUTES, StageMetrics, of_function

# So few failures are somebody's bad luck, whatever share of a quiet night they are.
FEWEST_FAILURES = 5
FAILURE_PERCENT = 10
# Bedrock answers in one second as a rule; a cold start takes some three.
FIRST_TOKEN_MS = 6_000


class Alarms(Construct):
    """Exposes `all`; they are mailed if there is an address. Silence is not alarming: a stage that
    nobody uses has no metrics."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        metrics: StageMetrics,
        routes: IFunction,
        worker: IFunction,
        failure: IFunction,
        daily_cost: float,
        email: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic = self._make_topic(email) if email else None
        self.all: list[Alarm] = []
        self._add(
            "FailureRate",
            _failure_rate(metrics),
            threshold=FAILURE_PERCENT,
            periods=3,
            of_which=2,
            description=f"More than {FAILURE_PERCENT} % of the answers fail. "
            "The dashboard shows their codes.",
        )
        self._add(
            "FirstToken",
            metrics.percentile("FirstToken", 95),
            threshold=FIRST_TOKEN_MS,
            periods=3,
            of_which=3,
            description="One person in twenty waits longer than "
            f"{FIRST_TOKEN_MS // 1_000} seconds for a first word.",
        )
        self._add(
            "LostTurns",
            _lost(metrics, worker, failure),
            description="Every run of a question died, or ending it as failed did. "
            "The logs of worker and failure say why.",
        )
        self._add(
            "Throttling",
            MathExpression(
                expression="SUM([worker, routes])",
                using_metrics={
                    "worker": of_function(worker, "Throttles", "worker"),
                    "routes": of_function(routes, "Throttles", "routes"),
                },
                label="calls turned away",
                period=FIVE_MINUTES,
            ),
            periods=3,
            of_which=2,
            description="Lambda turns calls away: too few functions may run at once. "
            "make doctor knows the quota.",
        )
        self._add(
            "DailyCost",
            metrics.total("EstimatedCost").with_(period=Duration.days(1)),
            threshold=daily_cost,
            description=f"The models have cost more than {daily_cost:g} dollars in a day, "
            "as far as tokens tell. The setting daily_tokens is the limit.",
        )

    def _add(
        self,
        construct_id: str,
        metric: IMetric,
        *,
        description: str,
        threshold: float = 0,
        periods: int = 1,
        of_which: int = 1,
    ) -> None:
        alarm = Alarm(
            self,
            construct_id,
            alarm_name=f"{Stack.of(self).stack_name}-{construct_id}",
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            datapoints_to_alarm=of_which,
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
        )
        if self._topic:
            alarm.add_alarm_action(SnsAction(self._topic))
            alarm.add_ok_action(SnsAction(self._topic))
        self.all.append(alarm)

    def _make_topic(self, email: str) -> Topic:
        topic = Topic(self, "Topic", enforce_ssl=True, display_name=Stack.of(self).stack_name)
        topic.add_subscription(EmailSubscription(email))
        # A policy of its own replaces the one that lets the account's alarms publish.
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
    """Percent; none while there are too few to speak of a rate."""
    return MathExpression(
        expression=f"IF(failures >= {FEWEST_FAILURES}, "
        "100 * failures / SUM([failures, answers]), 0)",
        using_metrics={
            "failures": metrics.total("Failures"),
            "answers": metrics.total("Answers"),
        },
        label="failed, %",
        period=FIVE_MINUTES,
    )


def _lost(metrics: StageMetrics, worker: IFunction, failure: IFunction) -> MathExpression:
    """Turns ended by the failure function, and those that not even it could end.

    SUM of a list, as `+` knows no sum where one of the metrics says nothing.
    """
    return MathExpression(
        expression="SUM([lost, undelivered, unended])",
        using_metrics={
            "lost": metrics.total("LostTurns"),
            "undelivered": of_function(worker, "DestinationDeliveryFailures", "undelivered"),
            "unended": of_function(failure, "Errors", "unended"),
        },
        label="lost turns",
        period=FIVE_MINUTES,
    )
