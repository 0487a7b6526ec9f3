"""The page on its own test server: files under the real headers, and a scripted history API.

Uploads go to `/uploads`, as on a laptop.
"""

import hashlib
import json
import mimetypes
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

from chat_ws.protocol import FEATURES
from history_api.features import DOCUMENT_FEATURES, RATING_FEATURES, SHARE_FEATURES
from history_api.features import FEATURES as HISTORY_FEATURES
from history_api.matching import Excerpt, Query, excerpt, turn_text

from cdk.assets.page import HTML, build_page
from tests.builders import MODEL, MODEL_CHOICES

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types service-worker"
)
# The other headers of the page, except Strict-Transport-Security, which is for HTTPS.
SECURITY_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
CONFIG: dict[str, Any] = {
    "websocket_url": "/ws",
    "auth": "guest",
    "max_text_length": 8000,
    "features": [
        *FEATURES,
        *HISTORY_FEATURES,
        *SHARE_FEATURES,
        *RATING_FEATURES,
        *DOCUMENT_FEATURES,
    ],
    "models": MODEL_CHOICES,
}
BLANK = b'<!doctype html><title>blank</title><link rel="icon" href="data:,">'
PAGE_LENGTH = 20
Turn = dict[str, Any]


def stored_turn(text: str, answer: str, **fields: Any) -> Turn:
    """A turn as the history API gives it."""
    return {
        "request_id": str(uuid4()),
        "turn_id": str(uuid4()),
        "conversation_id": "00000000-0000-4000-8000-000000000001",
        "mode": "chat",
        "text": text,
        "answer": answer,
        "status": "done",
        "stop_reason": "stop",
        "code": None,
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        "model": None,
        "model_id": MODEL,
        "created_at": "2026-11-20T09:00:00+00:00",
        "wish": None,
        "feedback": None,
    } | fields


def stored_document(name: str, **fields: Any) -> dict[str, Any]:
    """A document as the history API gives it."""
    return {
        "document_id": str(uuid4()),
        "name": name,
        "size": 245_760,
        "status": "ready",
        "code": None,
        "kind": name.rpartition(".")[2],
        "unit": "page",
        "units": 12,
        "characters": 9_600,
        "parts": 12,
        "truncated": False,
        "skipped": {},
        "created_at": "2026-11-20T09:00:00+00:00",
    } | fields


