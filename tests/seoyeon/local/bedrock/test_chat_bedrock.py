"""LangChain's ChatBedrock against the endpoint."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError
from langchain_aws import ChatBedrock
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk

from .stage import Stage
from .support import MODEL, client, prompt

METRICS = "amazon-bedrock-invocationMetrics"
ANSWER = "경주는 신라의 수도였습니다."
ASKED = prompt("경주", system="당신은 서연입니다.")


class Exact(ChatBedrock):
    """Sends its only message as the prompt, as ChatBedrock's conversion differs from Meta's."""

    def _stream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        return super()._stream(messages, *args, whole=messages[0].content, **kwargs)

    def _prepare_input_and_invoke_stream(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        kwargs.pop("prompt", None)
        return super()._prepare_input_and_invoke_stream(kwargs.pop("whole"), *args[1:], **kwargs)


@pytest.fixture
def chat(stage: Stage) -> Iterator[ChatBedrock]:
    parameters = {"max_gen_len": 1024, "temperature": 0.1, "top_p": 0.9}
    with client(stage.url) as asking:
        yield Exact(model=MODEL, provider="meta", client=asking, model_kwargs=parameters)


def test_chat_bedrock_streams_each_piece_and_the_usage(stage: Stage, chat: ChatBedrock) -> None:
    stage.plan({"answer": ANSWER, "delay_ms": 0})
    parts = list(chat.stream([HumanMessage(ASKED)]))
    assert [part.content for part in parts if part.content] == [
        ANSWER[at : at + 2] for at in range(0, len(ANSWER), 2)
    ]
    whole = sum(parts[1:], parts[0])
    assert isinstance(whole, AIMessageChunk)
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["input_tokens"] == -(-len(ASKED) // 2)
    assert whole.usage_metadata["output_tokens"] == -(-len(ANSWER) // 2)
    assert whole.response_metadata["stop_reason"] == "stop"
    assert stage.invocations()[0]["prompt"] == ASKED
    assert stage.invocations()[0]["parameters"] == {
        "max_gen_len": 1024,
        "temperature": 0.1,
        "top_p": 0.9,
    }


def test_the_metrics_are_there_when_the_answer_was_cut(stage: Stage, chat: ChatBedrock) -> None:
    stage.plan({"answer": ANSWER, "delay_ms": 0, "stop_reason": "length"})
    *_, last = [part for part in chat.stream([HumanMessage(ASKED)]) if part.response_metadata]
    assert last.response_metadata["stop_reason"] == "length"
    assert last.response_metadata[METRICS]["outputTokenCount"] == -(-len(ANSWER) // 2)


def test_closing_chat_bedrocks_generator_stops_the_model(stage: Stage, chat: ChatBedrock) -> None:
    stage.plan({"answer": ANSWER * 100, "delay_ms": 5})
    with closing(chat.stream([HumanMessage(ASKED)])) as parts:  # type: ignore[type-var]  # a generator
        next(parts)
    assert stage.state(lambda state: state != "running") == "closed_by_client"


def test_errors_reach_the_caller_as_botocores(stage: Stage, chat: ChatBedrock) -> None:
    throttled = {"kind": "error", "code": "ThrottlingException"}
    stage.plan({"failure": throttled}, {"failure": throttled | {"at": 1}})
    with pytest.raises(ClientError, match="ThrottlingException"):
        list(chat.stream([HumanMessage(ASKED)]))
    with pytest.raises(EventStreamError, match="throttlingException"):
        list(chat.stream([HumanMessage(ASKED)]))


def test_the_prompt_of_chat_bedrock_itself_is_refused(stage: Stage) -> None:
    with client(stage.url) as asking:
        chat = ChatBedrock(model=MODEL, provider="meta", client=asking)
        with pytest.raises(ClientError, match="Not a Llama 3 prompt"):
            list(chat.stream("경주"))
