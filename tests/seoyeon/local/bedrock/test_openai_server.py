"""The backend for OpenAI-compatible servers, against a fake of the supported ones."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web

from seoyeon.local.bedrock import converse, openai_server
from seoyeon.local.bedrock.errors import BedrockError, SetupError
from seoyeon.local.bedrock.invocation import Event, Finished, Invocation, Started, Text
from seoyeon.local.bedrock.llama3 import Dialogue

from .support import MODEL, prompt

ASKED = Invocation(MODEL, prompt("경주", system="서연"), 100, 0.1, 0.9)
WHOLE: list[dict[str, Any]] = [
    {"choices": [{"delta": {"role": "assistant", "content": None}, "finish_reason": None}]},
    {"choices": [{"delta": {"content": "천년의 "}}]},
    {"choices": [{"delta": {"content": "고도"}}]},
    {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}},
]


@dataclass
class Fake:
    """Serves `models`, answers every request with `parts`, and records the requests."""

    models: list[dict[str, Any]]
    parts: list[dict[str, Any]] = field(default_factory=lambda: WHOLE)
    status: int = 200
    error: Any = None
    template: str = ""
    endless: bool = False
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def list_models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": self.models})

    async def props(self, _: web.Request) -> web.Response:
        return web.json_response({"chat_template": self.template})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, await request.json()))
        if self.error is not None:
            return web.json_response({"error": self.error}, status=self.status)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        lines = request.path == "/api/generate"
        for part in self.parts:
            text = json.dumps(part, ensure_ascii=False)
            await response.write((f"{text}\n" if lines else f": ping\n\ndata: {text}\n\n").encode())
        try:
            while self.endless:
                await asyncio.Event().wait()
        finally:
            self.gone.set()
        if not lines:
            await response.write(b"data: [DONE]\n\n")
        return response


@asynccontextmanager
async def running(fake: Fake) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/v1/models", fake.list_models)
    app.router.add_get("/props", fake.props)
    for path in ("/v1/chat/completions", "/v1/completions", "/api/generate"):
        app.router.add_post(path, fake.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def ask(fake: Fake, asked: Invocation = ASKED, path: str = "/v1") -> list[Event]:
    async def work() -> list[Event]:
        async with running(fake) as url:
            server = await openai_server.connect(url + path)
            try:
                return [event async for event in server.stream(asked)]
            finally:
                await server.aclose()

    return asyncio.run(work())


def model(name: str, owner: str = "someone") -> dict[str, Any]:
    return {"id": name, "owned_by": owner}


def test_text_usage_and_stop_reason_come_through() -> None:
    fake = Fake([model("qwen")])
    assert ask(fake) == [Started(), Text("천년의 "), Text("고도"), Finished("stop", 7, 2)]
    path, body = fake.asked[0]
    assert path == "/v1/chat/completions"
    assert body["messages"] == [
        {"role": "system", "content": "서연"},
        {"role": "user", "content": "경주"},
    ]
    assert (body["max_tokens"], body["temperature"], body["top_p"]) == (100, 0.1, 0.9)
    assert body["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
def test_the_base_url_may_end_with_v1_or_not(path: str) -> None:
    assert ask(Fake([model("qwen")]), path=path)[-1] == Finished("stop", 7, 2)


def test_the_first_model_that_chats_is_taken_unless_one_is_named() -> None:
    fake = Fake([model("nomic-embed-text"), model("qwen"), model("gemma")])
    ask(fake)
    ask(fake, path="/v1#gemma")
    assert [body["model"] for _, body in fake.asked] == ["qwen", "gemma"]


@pytest.mark.parametrize(
    ("models", "path", "message"),
    [
        ([model("qwen")], "#gemma", "does not serve gemma; it serves: qwen"),
        ([model("bge-m3")], "", "serves no chat model"),
        ([], "", "serves no chat model"),
    ],
)
def test_a_model_that_is_not_there_is_one_clear_line(
    models: list[dict[str, Any]], path: str, message: str
) -> None:
    with pytest.raises(SetupError, match=message) as caught:
        ask(Fake(models), path=path)
    assert "\n" not in str(caught.value)


def test_a_server_that_does_not_answer_is_one_clear_line() -> None:
    with pytest.raises(SetupError, match="No OpenAI-compatible server answers") as caught:
        asyncio.run(openai_server.connect("http://127.0.0.1:9/v1"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("owner", "extra"),
    [("llamacpp", {}), ("vllm", {"continue_final_message": True, "add_generation_prompt": False})],
)
def test_a_partial_answer_is_the_last_message(owner: str, extra: dict[str, bool]) -> None:
    fake = Fake([model("qwen", owner)])
    ask(fake, Invocation(MODEL, prompt("경주", prefill="천년의 ")))
    body = fake.asked[0][1]
    assert body["messages"][-1] == {"role": "assistant", "content": "천년의 "}
    assert extra.items() <= body.items()


LLAMA_PARTS = [{"choices": [{"text": "고도", "finish_reason": "length"}]}]


@pytest.mark.parametrize(
    ("served", "template", "sent", "extra"),
    [
        (
            model("Meta-Llama-3-70B-Instruct", "vllm"),
            "",
            ASKED.prompt,
            {"add_special_tokens": False},
        ),
        (model("llama3.3", "other"), "", ASKED.prompt, {}),
        (
            model("mine", "llamacpp"),
            "{{ '<|start_header_id|>' }}",
            ASKED.prompt.removeprefix("<|begin_of_text|>"),  # llama.cpp adds it
            {},
        ),
    ],
)
def test_a_llama_3_model_gets_the_prompt_raw(
    served: dict[str, Any], template: str, sent: str, extra: dict[str, bool]
) -> None:
    fake = Fake([served], LLAMA_PARTS, template=template)
    events = ask(fake)
    path, body = fake.asked[0]
    assert path == "/v1/completions"
    assert body["prompt"] == sent
    assert extra.items() <= body.items()
    # Without usage, the pieces are counted and the prompt is estimated.
    assert events == [
        Started(),
        Text("고도"),
        Finished("length", len(ASKED.prompt.encode()) // 3, 1),
    ]


def test_a_conversation_goes_to_a_llama_3_model_as_messages() -> None:
    fake = Fake([model("llama3.3", "vllm")])
    body = {"messages": [{"role": "user", "content": [{"text": "경주"}]}]}
    ask(fake, converse.parse(MODEL, json.dumps(body).encode()))
    path, asked = fake.asked[0]
    assert path == "/v1/chat/completions"
    assert asked["messages"] == [{"role": "user", "content": "경주"}]


def test_the_template_decides_over_the_name() -> None:
    fake = Fake([model("llama3-lookalike", "llamacpp")], template="<|im_start|>")
    ask(fake)
    assert fake.asked[0][0] == "/v1/chat/completions"


def test_a_template_like_llama_3_s_is_used_where_the_caller_says_so() -> None:
    fake = Fake([model("kanana", "llamacpp")], template="<|start_header_id|>")

    async def work() -> None:
        async with running(fake) as url:
            server = await openai_server.connect(url, by_template=True)
            async with aclosing(server.stream(ASKED)) as events:
                assert [event async for event in events]
            await server.aclose()

    asyncio.run(work())
    assert [path for path, _ in fake.asked] == ["/v1/chat/completions"]


def test_the_dialogue_is_sent_as_the_caller_rewrites_it() -> None:
    fake = Fake([model("qwen", "llamacpp")], template="<|im_start|>")

    def shout(dialogue: Dialogue) -> Dialogue:
        *earlier, question = dialogue.messages
        return Dialogue((*earlier, replace(question, content="경주!")), dialogue.prefill)

    async def work() -> None:
        async with running(fake) as url:
            server = await openai_server.connect(url, by_template=True, rewrite=shout)
            async with aclosing(server.stream(ASKED)) as events:
                assert [event async for event in events]
            await server.aclose()

    asyncio.run(work())
    [(_, body)] = fake.asked
    assert [message["content"] for message in body["messages"]] == ["서연", "경주!"]


def test_ollama_gets_a_llama_3_prompt_past_its_template() -> None:
    counts = {"prompt_eval_count": 9, "eval_count": 2}
    last = {"response": "", "done": True, "done_reason": "length", **counts}
    fake = Fake([model("llama3:8b", "library")], [{"response": "고도", "done": False}, last])
    assert ask(fake) == [Started(), Text("고도"), Finished("length", 9, 2)]
    path, body = fake.asked[0]
    assert path == "/api/generate"
    assert body["raw"] is True
    assert body["prompt"] == ASKED.prompt.removeprefix("<|begin_of_text|>")
    assert body["options"]["num_predict"] == 100


@pytest.mark.parametrize(
    ("status", "error", "code", "message"),
    [
        (400, "no", "ValidationException", "no"),
        (
            400,
            {"type": "exceed_context_size_error", "n_ctx": 8192, "message": "too long"},
            "ValidationException",
            "This model's maximum context length is 8192 tokens",
        ),
        (401, {"message": "key"}, "AccessDeniedException", "key"),
        (404, {"message": "gone"}, "ResourceNotFoundException", "gone"),
        (429, {"message": "slow"}, "ThrottlingException", "slow"),
        (503, {"message": "Loading model"}, "ModelNotReadyException", "Loading model"),
        (500, {"message": "broken"}, "ModelErrorException", "broken"),
    ],
)
def test_a_refusal_is_told_as_bedrock_would(
    status: int, error: object, code: str, message: str
) -> None:
    with pytest.raises(BedrockError, match=message) as caught:
        ask(Fake([model("qwen")], status=status, error=error))
    assert caught.value.code == code


def test_an_error_in_the_stream_is_told_in_the_stream() -> None:
    with pytest.raises(BedrockError, match="out of memory") as caught:
        ask(Fake([model("qwen")], [*WHOLE[:2], {"error": {"message": "out of memory"}}]))
    assert caught.value.code == "ModelStreamErrorException"


def test_a_stream_that_just_ends_is_no_finished_answer() -> None:
    assert ask(Fake([model("qwen")], WHOLE[:2])) == [Started(), Text("천년의 ")]


def test_a_malformed_prompt_reaches_no_server() -> None:
    fake = Fake([model("qwen")])
    with pytest.raises(BedrockError, match="Not a Llama 3 prompt"):
        ask(fake, Invocation(MODEL, "경주"))
    assert fake.asked == []


def test_closing_the_stream_closes_the_connection_to_the_server() -> None:
    async def work() -> None:
        fake = Fake([model("qwen")], WHOLE[:2], endless=True)
        async with running(fake) as url:
            server = await openai_server.connect(url)
            async with aclosing(server.stream(ASKED)) as events:
                assert await anext(events) == Started()
                assert await anext(events) == Text("천년의 ")
            await asyncio.wait_for(fake.gone.wait(), 5)
            await server.aclose()

    asyncio.run(work())
