"""The history API (docs/openapi.yaml), as far as the client uses it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

from aiohttp import ClientError as HttpError
from aiohttp import FormData
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential
from yarl import URL

from seoyeon.client.errors import ClientError, Refused
from seoyeon.client.identity import Identity
from seoyeon.client.page import Page

_ATTEMPTS = 5
_UNAUTHORIZED = 401
_POLL_S = (0.5, 5.0)  # the first pause while a document is read, and the longest
_READ_S = 120


class History:
    """The conversations of one user. Objects are as in docs/openapi.yaml."""

    def __init__(self, page: Page, identity: Identity) -> None:
        self._page = page
        self._identity = identity

    async def conversations(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the conversations: pinned ones first, then by the newest message."""
        query: dict[str, str] = {}
        while True:
            found = await self._call("GET", "/history/conversations", query=query)
            for conversation in found["conversations"]:
                yield conversation
            if not found["next_cursor"]:
                return
            query = {"cursor": found["next_cursor"]}

    async def turns(self, conversation_id: str, newest: int | None = None) -> list[dict[str, Any]]:
        """Return the turns of the shown branch, oldest first; the `newest` ones or all."""
        turns: list[dict[str, Any]] = []
        query = {"conversation_id": conversation_id, "limit": str(min(newest or 50, 50))}
        while True:
            found = await self._call("GET", "/history", query=query)
            turns = found["turns"] + turns
            if not found["next_cursor"] or (newest and len(turns) >= newest):
                return turns[-newest:] if newest else turns
            query["cursor"] = found["next_cursor"]

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation for good; an unknown one is no error."""
        try:
            await self._call("DELETE", f"/history/conversations/{conversation_id}")
        except Refused as refused:
            if refused.code != "not_found":
                raise

    async def add_document(self, conversation_id: str, name: str, content: bytes) -> dict[str, Any]:
        """Upload a document and wait until it is ready; return it. Raises ClientError."""
        self._page.require("add_document")
        path = f"/history/conversations/{conversation_id}/documents"
        document_id = str(uuid4())
        announced = await self._call(
            "POST", path, {"document_id": document_id, "name": name, "size": len(content)}
        )
        if announced["upload"]:
            await self._upload(announced["upload"], content)
        await self._call("POST", f"{path}/{document_id}/read")
        try:
            async with asyncio.timeout(_READ_S):
                return await self._wait_ready(path, document_id)
        except TimeoutError:
            raise ClientError(
                f"{name} was not read within {_READ_S} s: try again, or a shorter document."
            ) from None

    async def _wait_ready(self, path: str, document_id: str) -> dict[str, Any]:
        pause, longest = _POLL_S
        while True:
            await asyncio.sleep(pause)
            listed = (await self._call("GET", path))["documents"]
            document: dict[str, Any] = next(
                each for each in listed if each["document_id"] == document_id
            )
            if document["status"] == "failed":
                raise ClientError(f"{document['name']} could not be read: {document['code']}")
            if document["status"] == "ready":
                return document
            pause = min(pause * 1.5, longest)

    async def _upload(self, upload: Mapping[str, Any], content: bytes) -> None:
        form = FormData(upload["fields"])
        form.add_field("file", content, filename="file")  # the last field: S3 ignores those after
        async with self._page.session.post(
            self._page.url.join(URL(upload["url"])), data=form, allow_redirects=False
        ) as response:
            if not response.ok:
                raise ClientError(f"The upload was refused with status {response.status}.")

    async def _call(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request, again after a failure that may pass: each one is idempotent."""
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception(_may_pass),
                wait=wait_random_exponential(multiplier=0.5, max=8),
                stop=stop_after_attempt(_ATTEMPTS),
                reraise=True,
            ):
                with attempt:
                    return await self._authorized(method, path, body, query)
        except (HttpError, OSError, TimeoutError) as error:
            reason = error if str(error) else type(error).__name__
            raise ClientError(
                f"The history at {self._page.origin} cannot be reached ({reason}): try again later."
            ) from error

    async def _authorized(
        self, method: str, path: str, body: object, query: Mapping[str, str] | None
    ) -> Any:
        token = await self._identity.token(self._page)
        try:
            return await self._send(method, path, body, query, token)
        except Refused as refused:
            if refused.status != _UNAUTHORIZED:
                raise
        renewed = await self._identity.renew(self._page, token)
        return await self._send(method, path, body, query, renewed)

    async def _send(
        self, method: str, path: str, body: object, query: Mapping[str, str] | None, token: str
    ) -> Any:
        async with self._page.session.request(
            method,
            self._page.url.join(URL(path)),
            params=query,
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            allow_redirects=False,
        ) as response:
            if response.status == 204:
                return None
            found = await response.json(content_type=None)
            if response.ok:
                return found
            members = found if isinstance(found, dict) else {}
            raise Refused(
                response.status,
                members.get("code", "internal"),
                members.get("message") or response.reason or "",
            )


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, Refused):
        throttled = error.status == 429 and error.code != "quota_exceeded"
        return throttled or error.status >= 500
    return isinstance(error, HttpError | OSError | TimeoutError)
