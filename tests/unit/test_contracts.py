"""docs/asyncapi.yaml and docs/openapi.yaml say what the code does, and the code what they say."""

import dataclasses
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from chat_shared.branches import MAX_VARIANTS, Branches
from chat_shared.documents import Unit
from chat_shared.principal import Principal
from chat_shared.shares import (
    MAX_BYTES,
    MAX_DAYS,
    MAX_TURNS,
    SHARE_KEY,
    Share,
    SharedCopy,
    SharedTurn,
)
from chat_shared.shares import SHARE_ID as SHARE_ID_PATTERN
from chat_shared.subprotocol import BEARER_PREFIX, SUBPROTOCOL
from chat_shared.turn import Source, Status, Turn, Usage
from chat_ws import protocol
from chat_ws.errors import MAX_QUESTION_CHARACTERS, ChatError, TooLarge
from chat_ws.worker.title import MAX_TITLE_LENGTH
from history_api import cursor, entry, features, ratings, search, search_index, service
from history_api.conversations import Conversation
from history_api.errors import ApiError, NotFound, Unauthorized
from history_api.matching import Query, excerpt
from history_api.search_index import Listed
from jsonschema import Draft7Validator, Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7, DRAFT202012

HISTORY_FEATURES = (
    *features.FEATURES,
    *features.DOCUMENT_FEATURES,
    *features.SHARE_FEATURES,
    *features.RATING_FEATURES,
)
ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ASYNCAPI = yaml.safe_load((DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))
OPENAPI = yaml.safe_load((DOCS / "openapi.yaml").read_text(encoding="utf-8"))
PROTOCOL = (DOCS / "protocol.md").read_text(encoding="utf-8")

CLIENT: dict[str, type[protocol.ClientFrame]] = {
    kind.__name__.lower(): kind for kind in get_args(protocol.ClientFrame)
}
SERVER: dict[str, type[protocol.ServerFrame]] = {
    kind.type: kind for kind in get_args(protocol.ServerFrame)
}
ID = "0d5f3a52-7e0b-4c1e-9d8a-3c2f1b6a7e90"
CONVERSATION = "5b1c9e7e-2f64-4a57-8a0c-9e1d2c3b4a5f"
TIME = "2026-11-22T03:04:05.678Z"
FIRST, VARIANT = f"{TIME}-1a2b3c4d", f"b5e6f7a8b-{TIME}-5e6f7a8b"
ERRORS = [kind() for kind in ChatError.__subclasses__()]


def closed(document: Any) -> Any:
    """Return a copy that allows no other members in an object of the server's than it describes."""
    copy = deepcopy(document)
    for name, schema in objects(copy):
        if name.lower() not in {*CLIENT, "changes", "instructions", "announcement", "newfeedback"}:
            schema["additionalProperties"] = False
    return copy


