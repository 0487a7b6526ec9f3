"""Hand-written fakes of the edges: the clock, the connections, the model, the metrics."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from chat_shared.metrics import Metrics
from chat_shared.turn import Usage
from chat_ws.connection import Gone
from chat_ws.errors import ChatError
from chat_ws.job import Job
from chat_ws.models import ModelId
from chat_ws.protocol import Delta, ServerFrame, Snapshot, StopReason, encode
from chat_ws.worker.bedrock import StreamBroken
from chat_ws.worker.prompt import Prompt

PATIENCE = 10.0  # seconds that a test waits for another thread before it fails


class Context:
    """The part of Lambda's context that the functions use."""

    aws_request_id = "invocation-1"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


class RecordedMetrics(Metrics):
    """Metrics that keeps its lines of CloudWatch's embedded format."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        super().__init__("test", lambda line: self.lines.append(json.loads(line)))

    def of(self, name: str) -> list[Any]:
        """Return the values of a metric, in the order of their lines."""
        return [line[name][0] for line in self.lines if name in line]

    def dimensions(self, name: str) -> list[list[str]]:
        [line] = [line for line in self.lines if name in line]
        dimensions: list[list[str]] = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
        return dimensions


class Clock:
    """A clock that advances only when a test advances it."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


class RecordedConnections:
    """Connections that keep every frame in order of arrival and refuse those in `gone`.

    `on_post` is called first, in the sender's thread; it may block.
    """

    def __init__(self, on_post: Callable[[str, ServerFrame], None] | None = None) -> None:
        self.posts: list[tuple[str, ServerFrame]] = []
        self.gone: set[str] = set()
        self.refused = 0
        self._on_post = on_post
        self._arrived = threading.Condition()

    def post(self, connection_id: str, frame: ServerFrame) -> None:
        if self._on_post:
            self._on_post(connection_id, frame)
        with self._arrived:
            if connection_id in self.gone:
                self.refused += 1
                self._arrived.notify_all()
                raise Gone
            encode(frame).encode()
            self.posts.append((connection_id, frame))
            self._arrived.notify_all()

    def frames(self, connection_id: str | None = None) -> list[ServerFrame]:
        with self._arrived:
            return [frame for to, frame in self.posts if connection_id in (None, to)]

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait for a post after which `until` holds."""
        with self._arrived:
            assert self._arrived.wait_for(until, PATIENCE), "the frame never came"

    def wait_for_posts(self, count: int) -> None:
        self.wait(lambda: len(self.posts) >= count)


@dataclass
class Client:
    """A client that applies frames by docs/protocol.md, and fails if one breaks its rules."""

    text: str = ""
    run: int = 0
    seq: int = 0

    def apply(self, frames: Sequence[ServerFrame]) -> "Client":
        for frame in frames:
            match frame:
                case Snapshot():
                    assert (frame.run, frame.seq) >= (self.run, self.seq)
                    self.text, self.run, self.seq = frame.text, frame.run, frame.seq
                case Delta():
                    self.run = self.run or frame.run
                    assert (frame.run, frame.seq) == (self.run, self.seq + 1)
                    self.text, self.seq = self.text + frame.text, frame.seq
        return self


@dataclass
class Answer:
    """One answer of the fake model: its pieces, then `error` if there is one.

    With `hangs`, nothing follows the pieces until the stream is aborted.
    """

    pieces: Sequence[str] = ()
    error: ChatError | None = None
    hangs: bool = False
    stop_reason: StopReason = "stop"
    usage: Usage = field(default_factory=Usage)


class FakeStream:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._aborted = threading.Event()
        self.hanging = threading.Event()
        self.stop_reason: StopReason = "stop"
        self.usage = Usage()
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[str]:
        try:
            yield from self._answer.pieces
            if self._answer.hangs:
                self.hanging.set()
                assert self._aborted.wait(PATIENCE), "the stream was never aborted"
                raise StreamBroken
            self.usage = self._answer.usage
            if self._answer.error:
                raise self._answer.error
            self.stop_reason = self._answer.stop_reason
        finally:
            self.closed.set()

    def abort(self) -> None:
        self._aborted.set()

    @property
    def aborted(self) -> bool:
        return self._aborted.is_set()


class FakeModel:
    """Gives the planned answers one after the other, and records its calls."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, Prompt]] = []
        self.max_gen_lens: list[int] = []
        self.streams: list[FakeStream] = []

    def stream(self, model: ModelId, prompt: Prompt, max_gen_len: int) -> FakeStream:
        self.asked.append((str(model), prompt))
        self.max_gen_lens.append(max_gen_len)
        stream = FakeStream(self._answers.pop(0))
        self.streams.append(stream)
        return stream

    @property
    def prefills(self) -> list[str]:
        return [prompt.prefill for _, prompt in self.asked]


class Invocations:
    """A recorder of the jobs that the routes invoke; it raises `refusal` while that is set."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.refusal: ChatError | None = None

    def __call__(self, job: Job) -> None:
        if self.refusal:
            raise self.refusal
        self.jobs.append(job)
