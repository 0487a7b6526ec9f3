"""Bedrock's models: Llama 3 by ChatBedrock in Meta's prompt format, others by ChatBedrockConverse.

No other module imports LangChain.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, EventStreamError
from chat_shared.turn import Usage
from langchain_aws import ChatBedrock, ChatBedrockConverse
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
)
from langchain_core.outputs import ChatGenerationChunk
from urllib3.exceptions import HTTPError

from chat_ws.errors import ContentBlocked, Internal, ModelFault, from_bedrock
from chat_ws.models import ModelId
from chat_ws.protocol import StopReason
from chat_ws.worker import prompt as prompts
from chat_ws.worker.prompt import Prompt
from chat_ws.worker.settings import ModelSettings

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

DRAIN_SECONDS = 1.0
INVOCATION_METRICS = "amazon-bedrock-invocationMetrics"
GUARDRAIL_ACTION = "amazon-bedrock-guardrailAction"
# For a model that refuses a partial answer as the last message.
CONTINUE_INSTRUCTION = (
    "방금 쓰던 답을 끊긴 곳에서 그대로 이어서 쓰세요. 이미 쓴 글은 되풀이하지 마세요."
)
MESSAGE_TYPES: dict[str, type[BaseMessage]] = {
    "system": SystemMessage,
    "user": HumanMessage,
    "assistant": AIMessage,
}
CONVERSE_STOP_REASONS: dict[str, StopReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}
BLOCKED_STOP_REASONS = {"guardrail_intervened", "content_filtered"}


class StreamBroken(ModelFault):
    """The stream failed, or ended without a stop reason: the answer is incomplete."""


class Stream(Protocol):
    """One answer of a model. `stop_reason` and `usage` are known after the last chunk."""

    stop_reason: StopReason
    usage: Usage

    def __iter__(self) -> Iterator[str]:
        """Yield the answer's chunks; raise a ChatError."""

    def abort(self) -> None:
        """Close the stream, so that the model stops. Any thread may call it at any time."""


class Model(Protocol):
    def stream(self, model: ModelId, prompt: Prompt, max_gen_len: int) -> Stream:
        """Return the model's answer, which has at most `max_gen_len` tokens."""


class BedrockModel:
    def __init__(self, client: "BedrockRuntimeClient", settings: ModelSettings) -> None:
        self.client = client
        self._settings = settings

    def stream(self, model: ModelId, prompt: Prompt, max_gen_len: int) -> "BedrockStream":
        if model.spec.prompt_format == "llama3":
            return LlamaStream(self.client, self._create_llama(model, max_gen_len), prompt)
        return ConverseStream(self.client, self._create_converse(model, max_gen_len), prompt)

    def _create_llama(self, model: ModelId, max_gen_len: int) -> ChatBedrock:
        return Llama3Bedrock(
            model=str(model),
            provider=model.provider,
            client=self.client,
            # Without one, ChatBedrock loads a client of Bedrock's control plane for every turn.
            bedrock_client=self.client,
            **self._guardrail_arguments,
            model_kwargs={
                "max_gen_len": max_gen_len,
                "temperature": self._settings.temperature,
                "top_p": self._settings.top_p,
            },
        )

    def _create_converse(self, model: ModelId, max_gen_len: int) -> ChatBedrockConverse:
        return ChatBedrockConverse(
            model=str(model),
            provider=model.provider,
            client=self.client,
            bedrock_client=self.client,
            max_tokens=max_gen_len,
            temperature=self._settings.temperature,
            # Newer models of Anthropic refuse the two together.
            top_p=None if model.provider == "anthropic" else self._settings.top_p,
            **self._guardrail_arguments,
            disable_streaming=False,  # LangChain disables it for models that it does not know
        )

    @property
    def _guardrail_arguments(self) -> dict[str, Any]:
        if not self._settings.guardrail_id:
            return {}
        guardrail = {
            "guardrailIdentifier": self._settings.guardrail_id,
            "guardrailVersion": self._settings.guardrail_version,
        }
        return {"guardrails": guardrail}


class Llama3Bedrock(ChatBedrock):
    """ChatBedrock that sends its one message as the finished prompt.

    ChatBedrock's own conversion omits the blank line after each header, adds a line between turns,
    and does not neutralise special tokens in a user's text.
    """

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        [message] = messages
        return super()._stream(messages, stop, run_manager, finished=message.content, **kwargs)

    def _prepare_input_and_invoke_stream(
        self, prompt: str | None = None, *args: Any, **kwargs: Any
    ) -> Iterator[Any]:
        return super()._prepare_input_and_invoke_stream(kwargs.pop("finished"), *args, **kwargs)


