"""A user of the deployment's user pool: sign-in by a browser, with PKCE (RFC 8252)."""

import asyncio
import base64
import hashlib
import secrets
import sys
import time
from typing import Any

from aiohttp import ClientError as HttpError
from aiohttp import web
from yarl import URL

from seoyeon.client.errors import ClientError
from seoyeon.client.page import Page
from seoyeon.client.secret_file import SecretFile

_RANDOM_BYTES = 32
_EXPIRY_MARGIN_S = 60
_SIGN_IN_S = 300
_SIGNED_IN = """<!doctype html>
<html lang="ko"><meta charset="utf-8"><title>서연</title>
<p>로그인했어요. 이 창을 닫고 터미널로 돌아가세요.
<p lang="en">You are signed in. Close this window and return to the terminal."""


class GrantRefused(Exception):
    """The code or the refresh token is used up, revoked or expired."""


class Account:
    """An account. Its refresh token is in a file; the access token is in memory only."""

    def __init__(self, file: SecretFile) -> None:
        self._file = file
        self._access = ""
        self._expires = 0.0

    async def token(self, page: Page) -> str:
        if time.monotonic() < self._expires:
            return self._access
        return await self.renew(page, self._access)

    async def renew(self, page: Page, refused: str) -> str:
        """Refresh the session in the file, or have the user sign in. One process renews at a time.

        A refresh token is valid once.
        """
        async with self._file.lock():
            if refused == self._access:
                stored = self._file.read()
                tokens = await self._refresh(page, stored) if stored else None
                tokens = tokens or await _sign_in(page)
                self._file.write(str(tokens.get("refresh_token", stored)))
                self._access = tokens["access_token"]
                self._expires = time.monotonic() + tokens["expires_in"] - _EXPIRY_MARGIN_S
            return self._access

    async def sign_out(self, page: Page) -> None:
        """Revoke the refresh token and delete it. An access token stays valid for up to an hour."""
        async with self._file.lock():
            if stored := self._file.read():
                self._file.delete()
                await _post(page, "/oauth2/revoke", {"token": stored})

    async def _refresh(self, page: Page, refresh_token: str) -> dict[str, Any] | None:
        grant = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        try:
            return await _request_tokens(page, grant)
        except GrantRefused:
            return None


async def _sign_in(page: Page) -> dict[str, Any]:
    """Have the user sign in by a browser, which is redirected to a port of this machine."""
    if "loopback_url" not in page.cognito:
        raise ClientError(
            f"{page.origin} lets only its page sign in: deploy the present version, which also "
            "accepts the terminal."
        )
    state, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(2))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    redirect_url = page.cognito["loopback_url"]
    address = _endpoint(page, "/oauth2/authorize").with_query(
        response_type="code",
        client_id=page.cognito["client_id"],
        redirect_uri=redirect_url,
        scope="openid email",
        state=state,
        code_challenge=challenge.decode(),
        code_challenge_method="S256",
    )
    code = await _receive_code(URL(redirect_url), state, address)
    grant = {
        "grant_type": "authorization_code",
        "redirect_uri": redirect_url,
        "code": code,
        "code_verifier": verifier,
    }
    try:
        return await _request_tokens(page, grant)
    except GrantRefused as refused:
        raise ClientError("The sign-in was refused: start again.") from refused


async def _receive_code(redirect_url: URL, state: str, address: URL) -> str:
    """Serve the redirect URL until a browser brings a code with our state; return the code."""
    redirected: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def receive(request: web.Request) -> web.Response:
        if not secrets.compare_digest(request.query.get("state", ""), state):
            return web.Response(status=400, text="This sign-in was not begun here.")
        if not redirected.done():
            redirected.set_result(request.query.get("code", ""))
        return web.Response(text=_SIGNED_IN, content_type="text/html")

    app = web.Application()
    app.router.add_get(redirect_url.path, receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, redirect_url.host, redirect_url.port).start()
        print(f"Sign in at this address:\n{address}", file=sys.stderr, flush=True)
        code = await asyncio.wait_for(redirected, _SIGN_IN_S)
    except TimeoutError as error:
        raise ClientError("The sign-in took too long: start again.") from error
    except OSError as error:
        raise ClientError(
            f"Port {redirect_url.port} of this machine, where a sign-in ends, is taken "
            f"({error.strerror}): end the other program and try again."
        ) from error
    finally:
        await runner.cleanup()
    if not code:
        raise ClientError("The sign-in was refused: start again.")
    return code


async def _request_tokens(page: Page, grant: dict[str, str]) -> dict[str, Any]:
    status, answer = await _post(page, "/oauth2/token", grant)
    if status in (400, 401):
        raise GrantRefused
    if status != 200:
        raise ClientError(f"The sign-in of {page.origin} answers {status}: try again later.")
    return answer


async def _post(page: Page, path: str, fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
    data = {"client_id": page.cognito["client_id"], **fields}
    try:
        async with page.session.post(
            _endpoint(page, path), data=data, allow_redirects=False
        ) as response:
            answer = await response.json() if response.content_type == "application/json" else {}
            return response.status, answer
    except (HttpError, OSError, TimeoutError) as error:
        reason = error if str(error) else type(error).__name__
        raise ClientError(
            f"The sign-in of {page.origin} cannot be reached ({reason}): try again later."
        ) from error


def _endpoint(page: Page, path: str) -> URL:
    return page.url.join(URL(page.cognito["url"])).join(URL(path))
