import json
import unicodedata
from contextlib import suppress
from typing import Any

import pytest
from chat_shared.turn import Source
from chat_ws.errors import MAX_QUESTION_CHARACTERS, Busy
from chat_ws.protocol import (
    MAX_FRAME_BYTES,
    MAX_FRAME_CHARACTERS,
    Accepted,
    Chat,
    Continue,
    Delta,
    Done,
    Failed,
    Malformed,
    Ping,
    Pong,
    Progress,
    Resume,
    ServerFrame,
    Snapshot,
    Stop,
    encode,
    parse,
)
from hypothesis import example, given
from hypothesis import strategies as st

from tests.builders import CONVERSATION, NEXT_MODEL, REQUEST, frame

SOURCE = Source(1, "d", "규정.hwp", "page", "3", 4, "가")

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def refusal(body: str) -> Malformed:
    with pytest.raises(Malformed) as caught:
        parse(body)
    return caught.value


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (frame("chat"), Chat(REQUEST, CONVERSATION, "여행하고 싶다", "chat")),
        (frame("chat", mode="chat"), Chat(REQUEST, CONVERSATION, "여행하고 싶다", "chat")),
        (
            frame("chat", mode="translate"),
            Chat(REQUEST, CONVERSATION, "여행하고 싶다", "translate"),
        ),
        (frame("chat", mode="grammar"), Chat(REQUEST, CONVERSATION, "여행하고 싶다", "grammar")),
        (
            frame("chat", mode="translate", target_language="en"),
            Chat(REQUEST, CONVERSATION, "여행하고 싶다", "translate", target_language="en"),
        ),
        (
            frame("chat", mode="translate", target_language=None),
            Chat(REQUEST, CONVERSATION, "여행하고 싶다", "translate"),
        ),
        (
            frame("chat", temporary=True),
            Chat(REQUEST, CONVERSATION, "여행하고 싶다", temporary=True),
        ),
        (
            frame("chat", model=NEXT_MODEL),
            Chat(REQUEST, CONVERSATION, "여행하고 싶다", model=NEXT_MODEL),
        ),
        (frame("stop"), Stop(REQUEST)),
        (frame("resume"), Resume(REQUEST)),
        (frame("continue"), Continue(REQUEST)),
        (frame("continue", run=1), Continue(REQUEST, 1)),
        (frame("continue", run=2**31 - 1), Continue(REQUEST, 2**31 - 1)),
        (frame("continue", run=None), Continue(REQUEST)),
        (frame("ping"), Ping()),
    ],
)
def test_every_client_frame_is_read(body: str, expected: object) -> None:
    assert parse(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (frame("ping", request_id=7), Ping()),
        ('{"action":"ping","deep":' + "[" * 900 + "]" * 900 + "}", Ping()),
        (frame("stop", text=None, run=0), Stop(REQUEST)),
        (frame("resume", mode="poetry", conversation_id={}), Resume(REQUEST)),
        (frame("continue", run=2, of_a_later_version=[{"run": 3}]), Continue(REQUEST, 2)),
        (frame("chat", user_id="someone", run="x"), Chat(REQUEST, CONVERSATION, "여행하고 싶다")),
    ],
)
def test_fields_that_the_frame_does_not_have_are_ignored(body: str, expected: object) -> None:
    assert parse(body) == expected


