"""The report `feedback`, from ratings that the history function's code has written."""

import json
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key
from chat_shared import keys
from history_api.service import Service

from seoyeon.reports.feedback import read_lines
from tests.builders import ALICE, BOB, CONVERSATION, MODEL, NOW, store, turn, uuid
from tests.table import create_service

if TYPE_CHECKING:
    from chat_shared.principal import Principal
    from mypy_boto3_dynamodb.service_resource import Table

FIRST, SECOND = (f"{keys.timestamp(NOW)}-0000000{n}" for n in (1, 2))


def rate(
    table: "Table", user: "Principal", turn_id: str, at: float, **rating: str | bool
) -> Service:
    """Store an answered turn, which is rated at a time."""
    fields = {"turn_id": turn_id, "request_id": uuid(int(at)), "user_id": user.user_id}
    answered = {"status": "done", "answer": "경주예요.\n둘째 줄", "model_id": MODEL}
    store(table, turn(**fields, **answered, expires_at=int(NOW) + 100))
    service = create_service(table, lambda: at)
    service.rate(user, CONVERSATION, turn_id, json.dumps(rating))
    return service


def lines(table: "Table", now: float = NOW, *, with_content: bool = False) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read_lines(table, now, with_content=with_content)]


def test_each_rating_is_a_line_without_content_and_user(table: "Table") -> None:
    rate(table, BOB, SECOND, NOW + 2, rating="down", text="틀렸어요.\n두 번", share=True)
    rate(table, ALICE, FIRST, NOW + 1, rating="up", share=False)

    told = list(read_lines(table, NOW))

    shared = {"model_id": MODEL, "mode": "chat"}
    assert [json.loads(line) for line in told] == [
        {"rating": "up", "text": "", "turn_id": FIRST, "rated_at": keys.timestamp(NOW + 1)}
        | shared,
        {
            "rating": "down",
            "text": "틀렸어요.\n두 번",
            "turn_id": SECOND,
            "rated_at": keys.timestamp(NOW + 2),
        }
        | shared,
    ]
    assert not any("\n" in line for line in told)
    assert "틀렸어요." in told[1]


def test_content_is_that_of_users_who_have_agreed(table: "Table") -> None:
    rate(table, ALICE, FIRST, NOW + 1, rating="up", share=False)
    rate(table, BOB, SECOND, NOW + 2, rating="down", share=True)

    kept, shared = lines(table, with_content=True)

    assert not {"question", "answer"} & kept.keys()
    assert (shared["question"], shared["answer"]) == ("여행하고 싶다", "경주예요.\n둘째 줄")


def test_a_changed_deleted_or_expired_rating_is_no_line(table: "Table") -> None:
    rate(table, ALICE, FIRST, NOW + 1, rating="up", share=True)
    service = rate(table, ALICE, FIRST, NOW + 2, rating="down", share=False)
    [line] = lines(table, with_content=True)
    assert line["rating"] == "down"
    assert "answer" not in line
    assert lines(table, NOW + 200) == []
    service.delete_rating(ALICE, CONVERSATION, FIRST)
    assert lines(table) == []


def test_ratings_of_many_pages_are_all_listed(table: "Table") -> None:
    """A page of DynamoDB has at most a megabyte."""
    with table.batch_writer() as batch:
        for number in range(5):
            rated = turn(turn_id=FIRST[:-1] + str(number), answer="가" * 100_000, rating="up")
            place = {"activity_pk": keys.FEEDBACK, "activity_sk": f"{number}"}
            batch.put_item(Item=rated.to_item() | place | {"rating_shared": True})
    first = table.query(
        IndexName=keys.ACTIVITY_INDEX, KeyConditionExpression=Key("activity_pk").eq(keys.FEEDBACK)
    )
    assert len(first["Items"]) < 5
    assert [line["turn_id"][-1] for line in lines(table)] == list("01234")


def test_the_report_queries_the_index_and_never_scans(table: "Table") -> None:
    called: list[str] = []
    table.meta.client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: called.append(model.name)
    )
    lines(table)
    assert called == ["Query"]
