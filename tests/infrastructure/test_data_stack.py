"""The table and the bucket of the documents: schema, access, protection, expiry."""

import pytest

from tests.infrastructure.conftest import STAGES, Assembly, Json
from tests.table import SCHEMA


def test_the_table_has_the_keys_that_the_functions_use(aws: Assembly) -> None:
    _, table = aws.data.one("AWS::DynamoDB::Table")

    assert {name: table["Properties"][name] for name in SCHEMA} == SCHEMA


def test_old_items_expire(aws: Assembly) -> None:
    _, table = aws.data.one("AWS::DynamoDB::Table")

    assert table["Properties"]["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }


def test_the_table_is_retained_protected_and_recoverable(aws: Assembly) -> None:
    _, table = aws.data.one("AWS::DynamoDB::Table")

    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True
    }


def test_the_local_table_is_deleted_with_its_stack(local: Assembly) -> None:
    _, table = local.data.one("AWS::DynamoDB::Table")

    assert table["DeletionPolicy"] == "Delete"
    assert table["Properties"]["DeletionProtectionEnabled"] is False


def bucket_of(assembly: Assembly) -> Json:
    _, bucket = assembly.data.one("AWS::S3::Bucket")
    return bucket


def test_the_documents_are_private_and_encrypted(aws: Assembly) -> None:
    properties = bucket_of(aws)["Properties"]

    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (owner,) = properties["OwnershipControls"]["Rules"]
    assert owner == {"ObjectOwnership": "BucketOwnerEnforced"}


@pytest.mark.parametrize("target", STAGES)
def test_the_documents_are_reached_by_tls_only(
    assemblies: dict[str, Assembly], target: str
) -> None:
    data = assemblies[target].data
    bucket, _ = data.one("AWS::S3::Bucket")
    _, policy = data.one("AWS::S3::BucketPolicy")
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]

    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert set(map(data.text, statement["Resource"])) == {f"<{bucket}.Arn>", f"<{bucket}.Arn>/*"}


def test_a_page_of_any_origin_may_send_a_signed_form(aws: Assembly) -> None:
    assert bucket_of(aws)["Properties"]["CorsConfiguration"]["CorsRules"] == [
        {"AllowedMethods": ["POST"], "AllowedOrigins": ["*"]}
    ]


def test_objects_that_no_function_has_deleted_expire(aws: Assembly) -> None:
    rules = bucket_of(aws)["Properties"]["LifecycleConfiguration"]["Rules"]

    assert {rule["Status"] for rule in rules} == {"Enabled"}
    assert {
        rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule
    } == {"uploads/": 1, "text/": 365, "notes/": 365, "index/": 30, "shares/": 90}
    (incomplete,) = (rule for rule in rules if "AbortIncompleteMultipartUpload" in rule)
    assert incomplete["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert "Prefix" not in incomplete


def test_the_documents_are_retained_also_when_they_are_switched_off(
    aws: Assembly, plain: Assembly, local: Assembly
) -> None:
    for assembly, kept in ((aws, "Retain"), (plain, "Retain"), (local, "Delete")):
        bucket = bucket_of(assembly)
        assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == kept
