"""How the four functions are set up, on AWS and on a laptop."""

import pytest

from cdk.stack_names import BOOTSTRAP_PARAMETER, WORKER_OUTPUT
from tests.infrastructure.conftest import LOCAL_CONTEXT, Assembly

LOGS = "AWS::Logs::LogGroup"
RESERVED = "ReservedConcurrentExecutions"
EVERY_FUNCTION = {"STAGE"}
OURS = ("principal", "frames", "one run of one turn", "conversations")


@pytest.mark.parametrize("described", OURS)
def test_functions_run_python_3_13_on_arm(aws: Assembly, described: str) -> None:
    _, function = aws.service.function(described)

    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]


@pytest.mark.parametrize("described", OURS)
def test_logs_are_kept_for_the_configured_days(aws: Assembly, described: str) -> None:
    _, function = aws.service.function(described)
    groups = aws.service.all("AWS::Logs::LogGroup")

    group = groups[function["LoggingConfig"]["LogGroup"]["Ref"]]
    assert group["Properties"]["RetentionInDays"] == 30


def test_no_log_group_outlives_its_stack_or_the_configured_days(full: Assembly) -> None:
    groups = [*full.data.all(LOGS).values(), *full.service.all(LOGS).values()]

    # Of our functions, of the one that checks sign-ups, and of CDK's that publishes the page.
    assert len(groups) == 5 + 1 + 1
    assert {group["DeletionPolicy"] for group in groups} == {"Delete"}
    assert {group["Properties"]["RetentionInDays"] for group in groups} == {30}


@pytest.mark.parametrize("described", OURS)
def test_every_call_is_traced(aws: Assembly, described: str) -> None:
    _, function = aws.service.function(described)
    _, stage = aws.service.one("AWS::ApiGateway::Stage")

    assert function["TracingConfig"] == {"Mode": "Active"}
    assert stage["Properties"]["TracingEnabled"] is True


def test_routes_and_worker_share_an_asset(aws: Assembly) -> None:
    _, routes = aws.service.function("frames")
    _, worker = aws.service.function("one run of one turn")

    assert routes["Code"] == worker["Code"]
    assert routes["Handler"] == "lambda_function.lambda_handler"
    assert worker["Handler"] == "worker_function.lambda_handler"


def test_each_function_is_told_what_it_reads_and_no_more(aws: Assembly) -> None:
    def told(described: str) -> set[str]:
        names = set(aws.service.function(described)[1]["Environment"]["Variables"])
        assert names >= EVERY_FUNCTION
        return names - EVERY_FUNCTION

    assert told("principal") == {"AUTH", "PAGE_URL"}
    assert told("conversations") == {"TABLE_NAME"}
    assert told("frames") == {
        "TABLE_NAME",
        "HISTORY_DAYS",
        "DAILY_MESSAGES",
        "DAILY_TOKENS",
        "WORKER_FUNCTION_NAME",
    }
    assert told("one run of one turn") == {
        "TABLE_NAME",
        "WEBSOCKET_CALLBACK_URL",
        "MODEL_IDS",
        "BEDROCK_REGION",
        "MAX_GEN_LEN",
        "TEMPERATURE",
        "TOP_P",
        "WINDOW_EXCHANGES",
    }


def test_the_worker_posts_to_its_own_stage(aws: Assembly, local: Assembly) -> None:
    def callback(assembly: Assembly) -> str:
        _, worker = assembly.service.function("one run of one turn")
        return assembly.service.text(worker["Environment"]["Variables"]["WEBSOCKET_CALLBACK_URL"])

    api, _ = aws.service.one("AWS::ApiGatewayV2::Api")
    host = f"<{api}>.execute-api.<AWS::Region>.<AWS::URLSuffix>"
    assert callback(aws) == f"https://{host}/chat"
    assert callback(local) == f"{LOCAL_CONTEXT['local_endpoint_url']}/_aws/execute-api/<{api}>/chat"


@pytest.mark.parametrize("target", ["aws", "local"])
def test_the_authorizer_knows_the_origin_of_the_page(
    assemblies: dict[str, Assembly], target: str
) -> None:
    service = assemblies[target].service
    distribution, _ = service.one("AWS::CloudFront::Distribution")
    _, authorizer = service.function("principal")

    origin = service.text(authorizer["Environment"]["Variables"]["PAGE_URL"])
    assert origin == f"https://<{distribution}.DomainName>"


def test_only_a_configured_guardrail_is_told(aws: Assembly, full: Assembly) -> None:
    def guardrail(assembly: Assembly) -> tuple[str | None, str | None]:
        _, worker = assembly.service.function("one run of one turn")
        told = worker["Environment"]["Variables"]
        return told.get("GUARDRAIL_ID"), told.get("GUARDRAIL_VERSION")

    assert guardrail(aws) == (None, None)
    assert guardrail(full) == ("gr1abc2def3h", "3")


def test_the_worker_can_be_found_by_the_stack_s_output(aws: Assembly) -> None:
    worker, _ = aws.service.function("one run of one turn")

    assert aws.service.body["Outputs"][WORKER_OUTPUT]["Value"] == {"Ref": worker}


def test_the_bootstrap_parameter_is_the_one_that_the_templates_check(aws: Assembly) -> None:
    version = aws.service.body["Parameters"]["BootstrapVersion"]

    assert version["Default"] == BOOTSTRAP_PARAMETER


def test_workers_are_reserved_only_if_asked_for(aws: Assembly, full: Assembly) -> None:
    def reserved(assembly: Assembly) -> list[object]:
        functions = assembly.service.properties("AWS::Lambda::Function")
        return [each["ReservedConcurrentExecutions"] for each in functions if RESERVED in each]

    assert reserved(aws) == []
    assert reserved(full) == [20]


def test_only_the_local_worker_is_sent_to_another_bedrock(aws: Assembly, local: Assembly) -> None:
    def endpoint(assembly: Assembly) -> object:
        _, worker = assembly.service.function("one run of one turn")
        return worker["Environment"]["Variables"].get("BEDROCK_ENDPOINT_URL")

    assert endpoint(aws) is None
    assert endpoint(local) == LOCAL_CONTEXT["bedrock_endpoint_url"]


def test_a_crashed_run_is_tried_twice_more(aws: Assembly) -> None:
    name, worker = aws.service.function("one run of one turn")
    _, config = aws.service.one("AWS::Lambda::EventInvokeConfig")

    assert config["Properties"]["FunctionName"] == {"Ref": name}
    assert config["Properties"]["MaximumRetryAttempts"] == 2
    failure, _ = aws.service.function("every run died")
    destination = config["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": [failure, "Arn"]}
    # A retry has to be able to begin after the first run used all of its time.
    assert config["Properties"]["MaximumEventAgeInSeconds"] > worker["Timeout"]
