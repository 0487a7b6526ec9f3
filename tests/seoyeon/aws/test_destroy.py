"""`make destroy`: data stays unless its stage is named, letter by letter."""

import asyncio
from pathlib import Path

import pytest

from seoyeon.aws.destroy import destroy
from seoyeon.aws.retained import Remain
from seoyeon.terminal.errors import RunError
from seoyeon.terminal.progress import Progress
from tests.seoyeon.aws.support import FakeCdk, place

TABLE = Remain("AWS::DynamoDB::Table", "Seoyeon-test-Data-Table-1")
POOL = Remain("AWS::Somewhere::Else", "a pool")


class FakeRemains:
    """Of the data stack: `kept`. Only tables can be deleted."""

    def __init__(self, *kept: Remain) -> None:
        self.kept = kept
        self.deleted: list[Remain] = []

    def of(self, stack: str) -> list[Remain]:
        return list(self.kept) if stack == "Seoyeon-test-Data" else []

    def delete(self, remain: Remain) -> bool:
        if remain != TABLE:
            return False
        self.deleted.append(remain)
        return True


def run(cdk: FakeCdk, remains: FakeRemains, answer: str | None = None) -> list[str]:
    """`answer` None is a destroy that keeps the data, and asks nothing."""

    def ask(question: str) -> str:
        assert answer is not None, "nobody was to be asked"
        assert "test" in question
        if answer == "^D":
            raise EOFError
        return answer

    return asyncio.run(
        destroy(place(), cdk, remains, Progress(), data_too=answer is not None, ask=ask)
    )


def test_what_holds_data_stays_and_is_named_with_the_command_that_removes_it(
    tmp_path: Path,
) -> None:
    cdk, remains = FakeCdk(tmp_path), FakeRemains(TABLE)
    said = run(cdk, remains)

    assert cdk.steps == ["synthesize", "destroy Seoyeon-test-Service"]
    assert remains.deleted == []
    assert said[0] == "Kept: DynamoDB Table Seoyeon-test-Data-Table-1"
    assert said[-1].endswith("make destroy STAGE=test DATA=delete")


def test_data_goes_for_good_if_its_stage_is_named(tmp_path: Path) -> None:
    cdk, remains = FakeCdk(tmp_path), FakeRemains(TABLE)
    said = run(cdk, remains, "test")

    assert cdk.steps[1:] == ["destroy Seoyeon-test-Service", "destroy Seoyeon-test-Data"]
    assert remains.deleted == [TABLE]
    assert said == ["All of it is gone."]


@pytest.mark.parametrize("answer", ["", "yes", "Test", "prod", "^D"])
def test_anything_else_deletes_nothing_at_all(tmp_path: Path, answer: str) -> None:
    cdk, remains = FakeCdk(tmp_path), FakeRemains(TABLE)

    with pytest.raises(RunError, match=r"^Nothing was deleted\.$"):
        run(cdk, remains, answer)
    assert cdk.steps == []
    assert remains.deleted == []


def test_data_is_not_touched_while_a_stack_that_uses_it_is_there(tmp_path: Path) -> None:
    cdk = FakeCdk(tmp_path, fails="destroy Seoyeon-test-Service")
    remains = FakeRemains(TABLE)

    with pytest.raises(RunError):
        run(cdk, remains, "test")
    assert remains.deleted == []


def test_what_cannot_be_deleted_here_is_named(tmp_path: Path) -> None:
    said = run(FakeCdk(tmp_path), FakeRemains(TABLE, POOL), "test")

    assert said == ["Left, to be deleted by hand: Somewhere Else a pool"]


def test_a_stage_without_data_leaves_nothing(tmp_path: Path) -> None:
    assert run(FakeCdk(tmp_path), FakeRemains()) == ["Nothing of it is left."]