def objects(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in document["components"]["schemas"].items():
        if schema.get("type") == "object":
            yield name, schema


CLOSED_OPENAPI = closed(OPENAPI)
REGISTRY: Registry[Any] = Registry().with_resources(
    [
        ("urn:asyncapi", DRAFT7.create_resource(closed(ASYNCAPI))),
        ("urn:openapi", DRAFT202012.create_resource(CLOSED_OPENAPI)),
    ]
)


def frame_schema(name: str) -> Validator:
    """Draft 7 is what AsyncAPI's schemas extend."""
    reference = {"$ref": f"urn:asyncapi#/components/schemas/{name.capitalize()}"}
    return Draft7Validator(reference, registry=REGISTRY)


def view_schema(pointer: str) -> Validator:
    return Draft202012Validator({"$ref": f"urn:openapi#{pointer}"}, registry=REGISTRY)


def properties(name: str) -> set[str]:
    return set(ASYNCAPI["components"]["schemas"][name.capitalize()]["properties"])


def find_operation(operation_id: str) -> dict[str, Any]:
    """Return one of the history API's operations."""
    (operation,) = (
        operation
        for item in OPENAPI["paths"].values()
        for operation in item.values()
        if "operationId" in operation and operation["operationId"] == operation_id
    )
    return dict(operation)


def parameters(operation_id: str) -> set[str]:
    """Return the named parameters of one of the history API's operations."""
    operation = find_operation(operation_id)
    return {each["name"] for each in operation.get("parameters", ()) if "name" in each}


def body_properties(operation_id: str) -> set[str]:
    """Return the members of the body of one of the history API's operations."""
    operation = find_operation(operation_id)
    if "requestBody" not in operation:
        return set()
    schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return set(OPENAPI["components"]["schemas"][schema.rpartition("/")[2]]["properties"])


def is_client_frame(frame: dict[str, Any]) -> bool:
    try:
        protocol.parse(json.dumps(frame, ensure_ascii=False))
    except protocol.Malformed:
        return False
    return True


def server_frames() -> Iterator[protocol.ServerFrame]:
    usage = Usage(97, 38).as_dict()
    for turn_id, parent in ((FIRST, "root"), (VARIANT, "root"), (VARIANT, FIRST), (FIRST, None)):
        yield protocol.Accepted(ID, CONVERSATION, TIME, turn_id, parent)
    yield protocol.Delta(ID, 1, 1, "가")
    yield protocol.Delta(ID, 2, 41, "나" * protocol.MAX_FRAME_CHARACTERS)
    yield protocol.Snapshot(ID, 2, 0, "")
    yield protocol.Snapshot(ID, 1, 7, "다" * protocol.MAX_FRAME_CHARACTERS)
    for reason in get_args(protocol.StopReason):
        yield protocol.Done(ID, 1, 12, reason, usage, "meta.llama3-70b-instruct-v1:0", FIRST)
    source = Source(1, ID, "가" * 100, "section", "", 0, "나" * 200)
    model_id = "meta.llama3-70b-instruct-v1:0"
    yield protocol.Done(ID, 1, 12, "stop", usage, model_id, FIRST, (source,) * 8)
    for stage in get_args(protocol.Stage):
        yield protocol.Progress(ID, 1, stage, 0, 1)
    yield protocol.Done(ID, 1, 0, "cancelled", Usage().as_dict(), None, VARIANT)
    for error in ERRORS:
        yield protocol.Failed.of(error, ID)
        yield protocol.Failed.of(error, None)
    yield protocol.Title(CONVERSATION, "여" * MAX_TITLE_LENGTH)
    yield protocol.Pong()


@pytest.mark.parametrize("document", [ASYNCAPI, OPENAPI], ids=["asyncapi", "openapi"])
def test_every_object_is_open_and_names_only_required_fields_it_has(document: Any) -> None:
    for name, schema in objects(document):
        assert "additionalProperties" not in schema, name
        assert set(schema.get("required", ())) <= set(schema["properties"]), name


# Frames


def test_asyncapi_has_each_frame_of_the_code_and_no_other() -> None:
    assert set(ASYNCAPI["components"]["messages"]) == {*CLIENT, *SERVER}
    assert set(ASYNCAPI["channels"]["chat"]["messages"]) == {*CLIENT, *SERVER}


def test_every_frame_is_received_or_sent_by_an_operation() -> None:
    directions: dict[str, set[str]] = {"receive": set(), "send": set()}
    for operation in ASYNCAPI["operations"].values():
        replies = operation.get("reply", {}).get("messages", [])
        for direction, messages in (
            (operation["action"], operation["messages"]),
            ("send", replies),
        ):
            directions[direction] |= {message["$ref"].split("/")[-1] for message in messages}
    assert directions == {"receive": set(CLIENT), "send": set(SERVER)}


@pytest.mark.parametrize("action", CLIENT)
def test_a_client_frame_has_the_fields_that_the_parser_knows(action: str) -> None:
    known = {"text" if one.name == "question" else one.name for one in fields(CLIENT[action])}
    assert properties(action) == {"action", *known}


@pytest.mark.parametrize("kind", list(SERVER.values()), ids=list(SERVER))
def test_a_server_frame_has_the_fields_of_its_class_and_all_are_required(
    kind: type[protocol.ServerFrame],
) -> None:
    wanted = {"type", *(field.name for field in fields(kind))}
    assert properties(kind.type) == wanted
    assert set(ASYNCAPI["components"]["schemas"][kind.type.capitalize()]["required"]) == wanted


@pytest.mark.parametrize("frame", list(server_frames()), ids=lambda frame: frame.type)
def test_what_the_server_encodes_is_valid(frame: protocol.ServerFrame) -> None:
    frame_schema(frame.type).validate(json.loads(protocol.encode(frame)))


def test_lists_of_words_are_the_code_s() -> None:
    schemas = ASYNCAPI["components"]["schemas"]
    assert schemas["Mode"]["enum"] == list(get_args(protocol.Mode))
    assert schemas["Mode"]["default"] == protocol.Chat(ID, CONVERSATION, "가").mode
    assert schemas["Wish"]["enum"] == [*get_args(protocol.Wish), None]
    languages = [*get_args(protocol.TargetLanguage), None]
    assert schemas["Chat"]["properties"]["target_language"]["enum"] == languages
    assert schemas["Progress"]["properties"]["stage"]["enum"] == list(get_args(protocol.Stage))
    units = list(get_args(Unit))
    assert schemas["Source"]["properties"]["unit"]["enum"] == units
    assert OPENAPI["components"]["schemas"]["Source"]["properties"]["unit"]["enum"] == units
    assert schemas["StopReason"]["enum"] == list(get_args(protocol.StopReason))
    sent = {error.code for error in ERRORS}
    assert set(schemas["Code"]["enum"]) == sent


def test_a_feature_names_an_optional_field_or_a_mode_and_protocol_md_lists_it() -> None:
    for name in (*protocol.FEATURES, *HISTORY_FEATURES):
        assert f"| `{name}` |" in PROTOCOL
        where, _, member = name.partition(".")
        if where == "mode":
            assert member in get_args(protocol.Mode)
        elif name in HISTORY_FEATURES:
            assert where in {operation_id for *_, operation_id in operations()}
            assert not member or member in parameters(where) | body_properties(where)
        else:
            assert member in properties(where)
            assert member not in ASYNCAPI["components"]["schemas"][where.capitalize()]["required"]
    assert {f"mode.{mode}" for mode in get_args(protocol.Mode)} < set(protocol.FEATURES)


def test_limits_are_the_code_s() -> None:
    schemas = ASYNCAPI["components"]["schemas"]
    assert schemas["Chat"]["properties"]["text"]["maxLength"] == MAX_QUESTION_CHARACTERS
    assert schemas["Delta"]["properties"]["text"]["maxLength"] == protocol.MAX_FRAME_CHARACTERS
    assert schemas["Snapshot"]["properties"]["text"]["maxLength"] == protocol.MAX_FRAME_CHARACTERS
    model = schemas["Chat"]["properties"]["model"]
    assert model["maxLength"] == protocol.MAX_MODEL_CHARACTERS
    assert model["pattern"] == f"^{protocol.MODEL.pattern}$"
    assert f"{protocol.MAX_FRAME_CHARACTERS:,} characters" in PROTOCOL
    assert f"{protocol.MAX_FRAME_BYTES:,} bytes" in ASYNCAPI["channels"]["chat"]["description"]


def test_the_subprotocol_is_the_same_in_code_page_and_documents() -> None:
    code = [*ROOT.glob("lambda-*"), ROOT / "cdk", ROOT / "seoyeon"]
    sources = [
        *(file for folder in code for file in folder.rglob("*.py")),
        *(ROOT / "html" / "js").rglob("*.js"),
        *DOCS.glob("*.md"),
        DOCS / "asyncapi.yaml",
    ]
    named = {
        version
        for source in sources
        for version in re.findall(r"\bchat\.v\d+", source.read_text(encoding="utf-8"))
    }
    assert named == {SUBPROTOCOL}
    assert f"`{BEARER_PREFIX}<token>`" in PROTOCOL


def test_documents_and_messages_quote_the_longest_question() -> None:
    longest = f"{MAX_QUESTION_CHARACTERS:,}"
    assert f"{longest} characters" in PROTOCOL
    assert f"{longest}자" in TooLarge.message


@pytest.mark.parametrize("name", [*CLIENT, *SERVER])
def test_every_frame_has_examples_and_they_are_valid(name: str) -> None:
    examples = ASYNCAPI["components"]["messages"][name]["examples"]
    assert examples
    for example in examples:
        frame_schema(name).validate(example["payload"])


@pytest.mark.parametrize("name", CLIENT)
def test_the_parser_takes_the_examples(name: str) -> None:
    for example in ASYNCAPI["components"]["messages"][name]["examples"]:
        assert is_client_frame(example["payload"])


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_example_of_a_failure_quotes_the_code_s_own_words(error: ChatError) -> None:
    for example in ASYNCAPI["components"]["messages"]["failed"]["examples"]:
        if example["payload"]["code"] == error.code:
            assert example["payload"]["message"] == error.message
            assert example["payload"]["retryable"] == error.retryable


@pytest.mark.parametrize(
    "changed",
    [
        {"text": ""},
        {"text": " \n\t"},
        {"text": "가" * (MAX_QUESTION_CHARACTERS + 1)},
        {"text": "가\0나"},
        {"text": 1},
        {"text": None},
        {"request_id": "1"},
        {"request_id": f"{ID}0"},
        {"request_id": None},
        {"conversation_id": ID.replace("-", "")},
        {"mode": "poem"},
        {"mode": None},
        {"wish": "louder"},
        {"parent": "Root"},
        {"parent": TIME},
        {"parent": f"{FIRST}0"},
        {"variant_of": FIRST},
        {"variant_of": "root", "parent": "root"},
        {"mode": "translate", "target_language": "fr"},
        {"mode": "grammar", "target_language": "en"},
        {"target_language": "en"},
        {"model": ""},
        {"model": "llama"},
        {"model": "Meta.llama3"},
        {"model": "meta.라마"},
        {"model": f"meta.{'a' * 96}"},
        {"model": ["meta.llama3"]},
        {"action": "shout"},
    ],
    ids=str,
)
def test_schema_and_parser_refuse_the_same_questions(changed: dict[str, Any]) -> None:
    good = {"action": "chat", "request_id": ID, "conversation_id": CONVERSATION, "text": "가"}
    assert frame_schema("chat").is_valid(good)
    assert is_client_frame(good)
    assert not frame_schema("chat").is_valid(good | changed)
    assert not is_client_frame(good | changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "가" * MAX_QUESTION_CHARACTERS},
        {"text": "\n가\n"},
        {"request_id": ID.upper()},
        {"mode": "grammar"},
        {"wish": "politer"},
        {"wish": None, "parent": None, "variant_of": None},
        {"parent": "root"},
        {"parent": VARIANT, "variant_of": FIRST},
        {"mode": "translate", "target_language": "ko"},
        {"mode": "grammar", "target_language": None},
        {"model": None},
        {"model": f"meta.{'a' * 95}"},
        {"model": "us.amazon.nova-lite-v1:0:24k"},
        {"of_a_later_version": [None]},
    ],
    ids=str,
)
def test_schema_and_parser_take_the_same_questions(changed: dict[str, Any]) -> None:
    good = {"action": "chat", "request_id": ID, "conversation_id": CONVERSATION, "text": "가"}
    assert frame_schema("chat").is_valid(good | changed)
    assert is_client_frame(good | changed)


