import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from typing import Any

import pytest

from seoyeon.local.bedrock.invocation import Backend
from seoyeon.local.bedrock.scripted import Scripted

from .stage import Stage
from .support import serve


class Background:
    """An event loop in a thread, for clients that block."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    @contextmanager
    def holding(self, manager: AbstractAsyncContextManager[Any]) -> Iterator[Any]:
        value = self.call(manager.__aenter__())
        try:
            yield value
        finally:
            self.call(manager.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def background() -> Iterator[Background]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield Background(loop)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@pytest.fixture
def serving(background: Background) -> Iterator[Callable[[Backend], str]]:
    """Return a function that serves a backend until the test ends, and returns its URL."""
    with ExitStack() as stack:
        yield lambda backend: stack.enter_context(background.holding(serve(backend)))


@pytest.fixture
def stage(serving: Callable[[Backend], str]) -> Stage:
    """The scripted model behind its endpoint."""
    return Stage(serving(Scripted()))