def test_ignored_fields_count_towards_the_size_of_a_frame() -> None:
    assert refusal(frame("ping", extra="가" * (MAX_FRAME_BYTES // 3))).error.code == "too_large"


def test_an_upper_case_uuid_is_the_same_id() -> None:
    assert parse(frame("stop", request_id=REQUEST.upper())) == Stop(REQUEST)


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "hello",
        "__ping__",
        '{"action":"ping"',
        '{"action":"ping"} {}',
        "'ping'",
        "null",
        "true",
        "1",
        "NaN",
        '"ping"',
        "[]",
        '["ping"]',
        "{}",
        '{"action":null}',
        '{"action":1}',
        '{"action":["ping"]}',
        '{"action":{"ping":1}}',
        '{"action":"PING"}',
        '{"action":"$connect"}',
        '{"action":"delete"}',
        '{"Action":"ping"}',
        '{"action":"ping","extra":' + "9" * 5_000 + "}",
        frame("stop", request_id=None),
        frame("stop", request_id="1"),
        frame("stop", request_id=f"{REQUEST}\n"),
        frame("stop", request_id=REQUEST.replace("-", "")),
        frame("stop", request_id=f"{{{REQUEST}}}"),
        frame("stop", request_id=10**400),
        frame("stop", request_id=[REQUEST]),
        frame("continue", request_id={}),
        frame("continue", run=0),
        frame("continue", run=-1),
        frame("continue", run=1.0),
        frame("continue", run="1"),
        frame("continue", run=True),
        frame("continue", run=2**31),
        frame("continue", run=10**400),
        '{"action":"chat"}',
        frame("chat", request_id=None),
        frame("chat", request_id="../../etc"),
        frame("chat", conversation_id=None),
        frame("chat", conversation_id=7),
        frame("chat", conversation_id="#other"),
        frame("chat", temporary=False),
        frame("chat", temporary=None),
        frame("chat", temporary=1),
        frame("chat", temporary="true"),
        frame("chat", mode="poetry"),
        frame("chat", mode=None),
        frame("chat", mode=["chat"]),
        frame("chat", mode={}),
        frame("chat", mode="translate", target_language="fr"),
        frame("chat", mode="translate", target_language=["ko"]),
        frame("chat", mode="grammar", target_language="ko"),
        frame("chat", target_language="ko"),
        frame("chat", model="llama"),
        frame("chat", model=f"{NEXT_MODEL}\n"),
        frame("chat", model=f"meta.{'a' * 96}"),
        frame("chat", model=1),
        frame("chat", text=None),
        frame("chat", text=1),
        frame("chat", text=float("nan")),
        frame("chat", text=["여행"]),
        frame("chat", text={"text": "여행"}),
        frame("chat", text=""),
        frame("chat", text=" \n\t　"),
        frame("chat", text="여행\0"),
        "[" * 1_500 + "]" * 1_500,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        "[" * 32_000,
    ],
)
def test_what_is_not_exactly_a_frame_is_a_bad_request(body: str) -> None:
    assert refusal(body).error.code == "bad_request"


@pytest.mark.parametrize("field", ["request_id", "conversation_id", "text"])
def test_a_chat_frame_needs_each_of_its_fields(field: str) -> None:
    fields = json.loads(frame("chat"))
    del fields[field]
    assert refusal(json.dumps(fields)).error.code == "bad_request"


@pytest.mark.parametrize(
    "body",
    [
        frame("chat", text="@").replace("@", "\\ud800"),
        frame("chat", text="@").replace("@", "\\udc00\\ud800"),
        frame("chat", text="\ud800"),
    ],
)
def test_a_lone_surrogate_is_a_bad_request(body: str) -> None:
    assert refusal(body).error.code == "bad_request"


def test_an_escaped_surrogate_pair_is_one_character() -> None:
    read = parse(frame("chat", text="@").replace("@", "\\ud83d\\ude00"))
    assert read == Chat(REQUEST, CONVERSATION, "\U0001f600")


def test_of_a_field_given_twice_the_last_counts() -> None:
    assert parse('{"action":"stop","action":"ping"}') == Ping()


@pytest.mark.parametrize(
    "text",
    [
        "가",
        "a" * MAX_QUESTION_CHARACTERS,
        "가" * MAX_QUESTION_CHARACTERS,
        "\U0001f600" * MAX_QUESTION_CHARACTERS,
        " 가 ",
    ],
)
def test_a_question_of_the_greatest_length_is_taken_as_it_is(text: str) -> None:
    assert parse(frame("chat", text=text)) == Chat(REQUEST, CONVERSATION, text)


@pytest.mark.parametrize(
    "text", ["a" * (MAX_QUESTION_CHARACTERS + 1), "가" * (MAX_QUESTION_CHARACTERS + 1)]
)
def test_a_question_of_one_more_character_is_too_large(text: str) -> None:
    refused = refusal(frame("chat", text=text))
    assert (refused.error.code, refused.request_id) == ("too_large", REQUEST)


def test_decomposed_hangul_is_composed_before_it_is_counted() -> None:
    syllables = "한" * 3_300
    decomposed = unicodedata.normalize("NFD", syllables)
    assert len(decomposed) > MAX_QUESTION_CHARACTERS
    assert parse(frame("chat", text=decomposed)) == Chat(REQUEST, CONVERSATION, syllables)


def test_a_text_that_grows_over_the_limit_by_composing_is_too_large() -> None:
    growing = "\ufb2c"  # NFC writes it with three code points
    assert refusal(frame("chat", text=growing * 2_700)).error.code == "too_large"


def test_a_frame_is_at_most_32_kb_of_utf8() -> None:
    filling = MAX_FRAME_BYTES - len(frame("chat", text="").encode())
    whole = frame("chat", text="\U0001f600" * (filling // 4) + "a" * (filling % 4))
    assert len(whole.encode()) == MAX_FRAME_BYTES
    assert refusal(whole).request_id == REQUEST  # read, and refused for its text alone
    over = refusal(whole + " ")
    assert (over.error.code, over.request_id) == ("too_large", None)


def test_33_kb_is_too_large_whatever_it_is() -> None:
    assert refusal("x" * 33 * 1024).error.code == "too_large"


def test_a_refusal_names_the_request_where_it_could_be_read() -> None:
    assert refusal(frame("chat", text="")).request_id == REQUEST
    assert refusal(frame("chat", request_id="garbled")).request_id is None


@given(st.text(st.characters()) | TEXT)
@example("\ud800")
@example("-")
@example("1e999")
def test_no_text_makes_the_parser_raise_anything_but_malformed(body: str) -> None:
    with suppress(Malformed):
        parse(body)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "action": st.sampled_from(["chat", "stop", "resume", "continue", "ping"]) | JSON,
            "request_id": st.uuids().map(str) | JSON,
            "conversation_id": st.uuids().map(str) | JSON,
            "text": st.text(st.characters()) | JSON,
            "mode": st.sampled_from(["chat", "translate", "grammar"]) | JSON,
            "extra": JSON,
        },
    )
    | JSON
)
def test_any_json_is_a_frame_or_malformed(value: Any) -> None:
    try:
        read = parse(json.dumps(value))
    except Malformed:
        return
    assert value["action"] == type(read).__name__.lower()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (
            Accepted("r", "c", "2026-11-18T00:00:00.000Z", "t", "root"),
            {
                "type": "accepted",
                "request_id": "r",
                "conversation_id": "c",
                "created_at": "2026-11-18T00:00:00.000Z",
                "turn_id": "t",
                "parent": "root",
            },
        ),
        (
            Delta("r", 1, 2, "가"),
            {"type": "delta", "request_id": "r", "run": 1, "seq": 2, "text": "가"},
        ),
        (
            Snapshot("r", 1, 0, ""),
            {"type": "snapshot", "request_id": "r", "run": 1, "seq": 0, "text": ""},
        ),
        (
            Progress("r", 1, "reading", 1, 2),
            {
                "type": "progress",
                "request_id": "r",
                "run": 1,
                "stage": "reading",
                "done": 1,
                "total": 2,
            },
        ),
        (
            Done("r", 1, 2, "stop", {"total_tokens": 3}, "m", "t", (SOURCE,)),
            {
                "type": "done",
                "request_id": "r",
                "run": 1,
                "seq": 2,
                "stop_reason": "stop",
                "usage": {"total_tokens": 3},
                "model_id": "m",
                "turn_id": "t",
                "sources": [
                    {
                        "n": 1,
                        "document_id": "d",
                        "name": "규정.hwp",
                        "unit": "page",
                        "unit_name": "3",
                        "part": 4,
                        "text": "가",
                    }
                ],
            },
        ),
        (
            Failed.of(Busy(), "r"),
            {
                "type": "failed",
                "request_id": "r",
                "code": "busy",
                "message": Busy.message,
                "retryable": True,
            },
        ),
        (Pong(), {"type": "pong"}),
    ],
)
def test_every_server_frame_has_the_fields_of_the_contract(
    sent: ServerFrame, expected: dict[str, Any]
) -> None:
    assert json.loads(encode(sent)) == expected


def test_korean_is_sent_without_escapes() -> None:
    assert '"text":"서연입니다. 😀"' in encode(Delta(REQUEST, 1, 1, "서연입니다. 😀"))


@given(TEXT)
@example("\u2028\u2029\x7f\r\n\0")
def test_a_frame_is_one_line_and_loses_nothing(text: str) -> None:
    sent = encode(Snapshot(REQUEST, 1, 1, text))
    assert "\n" not in sent
    assert "\r" not in sent
    assert json.loads(sent.encode())["text"] == text


@pytest.mark.parametrize("character", ["a", "가", "\U0001f600", '"', "\\", "\n", "\x01", "\0"])
def test_the_longest_frame_of_the_relay_is_below_32_kb(character: str) -> None:
    longest = Snapshot(REQUEST, 2**31, 2**31, character * MAX_FRAME_CHARACTERS)
    assert len(encode(longest).encode()) <= MAX_FRAME_BYTES