# docs/protocol.md shows exchanges: `→ {…}` is the client's frame, `← {…}` the server's.

EXCHANGED = re.findall(r"^([→←]) (\{.*\})$", PROTOCOL, re.MULTILINE)


def test_protocol_md_shows_every_frame() -> None:
    shown = {json.loads(frame).get("action" if way == "→" else "type") for way, frame in EXCHANGED}
    assert shown == {*CLIENT, *SERVER}


@pytest.mark.parametrize(("way", "text"), EXCHANGED)
def test_the_exchanges_of_protocol_md_are_valid(way: str, text: str) -> None:
    frame = json.loads(text)
    frame_schema(frame["action" if way == "→" else "type"]).validate(frame)
    assert way == "←" or is_client_frame(frame)


def test_protocol_md_explains_every_code_and_stop_reason() -> None:
    schemas = ASYNCAPI["components"]["schemas"]
    for word in (*schemas["Code"]["enum"], *schemas["StopReason"]["enum"]):
        assert f"`{word}`" in PROTOCOL, word


# The history API


SHARE_ID = "0" * 64


class Recorder:
    """Stands for the service: remembers which of its methods was called."""

    def __init__(self) -> None:
        self.called = ""

    def __getattr__(self, name: str) -> Any:
        def answer(*_: object) -> None:
            self.called = name

        return answer


