"""The real ChatBedrock and the real botocore, over HTTP, against the scripted Bedrock endpoint."""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from chat_shared.turn import Usage
from chat_ws import prompt as prompts
from chat_ws.errors import (
    ChatError,
    ContextTooLong,
    ModelRetired,
    ModelUnavailable,
    Throttled,
)
from chat_ws.model import BedrockModel, BedrockStream, StreamBroken
from chat_ws.prompt import Exchange
from chat_ws.settings import ModelSettings

from local.bedrock import app
from local.bedrock.script import Failure, Record, Reply
from local.bedrock.scripted import Scripted, tokens
from tests.builders import MODEL, NEXT_MODEL, REGION
from tests.fakes import PATIENCE

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

ANSWER = "경주는 신라의 수도였습니다."
PROMPT = prompts.build(
    "chat", [Exchange("안녕<|eot_id|>", "안녕하세요!\n")], "  경주 😀 \\n ", budget=8_000
)
SETTINGS = ModelSettings((MODEL,), REGION, None, 1024, 0.1, 0.9)


@dataclass
class Endpoint:
    """The scripted Bedrock endpoint, in a thread of its own, and a client of it."""

    url: str
    backend: Scripted
    client: "BedrockRuntimeClient"

    def plan(self, *replies: Reply) -> None:
        self.backend.script.plan(list(replies))

    def ask(self, prompt: prompts.Prompt = PROMPT, model_id: str = MODEL) -> BedrockStream:
        return BedrockModel(self.client, SETTINGS).stream(model_id, prompt)

    @property
    def records(self) -> list[Record]:
        return self.backend.script.records

    def wait_for(self, state: str) -> None:
        """Until the endpoint has seen its last invocation come to this end."""
        patience = time.monotonic() + PATIENCE
        while not (self.records and self.records[-1].state == state):
            assert time.monotonic() < patience, f"the endpoint saw {self.records}"
            time.sleep(0.005)  # the endpoint lives in another thread and tells nobody


@pytest.fixture(scope="module")
def running() -> Iterator[Endpoint]:
    backend, ready, stop = Scripted(), threading.Event(), asyncio.Event()
    found: dict[str, Any] = {}

    async def serve() -> None:
        async with app.serve(backend) as url:
            found["url"], found["loop"] = url, asyncio.get_running_loop()
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(PATIENCE)
    client = boto3.client(
        "bedrock-runtime",
        region_name=REGION,
        endpoint_url=found["url"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=PATIENCE),
    )
    yield Endpoint(found["url"], backend, client)
    client.close()
    found["loop"].call_soon_threadsafe(stop.set)
    thread.join(PATIENCE)


@pytest.fixture
def endpoint(running: Endpoint) -> Endpoint:
    running.backend.script.reset()
    return running


def reply(**fields: Any) -> Reply:
    usual: dict[str, Any] = {"answer": ANSWER, "delay_ms": 0}
    return Reply(**(usual | fields))


@pytest.mark.parametrize("prefill", ["", "경주는 신라의"])
def test_the_prompt_on_the_wire_is_meta_s_byte_for_byte(endpoint: Endpoint, prefill: str) -> None:
    endpoint.plan(reply())
    prompt = prompts.build("chat", PROMPT_EXCHANGES, "경주 <|x|>", budget=8_000, prefill=prefill)
    assert "".join(endpoint.ask(prompt)) == ANSWER.removeprefix(prefill)
    [record] = endpoint.records
    assert record.invocation.prompt == prompts.llama3(prompt)
    assert record.invocation.prompt.endswith(
        f"경주 < |x|><|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n{prefill}"
    )


PROMPT_EXCHANGES = [Exchange("안녕<|eot_id|>", "안녕하세요!\n"), Exchange(" 뭐해 ", "😀\u2028")]


def test_the_model_and_its_parameters_are_those_of_the_settings(endpoint: Endpoint) -> None:
    endpoint.plan(reply())
    list(endpoint.ask(model_id=NEXT_MODEL))
    [record] = endpoint.records
    assert record.invocation.model_id == NEXT_MODEL
    assert record.invocation.parameters == {"max_gen_len": 1024, "temperature": 0.1, "top_p": 0.9}


def test_an_inference_profile_may_be_named_by_its_arn(endpoint: Endpoint) -> None:
    arn = "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abcdef123456"
    endpoint.plan(reply())
    assert "".join(endpoint.ask(model_id=arn)) == ANSWER
    assert endpoint.records[0].invocation.model_id == arn


def test_the_answer_comes_in_the_model_s_pieces(endpoint: Endpoint) -> None:
    endpoint.plan(reply(chunk_size=3))
    assert list(endpoint.ask()) == [ANSWER[at : at + 3] for at in range(0, len(ANSWER), 3)]


@pytest.mark.parametrize("reason", ["stop", "length"])
def test_usage_and_stop_reason_are_known_however_the_answer_ends(
    endpoint: Endpoint, reason: Any
) -> None:
    endpoint.plan(reply(stop_reason=reason))
    stream = endpoint.ask()
    list(stream)
    assert stream.stop_reason == reason
    assert stream.usage == Usage(tokens(prompts.llama3(PROMPT)), tokens(ANSWER))


