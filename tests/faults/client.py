"""A client that follows docs/protocol.md and nothing else."""

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chat_shared.principal import Principal

from tests.builders import CONVERSATION, uuid
from tests.faults.simulation import Process

if TYPE_CHECKING:
    from tests.faults.world import World

Frame = dict[str, Any]
# Seconds of silence before each request, as the page has them in mid-answer
# (html/js/state/delivery.js); then the last one again and again.
SILENCES = (2.2, 0.5, 0.5, 1.0, 2.0, 4.0, 10.0)
DEAD_AFTER = 5  # requests without a reply: the connection may be dead
RECONNECT_SECONDS = 1.0
REFUSALS = {"bad_request", "too_large", "unauthorized", "not_found", "busy", "quota_exceeded"}
CAN_CONTINUE = {"length", "cancelled", "deadline"}


@dataclass(eq=False)
class Link:
    """A connection. The gateway can post to it while it is `open`.

    After `frames_left` frames (None: any number), further ones are lost silently.
    """

    id: str
    client: "Client"
    open: bool = True
    frames_left: int | None = None
    latency: float = 0.005  # duration of a post in seconds

    def deliver(self, frame: Frame) -> None:
        if self.frames_left is not None:
            if self.frames_left <= 0:
                return
            self.frames_left -= 1
        if self.client.link is self:
            self.client.receive(frame)


@dataclass(eq=False)
class View:
    """A turn as a client shows it."""

    request_id: str
    conversation_id: str
    question: str
    mode: str = "chat"
    place: Frame = field(default_factory=dict)  # `parent` and `variant_of` of its `chat`
    turn_id: str | None = None
    known: bool = False  # a frame of the turn has arrived
    text: str = ""
    run: int = 0
    seq: int = 0
    continued: int = 0  # the run that `continue` was sent after; its end no longer counts
    ended: bool = False
    end: Frame | None = None
    ends: list[Frame] = field(default_factory=list)  # terminal frames that counted
    heard: list[Frame] = field(default_factory=list)  # all frames
    quiet_since: float = 0.0
    requests: int = 0  # since the last frame
    may_be_behind: bool = False  # another client sent `continue`, which this one need not notice

    @property
    def asks_at(self) -> float:
        return self.quiet_since + SILENCES[min(self.requests, len(SILENCES) - 1)]

    @property
    def how(self) -> str:
        """Return the stop reason or the code of the end."""
        assert self.end, "the turn has not ended"
        return str(self.end["stop_reason" if self.end["type"] == "done" else "code"])

    @property
    def can_continue(self) -> bool:
        return bool(
            self.ended
            and self.end
            and self.end["type"] == "done"
            and self.end["stop_reason"] in CAN_CONTINUE
        )

    def frames(self, kind: str) -> list[Frame]:
        return [frame for frame in self.heard if frame["type"] == kind]


