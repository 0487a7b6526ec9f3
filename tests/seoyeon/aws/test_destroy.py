"""The command `destroy`: data is kept unless the user types the stage's name."""

import asyncio
from pathlib import Path

import pytest

from seoyeon.aws.destroy import destroy
from seoyeon.aws.retained import RetainedResource, StackResources
from seoyeon.terminal.errors import CommandError
from seoyeon.terminal.progress import Progress
from tests.seoyeon.aws.support import FakeCdk, deployment_target

TABLE = RetainedResource("AWS::DynamoDB::Table", "Seoyeon-test-Data-Table-1")
OTHER = RetainedResource("AWS::Somewhere::Else", "a resource")


class FakeResources(StackResources):
    """Retains `retained` of the data stack; only tables can be deleted."""

    def __init__(self, *retained: RetainedResource) -> None:
        self.retained = retained
        self.deleted: list[RetainedResource] = []

    def retained_resources(self, stack: str) -> list[RetainedResource]:
        return list(self.retained) if stack == "Seoyeon-test-Data" else []

    def delete(self, resource: RetainedResource) -> bool:
        if resource != TABLE:
            return False
        self.deleted.append(resource)
        return True


def run(cdk: FakeCdk, resources: FakeResources, answer: str | None = None) -> list[str]:
    """Destroy with the data if there is an answer; `^D` ends the input instead."""

    def ask(question: str) -> str:
        assert answer is not None, "unexpected question"
        assert "test" in question
        if answer == "^D":
            raise EOFError
        return answer

    return asyncio.run(
        destroy(
            deployment_target(), cdk, resources, Progress(), delete_data=answer is not None, ask=ask
        )
    )


def test_what_holds_data_stays_and_is_named_with_the_command_that_removes_it(
    tmp_path: Path,
) -> None:
    cdk, resources = FakeCdk(tmp_path), FakeResources(TABLE)
    lines = run(cdk, resources)

    assert cdk.steps == ["synthesize", "destroy Seoyeon-test-Service"]
    assert resources.deleted == []
    assert lines[0] == "Kept: DynamoDB Table Seoyeon-test-Data-Table-1"
    assert lines[-1].endswith("make destroy STAGE=test DATA=delete")


def test_data_goes_for_good_if_its_stage_is_named(tmp_path: Path) -> None:
    cdk, resources = FakeCdk(tmp_path), FakeResources(TABLE)
    lines = run(cdk, resources, "test")

    assert cdk.steps[1:] == ["destroy Seoyeon-test-Service", "destroy Seoyeon-test-Data"]
    assert resources.deleted == [TABLE]
    assert lines == ["Everything has been deleted."]


@pytest.mark.parametrize("answer", ["", "yes", "Test", "prod", "^D"])
def test_anything_else_deletes_nothing_at_all(tmp_path: Path, answer: str) -> None:
    cdk, resources = FakeCdk(tmp_path), FakeResources(TABLE)

    with pytest.raises(CommandError, match=r"^Nothing was deleted: "):
        run(cdk, resources, answer)
    assert cdk.steps == []
    assert resources.deleted == []


def test_data_is_not_touched_while_a_stack_that_uses_it_is_there(tmp_path: Path) -> None:
    cdk = FakeCdk(tmp_path, fails="destroy Seoyeon-test-Service")
    resources = FakeResources(TABLE)

    with pytest.raises(CommandError):
        run(cdk, resources, "test")
    assert resources.deleted == []


def test_what_cannot_be_deleted_here_is_named(tmp_path: Path) -> None:
    lines = run(FakeCdk(tmp_path), FakeResources(TABLE, OTHER), "test")

    assert lines == ["Not deleted: Somewhere Else a resource. Delete it in the AWS console."]


def test_a_stage_without_data_leaves_nothing(tmp_path: Path) -> None:
    assert run(FakeCdk(tmp_path), FakeResources()) == ["Everything has been deleted."]