class Shelf:
    """Stands for the table: whatever is asked, these are the items."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self._items = list(items)

    def query(self, **_: object) -> dict[str, Any]:
        return {"Items": self._items}


def operations() -> list[tuple[str, str, str]]:
    """(method, path, operation id)"""
    return [
        (method.upper(), path, operation["operationId"])
        for path, item in OPENAPI["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]


def event(method: str, path: str) -> dict[str, Any]:
    return {
        "httpMethod": method,
        "resource": path,
        "requestContext": {"authorizer": {"user_id": "u"}},
        "pathParameters": {
            "id": CONVERSATION,
            "turn_id": FIRST,
            "document_id": ID,
            "share_id": "0" * 64,
        },
        "queryStringParameters": None,
        "body": None,
    }


def examples() -> Iterator[tuple[str, Any]]:
    """(pointer of the schema, example) of every body in the file."""

    def visit(node: Any, pointer: str) -> Iterator[tuple[str, Any]]:
        if isinstance(node, dict):
            if "schema" in node and "examples" in node:
                for example in node["examples"].values():
                    yield f"{pointer}/schema", example["value"]
            for key, child in node.items():
                yield from visit(child, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")

    # A brace is not a character of a URI, and a reference is one.
    return ((p.replace("{", "%7B").replace("}", "%7D"), e) for p, e in visit(OPENAPI, ""))


def item(status: Status) -> dict[str, Any]:
    ended: dict[Status, dict[str, Any]] = {
        "streaming": {},
        "done": {
            "stop_reason": "length",
            "model_id": "meta.llama3-70b-instruct-v1:0",
            "target_language": "ko",
        },
        "failed": {"code": "throttled", "stop_reason": None, "model_id": None},
    }
    return {
        "pk": "turns#u#c",
        "sk": f"{TIME}-0a1b2c3d",
        "user_id": "u",
        "conversation_id": CONVERSATION,
        "request_id": ID,
        "mode": "chat",
        "text": "경주",
        "created_at": TIME,
        "status": status,
        **ended[status],
    }


CONVERSATION_ITEM = {
    "pk": "conversations#user",
    "activity_pk": "user",
    "sk": CONVERSATION,
    "title": "경주",
    "created_at": TIME,
    "last_activity_at": TIME,
    "activity_sk": f"{TIME}#{CONVERSATION}",
}


@pytest.mark.parametrize(("method", "path", "operation_id"), operations())
def test_the_function_serves_every_operation(method: str, path: str, operation_id: str) -> None:
    recorder = Recorder()
    entry.dispatch(recorder, event(method, path))  # type: ignore[arg-type]  # a fake
    assert recorder.called == operation_id


def test_openapi_has_every_method_of_the_service_and_no_other() -> None:
    fields = {field.name for field in dataclasses.fields(service.Service)}
    methods = {
        name
        for name, value in vars(service.Service).items()
        if callable(value) and not name.startswith("_") and name not in fields
    }
    assert methods == {operation_id for *_, operation_id in operations()}


def test_the_function_serves_nothing_else() -> None:
    known = {(method, path) for method, path, _ in operations()}
    for path in OPENAPI["paths"]:
        for method in {"GET", "PUT", "POST", "PATCH", "DELETE"}:
            if (method, path) not in known:
                with pytest.raises(NotFound):
                    entry.dispatch(Recorder(), event(method, path))  # type: ignore[arg-type]  # a fake


def test_every_body_in_openapi_has_a_valid_example() -> None:
    found = list(examples())
    assert len(found) >= len(OPENAPI["components"]["responses"])
    for pointer, example in found:
        view_schema(pointer).validate(example)


@pytest.mark.parametrize("status", get_args(Status))
def test_a_turn_s_view_is_valid(status: Status) -> None:
    view = service.turn_view(Turn.from_item(item(status)))
    view_schema("/components/schemas/Turn").validate(view)
    assert view.keys() == OPENAPI["components"]["schemas"]["Turn"]["properties"].keys()


def test_the_view_of_a_rated_turn_is_valid() -> None:
    rated = {"rating": "up", "rating_text": "가" * service.MAX_RATING_LENGTH, "rating_shared": True}
    view = service.turn_view(Turn.from_item(item("done") | rated))
    assert view["feedback"]["share"] is True
    view_schema("/components/schemas/Turn").validate(view)


def test_a_variant_s_view_is_valid() -> None:
    branches = Branches(VARIANT, {"": FIRST, "b5e6f7a8b": VARIANT}, {"root": [VARIANT]})
    view = service.turn_view(Turn.from_item(item("done") | {"sk": VARIANT}), "root", branches)
    assert view["variants"] == {"index": 1, "heads": [FIRST, VARIANT]}
    view_schema("/components/schemas/Turn").validate(view)


def test_a_conversation_s_view_is_valid() -> None:
    view = service.conversation_view(
        Conversation(CONVERSATION, "경주", "model", True, True, TIME, TIME, "position")
    )
    view_schema("/components/schemas/Conversation").validate(view)
    assert view.keys() == OPENAPI["components"]["schemas"]["Conversation"]["properties"].keys()


@pytest.mark.parametrize("limit", ["1", "2"], ids=["more to come", "last page"])
def test_a_page_of_turns_is_valid(limit: str) -> None:
    shelf = Shelf(item("done"), item("streaming"))
    page = service.Service(shelf, shelf, shelf, shelf).turns(  # type: ignore[arg-type]  # a fake
        Principal("u"), {"conversation_id": CONVERSATION, "limit": limit}
    )
    assert page is not None
    assert (page["next_cursor"] is None) == (limit == "2")
    view_schema("/components/schemas/Turns").validate(page)


@pytest.mark.parametrize("turn_id", [FIRST, None])
def test_a_result_s_view_is_valid(turn_id: str | None) -> None:
    shown = excerpt("경주 여행", Query("여행"))
    assert shown
    hit = search.Hit(Listed(CONVERSATION, "경주", TIME, TIME), turn_id, TIME, "question", shown)
    view = service.hit_view(hit)
    view_schema("/components/schemas/Result").validate(view)
    assert view.keys() == OPENAPI["components"]["schemas"]["Result"]["properties"].keys()


@pytest.mark.parametrize("rows", [0, 1, 51])
def test_a_page_of_conversations_is_valid(rows: int) -> None:
    shelf = Shelf(*[CONVERSATION_ITEM] * rows)
    page = service.Service(shelf, shelf, shelf, shelf).conversations(Principal("u"), {})  # type: ignore[arg-type]  # a fake
    assert page is not None
    assert (page["next_cursor"] is None) == (rows <= service.CONVERSATIONS_PAGE)
    view_schema("/components/schemas/Conversations").validate(page)


def test_a_share_s_views_are_valid() -> None:
    shared = Share("u", CONVERSATION, SHARE_ID, "경주", TIME, 1_795_000_000)
    view = service.share_view(shared)
    view_schema("/components/schemas/Share").validate(view)
    copied = SharedTurn.of(Turn.from_item(item("done")))
    view = {**asdict(SharedCopy((copied,), TIME, 0, False)), "expires_at": TIME}
    view["turns"] = list(view["turns"])
    view_schema("/components/schemas/SharedCopy").validate(view)


def test_limits_of_the_history_api_are_the_code_s() -> None:
    schemas, parameters = OPENAPI["components"]["schemas"], OPENAPI["components"]["parameters"]
    limit = OPENAPI["paths"]["/history"]["get"]["parameters"][1]["schema"]
    assert (limit["minimum"], limit["maximum"]) == (1, service.MAX_LIMIT)
    assert limit["default"] == service.DEFAULT_LIMIT
    assert schemas["Turns"]["properties"]["turns"]["maxItems"] == service.MAX_LIMIT
    listed = schemas["Conversations"]["properties"]["conversations"]
    assert listed["maxItems"] == service.CONVERSATIONS_PAGE
    assert schemas["Conversation"]["properties"]["title"]["maxLength"] == service.MAX_TITLE_LENGTH
    assert schemas["Variants"]["properties"]["heads"]["maxItems"] == MAX_VARIANTS
    longest = service.MAX_INSTRUCTIONS_LENGTH
    assert schemas["Instructions"]["properties"]["text"]["maxLength"] == longest
    for name in ("NewFeedback", "Feedback"):
        feedback = schemas[name]["properties"]
        assert feedback["text"]["maxLength"] == service.MAX_RATING_LENGTH
        assert feedback["rating"]["enum"] == list(get_args(ratings.Thumb))
    assert schemas["Search"]["properties"]["query"]["maxLength"] == service.MAX_QUERY_LENGTH
    assert schemas["Search"]["properties"]["cursor"]["maxLength"] == cursor.MAX_LENGTH
    assert schemas["Results"]["properties"]["results"]["maxItems"] == search.PAGE
    assert schemas["Result"]["properties"]["field"]["enum"] == list(get_args(search.Field))
    described = OPENAPI["paths"]["/history/search"]["post"]["description"]
    assert f"newest {search_index.MAX_CONVERSATIONS:,} conversations" in described
    assert f"newest {search_index.MAX_CHARACTERS:,} characters" in described
    assert schemas["SharedCopy"]["properties"]["turns"]["maxItems"] == MAX_TURNS
    described = OPENAPI["paths"]["/history/conversations/{id}/shares"]["post"]["description"]
    assert f"{MAX_DAYS} days" in described
    assert f"{MAX_BYTES // 1024} KB" in described
    assert schemas["ShareId"]["pattern"] == f"^{SHARE_ID_PATTERN.pattern}$"
    assert parameters["ShareKey"]["schema"]["pattern"] == f"^{SHARE_KEY.pattern}$"
    assert schemas["NextCursor"]["maxLength"] == cursor.MAX_LENGTH
    assert parameters["Cursor"]["schema"]["maxLength"] == cursor.MAX_LENGTH


def test_words_that_both_contracts_use_are_the_same() -> None:
    turn = OPENAPI["components"]["schemas"]["Turn"]["properties"]
    assert turn["mode"]["enum"] == list(get_args(protocol.Mode))
    assert turn["wish"]["enum"] == [*get_args(protocol.Wish), None]
    assert turn["target_language"]["enum"] == [*get_args(protocol.TargetLanguage), None]
    assert turn["stop_reason"]["enum"] == [*get_args(protocol.StopReason), None]
    assert turn["status"]["enum"] == list(get_args(Status))


@pytest.mark.parametrize("kind", ApiError.__subclasses__(), ids=lambda kind: kind.code)
def test_an_error_of_the_function_is_described_with_its_status(kind: type[ApiError]) -> None:
    failure = entry.error_response(kind())
    view_schema("/components/schemas/Error").validate(json.loads(failure["body"]))
    response = OPENAPI["components"]["responses"][kind.__name__]
    example = response["content"]["application/json"]["examples"]["error"]["value"]
    assert example["code"] == kind.code
    if kind is not Unauthorized:  # API Gateway sends it, in its own words
        assert example["message"] == kind.message
    listed = [
        answer["$ref"].split("/")[-1]
        for item in OPENAPI["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
        for status, answer in operation["responses"].items()
        if status == str(kind.status)
    ]
    assert set(listed) - {"Throttled", "TooLarge"} == {kind.__name__}  # API Gateway's own


def test_the_schemas_can_say_no() -> None:
    view = service.turn_view(Turn.from_item(item("done")))
    with pytest.raises(ValidationError):
        view_schema("/components/schemas/Turn").validate(view | {"user_id": "u"})
    with pytest.raises(ValidationError):
        frame_schema("pong").validate({"type": "pong", "at": TIME})
