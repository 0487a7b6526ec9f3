"""The commands `deploy` and `destroy` with the real CDK CLI, on an emulator.

The service stack is the laptop's: MiniStack cannot run the function that fills the page's bucket
on AWS. The data stack is the one for AWS.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from cdk.stack_names import DOCUMENTS_OUTPUT
from seoyeon import ROOT
from seoyeon.aws.cdk_cli import Cdk
from seoyeon.aws.deploy import deploy
from seoyeon.aws.destroy import destroy
from seoyeon.aws.retained import BUCKET, TABLE, USER_POOL, StackResources
from seoyeon.aws.target import DeploymentTarget
from seoyeon.local.ministack import environment
from seoyeon.local.ministack.client import MiniStackClient
from seoyeon.local.ministack.server import MiniStack
from seoyeon.local.ministack.session import (
    ACCOUNT,
    REGION,
    cli_environment,
    client_config,
    open_session,
)
from seoyeon.local.page import build, publish
from seoyeon.local.sockets import free_port
from seoyeon.terminal.progress import Progress

pytestmark = pytest.mark.xdist_group("deployment")

# The templates name MiniStack's port, so that all tests of this module use the same one.
PORT = free_port(None)


@asynccontextmanager
async def ministack(folder: Path) -> AsyncIterator[str]:
    server = await MiniStack.start(await environment.ensure(), folder, PORT)
    try:
        yield server.url
    finally:
        await server.stop()


def client(url: str, service: str) -> Any:
    return open_session().client(service, endpoint_url=url, config=client_config())  # type: ignore[call-overload]  # any service


def stacks(url: str) -> set[str]:
    pages = client(url, "cloudformation").get_paginator("list_stacks").paginate()
    return {
        stack["StackName"]
        for page in pages
        for stack in page["StackSummaries"]
        if stack["StackStatus"] != "DELETE_COMPLETE" and stack["StackName"].startswith("Seoyeon")
    }


def resources(url: str) -> dict[str, int]:
    """Count the resources that cost money or hold data."""
    return {
        "functions": len(client(url, "lambda").list_functions()["Functions"]),
        "tables": len(client(url, "dynamodb").list_tables()["TableNames"]),
        "rest": len(client(url, "apigateway").get_rest_apis()["items"]),
        "sockets": len(client(url, "apigatewayv2").get_apis()["Items"]),
        "user pools": len(client(url, "cognito-idp").list_user_pools(MaxResults=60)["UserPools"]),
        "buckets": len(
            [
                bucket
                for bucket in client(url, "s3").list_buckets()["Buckets"]
                if not bucket["Name"].startswith("cdk-")
            ]
        ),
        "distributions": client(url, "cloudfront").list_distributions()["DistributionList"][
            "Quantity"
        ],
        "logs": len(client(url, "logs").describe_log_groups()["logGroups"]),
        "roles": len(
            [
                role
                for role in client(url, "iam").list_roles()["Roles"]
                if role["RoleName"].startswith("Seoyeon")
            ]
        ),
    }


class CachedCdk(Cdk):
    """The CDK CLI on MiniStack, which synthesizes a context once for all tests of this module."""

    assemblies: ClassVar[dict[tuple[str, ...], Path]] = {}

    def __init__(self, target: DeploymentTarget, url: str, out: Path) -> None:
        super().__init__(target, cli_environment(url, out / "home"), out)

    async def synthesize(self, progress: Progress) -> None:
        if found := self.assemblies.get(self._target.context):
            shutil.copytree(found, self._folder, dirs_exist_ok=True)
            return
        await super().synthesize(progress)
        saved = self._folder.with_name("synthesized")
        self.assemblies[self._target.context] = shutil.copytree(self._folder, saved)

    async def deploy_alone(self, stack: str) -> None:
        app = f"--app={self._folder}"
        await self._commands.cdk("deploy", stack, app, "--require-approval=never", folder=ROOT)


def target_on_ministack(*context: str, bootstrapped: bool) -> DeploymentTarget:
    return DeploymentTarget("try", ("stage=try", *context), ACCOUNT, REGION, bootstrapped, None)


def laptop_target(url: str, *, bootstrapped: bool) -> DeploymentTarget:
    """With accounts, which have every resource of a deployment for guests and more."""
    return target_on_ministack(
        "target=local",
        f"local_endpoint_url={url}",
        "auth=cognito",
        "local_page_url=http://localhost:8080",
        bootstrapped=bootstrapped,
    )


def test_a_stage_is_deployed_kept_deployed_again_and_deleted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One test for all steps, because each deployment takes many seconds."""
    item = {"pk": {"S": "a person"}, "sk": {"S": "a question"}}

    async def scenario() -> None:
        async with ministack(tmp_path / "ministack") as url:
            target = laptop_target(url, bootstrapped=False)
            cdk = CachedCdk(target, url, tmp_path / "out")
            stack_resources = StackResources(lambda service: client(url, service))
            tables = client(url, "dynamodb")

            page = await deploy(target, cdk, Progress())
            assert page.startswith("https://d")
            assert stacks(url) == set(target.stacks)
            deployed = resources(url)
            assert all(deployed.values())
            (table,) = tables.list_tables()["TableNames"]
            tables.put_item(TableName=table, Item=item)
            s3 = client(url, "s3")
            bucket = (MiniStackClient(url).outputs(target.stacks.data) or {})[DOCUMENTS_OUTPUT]
            s3.put_object(Bucket=bucket, Key="text/a/b/c.json.gz", Body=b"a document")

            await destroy(
                target, cdk, stack_resources, Progress(), delete_data=False, ask=lambda question: ""
            )
            assert stacks(url) == {target.stacks.data}
            left = {kind for kind, number in resources(url).items() if number}
            assert left == {"tables", "user pools", "buckets"}

            await deploy(laptop_target(url, bootstrapped=True), cdk, Progress())
            assert resources(url) == deployed
            assert tables.scan(TableName=table)["Items"] == [item]
            assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1

            outputs = MiniStackClient(url).outputs(target.stacks.service) or {}
            publish(MiniStackClient(url), outputs["BucketName"], outputs["PageConfig"], build())
            lines = await destroy(
                target,
                cdk,
                stack_resources,
                Progress(),
                delete_data=True,
                ask=lambda question: "try",
            )
            assert lines == ["Everything has been deleted."]
            assert stacks(url) == set()
            assert not any(resources(url).values()), resources(url)

    asyncio.run(scenario())
    lines = capsys.readouterr().out.splitlines()
    # Bootstrap, synth, deploy; service stack deleted; deploy; both stacks deleted: each step has a
    # line at its begin and one at its end.
    assert len(lines) == 2 * 7
    log = (tmp_path / "out" / "try.log").read_text()
    assert "Seoyeon-try-Service" in log


