"""What raises an alarm, and whom it reaches."""

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


def test_each_alarm_looks_at_what_it_is_called_after(aws: Assembly) -> None:
    looked_at = {name: metrics_of(alarm) for name, alarm in alarms_of(aws).items()}

    assert looked_at == {
        "FailureRate": {"Failures", "Answers"},
        "FirstToken": {"FirstToken"},
        "LostTurns": {"LostTurns", "DestinationDeliveryFailures", "Errors"},
        "Throttling": {"Throttles"},
        "DailyCost": {"EstimatedCost"},
    }


def test_a_stage_that_nobody_uses_raises_no_alarm(aws: Assembly) -> None:
    alarms = alarms_of(aws).values()

    assert {alarm["TreatMissingData"] for alarm in alarms} == {"notBreaching"}


def test_one_failure_of_a_quiet_night_is_no_rate(aws: Assembly) -> None:
    (formula,) = (
        metric["Expression"]
        for metric in alarms_of(aws)["FailureRate"]["Metrics"]
        if "Expression" in metric
    )

    assert formula.startswith("IF(failures >= 5, ")
    assert formula.endswith(", 0)")


def test_a_sum_does_not_need_all_of_its_metrics(aws: Assembly) -> None:
    """With `+`, one metric that says nothing would silence the alarm."""
    formulas = [
        metric["Expression"]
        for alarm in alarms_of(aws).values()
        for metric in alarm.get("Metrics", [])
        if "Expression" in metric
    ]

    assert len(formulas) == 3
    assert all("SUM([" in formula and "+" not in formula for formula in formulas)


def test_a_day_may_cost_what_the_setting_says(aws: Assembly) -> None:
    alarm = alarms_of(aws)["DailyCost"]

    assert (alarm["Threshold"], alarm["Period"], alarm["Statistic"]) == (10, 86_400, "Sum")


def test_every_alarm_says_in_words_what_is_so(aws: Assembly) -> None:
    assert all(len(alarm["AlarmDescription"].split()) > 6 for alarm in alarms_of(aws).values())


def test_without_an_address_nobody_is_told_and_nothing_waits_to(aws: Assembly) -> None:
    assert aws.service.all("AWS::SNS::Topic") == {}
    assert not any("AlarmActions" in alarm for alarm in alarms_of(aws).values())


def test_with_an_address_every_alarm_and_its_end_are_mailed(full: Assembly) -> None:
    topic, _ = full.service.one("AWS::SNS::Topic")
    _, subscription = full.service.one("AWS::SNS::Subscription")

    assert subscription["Properties"]["Endpoint"] == FULL_CONTEXT["alarm_email"]
    assert subscription["Properties"]["TopicArn"] == {"Ref": topic}
    for alarm in alarms_of(full).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]


def test_only_this_accounts_alarms_may_publish_and_only_by_tls(full: Assembly) -> None:
    """A policy of its own replaces the one by which alarms reach a topic."""
    _, policy = full.service.one("AWS::SNS::TopicPolicy")
    denied, allowed = policy["Properties"]["PolicyDocument"]["Statement"]

    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (allowed["Effect"], allowed["Action"]) == ("Allow", "sns:Publish")
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


def test_a_laptop_has_nobody_to_alarm(local: Assembly) -> None:
    assert local.service.all("AWS::CloudWatch::Alarm") == {}
    assert local.service.all("AWS::CloudWatch::Dashboard") == {}
