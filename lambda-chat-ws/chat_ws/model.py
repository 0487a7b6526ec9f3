"""The model: LangChain's ChatBedrock, Meta's prompt format on the wire. LangChain stops here."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, EventStreamError
from chat_shared.turn import Usage
from langchain_aws import ChatBedrock
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk
from urllib3.exceptions import HTTPError

from chat_ws import prompt as prompts
from chat_ws.errors import ModelFault, from_bedrock
from chat_ws.prompt import Prompt
from chat_ws.protocol import StopReason
from chat_ws.settings import ModelSettings

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

LLAMA3 = "meta.llama3-70b-instruct-v1:0"
METRICS = "amazon-bedrock-invocationMetrics"


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
        chat = Llama3Bedrock(
            model=model_id,
            provider="meta",
            client=self._client,
            # Given so that none is made: ChatBedrock would otherwise load Bedrock's control plane
            # for every turn, and ask it about application inference profiles alone. It need not
            # ask what their model is: any Llama 3 is the same to the code below.
            bedrock_client=self._client,
            base_model=LLAMA3,
            model_kwargs={
                "max_gen_len": self._settings.max_gen_len,
                "temperature": self._settings.temperature,
                "top_p": self._settings.top_p,
            },
        )
        return BedrockStream(self._client, chat, prompts.llama3(prompt))


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
    """Reads one response; counts come with the chunks and, exactly, with the last one's metrics."""

    EVENT = "after-call.bedrock-runtime.InvokeModelWithResponseStream"

    def __init__(self, client: "BedrockRuntimeClient", chat: ChatBedrock, prompt: str) -> None:
        self._client = client
        self._chat = chat
        self._prompt = prompt
        self._response: Any = None  # urllib3's, as soon as there is one
        self._reader = 0  # the thread that reads
        self._aborted = threading.Event()
        self.stop_reason: StopReason = "stop"
        self.usage = Usage()

    def __iter__(self) -> Iterator[str]:
        self._reader = threading.get_ident()
        self._client.meta.events.register(self.EVENT, self._opened, unique_id=str(id(self)))
        try:
            yield from self._pieces()
        except (ClientError, EventStreamError) as error:
            raise from_bedrock(error.response["Error"]) from error
        except (BotoCoreError, HTTPError, OSError, ValueError) as error:
            # ValueError is LangChain's word for a stream that ended without any chunk.
            if not self._aborted.is_set():
                raise StreamBroken from error
        finally:
            self._client.meta.events.unregister(self.EVENT, unique_id=str(id(self)))

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
        whole = False
        for chunk in self._chat.stream([HumanMessage(self._prompt)]):
            info = chunk.response_metadata
            self._count(info)
            if reason := info.get("stop_reason"):
                whole, self.stop_reason = True, "length" if reason == "length" else "stop"
            if text := str(chunk.content):
                yield text
            if self._aborted.is_set():
                return
        if not whole:
            raise StreamBroken

    def _count(self, info: dict[str, Any]) -> None:
        metrics = info.get(METRICS) or {}
        prompt = metrics.get("inputTokenCount") or info.get("prompt_token_count")
        answer = metrics.get("outputTokenCount") or info.get("generation_token_count")
        self.usage = Usage(
            int(prompt or self.usage.prompt_tokens), int(answer or self.usage.completion_tokens)
        )
