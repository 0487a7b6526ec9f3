"""The models: Llama 3 by LangChain's ChatBedrock, with Meta's prompt format on the wire; any other
by ChatBedrockConverse, with messages. LangChain stops here.
"""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from botocore.exceptions import BotoCoreError, ClientError, EventStreamError
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
from chat_ws.models import provider, speaks_llama3
from chat_ws.protocol import StopReason
from chat_ws.settings import ModelSettings
from chat_ws.worker import prompt as prompts
from chat_ws.worker.prompt import Prompt

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

LLAMA3 = "meta.llama3-70b-instruct-v1:0"
METRICS = "amazon-bedrock-invocationMetrics"
GUARDRAIL_ACTION = "amazon-bedrock-guardrailAction"
# For a model that refuses to go on in the middle of an answer of its own.
GO_ON = "방금 쓰던 답을 끊긴 곳에서 그대로 이어서 쓰세요. 이미 쓴 글은 되풀이하지 마세요."
KINDS: dict[str, type[BaseMessage]] = {
    "system": SystemMessage,
    "user": HumanMessage,
    "assistant": AIMessage,
}
CONVERSE_REASONS: dict[str, StopReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}
BLOCKED = {"guardrail_intervened", "content_filtered"}


class StreamBroken(ModelFault):
    """The stream failed or just ended, with no `stop_reason`: what has come is no whole answer."""


class Stream(Protocol):
    """One answer of the model. `stop_reason` and `usage` are known once the pieces have ended."""

    stop_reason: StopReason
    usage: Usage

    def __iter__(self) -> Iterator[str]:
        """The pieces; raises a ChatError."""

    def abort(self) -> None:
        """Closes the stream, so that the model stops; from any thread, at any time."""


class Model(Protocol):
    def stream(self, model_id: str, prompt: Prompt) -> Stream: ...


class BedrockModel:
    def __init__(self, client: "BedrockRuntimeClient", settings: ModelSettings) -> None:
        self._client = client
        self._settings = settings

    def stream(self, model_id: str, prompt: Prompt) -> "BedrockStream":
        if speaks_llama3(model_id):
            return LlamaStream(self._client, self._llama(model_id), prompt)
        return ConverseStream(self._client, self._converse(model_id), prompt)

    def _llama(self, model_id: str) -> ChatBedrock:
        return Llama3Bedrock(
            model=model_id,
            provider="meta",
            client=self._client,
            # Given so that none is made: ChatBedrock would otherwise load Bedrock's control plane
            # for every turn, and ask it about application inference profiles alone. It need not
            # ask what their model is: any Llama 3 is the same to the code below.
            bedrock_client=self._client,
            base_model=LLAMA3,
            **self._guarded,
            model_kwargs={
                "max_gen_len": self._settings.max_gen_len,
                "temperature": self._settings.temperature,
                "top_p": self._settings.top_p,
            },
        )

    def _converse(self, model_id: str) -> ChatBedrockConverse:
        whose = provider(model_id)
        return ChatBedrockConverse(
            model=model_id,
            provider=whose,
            client=self._client,
            bedrock_client=self._client,
            max_tokens=self._settings.max_gen_len,
            temperature=self._settings.temperature,
            # Newer models of Anthropic refuse the two together.
            top_p=None if whose == "anthropic" else self._settings.top_p,
            **self._guarded,
            disable_streaming=False,  # for a model that LangChain does not know, too
        )

    @property
    def _guarded(self) -> dict[str, Any]:
        if not self._settings.guardrail_id:
            return {}
        guardrail = {
            "guardrailIdentifier": self._settings.guardrail_id,
            "guardrailVersion": self._settings.guardrail_version,
        }
        return {"guardrails": guardrail}