class BedrockStream:
    """One response; its stop reason and usage are in the metadata of its chunks."""

    OPERATION: ClassVar[str]

    def __init__(self, client: "BedrockRuntimeClient", chat: BaseChatModel, prompt: Prompt) -> None:
        self._client = client
        self._chat = chat
        self._prompt = prompt
        self._event = f"after-call.bedrock-runtime.{self.OPERATION}"
        self._complete = False
        self._blocked = False
        self._unread_by_langchain = False  # the end of the stream, which LangChain closes
        self._response: Any = None  # urllib3's, once the call has returned
        self._events: Any = ()  # botocore's EventStream of Llama's response
        self._thread_id = 0  # of the thread that iterates
        self._aborted = threading.Event()
        self.stop_reason: StopReason = "stop"
        self.usage = Usage()

    def __iter__(self) -> Iterator[str]:
        self._thread_id = threading.get_ident()
        self._client.meta.events.register(self._event, self._keep_response, unique_id=str(id(self)))
        try:
            yield from self._answer_chunks()
        except (ClientError, EventStreamError) as error:
            raise from_bedrock(error.response) from error
        except ConnectionError as error:  # no connection: nothing was sent
            raise ModelFault from error
        except (BotoCoreError, HTTPError, OSError, ParserError, ValueError) as error:
            # ParserError: bytes that are no event. LangChain raises ValueError for a stream without
            # any chunk.
            if not self._aborted.is_set():
                raise StreamBroken from error
        finally:
            self._client.meta.events.unregister(self._event, unique_id=str(id(self)))

    def abort(self) -> None:
        self._aborted.set()
        if self._response is not None:
            self._shut_down()

    def _keep_response(self, http_response: Any, parsed: Any, **_: object) -> None:
        # The event is the client's: another thread's call triggers it too.
        if threading.get_ident() != self._thread_id:
            return
        self._response = http_response.raw
        self._events = parsed.get("body", ())
        if self._aborted.is_set():
            self._shut_down()

    def _shut_down(self) -> None:
        """End a read that blocks another thread; that thread then closes the connection."""
        try:
            self._response.shutdown()
        except (OSError, RuntimeError, ValueError):
            return  # the response has already ended

    def _drain(self) -> None:
        """Read a complete response to its end, so that its connection serves the next call."""
        connection = self._response.connection
        if not connection or not connection.sock:  # it is free already, or will not be kept
            return
        connection.sock.settimeout(DRAIN_SECONDS)
        with suppress(BotoCoreError, EventStreamError, HTTPError, OSError, ParserError):
            deque(self._events, maxlen=0)

    def _answer_chunks(self) -> Iterator[str]:
        yield from self._stream_chunks(self._build_messages())
        if self._blocked and not self._aborted.is_set():
            raise ContentBlocked
        if not self._complete and not self._aborted.is_set():
            raise StreamBroken

    def _stream_chunks(self, messages: list[BaseMessage]) -> Iterator[str]:
        for chunk in self._chat.stream(messages):
            self._read_metadata(chunk)
            # A guardrail's replacement text is not a part of the answer.
            if not self._blocked and (text := str(chunk.text)):
                yield text
            if self._aborted.is_set():
                return
            if self._unread_by_langchain:
                self._drain()

    def _build_messages(self) -> list[BaseMessage]:
        raise NotImplementedError

    def _read_metadata(self, chunk: AIMessageChunk) -> None:
        raise NotImplementedError


class LlamaStream(BedrockStream):
    """A response of InvokeModel; token counts are in the chunks and, exactly, in the last one."""

    OPERATION = "InvokeModelWithResponseStream"

    def _build_messages(self) -> list[BaseMessage]:
        return [HumanMessage(prompts.format_llama3(self._prompt))]

    def _read_metadata(self, chunk: AIMessageChunk) -> None:
        metadata = chunk.response_metadata
        self._blocked = self._blocked or metadata.get(GUARDRAIL_ACTION) == "INTERVENED"
        if reason := metadata.get("stop_reason"):
            self._complete, self.stop_reason = True, "length" if reason == "length" else "stop"
        exact = metadata.get(INVOCATION_METRICS) or {}
        self._unread_by_langchain = bool(exact)
        prompt = exact.get("inputTokenCount") or metadata.get("prompt_token_count")
        answer = exact.get("outputTokenCount") or metadata.get("generation_token_count")
        self.usage = Usage(
            int(prompt or self.usage.prompt_tokens), int(answer or self.usage.completion_tokens)
        )


class ConverseStream(BedrockStream):
    """A response of Converse. A partial answer is sent as the assistant's last message.

    A model that refuses it is asked to continue by an instruction. The guardrail's replacement
    text arrives before the event that identifies it.
    """

    OPERATION = "ConverseStream"

    def _build_messages(self) -> list[BaseMessage]:
        messages = [
            MESSAGE_TYPES[message.role](message.content.strip())
            for message in self._prompt.messages
        ]
        # Models refuse a last message that ends with white space.
        prefill = self._prompt.prefill.rstrip()
        return [*messages, AIMessage(prefill)] if prefill else messages

    def _stream_chunks(self, messages: list[BaseMessage]) -> Iterator[str]:
        chunks = self._stream_or_ask_again(messages)
        # The white space that the prefill was sent without is there already.
        return strip_start(chunks) if self._prompt.prefill[-1:].isspace() else chunks

    def _stream_or_ask_again(self, messages: list[BaseMessage]) -> Iterator[str]:
        sent = False
        try:
            for chunk in super()._stream_chunks(messages):
                sent = True
                yield chunk
        except ClientError as error:
            if sent or not self._prompt.prefill.strip() or not may_refuse_prefill(error):
                raise
        else:
            return
        yield from super()._stream_chunks([*messages, HumanMessage(CONTINUE_INSTRUCTION)])

    def _read_metadata(self, chunk: AIMessageChunk) -> None:
        if reason := chunk.response_metadata.get("stopReason"):
            self._blocked = reason in BLOCKED_STOP_REASONS
            if known := CONVERSE_STOP_REASONS.get(reason):
                self._complete, self.stop_reason = True, known
        if usage := chunk.usage_metadata:
            self.usage = Usage(usage["input_tokens"], usage["output_tokens"])


def strip_start(chunks: Iterator[str]) -> Iterator[str]:
    """Yield the chunks without the white space before the first other character."""
    started = False
    for chunk in chunks:
        text = chunk if started else chunk.lstrip()
        started = started or bool(text)
        if text:
            yield text


def may_refuse_prefill(error: ClientError) -> bool:
    """Return whether the model may have refused an assistant's message as the last one."""
    code = error.response["Error"]["Code"]
    return code == "ValidationException" and type(from_bedrock(error.response)) is Internal
