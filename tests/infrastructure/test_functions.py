"""The configuration of the functions on both targets."""

import pytest
from chat_shared.documents import READING_SECONDS
from document_reader.reader import EXTRACTION_SECONDS

from cdk.stack_names import BOOTSTRAP_PARAMETER, WORKER_OUTPUT
from tests.infrastructure.conftest import LOCAL_CONTEXT, Assembly, Json

LOGS = "AWS::Logs::LogGroup"
RESERVED = "ReservedConcurrentExecutions"
EVERY_FUNCTION = {"STAGE"}
OURS = ("authorizer", "routes", "worker", "history", "reader")


@pytest.mark.parametrize("name", OURS)
def test_functions_run_python_3_13_on_arm(aws: Assembly, name: str) -> None:
    _, function = aws.service.function(name)

    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]


@pytest.mark.parametrize("name", OURS)
def test_logs_are_kept_for_the_configured_days(aws: Assembly, name: str) -> None:
    _, function = aws.service.function(name)
    groups = aws.service.all("AWS::Logs::LogGroup")

    group = groups[function["LoggingConfig"]["LogGroup"]["Ref"]]
    assert group["Properties"]["RetentionInDays"] == 30


def test_log_groups_are_deleted_with_their_stack(full: Assembly) -> None:
    groups = [*full.data.all(LOGS).values(), *full.service.all(LOGS).values()]

    # Six functions, the pre-sign-up trigger, and the CDK's function that publishes the page.
    assert len(groups) == 6 + 1 + 1
    assert {group["DeletionPolicy"] for group in groups} == {"Delete"}
    assert {group["Properties"]["RetentionInDays"] for group in groups} == {30}


@pytest.mark.parametrize("name", OURS)
def test_every_call_is_traced(aws: Assembly, name: str) -> None:
    _, function = aws.service.function(name)
    _, stage = aws.service.one("AWS::ApiGateway::Stage")

    assert function["TracingConfig"] == {"Mode": "Active"}
    assert stage["Properties"]["TracingEnabled"] is True


def test_routes_and_worker_share_an_asset(aws: Assembly) -> None:
    _, routes = aws.service.function("routes")
    _, worker = aws.service.function("worker")

    assert routes["Code"] == worker["Code"]
    assert routes["Handler"] == "lambda_function.lambda_handler"
    assert worker["Handler"] == "worker_function.lambda_handler"


def test_functions_have_only_the_environment_variables_that_they_read(aws: Assembly) -> None:
    def variables(name: str) -> set[str]:
        names = set(aws.service.function(name)[1]["Environment"]["Variables"])
        assert names >= EVERY_FUNCTION
        return names - EVERY_FUNCTION

    assert variables("authorizer") == {"AUTH", "PAGE_URL"}
    assert variables("history") == {
        "TABLE_NAME",
        "DOCUMENTS_BUCKET",
        "DOCUMENT_READER",
        "DOCUMENT_MEGABYTES",
        "CONVERSATION_DOCUMENTS",
        "DOCUMENTS_PER_DAY",
        "DAILY_DOCUMENTS",
        "RATINGS_PER_DAY",
        "DAILY_RATINGS",
    }
    assert variables("reader") == {"TABLE_NAME", "DOCUMENTS_BUCKET"}
    assert variables("routes") == {
        "TABLE_NAME",
        "HISTORY_DAYS",
        "DAILY_MESSAGES",
        "DAILY_TOKENS",
        "DAILY_TOKENS_PER_USER",
        "WORKER_FUNCTION_NAME",
    }
    assert variables("worker") == {
        "TABLE_NAME",
        "WEBSOCKET_CALLBACK_URL",
        "MODEL_IDS",
        "BEDROCK_REGION",
        "MAX_GEN_LEN",
        "TEMPERATURE",
        "TOP_P",
        "WINDOW_EXCHANGES",
        "DAILY_TOKENS",
        "TITLES",
        "DOCUMENTS_BUCKET",
        "DOCUMENT_TOKENS",
    }


def test_the_worker_posts_to_its_own_stage(aws: Assembly, local: Assembly) -> None:
    def callback(assembly: Assembly) -> str:
        _, worker = assembly.service.function("worker")
        return assembly.service.text(worker["Environment"]["Variables"]["WEBSOCKET_CALLBACK_URL"])

    api, _ = aws.service.one("AWS::ApiGatewayV2::Api")
    host = f"<{api}>.execute-api.<AWS::Region>.<AWS::URLSuffix>"
    assert callback(aws) == f"https://{host}/chat"
    assert callback(local) == f"{LOCAL_CONTEXT['local_endpoint_url']}/_aws/execute-api/<{api}>/chat"


