"""HTTP client that controls the scripted model of another process."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen


@dataclass(frozen=True)
class Stage:
    url: str

    def plan(self, *replies: dict[str, Any]) -> None:
        self._ask("PUT", "/_scripted/plan", json.dumps(replies).encode())

    def release(self) -> None:
        self._ask("POST", "/_scripted/release")

    def invocations(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(self._ask("GET", "/_scripted/invocations"))
        return listed

    def reset(self) -> None:
        self._ask("DELETE", "/_scripted")

    def state(self, expected: Callable[[str], bool]) -> str:
        """Return the last invocation's state, once it is as expected or after five seconds."""
        end = time.monotonic() + 5
        while not expected(state := self.invocations()[-1]["state"]) and time.monotonic() < end:
            time.sleep(0.01)
        return str(state)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        request = Request(self.url + path, body, method=method)  # noqa: S310  # our own server
        with urlopen(request) as response:  # noqa: S310  # our own server
            content: bytes = response.read()
            return content