class Llama3Bedrock(ChatBedrock):
    """ChatBedrock whose one message is the finished prompt.

    Its own conversion leaves out the blank line after each header, adds a line between turns, and
    lets a user's text spell special tokens.
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
    """Reads one response; how it ends and what it used come with its chunks' metadata."""

    OPERATION: ClassVar[str]

    def __init__(self, client: "BedrockRuntimeClient", chat: BaseChatModel, prompt: Prompt) -> None:
        self._client = client
        self._chat = chat
        self._prompt = prompt
        self._event = f"after-call.bedrock-runtime.{self.OPERATION}"
        self._ended = False
        self._blocked = False
        self._response: Any = None  # urllib3's, as soon as there is one
        self._reader = 0  # the thread that reads
        self._aborted = threading.Event()
        self.stop_reason: StopReason = "stop"
        self.usage = Usage()

    def __iter__(self) -> Iterator[str]:
        self._reader = threading.get_ident()
        self._client.meta.events.register(self._event, self._opened, unique_id=str(id(self)))
        try:
            yield from self._pieces()
        except (ClientError, EventStreamError) as error:
            raise from_bedrock(error.response["Error"]) from error
        except (BotoCoreError, HTTPError, OSError, ValueError) as error:
            # ValueError is LangChain's word for a stream that ended without any chunk.
            if not self._aborted.is_set():
                raise StreamBroken from error
        finally:
            self._client.meta.events.unregister(self._event, unique_id=str(id(self)))

    def abort(self) -> None:
        self._aborted.set()
        if self._response is not None:
            self._shut()

    def _opened(self, http_response: Any, **_: object) -> None:
        if threading.get_ident() != self._reader:
            return  # another stream's response: an event belongs to the client, not to a call
        self._response = http_response.raw
        if self._aborted.is_set():
            self._shut()

    def _shut(self) -> None:
        """Ends a read that waits in another thread, which then closes the connection."""
        try:
            self._response.shutdown()
        except (OSError, RuntimeError, ValueError):
            return  # it has ended by itself

    def _pieces(self) -> Iterator[str]:
        yield from self._said(self._messages())
        if self._blocked and not self._aborted.is_set():
            raise ContentBlocked
        if not self._ended and not self._aborted.is_set():
            raise StreamBroken

    def _said(self, messages: list[BaseMessage]) -> Iterator[str]:
        for chunk in self._chat.stream(messages):
            self._note(chunk)
            # What a guardrail says in the answer's place is not the answer.
            if not self._blocked and (text := str(chunk.text)):
                yield text
            if self._aborted.is_set():
                return

    def _messages(self) -> list[BaseMessage]:
        raise NotImplementedError

    def _note(self, chunk: AIMessageChunk) -> None:
        """What it tells beside its text."""
        raise NotImplementedError


class LlamaStream(BedrockStream):
    """Counts come with the chunks and, exactly, with the last one's metrics."""

    OPERATION = "InvokeModelWithResponseStream"

    def _messages(self) -> list[BaseMessage]:
        return [HumanMessage(prompts.llama3(self._prompt))]

    def _note(self, chunk: AIMessageChunk) -> None:
        info = chunk.response_metadata
        self._blocked = self._blocked or info.get(GUARDRAIL_ACTION) == "INTERVENED"
        if reason := info.get("stop_reason"):
            self._ended, self.stop_reason = True, "length" if reason == "length" else "stop"
        metrics = info.get(METRICS) or {}
        prompt = metrics.get("inputTokenCount") or info.get("prompt_token_count")
        answer = metrics.get("outputTokenCount") or info.get("generation_token_count")
        self.usage = Usage(
            int(prompt or self.usage.prompt_tokens), int(answer or self.usage.completion_tokens)
        )


class ConverseStream(BedrockStream):
    """A partial answer goes as the assistant's last message, or is asked for in words where the
    model refuses that. A guardrail's own text arrives before the word that it is one's."""

    OPERATION = "ConverseStream"

    def _messages(self) -> list[BaseMessage]:
        messages = [KINDS[one.role](one.content.strip()) for one in self._prompt.messages]
        # A model refuses an answer that ends with a blank.
        prefill = self._prompt.prefill.rstrip()
        return [*messages, AIMessage(prefill)] if prefill else messages

    def _said(self, messages: list[BaseMessage]) -> Iterator[str]:
        said = False
        try:
            for piece in super()._said(messages):
                said = True
                yield piece
        except ClientError as error:
            if said or not self._prompt.prefill.strip() or not refuses_prefill(error):
                raise
        else:
            return
        yield from super()._said([*messages, HumanMessage(GO_ON)])

    def _note(self, chunk: AIMessageChunk) -> None:
        if reason := chunk.response_metadata.get("stopReason"):
            self._blocked = reason in BLOCKED
            if known := CONVERSE_REASONS.get(reason):
                self._ended, self.stop_reason = True, known
        if used := chunk.usage_metadata:
            self.usage = Usage(used["input_tokens"], used["output_tokens"])


def refuses_prefill(error: ClientError) -> bool:
    """Whether a model may have refused to go on from an answer that breaks off."""
    told = error.response["Error"]
    return told["Code"] == "ValidationException" and type(from_bedrock(told)) is Internal
