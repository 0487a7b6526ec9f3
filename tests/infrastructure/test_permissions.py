"""The IAM grants of each function, complete."""

from typing import Any

import pytest
from chat_shared.documents import INDEX_PREFIX, PREFIXES
from chat_shared.shares import SHARES

from tests.infrastructure.conftest import Assembly, Json, Template
from tests.successor import SUCCESSOR_IDS, SUCCESSORS

LLAMA_3 = "meta.llama3-70b-instruct-v1:0"
LLAMA_3_3 = "meta.llama3-3-70b-instruct-v1:0"
BEDROCK = "arn:<AWS::Partition>:bedrock"
PROFILE = f"{BEDROCK}:us-west-2:<AWS::AccountId>:inference-profile/us.{LLAMA_3_3}"

Grants = dict[str, set[str]]


def granted(template: Template, function: Json) -> Grants:
    """Return action → resources of the function's role; all statements have to be Allow.

    The permissions of every function (its log, traces) are checked here and left out.
    """
    role = template.text(function["Role"]).strip("<>").removesuffix(".Arn")
    grants: Grants = {}
    for policy in template.properties("AWS::IAM::Policy"):
        if {"Ref": role} not in policy["Roles"]:
            continue
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in _listed(statement["Action"]):
                resources = map(template.text, _listed(statement["Resource"]))
                grants.setdefault(action, set()).update(resources)
    for action in ("xray:PutTelemetryRecords", "xray:PutTraceSegments"):
        assert grants.pop(action) == {"*"}
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        (log,) = grants.pop(action)
        assert log == f"<{function['LoggingConfig']['LogGroup']['Ref']}.Arn>"
    return grants


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def table(aws: Assembly) -> str:
    name, _ = aws.data.one("AWS::DynamoDB::Table")
    return f"<{name}.Arn>"


@pytest.fixture(scope="module")
def bucket(aws: Assembly) -> str:
    name, _ = aws.data.one("AWS::S3::Bucket")
    return f"<{name}.Arn>"


def test_routes_writes_turns_and_invokes_the_worker(aws: Assembly, table: str) -> None:
    _, routes = aws.service.function("routes")
    worker, _ = aws.service.function("worker")

    assert granted(aws.service, routes) == {
        "dynamodb:GetItem": {table},
        "dynamodb:PutItem": {table},
        "dynamodb:Query": {table},
        "dynamodb:UpdateItem": {table},
        "lambda:InvokeFunction": {f"<{worker}.Arn>"},
    }


def test_the_worker_calls_the_configured_models_and_its_own_sockets(
    aws: Assembly, table: str, bucket: str
) -> None:
    _, worker = aws.service.function("worker")
    failure, _ = aws.service.function("failure")
    api, _ = aws.service.one("AWS::ApiGatewayV2::Api")
    sockets = f"arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<{api}>"

    assert granted(aws.service, worker) == {
        "dynamodb:BatchGetItem": {table},
        "dynamodb:GetItem": {table},
        "dynamodb:Query": {table},
        "dynamodb:UpdateItem": {table},
        "execute-api:ManageConnections": {f"{sockets}/chat/POST/@connections/*"},
        "lambda:InvokeFunction": {f"<{failure}.Arn>"},
        "bedrock:InvokeModelWithResponseStream": {
            f"{BEDROCK}:us-west-2::foundation-model/{LLAMA_3}",
            PROFILE,
            f"{BEDROCK}:us-east-1::foundation-model/{LLAMA_3_3}",
            f"{BEDROCK}:us-east-2::foundation-model/{LLAMA_3_3}",
            f"{BEDROCK}:us-west-2::foundation-model/{LLAMA_3_3}",
        },
        "s3:GetObject": {f"{bucket}/text/*", f"{bucket}/notes/*"},
        "s3:PutObject": {f"{bucket}/notes/*"},
        "s3:DeleteObject": {f"{bucket}/notes/*"},
    }


def test_the_worker_may_call_other_configured_models_only(full: Assembly) -> None:
    _, worker = full.service.function("worker")

    assert granted(full.service, worker)["bedrock:InvokeModelWithResponseStream"] == {
        f"{BEDROCK}:us-west-2::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
        f"{BEDROCK}:us-west-2:<AWS::AccountId>:inference-profile/global.amazon.nova-2-lite-v1:0",
        f"{BEDROCK}:us-west-2::foundation-model/amazon.nova-2-lite-v1:0",
        f"{BEDROCK}:::foundation-model/amazon.nova-2-lite-v1:0",
    }


def test_the_documented_successor_of_llama_is_what_the_worker_may_call(plain: Assembly) -> None:
    _, worker = plain.service.function("worker")
    profiles = {f"{BEDROCK}:us-west-2:<AWS::AccountId>:inference-profile/{m}" for m in SUCCESSORS}
    models = {
        f"{BEDROCK}:{region}::foundation-model/{model.foundation_model}"
        for model in SUCCESSORS
        for region in ("us-east-1", "us-east-2", "us-west-2")
    }

    assert worker["Environment"]["Variables"]["MODEL_IDS"] == SUCCESSOR_IDS
    assert "llama" not in SUCCESSOR_IDS
    allowed = granted(plain.service, worker)["bedrock:InvokeModelWithResponseStream"]
    assert allowed == profiles | models