class Documents:
    """The documents of each conversation, oldest first.

    `readings`: what becomes of a document of that name when it is read, by default `ready`; null
    leaves it `reading`. `refusals`: what a new document is refused with. `texts`: the parts of a
    document. `uploads`: the bytes of each upload, by document.
    """

    def __init__(self) -> None:
        self.of: dict[str, list[dict[str, Any]]] = {}
        self.readings: dict[str, dict[str, Any] | None] = {}
        self.refusals: list[tuple[int, str]] = []
        self.texts: dict[str, list[dict[str, Any]]] = {}
        self.page = 5  # parts in an answer
        self.uploads: dict[str, bytes] = {}

    def answer(
        self, method: str, conversation: str, rest: list[str], query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        documents = self.of.setdefault(conversation, [])
        if not rest and method == "GET":
            for each in documents:
                if each["status"] == "reading":
                    each |= self._read(each)
            return 200, {"documents": documents}
        if not rest:
            return self._add(conversation, body)
        found = next((each for each in documents if each["document_id"] == rest[0]), None)
        if method == "DELETE":
            self.of[conversation] = [each for each in documents if each is not found]
            return (204 if found else 404), None
        if found is None:
            return 404, {"code": "not_found", "message": "not shown"}
        if rest[1] == "read":
            found |= {"status": "reading"}
            return 200, {"document": found}
        start = int(query.get("from", 0))
        parts = self.texts[rest[0]]
        end = start + self.page
        return 200, {"parts": parts[start:end], "next": end if end < len(parts) else None}

    def _add(self, conversation: str, body: Any) -> tuple[int, Any]:
        if self.refusals:
            status, code = self.refusals.pop(0)
            return status, {"code": code, "message": "not shown"}
        documents = self.of[conversation]
        found = [each for each in documents if each["document_id"] == body["document_id"]]
        if not found:
            empty = {"kind": None, "unit": None, "units": 0, "characters": 0, "parts": 0}
            found = [stored_document(body["name"], **empty) | {"status": "uploading"} | body]
            documents += found
        fields = {"key": body["document_id"], "success_action_status": "201"}
        return 200, {"document": found[0], "upload": {"url": "/uploads", "fields": fields}}

    def _read(self, document: dict[str, Any]) -> dict[str, Any]:
        name = document["name"]
        read = {key: stored_document(name)[key] for key in ("status", "kind", "unit", "units")}
        reading = self.readings.get(name, {})
        return {} if reading is None else read | reading

    def receive(self, content_type: str, form: bytes) -> int:
        """Take a multipart form as S3 does; return the status of the answer."""
        boundary = content_type.partition("boundary=")[2].encode()
        fields: dict[str, bytes] = {}
        for part in form.split(b"--" + boundary)[1:-1]:
            head, _, value = part[2:-2].partition(b"\r\n\r\n")
            [name] = re.findall(rb' name="([^"]+)"', head)
            fields[name.decode()] = value
        if list(fields)[-1] != "file" or fields["success_action_status"] != b"201":
            return 400
        self.uploads[fields["key"].decode()] = fields["file"]
        return 201


class Shares:
    """The shares of the user, newest first, and their copies; `copies` by the share's id.

    `refusals`: what the next requests are refused with.
    """

    def __init__(self) -> None:
        self.listed: list[dict[str, Any]] = []
        self.copies: dict[str, dict[str, Any]] = {}
        self.refusals: list[tuple[int, str]] = []

    def add(self, share_id: str, turns: list[Turn], **fields: Any) -> None:
        times = {"created_at": "2026-11-20T09:00:00.000Z", "expires_at": "2027-02-18T09:00:00.000Z"}
        members = ("text", "answer", "mode", "wish", "status", "stop_reason", "code", "created_at")
        shared = [{name: turn[name] for name in members} for turn in turns]
        self.copies[share_id] = {"turns": shared, **times, "truncated": False} | fields
        first = turns[0]
        self.listed.insert(
            0,
            {
                "share_id": share_id,
                "conversation_id": first["conversation_id"],
                "title": first["text"],
                **times,
            },
        )

    def revoke(self, share_id: str) -> int:
        self.listed = [each for each in self.listed if each["share_id"] != share_id]
        return 204 if self.copies.pop(share_id, None) else 404


class History:
    """What the history API answers: `turns` oldest first, of any number of conversations.

    A turn without a `parent` follows the turn before it. `heads`: the last turn of the shown branch
    of a conversation, by default the newest one.
    """

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.titles: dict[str, str] = {}
        self.model_titles: dict[str, str] = {}
        self.pinned: set[str] = set()
        self.heads: dict[str, str] = {}
        self.instructions = ""
        self.without_instructions: set[str] = set()
        self.temporary: set[str] = set()
        self.documents = Documents()
        self.pending: list[int] = []  # of the next searches, then 0
        self.search_page = 20
        self.shares = Shares()
        self.ratings: list[Any] = []  # the bodies of the requests
        self.rating_refusals: list[tuple[int, str]] = []
        self.failing = False
        self.conversations_page = 50
        self.good_tokens: set[str] | None = None  # None: any
        self.requests: list[tuple[str, str, str | None]] = []

    def answer(
        self,
        method: str,
        target: str,
        authorization: str | None,
        body: Any = None,
        share_key: str | None = None,
    ) -> tuple[int, Any]:
        self.requests.append((method, target, authorization))
        if self.failing:
            return 500, {"code": "internal", "message": "the history is not there"}
        if target == "/history/shared":
            return self._shared(share_key or "")
        bearer = (authorization or "").removeprefix("Bearer ")
        if self.good_tokens is not None and bearer not in self.good_tokens:
            return 401, {"code": "unauthorized", "message": "Unauthorized"}
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if method == "DELETE" and url.path == "/history":
            self.turns, self.instructions = [], ""
            self.documents.of = {}
            return 204, None
        if url.path == "/history/instructions":
            if method == "PUT":
                self.instructions = body["text"]
            return 200, {"text": self.instructions}
        if url.path == "/history/search":
            return 200, self._search(body["query"], int(body.get("cursor", 0)))
        if url.path == "/history":
            return 200, self._page(query)
        if found := re.match(r"/history/conversations/([^/]+)/documents(?:/(.+))?$", url.path):
            rest = found[2].split("/") if found[2] else []
            return self.documents.answer(method, found[1], rest, query, body)
        if found := re.match(r"/history/conversations/([^/]+)/(shares|copy)$", url.path):
            return self._share(found[1], body) if body else self._copy(found[1], share_key or "")
        if found := re.match(r"/history/conversations/[^/]+/turns/([^/]+)/feedback$", url.path):
            return self._rate(unquote(found[1]), body)
        named = url.path.rsplit("/", 1)[1]
        if named == "shares":
            return 200, {"shares": self.shares.listed}
        if method == "DELETE" and "/shares/" in url.path:
            return self.shares.revoke(named), None
        if method == "DELETE" and "/turns/" in url.path:
            return self._remove_turn(unquote(named))
        if method == "DELETE":
            self.turns = [turn for turn in self.turns if turn["conversation_id"] != named]
            self.documents.of.pop(named, None)
            return 204, None
        if method == "PATCH":
            if "title" in body:
                self.titles[named] = body["title"]
            if "head" in body and body["head"] not in [turn["turn_id"] for turn in self.turns]:
                return 404, {"code": "not_found", "message": "not shown"}
            if "head" in body:
                self.heads[named] = body["head"]
            if "pinned" in body:
                (self.pinned.add if body["pinned"] else self.pinned.discard)(named)
            if "instructions" in body:
                without = self.without_instructions
                (without.discard if body["instructions"] else without.add)(named)
            [changed] = [one for one in self._conversations() if one["conversation_id"] == named]
            return 200, changed
        return 200, self._conversations_page(query)

    def _rate(self, turn_id: str, body: Any) -> tuple[int, Any]:
        """Store the rating of a turn, or delete it without a body."""
        if self.rating_refusals:
            status, code = self.rating_refusals.pop(0)
            return status, {"code": code, "message": "not shown"}
        self.ratings.append(body)
        for turn in self.turns:
            if turn["turn_id"] == turn_id:
                turn["feedback"] = body
        return (200, {"feedback": body}) if body else (204, None)

    def _search(self, words: str, start: int) -> dict[str, Any]:
        query = Query(words)
        titles = {one["conversation_id"]: one["title"] for one in self._conversations()}
        results: list[dict[str, Any]] = []
        for turn in reversed(self.turns):
            id = turn["conversation_id"]
            if id not in titles:
                continue
            if found := excerpt(turn_text(turn["text"], turn["answer"]), query):
                field = "question" if found.start < len(turn["text"]) else "answer"
                results.append(_result(titles[id], turn, field, found))
            elif turn["text"] != titles[id] and (found := excerpt(titles[id], query)):
                results.append(_result(titles[id], turn | {"turn_id": None}, "title", found))
        end = start + self.search_page
        return {
            "results": results[start:end],
            "pending": self.pending.pop(0) if self.pending else 0,
            "next_cursor": str(end) if end < len(results) else None,
        }

    def _shared(self, key: str) -> tuple[int, Any]:
        if self.shares.refusals:
            status, code = self.shares.refusals.pop(0)
            return status, {"code": code, "message": "not shown"}
        copy = self.shares.copies.get(hashlib.sha256(key.encode()).hexdigest())
        return (200, copy) if copy else (404, {"code": "not_found", "message": "not shown"})

    def _share(self, conversation: str, body: Any) -> tuple[int, Any]:
        if self.shares.refusals:
            status, code = self.shares.refusals.pop(0)
            return status, {"code": code, "message": "not shown"}
        turns = _branch(self._place(conversation), body["head"])
        known = [each for each in self.shares.listed if each["share_id"] == body["share_id"]]
        if not known:
            self.shares.add(body["share_id"], turns)
        return 200, {"share": (known or self.shares.listed)[0]}

    def _copy(self, conversation: str, key: str) -> tuple[int, Any]:
        status, copy = self._shared(key)
        if status != 200:
            return status, copy
        if not any(turn["conversation_id"] == conversation for turn in self.turns):
            self.turns += [
                stored_turn(**turn, conversation_id=conversation) for turn in copy["turns"]
            ]
        [made] = [each for each in self._conversations() if each["conversation_id"] == conversation]
        return 200, made

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        newest = self.turns[-1]["conversation_id"] if self.turns else None
        conversation = query.get("conversation_id", newest)
        turns = self._place(conversation)
        end, _, head = query.get("cursor", "").partition(" ")
        head = head or query.get("head") or self.heads.get(conversation or "", "")
        if turns and query.get("branches") != "all":
            turns = _branch(turns, head or turns[-1]["turn_id"])
        last = int(end or len(turns))
        start = max(0, last - PAGE_LENGTH)
        cursor = f"{start} {head}" if start else None
        return {"turns": turns[start:last], "next_cursor": cursor}

    def _place(self, conversation: str | None) -> list[Turn]:
        """Return the turns of a conversation, with their parents and variants."""
        turns = [turn for turn in self.turns if turn["conversation_id"] == conversation]
        for before, turn in zip([{"turn_id": "root"}, *turns], turns, strict=False):
            turn.setdefault("parent", before["turn_id"])
        for turn in turns:
            ids = [one["turn_id"] for one in turns if one["parent"] == turn["parent"]]
            heads = [_newest(turns, id) for id in ids]
            index = ids.index(turn["turn_id"])
            turn["variants"] = {"index": index, "heads": heads} if len(ids) > 1 else None
        return turns

    def _remove_turn(self, turn_id: str) -> tuple[int, Any]:
        gone = {turn_id}
        for turn in self.turns:
            if turn.get("parent") in gone:
                gone.add(turn["turn_id"])
        self.turns = [turn for turn in self.turns if turn["turn_id"] not in gone]
        self.heads = {id: head for id, head in self.heads.items() if head not in gone}
        return 204, None

    def _conversations_page(self, query: dict[str, str]) -> dict[str, Any]:
        found = self._conversations()
        start = int(query.get("cursor", 0))
        end = start + self.conversations_page
        more = str(end) if end < len(found) else None
        return {"conversations": found[start:end], "next_cursor": more}

    def _conversations(self) -> list[dict[str, Any]]:
        first = {turn["conversation_id"]: turn for turn in reversed(self.turns)}
        for id in self.temporary:
            first.pop(id, None)
        ids = sorted(first, key=lambda id: id not in self.pinned)
        return [
            {
                "conversation_id": id,
                "title": self.titles.get(id) or self.model_titles.get(id) or turn["text"],
                "title_source": "user"
                if id in self.titles
                else "model"
                if id in self.model_titles
                else "question",
                "pinned": id in self.pinned,
                "instructions": id not in self.without_instructions,
                "created_at": turn["created_at"],
                "last_activity_at": turn["created_at"],
            }
            for id, turn in ((id, first[id]) for id in ids)
        ]


def _result(title: str, turn: Turn, field: str, found: Excerpt) -> dict[str, Any]:
    return {
        "conversation_id": turn["conversation_id"],
        "title": title,
        "turn_id": turn["turn_id"],
        "at": turn["created_at"],
        "field": field,
        "excerpt": [asdict(piece) for piece in found.pieces],
    }


def _branch(turns: list[Turn], head: str) -> list[Turn]:
    """Return the turns from the first one to `head`."""
    by_id = {turn["turn_id"]: turn for turn in turns}
    found: list[Turn] = []
    while head in by_id:
        found.insert(0, by_id[head])
        head = by_id[head]["parent"]
    return found


def _newest(turns: list[Turn], turn_id: str) -> str:
    """Return the newest turn that follows from a turn."""
    for turn in turns:
        if turn["parent"] == turn_id:
            turn_id = turn["turn_id"]
    return turn_id


class Site:
    """`page` is the folder of what is published."""

    def __init__(self, port: int, page: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.page = page
        self.reset()

    def reset(self) -> None:
        self.history = History()
        self.config: dict[str, Any] = {}  # what differs from CONFIG
        self.connects_to = ""  # another origin that the page may talk to
        self.requested: set[str] = set()  # paths of files

    @property
    def policy(self) -> str:
        sources = f"connect-src 'self' {self.connects_to}".rstrip()
        return CONTENT_SECURITY_POLICY.replace("connect-src 'self'", sources)


@contextmanager
def serve_site(page: Path) -> Iterator[Site]:
    build_page(page)
    server = Server(("127.0.0.1", 0), Handler)
    site = Site(server.server_port, page)
    Handler.site = site
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report errors but that of a browser that has closed its connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/config.json":
            self._answer_json(200, CONFIG | self.site.config)
        elif path == "/blank":
            self._answer(200, BLANK, "text/html")
        elif path.startswith("/history"):
            self._answer_history()
        else:
            self._answer_file(path.lstrip("/") or "index.html")

    def do_DELETE(self) -> None:
        self._answer_history()

    def do_PATCH(self) -> None:
        self._answer_history()

    def do_PUT(self) -> None:
        self._answer_history()

    def do_POST(self) -> None:
        if self.path == "/uploads":
            form = self.rfile.read(int(self.headers["Content-Length"]))
            documents = self.site.history.documents
            self._answer(documents.receive(self.headers["Content-Type"], form), b"", "text/plain")
        else:
            self._answer_history()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: a failing test shows the page, not the server."""

    def _answer_history(self) -> None:
        authorization = self.headers.get("Authorization")
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body = self.site.history.answer(
            self.command,
            self.path,
            authorization,
            json.loads(sent) if sent else None,
            self.headers.get("Share-Key"),
        )
        self._answer_json(status, body)

    def _answer_file(self, name: str) -> None:
        """What is published; else the module as it is in html/, for a test of that module alone."""
        self.site.requested.add(f"/{name}")
        path = self.site.page / name
        if not path.is_file():
            path = HTML / name
        if path.is_file():
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            self._answer(200, path.read_bytes(), kind)
        else:
            self._answer(404, b"", "text/plain")

    def _answer_json(self, status: int, body: Any) -> None:
        self._answer(status, b"" if body is None else json.dumps(body).encode(), "application/json")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(HTTPStatus(status))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", self.site.policy)
        for name, value in SECURITY_HEADERS.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