@pytest.mark.parametrize("at", [None, 0, 2])
@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("ThrottlingException", "Too many requests", Throttled),
        ("ServiceUnavailableException", "Try later", ModelUnavailable),
        ("ValidationException", "Input is too long for requested model.", ContextTooLong),
        ("ValidationException", "The provided model identifier is invalid.", ModelRetired),
        ("InternalServerException", "Oops", ChatError),
        ("ModelStreamErrorException", "Oops", ChatError),
        ("ModelTimeoutException", "The request took too long to process.", ChatError),
    ],
)
def test_a_fault_of_bedrock_is_an_error_of_ours(
    endpoint: Endpoint, at: int | None, code: str, message: str, kind: type[ChatError]
) -> None:
    endpoint.plan(reply(failure=Failure("error", at, code, message)))
    stream = endpoint.ask()
    with pytest.raises(kind) as caught:
        list(stream)
    assert caught.value.code == ("internal" if kind is ChatError else kind.code)
    stream = endpoint.ask()
    endpoint.plan(reply())
    assert "".join(stream) == ANSWER


def test_what_came_before_a_fault_is_kept(endpoint: Endpoint) -> None:
    endpoint.plan(reply(failure=Failure("error", 2, "ModelStreamErrorException")))
    reader = Reader(endpoint.ask())
    assert reader.ends()
    assert "".join(reader.pieces) == ANSWER[:4]
    assert isinstance(reader.error, ChatError)


@pytest.mark.parametrize("kind", ["end", "reset"])
@pytest.mark.parametrize("at", [None, 0, 3])
def test_a_stream_without_a_stop_reason_is_broken(
    endpoint: Endpoint, kind: Any, at: int | None
) -> None:
    endpoint.plan(reply(failure=Failure(kind, at)))
    with pytest.raises(StreamBroken):
        list(endpoint.ask())


def test_an_endpoint_that_is_not_there_is_a_broken_stream() -> None:
    client = boto3.client(
        "bedrock-runtime",
        region_name=REGION,
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
    )
    with pytest.raises(StreamBroken):
        list(BedrockModel(client, SETTINGS).stream(MODEL, PROMPT))
    client.close()


class Reader(threading.Thread):
    """Reads a stream in another thread, as a run's generation does."""

    def __init__(self, stream: BedrockStream) -> None:
        super().__init__()
        self.stream = stream
        self.pieces: list[str] = []
        self.error: Exception | None = None
        self.said = threading.Event()
        self.start()

    def run(self) -> None:
        try:
            for piece in self.stream:
                self.pieces.append(piece)
                self.said.set()
        except ChatError as error:
            self.error = error

    def ends(self) -> bool:
        self.join(PATIENCE)
        return not self.is_alive()


def test_aborting_a_model_that_hangs_closes_the_connection(endpoint: Endpoint) -> None:
    endpoint.plan(reply(failure=Failure("hang", 2)))
    reader = Reader(endpoint.ask())
    assert reader.said.wait(PATIENCE)
    reader.stream.abort()
    assert reader.ends()
    endpoint.wait_for("closed_by_client")


def test_aborting_in_the_middle_of_an_answer_closes_the_connection(endpoint: Endpoint) -> None:
    endpoint.plan(reply(answer="가" * 20_000, delay_ms=1))
    reader = Reader(endpoint.ask())
    assert reader.said.wait(PATIENCE)
    reader.stream.abort()
    assert reader.ends()
    endpoint.wait_for("closed_by_client")


def test_a_stream_aborted_before_it_was_read_ends_at_once(endpoint: Endpoint) -> None:
    endpoint.plan(reply(failure=Failure("hang", 0)))
    stream = endpoint.ask()
    stream.abort()
    assert Reader(stream).ends()


def test_leaving_a_stream_closes_the_connection(endpoint: Endpoint) -> None:
    endpoint.plan(reply(answer="가" * 20_000, delay_ms=1))
    pieces = iter(endpoint.ask())
    next(pieces)
    pieces.close()  # type: ignore[attr-defined] # a generator
    endpoint.wait_for("closed_by_client")


def test_aborting_a_stream_that_has_ended_does_nothing(endpoint: Endpoint) -> None:
    endpoint.plan(reply())
    stream = endpoint.ask()
    list(stream)
    stream.abort()
    endpoint.plan(reply())
    assert "".join(endpoint.ask()) == ANSWER


def test_two_streams_of_one_client_do_not_disturb_each_other(endpoint: Endpoint) -> None:
    endpoint.plan(
        reply(failure=Failure("hang", 2)),
        reply(answer="나" * 400, chunk_size=1, delay_ms=1, stop_reason="length"),
    )
    hanging = Reader(endpoint.ask())
    assert hanging.said.wait(PATIENCE)
    speaking = Reader(endpoint.ask())
    assert speaking.said.wait(PATIENCE)
    hanging.stream.abort()
    assert hanging.ends()
    assert speaking.ends()
    assert (speaking.error, "".join(speaking.pieces)) == (None, "나" * 400)
    assert speaking.stream.stop_reason == "length"
