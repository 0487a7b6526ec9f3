"""A played deployment in a thread, since the chat blocks."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.seoyeon.client.played import Deployment

Serve = Callable[[Deployment], str]


@contextmanager
def served(deployment: Deployment) -> Iterator[str]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serving = deployment.serve()
    try:
        url = asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result(10)
        yield url
        asyncio.run_coroutine_threadsafe(serving.__aexit__(None, None, None), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda deployment: stack.enter_context(served(deployment))