class Client:
    def __init__(self, world: "World", name: str, principal: Principal) -> None:
        self.world = world
        self.name = name
        self.principal = principal
        self.views: dict[str, View] = {}
        self.link: Link | None = None
        self.online = True
        self.sends_run = True  # False: an older page
        self.sent: list[Frame] = []
        self.titles: list[str] = []
        self.process = Process(f"client {name}")
        world.simulation.spawn(self.process, self._live)
        self.connect()

    # Actions of the user.

    def ask(
        self,
        question: str = "경주",
        number: int = 1,
        conversation_id: str = CONVERSATION,
        **place: str,
    ) -> View:
        view = View(uuid(number), conversation_id, question, place=place)
        self.views[view.request_id] = view
        self._request(view)
        return view

    def watch(self, view: View) -> View:
        """Open a turn of another tab, found in the history."""
        mine = View(view.request_id, view.conversation_id, view.question, known=True)
        mine.may_be_behind = view.may_be_behind = True
        self.views[view.request_id] = mine
        self._request(mine)
        return mine

    def stop(self, view: View) -> None:
        self.send({"action": "stop", "request_id": view.request_id})

    def carry_on(self, view: View) -> None:
        view.ended, view.continued = False, view.run
        view.quiet_since, view.requests = self.world.simulation.now, 0
        self._send_continue(view)

    def _send_continue(self, view: View) -> None:
        run = {"run": view.continued} if self.sends_run else {}
        if not run:  # sent again, it starts another run, which other tabs need not notice
            for client in self.world.clients:
                if client is not self and view.request_id in client.views:
                    client.views[view.request_id].may_be_behind = True
        self.send({"action": "continue", "request_id": view.request_id, **run})

    def resume(self, view: View) -> None:
        self.send({"action": "resume", "request_id": view.request_id})

    def drop(self, gone: bool = True) -> None:
        """Break the connection; unless `gone`, the gateway has not noticed yet."""
        if self.link:
            self.link.open = not gone
            self.link = None

    def leave(self) -> None:
        self.online = False
        self.drop()

    def come_back(self) -> None:
        self.online = True

    # Actions of the client.

    def connect(self) -> None:
        self.link = self.world.open_link(self)
        for view in self.views.values():
            if not view.ended:
                self._request(view)

    def _live(self) -> None:
        while True:
            self.world.simulation.sleep(self._pause())
            if not self.online:
                continue
            if not self.link:
                self.connect()
            for view in self.views.values():
                if not view.ended and self.world.simulation.now >= view.asks_at:
                    if view.requests >= DEAD_AFTER:
                        self.link = None
                    view.requests += 1
                    self._request(view)

    def _pause(self) -> float:
        """Return the seconds until the next request, or until the next attempt to connect."""
        now = self.world.simulation.now
        due = [view.asks_at - now for view in self.views.values() if self.link and not view.ended]
        return max(0.01, min([RECONNECT_SECONDS, *due]))

    def _request(self, view: View) -> None:
        view.quiet_since = self.world.simulation.now
        if view.end and view.continued == view.run:
            self._send_continue(view)
            return
        if view.known:
            self.resume(view)
            return
        self.send(
            {
                "action": "chat",
                "request_id": view.request_id,
                "conversation_id": view.conversation_id,
                "text": view.question,
                **view.place,
            }
        )

    def send(self, frame: Frame) -> None:
        self.sent.append(frame)
        if self.link:
            self.world.route(self.link, self.principal, json.dumps(frame, ensure_ascii=False))

    def receive(self, frame: Frame) -> None:
        if frame["type"] == "title":
            self.titles.append(frame["title"])
            return
        view = self.views.get(frame.get("request_id") or "")
        if not view:
            self.world.forbid(
                frame["type"] in ("delta", "snapshot", "done", "accepted"),
                f"{self.name} got another's {frame}",
            )
            return
        view.heard.append(frame)
        view.turn_id = frame.get("turn_id", view.turn_id)
        view.quiet_since, view.requests = self.world.simulation.now, 0
        self._apply(view, frame)

    def _apply(self, view: View, frame: Frame) -> None:
        """Apply the table "What a client does" of docs/protocol.md."""
        last = 0 if view.end and refused(view.end) else sys.maxsize
        if view.ended and view.end and frame.get("run", 0) <= view.end.get("run", last):
            return  # a repeated end
        match frame["type"]:
            case "accepted":
                view.known = True
            case "delta":
                view.known = True
                self._delta(view, frame)
            case "snapshot":
                view.known = True
                if (frame["run"], frame["seq"]) >= (view.run, view.seq):
                    view.text = frame["text"]
                    self._move(view, frame)
            case "done":
                view.known = True
                self._done(view, frame)
            case "failed" if refused(frame):
                self._refuse(view, frame)
            case "failed" if frame["code"] not in REFUSALS:
                self._end(view, frame)

    def _delta(self, view: View, frame: Frame) -> None:
        at = frame["run"], frame["seq"]
        if at <= (view.run, view.seq):
            return
        if at == (view.run, view.seq + 1) or (begins(view) and at == (1, 1)):
            view.text += frame["text"]
            self._move(view, frame)
        else:
            self.resume(view)

    def _done(self, view: View, frame: Frame) -> None:
        if frame["run"] <= view.continued:
            return
        at = frame["run"], frame["seq"]
        if at < (view.run, view.seq):
            return  # older than the snapshot that is shown, which has its own end
        if at == (view.run, view.seq) or (begins(view) and at == (1, 0)):
            view.run = frame["run"]
            self._end(view, frame)
        else:
            self.resume(view)

    def _refuse(self, view: View, frame: Frame) -> None:
        """End a view by a refusal, if the turn is not known or was to be continued.

        Any other turn exists, and more frames follow.
        """
        if not view.known:
            view.ended, view.end = True, frame
        elif view.end and view.continued == view.run:
            view.ended = True

    def _move(self, view: View, frame: Frame) -> None:
        view.ended = False  # after an end, another tab has sent `continue`
        view.run, view.seq = frame["run"], frame["seq"]

    def _end(self, view: View, frame: Frame) -> None:
        view.ended, view.end = True, frame
        view.ends.append(frame)


def refused(frame: Frame) -> bool:
    return bool(frame.get("code") == "quota_exceeded")


def begins(view: View) -> bool:
    return (view.run, view.seq, view.text) == (0, 0, "")