def test_data_outlives_its_stack_until_its_deletion_is_asked_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ministack(tmp_path / "ministack") as url:
            target = target_on_ministack("auth=cognito", bootstrapped=False)
            cdk = CachedCdk(target, url, tmp_path / "out")
            await cdk.bootstrap()
            await cdk.synthesize(Progress())
            await cdk.deploy_alone(target.stacks.data)
            stack_resources = StackResources(lambda service: client(url, service))
            kept = {
                resource.type: resource
                for resource in stack_resources.retained_resources(target.stacks.data)
            }
            assert kept.keys() == {TABLE, USER_POOL, BUCKET}
            table, pool, bucket = kept[TABLE], kept[USER_POOL], kept[BUCKET]
            tables, cognito = client(url, "dynamodb"), client(url, "cognito-idp")
            s3 = client(url, "s3")
            s3.put_object(Bucket=bucket.name, Key="text/a/b/c.json.gz", Body=b"a document")

            def pools() -> list[str]:
                listed = cognito.list_user_pools(MaxResults=60)["UserPools"]
                return [each["Id"] for each in listed]

            described = cognito.describe_user_pool(UserPoolId=pool.name)["UserPool"]
            assert described["DeletionProtection"] == "ACTIVE"
            assert tables.describe_table(TableName=table.name)["Table"]["DeletionProtectionEnabled"]

            lines = await destroy(
                target, cdk, stack_resources, Progress(), delete_data=False, ask=lambda question: ""
            )
            assert set(lines[:3]) == {
                f"Kept: S3 Bucket {bucket.name}",
                f"Kept: DynamoDB Table {table.name}",
                f"Kept: Cognito UserPool {pool.name}",
            }
            assert (tables.list_tables()["TableNames"], pools()) == ([table.name], [pool.name])

            await cdk.destroy(target.stacks.data)
            # All of them exist without their stack.
            assert (tables.list_tables()["TableNames"], pools()) == ([table.name], [pool.name])
            assert s3.list_objects_v2(Bucket=bucket.name)["KeyCount"] == 1
            for resource in (table, pool, bucket):
                assert stack_resources.delete(resource)
            assert (tables.list_tables()["TableNames"], pools()) == ([], [])
            assert bucket.name not in [each["Name"] for each in s3.list_buckets()["Buckets"]]
            assert stack_resources.retained_resources(target.stacks.data) == []

    asyncio.run(scenario())
