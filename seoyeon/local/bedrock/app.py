"""HTTP API: InvokeModel, InvokeModelWithResponseStream and ConverseStream."""

import logging
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from uuid import uuid4

from aiohttp import web

from seoyeon.local.bedrock import control, converse, eventstream, invocation
from seoyeon.local.bedrock.errors import BedrockError, ConnectionCutError
from seoyeon.local.bedrock.invocation import Backend, Event, Finished, Invocation, Text
from seoyeon.local.bedrock.scripted import Scripted
from seoyeon.local.bedrock.writers import ConverseWriter, InvokeWriter, Writer

log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Events = AsyncGenerator[Event, None]

LARGEST_BODY = 25_000_000  # bytes, Bedrock's limit for `body`


def create_app(backend: Backend) -> web.Application:
    """Create the application; the caller closes `backend`.

    Run it with `handler_cancellation=True`, so that a client that disconnects before the first
    token stops the model at once.
    """
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[_faults])
    endpoint = Endpoint(backend)
    app.router.add_post("/model/{model_id:.+}/invoke", endpoint.invoke)
    app.router.add_post("/model/{model_id:.+}/invoke-with-response-stream", endpoint.stream)
    app.router.add_post("/model/{model_id:.+}/converse-stream", endpoint.converse)
    if isinstance(backend, Scripted):
        app.add_routes(control.routes(backend.script))
    return app


class Endpoint:
    """The handlers of the three operations."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def invoke(self, request: web.Request) -> web.StreamResponse:
        asked = await _read(request)
        text: list[str] = []
        async with aclosing(self._backend.stream(asked)) as events:
            async for event in events:
                match event:
                    case Text():
                        text.append(event.text)
                    case Finished():
                        return _complete_response("".join(text), event)
        raise BedrockError("ModelErrorException", "The model ended without a stop reason.")

    async def stream(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, await _read(request), InvokeWriter())

    async def converse(self, request: web.Request) -> web.StreamResponse:
        asked = converse.parse(request.match_info["model_id"], await request.read())
        return await self._answer(request, asked, ConverseWriter())

    async def _answer(
        self, request: web.Request, asked: Invocation, writer: Writer
    ) -> web.StreamResponse:
        async with aclosing(self._backend.stream(asked)) as events:
            await anext(events, None)  # Started: earlier errors have an HTTP status
            response = web.StreamResponse(
                headers={"x-amzn-bedrock-content-type": "application/json"}
            )
            response.content_type = eventstream.CONTENT_TYPE
            await response.prepare(request)
            try:
                await _relay(events, response, writer)
            except BedrockError as fault:
                await response.write(eventstream.exception(fault))
            except ConnectionCutError:
                _reset(request)
            except ConnectionError:
                log.info("the client closed the stream")
            else:
                await response.write_eof()
        return response


async def _relay(events: Events, response: web.StreamResponse, writer: Writer) -> None:
    await response.write(writer.begin())
    async for event in events:
        match event:
            case Text():
                await response.write(writer.text(event))
            case Finished():
                for part in writer.end(event):
                    await response.write(part)


def _complete_response(text: str, end: Finished) -> web.Response:
    body = {
        "generation": text,
        "prompt_token_count": end.prompt_tokens,
        "generation_token_count": end.completion_tokens,
        "stop_reason": "length" if end.stop_reason == "length" else "stop",
    }
    counts = {
        "x-amzn-bedrock-input-token-count": str(end.prompt_tokens),
        "x-amzn-bedrock-output-token-count": str(end.completion_tokens),
    }
    return web.json_response(body, headers=counts)


async def _read(request: web.Request) -> Invocation:
    guardrail = request.headers.get("X-Amzn-Bedrock-GuardrailIdentifier", "")
    return invocation.parse(request.match_info["model_id"], await request.read(), guardrail)


@web.middleware
async def _faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except BedrockError as fault:
        response = _refusal(fault)
    except ConnectionCutError:
        _reset(request)
        response = web.Response()
    except web.HTTPRequestEntityTooLarge:
        response = _refusal(
            BedrockError("ValidationException", "Input is too long for requested model.")
        )
    return response


def _refusal(fault: BedrockError) -> web.Response:
    headers = {
        "x-amzn-errortype": f"{fault.code}:http://internal.amazon.com/coral/com.amazon.bedrock/",
        "x-amzn-requestid": str(uuid4()),
    }
    return web.json_response({"message": fault.message}, status=fault.status, headers=headers)


def _reset(request: web.Request) -> None:
    """Close the connection with RST instead of FIN."""
    if request.transport is None:
        return
    connection: socket.socket = request.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
