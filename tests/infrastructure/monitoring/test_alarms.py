"""The alarms: metrics, thresholds and notification."""

from tests.infrastructure.conftest import FULL_CONTEXT, Assembly, Json


def alarms_of(assembly: Assembly) -> dict[str, Json]:
    found = assembly.service.properties("AWS::CloudWatch::Alarm")
    return {alarm["AlarmName"].rpartition("-")[2]: alarm for alarm in found}


def metrics_of(alarm: Json) -> set[str]:
    if "MetricName" in alarm:
        return {alarm["MetricName"]}
    return {
        metric["MetricStat"]["Metric"]["MetricName"]
        for metric in alarm["Metrics"]
        if "MetricStat" in metric
    }


def test_each_alarm_watches_the_metrics_of_its_name(aws: Assembly) -> None:
    metrics = {name: metrics_of(alarm) for name, alarm in alarms_of(aws).items()}

    assert metrics == {
        "FailureRate": {"Failures", "Answers"},
        "FirstToken": {"FirstToken"},
        "LostTurns": {"LostTurns", "DestinationDeliveryFailures", "Errors"},
        "Throttling": {"Throttles"},
        "Reader": {"Errors"},
        "DailyCost": {"EstimatedCost"},
    }


def test_missing_data_does_not_alarm(aws: Assembly) -> None:
    alarms = alarms_of(aws).values()

    assert {alarm["TreatMissingData"] for alarm in alarms} == {"notBreaching"}


def test_a_few_failures_are_not_a_rate(aws: Assembly) -> None:
    (formula,) = (
        metric["Expression"]
        for metric in alarms_of(aws)["FailureRate"]["Metrics"]
        if "Expression" in metric
    )

    assert formula.startswith("IF(failures >= 5, ")
    assert formula.endswith(", 0)")


def test_a_sum_does_not_need_all_of_its_metrics(aws: Assembly) -> None:
    """With `+`, one metric without data would silence the alarm."""
    formulas = [
        metric["Expression"]
        for alarm in alarms_of(aws).values()
        for metric in alarm.get("Metrics", [])
        if "Expression" in metric
    ]

    assert len(formulas) == 3
    assert all("SUM([" in formula and "+" not in formula for formula in formulas)


def test_the_daily_cost_alarm_has_the_configured_threshold(aws: Assembly) -> None:
    alarm = alarms_of(aws)["DailyCost"]

    assert (alarm["Threshold"], alarm["Period"], alarm["Statistic"]) == (10, 86_400, "Sum")


def test_every_alarm_has_a_description(aws: Assembly) -> None:
    assert all(len(alarm["AlarmDescription"].split()) > 6 for alarm in alarms_of(aws).values())


def test_without_an_address_there_is_no_topic(aws: Assembly) -> None:
    assert aws.service.all("AWS::SNS::Topic") == {}
    assert not any("AlarmActions" in alarm for alarm in alarms_of(aws).values())


def test_with_an_address_alarm_and_ok_are_mailed(full: Assembly) -> None:
    topic, _ = full.service.one("AWS::SNS::Topic")
    _, subscription = full.service.one("AWS::SNS::Subscription")

    assert subscription["Properties"]["Endpoint"] == FULL_CONTEXT["alarm_email"]
    assert subscription["Properties"]["TopicArn"] == {"Ref": topic}
    for alarm in alarms_of(full).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]


def test_only_alarms_of_this_account_may_publish_over_tls(full: Assembly) -> None:
    """A topic policy replaces the default one, which lets alarms publish."""
    _, policy = full.service.one("AWS::SNS::TopicPolicy")
    denied, allowed = policy["Properties"]["PolicyDocument"]["Statement"]

    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (allowed["Effect"], allowed["Action"]) == ("Allow", "sns:Publish")
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


def test_the_local_target_has_no_monitoring(local: Assembly) -> None:
    assert local.service.all("AWS::CloudWatch::Alarm") == {}
    assert local.service.all("AWS::CloudWatch::Dashboard") == {}
