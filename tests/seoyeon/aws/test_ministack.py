"""Both commands with the real CDK, onto an emulator: a deployment's life from end to end.

The service stack is the laptop's: MiniStack cannot run the function by which AWS's gets its page.
The data stack is AWS's.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from seoyeon.aws.cdk_cli import Cdk
from seoyeon.aws.deploy import deploy
from seoyeon.aws.destroy import destroy
from seoyeon.aws.retained import POOL, TABLE, Remains
from seoyeon.aws.target import Place
from seoyeon.local.cloud import Cloud
from seoyeon.local.ministack import environment
from seoyeon.local.ministack import session as emulator
from seoyeon.local.ministack.server import MiniStack
from seoyeon.local.page import publish
from seoyeon.local.sockets import free_port
from seoyeon.terminal.progress import Progress


@asynccontextmanager
async def ministack(folder: Path) -> AsyncIterator[str]:
    server = await MiniStack.start(await environment.ensure(), folder, free_port(None))
    try:
        yield server.url
    finally:
        await server.stop()


def client(url: str, service: str) -> Any:
    return emulator.open_session().client(
        service, endpoint_url=url, config=emulator.client_config()
    )  # type: ignore[call-overload]  # any service


def stacks(url: str) -> set[str]:
    pages = client(url, "cloudformation").get_paginator("list_stacks").paginate()
    return {
        stack["StackName"]
        for page in pages
        for stack in page["StackSummaries"]
        if stack["StackStatus"] != "DELETE_COMPLETE" and stack["StackName"].startswith("Seoyeon")
    }


def resources(url: str) -> dict[str, int]:
    """How many of what costs, or holds something, there are."""
    return {
        "functions": len(client(url, "lambda").list_functions()["Functions"]),
        "tables": len(client(url, "dynamodb").list_tables()["TableNames"]),
        "rest": len(client(url, "apigateway").get_rest_apis()["items"]),
        "sockets": len(client(url, "apigatewayv2").get_apis()["Items"]),
        "pools": len(client(url, "cognito-idp").list_user_pools(MaxResults=60)["UserPools"]),
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


def cdk(place: Place, url: str, out: Path) -> Cdk:
    environ: Mapping[str, str] = emulator.cli_environment(url, out / "home")
    return Cdk(place, environ, out)


def a_place(*context: str, bootstrapped: bool) -> Place:
    return Place(
        "try", ("stage=try", *context), emulator.ACCOUNT, emulator.REGION, bootstrapped, None
    )


def on_the_laptop(url: str, *, bootstrapped: bool) -> Place:
    """With accounts, which guests' deployments have everything of."""
    return a_place(
        "target=local",
        f"local_endpoint_url={url}",
        "auth=cognito",
        "local_page_url=http://localhost:8080",
        bootstrapped=bootstrapped,
    )


def test_a_stage_comes_with_one_command_and_goes_with_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        async with ministack(tmp_path / "ministack") as url:
            place = on_the_laptop(url, bootstrapped=False)
            tool = cdk(place, url, tmp_path / "out")
            page = await deploy(place, tool, Progress())
            assert page.startswith("https://d")
            assert stacks(url) == set(place.stacks)
            assert all(resources(url).values())
            outputs = Cloud(url).outputs(place.stacks.service) or {}
            publish(Cloud(url), outputs["BucketName"], outputs["PageConfig"])

            remains = Remains(lambda service: client(url, service))
            said = await destroy(
                place, tool, remains, Progress(), data_too=True, ask=lambda question: "try"
            )
            assert said == ["All of it is gone."]
            assert stacks(url) == set()
            assert not any(resources(url).values()), resources(url)

    asyncio.run(scenario())
    lines = capsys.readouterr().out.splitlines()
    # Quiet: one line when a step begins, one when it has ended.
    assert len(lines) == 2 * 6
    log = (tmp_path / "out" / "try.log").read_text()
    assert "Seoyeon-try-Service" in log


def test_what_was_kept_is_found_again_by_the_next_deployment(tmp_path: Path) -> None:
    item = {"pk": {"S": "a person"}, "sk": {"S": "a question"}}

    async def scenario() -> None:
        async with ministack(tmp_path / "ministack") as url:
            place = on_the_laptop(url, bootstrapped=False)
            tool = cdk(place, url, tmp_path / "out")
            remains = Remains(lambda service: client(url, service))
            tables = client(url, "dynamodb")
            await deploy(place, tool, Progress())
            (table,) = tables.list_tables()["TableNames"]
            tables.put_item(TableName=table, Item=item)
            held = resources(url)

            await destroy(place, tool, remains, Progress(), data_too=False, ask=lambda question: "")
            assert stacks(url) == {place.stacks.data}
            left = {kind for kind, count in resources(url).items() if count}
            assert left == {"tables", "pools"}

            await deploy(on_the_laptop(url, bootstrapped=True), tool, Progress())
            assert resources(url) == held
            assert tables.scan(TableName=table)["Items"] == [item]

    asyncio.run(scenario())


def test_data_outlives_its_stack_until_its_deletion_is_asked_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ministack(tmp_path / "ministack") as url:
            place = a_place("auth=cognito", bootstrapped=False)
            tool = cdk(place, url, tmp_path / "out")
            await tool.bootstrap()
            await tool.synthesize(Progress())
            await tool.deploy(place.stacks.data)
            remains = Remains(lambda service: client(url, service))
            kept = {remain.kind: remain for remain in remains.of(place.stacks.data)}
            assert kept.keys() == {TABLE, POOL}
            table, pool = kept[TABLE], kept[POOL]
            tables, people = client(url, "dynamodb"), client(url, "cognito-idp")

            def pools() -> list[str]:
                listed = people.list_user_pools(MaxResults=60)["UserPools"]
                return [each["Id"] for each in listed]

            described = people.describe_user_pool(UserPoolId=pool.name)["UserPool"]
            assert described["DeletionProtection"] == "ACTIVE"
            assert tables.describe_table(TableName=table.name)["Table"]["DeletionProtectionEnabled"]

            said = await destroy(
                place, tool, remains, Progress(), data_too=False, ask=lambda question: ""
            )
            assert set(said[:2]) == {
                f"Kept: DynamoDB Table {table.name}",
                f"Kept: Cognito UserPool {pool.name}",
            }
            assert (tables.list_tables()["TableNames"], pools()) == ([table.name], [pool.name])

            await tool.destroy(place.stacks.data)
            # Both are there without their stack.
            assert (tables.list_tables()["TableNames"], pools()) == ([table.name], [pool.name])
            assert remains.delete(table)
            assert remains.delete(pool)
            assert (tables.list_tables()["TableNames"], pools()) == ([], [])
            assert remains.of(place.stacks.data) == []

    asyncio.run(scenario())
