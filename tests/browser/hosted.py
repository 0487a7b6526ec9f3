"""Cognito's hosted sign-in as the page sees it: four addresses on another origin."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

CLIENT_ID = "the-page"
MINSU, JISU = "5d1c7e9a-0000-4000-8000-000000000001", "5d1c7e9a-0000-4000-8000-000000000002"
Form = dict[str, str]


def token(subject: str) -> str:
    """A JWT in form; that nobody checks its signature here is the server's side of the story."""
    claims = base64.urlsafe_b64encode(json.dumps({"sub": subject, "jti": str(uuid4())}).encode())
    return f"eyJhbGciOiJSUzI1NiJ9.{claims.decode().rstrip('=')}.c2lnbmF0dXJl"


class Hosted:
    """Signs `person` in at once, as for someone whose session there is alive.

    `refusal`: what it answers a sign-in with instead. `down`: the token endpoint answers 500.
    `takes_s`: how long a grant takes, so that others may come meanwhile; `most`: how many did.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.person = MINSU
        self.refusal: str | None = None
        self.down = False
        self.takes_s = 0.0
        self.most = 0
        self._asking = 0
        self.lifetime = 3600  # seconds of an access token
        self.rotating = True
        self.seen: list[tuple[str, Form]] = []
        self.access: set[str] = set()
        self.refresh: dict[str, str] = {}
        self.revoked: list[str] = []
        self._codes: dict[str, tuple[str, str]] = {}
        self._lock = Lock()

    def forms(self, path: str) -> list[Form]:
        return [form for seen, form in self.seen if seen == path]

    def authorize(self, form: Form) -> str:
        """Where it sends the browser."""
        assert form["client_id"] == CLIENT_ID
        assert form["response_type"] == "code"
        assert form["code_challenge_method"] == "S256"
        back: Form = {"state": form["state"]}
        if self.refusal:
            back["error"] = self.refusal
        else:
            back["code"] = str(uuid4())
            self._codes[back["code"]] = (form["code_challenge"], self.person)
        return f"{form['redirect_uri']}?{urlencode(back)}"

    def grant(self, form: Form) -> tuple[int, Any]:
        with self._lock:
            self._asking += 1
            self.most = max(self.most, self._asking)
        time.sleep(self.takes_s)
        with self._lock:
            self._asking -= 1
            if self.down:
                return 500, {}
            if form["grant_type"] == "authorization_code":
                challenge, person = self._codes.pop(form["code"], ("", ""))
                digest = hashlib.sha256(form["code_verifier"].encode()).digest()
                good = base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge
            else:
                person = self.refresh.get(form["refresh_token"], "")
                good = bool(person)
                if self.rotating:
                    self.refresh.pop(form["refresh_token"], None)
            if not good or form["client_id"] != CLIENT_ID:
                return 400, {"error": "invalid_grant"}
            answer: dict[str, Any] = {"access_token": token(person), "expires_in": self.lifetime}
            self.access.add(answer["access_token"])
            if self.rotating or form["grant_type"] == "authorization_code":
                answer["refresh_token"] = str(uuid4())
                self.refresh[answer["refresh_token"]] = person
            return 200, answer | {"token_type": "Bearer"}


@contextmanager
def serve_hosted() -> Iterator[Hosted]:
    hosted: Hosted

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url, form = self._read(urlsplit(self.path).query)
            address = hosted.authorize(form) if url == "/oauth2/authorize" else form["logout_uri"]
            self.send_response(302)
            self.send_header("Location", address)
            self.end_headers()

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            url, form = self._read(self.rfile.read(length).decode())
            if url == "/oauth2/revoke":
                hosted.revoked.append(form["token"])
                hosted.refresh.pop(form["token"], None)
                status, answer = 200, None
            else:
                status, answer = hosted.grant(form)
            self.send_response(status)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

        def _read(self, query: str) -> tuple[str, Form]:
            path = urlsplit(self.path).path
            form = {name: values[0] for name, values in parse_qs(query).items()}
            hosted.seen.append((path, form))
            return path, form

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hosted = Hosted(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hosted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