def test_a_guardrail_is_the_only_one_that_may_be_applied(full: Assembly) -> None:
    _, worker = full.service.function("worker")

    assert granted(full.service, worker)["bedrock:ApplyGuardrail"] == {
        f"{BEDROCK}:us-west-2:<AWS::AccountId>:guardrail/gr1abc2def3h"
    }


def test_failure_updates_turns_and_posts_to_connections(aws: Assembly, table: str) -> None:
    _, failure = aws.service.function("failure")
    api, _ = aws.service.one("AWS::ApiGatewayV2::Api")
    sockets = f"arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<{api}>"

    assert granted(aws.service, failure) == {
        "dynamodb:UpdateItem": {table},
        "execute-api:ManageConnections": {f"{sockets}/chat/POST/@connections/*"},
    }


@pytest.mark.parametrize("documents", [True, False])
def test_history_reads_searches_renames_and_deletes(
    aws: Assembly, plain: Assembly, table: str, bucket: str, documents: bool
) -> None:
    service = aws.service if documents else plain.service
    _, history = service.function("history")
    where = {table, f"{table}/index/by_activity"}
    index, shares = f"{bucket}/{INDEX_PREFIX}/*", f"{bucket}/{SHARES}/*"
    offered: Grants = {"s3:PutObject": {index}, "s3:GetObject": {index, shares}}
    if documents:
        reader, _ = service.function("reader")
        offered = {
            "s3:PutObject": {index, f"{bucket}/uploads/*"},
            "s3:GetObject": {index, shares, f"{bucket}/text/*"},
            "lambda:InvokeFunction": {f"<{reader}.Arn>"},
        }

    assert granted(service, history) == {
        "dynamodb:BatchGetItem": {table},
        "dynamodb:BatchWriteItem": where,
        "dynamodb:DeleteItem": where,
        "dynamodb:GetItem": where,
        "dynamodb:PutItem": where,
        "dynamodb:Query": where,
        "dynamodb:UpdateItem": where,
        "s3:DeleteObject": {index, shares, *(f"{bucket}/{prefix}/*" for prefix in PREFIXES)},
        "s3:ListBucket": {bucket},
        **offered,
    }


def test_only_a_deployment_with_sharing_stores_shared_copies(aws: Assembly, full: Assembly) -> None:
    for assembly, stores in ((aws, False), (full, True)):
        bucket, _ = assembly.data.one("AWS::S3::Bucket")
        _, history = assembly.service.function("history")
        grants = granted(assembly.service, history)
        assert (f"<{bucket}.Arn>/{SHARES}/*" in grants["s3:PutObject"]) == stores
        assert ("dynamodb:ConditionCheckItem" in grants) == stores


def test_only_keys_of_documents_are_listed(aws: Assembly) -> None:
    (listing,) = (
        statement
        for policy in aws.service.properties("AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "s3:ListBucket"
    )

    assert listing["Condition"] == {
        "StringLike": {"s3:prefix": [f"{prefix}/*" for prefix in PREFIXES]}
    }


def test_the_reader_reaches_neither_models_nor_connections(
    aws: Assembly, table: str, bucket: str
) -> None:
    """It parses files of strangers."""
    _, reader = aws.service.function("reader")

    assert granted(aws.service, reader) == {
        "dynamodb:UpdateItem": {table},
        "s3:GetObject": {f"{bucket}/uploads/*"},
        "s3:PutObject": {f"{bucket}/text/*"},
        "s3:DeleteObject": {f"{bucket}/uploads/*", f"{bucket}/text/*"},
    }


def test_the_worker_without_documents_reaches_no_bucket(plain: Assembly) -> None:
    _, worker = plain.service.function("worker")

    assert not any(action.startswith("s3:") for action in granted(plain.service, worker))


def test_the_authorizer_may_do_nothing(aws: Assembly) -> None:
    _, authorizer = aws.service.function("authorizer")

    assert granted(aws.service, authorizer) == {}


def test_no_role_has_a_managed_policy(local: Assembly) -> None:
    roles = local.service.properties("AWS::IAM::Role")

    assert len(roles) == 6
    assert [role for role in roles if role.get("ManagedPolicyArns")] == []


def test_only_our_apis_may_invoke_a_function(aws: Assembly) -> None:
    permissions = aws.service.properties("AWS::Lambda::Permission")
    socket, _ = aws.service.one("AWS::ApiGatewayV2::Api")
    rest, _ = aws.service.one("AWS::ApiGateway::RestApi")

    assert permissions
    for permission in permissions:
        source = aws.service.text(permission["SourceArn"])
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert f":<{socket}>/" in source or f":<{rest}>/" in source
