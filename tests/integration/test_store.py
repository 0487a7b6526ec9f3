from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from chat_shared import keys
from chat_shared.turn import question_title
from chat_ws.errors import Busy
from chat_ws.protocol import Chat
from chat_ws.settings import Limits
from chat_ws.store import turns
from chat_ws.store.leases import Leases
from chat_ws.store.quota import Quota
from chat_ws.store.titles import Titles
from chat_ws.store.turns import Turns

from tests.builders import ALICE, CONVERSATION, MODELS, NOW, REQUEST, consumption, uuid
from tests.fakes import Clock
from tests.store_contract import Store, StoreContract, chat

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

DAY = 86_400


def no_sleep(_seconds: float) -> None: ...


@pytest.fixture
def store(table: "Table") -> Store:
    clock = Clock(NOW)
    return Store(
        Turns(table, 90, clock, sleep=no_sleep),
        Leases(table, clock),
        clock,
        lambda: table.scan()["Count"],
        lambda limits: Turns(table, 90, clock, limits, sleep=no_sleep),
        Quota(table, clock=clock),
        Titles(table),
        lambda key: table.delete_item(Key=key),
    )


class TestDynamoDb(StoreContract):
    """The contract on moto's DynamoDB."""


def item(table: "Table", key: dict[str, str]) -> dict[str, Any]:
    return table.get_item(Key=key)["Item"]


def test_all_that_is_stored_expires_with_the_history(table: "Table", store: Store) -> None:
    turn = store.accept()
    for key in (
        keys.turn(ALICE.user_id, CONVERSATION, turn.turn_id),
        keys.marker(ALICE.user_id, REQUEST),
        keys.conversation(ALICE.user_id, CONVERSATION),
    ):
        assert item(table, key)[keys.TTL_ATTRIBUTE] == int(NOW) + 90 * DAY


def test_counters_of_a_quota_expire_first_and_those_of_a_user_before_those_of_all(
    table: "Table", store: Store
) -> None:
    store.limited(Limits(messages=5)).accept(ALICE, chat(1), "connection-1")
    store.quota.add(ALICE.user_id, consumption(7))
    usage = {"prompt_tokens": 7, "microdollars": 19}
    by_model = {f"{name}#{MODELS[0]}": number for name, number in usage.items()}
    for key, counted, days in (
        (keys.messages(ALICE.user_id, "2026-11-18"), {"messages": 1, "tokens": 7}, 3),
        (keys.tokens("2026-11-18"), {"tokens": 7, **usage, **by_model}, 400),
        (keys.user_usage(ALICE.user_id, "2026-11-18"), usage, 30),
    ):
        assert item(table, key) == {**key, **counted, keys.TTL_ATTRIBUTE: int(NOW) + days * DAY}


def test_a_conversation_lives_as_long_as_its_last_turn(table: "Table", store: Store) -> None:
    store.accept()
    store.clock.pass_by(10 * DAY)
    store.accept(request=uuid(2))
    conversation = item(table, keys.conversation(ALICE.user_id, CONVERSATION))
    assert conversation[keys.TTL_ATTRIBUTE] == int(NOW) + 100 * DAY


def test_a_conversation_keeps_its_title_and_moves_up_the_list(table: "Table", store: Store) -> None:
    store.accept()
    store.clock.pass_by(60)
    store.turns.accept(ALICE, Chat(uuid(2), CONVERSATION, "경주"), "connection-1")
    conversation = item(table, keys.conversation(ALICE.user_id, CONVERSATION))
    assert conversation["title"] == "여행하고 싶다"
    assert conversation["created_at"] == keys.timestamp(NOW)
    assert conversation["last_activity_at"] == keys.timestamp(NOW + 60)
    assert conversation["activity_sk"] == f"{keys.timestamp(NOW + 60)}#{CONVERSATION}"


def refuse_transactions(
    table: "Table", monkeypatch: pytest.MonkeyPatch, *codes: str, times: int = 1_000
) -> list[None]:
    """Cancel the next `times` transactions for these reasons; return the list of cancellations."""
    client: Any = table.meta.client
    call = client._make_api_call
    refused: list[None] = []

    def make_api_call(operation: str, parameters: dict[str, Any]) -> Any:
        if operation != "TransactWriteItems" or len(refused) >= times:
            return call(operation, parameters)
        refused.append(None)
        answer: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": code} for code in codes],
        }
        raise client.exceptions.TransactionCanceledException(answer, operation)

    monkeypatch.setattr(client, "_make_api_call", make_api_call)
    return refused


def test_a_conflict_with_another_transaction_is_tried_again(
    table: "Table", store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_transactions(table, monkeypatch, "TransactionConflict", "None", "None", times=2)
    assert store.turns.accept(ALICE, Chat(REQUEST, CONVERSATION, "가"), "connection-1")[1]


def test_a_conflict_over_the_counter_is_no_refusal(
    table: "Table", store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_transactions(table, monkeypatch, *["None"] * 3, "TransactionConflict", times=2)
    limited = store.limited(Limits(messages=5))
    assert limited.accept(ALICE, Chat(REQUEST, CONVERSATION, "가"), "connection-1")[1]


def test_a_table_that_keeps_refusing_is_busy(
    table: "Table", store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = refuse_transactions(table, monkeypatch, "None", "None", "TransactionConflict")
    with pytest.raises(Busy):
        store.accept()
    assert len(refused) == turns.TRANSACTION_TRIES


def test_any_other_refusal_is_not_hidden(
    table: "Table", store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = refuse_transactions(table, monkeypatch, "None", "ValidationError", "None")
    with pytest.raises(ClientError):
        store.accept()
    assert len(refused) == 1


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("경주", "경주"),
        ("  경주에서\n\n무엇을   볼까? ", "경주에서 무엇을 볼까?"),
        ("가" * 40, "가" * 40),
        ("가" * 41, "가" * 40 + "…"),
        ("가" * 39 + " 나다", "가" * 39 + "…"),
    ],
)
def test_a_conversation_is_named_by_its_first_question(text: str, title: str) -> None:
    assert question_title(text) == title