@pytest.mark.parametrize("target", ["aws", "local"])
def test_the_authorizer_has_the_page_s_url(assemblies: dict[str, Assembly], target: str) -> None:
    service = assemblies[target].service
    distribution, _ = service.one("AWS::CloudFront::Distribution")
    _, authorizer = service.function("authorizer")

    origin = service.text(authorizer["Environment"]["Variables"]["PAGE_URL"])
    assert origin == f"https://<{distribution}.DomainName>"


def test_the_worker_has_a_guardrail_only_if_configured(aws: Assembly, full: Assembly) -> None:
    def guardrail(assembly: Assembly) -> tuple[str | None, str | None]:
        _, worker = assembly.service.function("worker")
        environment = worker["Environment"]["Variables"]
        return environment.get("GUARDRAIL_ID"), environment.get("GUARDRAIL_VERSION")

    assert guardrail(aws) == (None, None)
    assert guardrail(full) == ("gr1abc2def3h", "3")


def test_the_worker_can_be_found_by_the_stack_s_output(aws: Assembly) -> None:
    worker, _ = aws.service.function("worker")

    assert aws.service.body["Outputs"][WORKER_OUTPUT]["Value"] == {"Ref": worker}


def test_the_bootstrap_parameter_is_the_one_that_the_templates_check(aws: Assembly) -> None:
    version = aws.service.body["Parameters"]["BootstrapVersion"]

    assert version["Default"] == BOOTSTRAP_PARAMETER


def test_concurrency_is_reserved_only_if_configured(aws: Assembly, full: Assembly) -> None:
    def reserved(assembly: Assembly) -> list[object]:
        functions = assembly.service.properties("AWS::Lambda::Function")
        return [each["ReservedConcurrentExecutions"] for each in functions if RESERVED in each]

    assert reserved(aws) == []
    assert reserved(full) == [20]


def test_only_the_local_worker_has_a_bedrock_endpoint(aws: Assembly, local: Assembly) -> None:
    def endpoint(assembly: Assembly) -> object:
        _, worker = assembly.service.function("worker")
        return worker["Environment"]["Variables"].get("BEDROCK_ENDPOINT_URL")

    assert endpoint(aws) is None
    assert endpoint(local) == LOCAL_CONTEXT["bedrock_endpoint_url"]


def test_documents_are_switched_off_without_the_reader(aws: Assembly, plain: Assembly) -> None:
    def variables(assembly: Assembly, name: str) -> set[str]:
        return set(assembly.service.function(name)[1]["Environment"]["Variables"])

    assert plain.service.functions("reader") == {}
    # Deletion needs the bucket all the same.
    assert variables(plain, "history") == {*EVERY_FUNCTION, "TABLE_NAME", "DOCUMENTS_BUCKET"}
    switches = {"DOCUMENTS_BUCKET", "DOCUMENT_TOKENS"}
    assert variables(plain, "worker") == variables(aws, "worker") - switches


def test_documents_can_be_switched_off_in_a_deployment(aws: Assembly, plain: Assembly) -> None:
    """CloudFormation deletes no export that the service stack of the last deployment imports."""

    def exports(assembly: Assembly) -> set[str]:
        return {name for name in assembly.data.body["Outputs"] if name.startswith("Exports")}

    assert exports(aws) == exports(plain)


def test_the_history_function_signs_uploads_to_the_proxy_on_a_laptop(local: Assembly) -> None:
    _, history = local.service.function("history")

    assert history["Environment"]["Variables"]["UPLOAD_URL"] == "/uploads"


def event_config(assembly: Assembly, function: str) -> Json:
    (found,) = (
        each
        for each in assembly.service.properties("AWS::Lambda::EventInvokeConfig")
        if each["FunctionName"] == {"Ref": function}
    )
    return found


def test_a_crashed_run_is_tried_twice_more(aws: Assembly) -> None:
    name, worker = aws.service.function("worker")
    config = event_config(aws, name)

    assert config["MaximumRetryAttempts"] == 2
    failure, _ = aws.service.function("failure")
    destination = config["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": [failure, "Arn"]}
    # A retry must still be possible after a first run of full length.
    assert config["MaximumEventAgeInSeconds"] > worker["Timeout"]


def test_a_document_that_ends_the_reader_is_not_tried_again(aws: Assembly) -> None:
    name, reader = aws.service.function("reader")

    assert event_config(aws, name)["MaximumRetryAttempts"] == 0
    assert (reader["MemorySize"], reader["Timeout"]) == (2048, READING_SECONDS)
    assert READING_SECONDS > EXTRACTION_SECONDS
