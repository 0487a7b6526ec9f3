"""The back end's code on a simulated AWS.

`Watch` checks each step, `World.settle` the final state.
"""

import io
import json
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from traceback import format_exc
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import ReadTimeoutError
from chat_shared import history, keys
from chat_shared.metrics import Metrics
from chat_shared.principal import Principal
from chat_shared.turn import Turn, Usage
from chat_ws.connection import Gone
from chat_ws.errors import Busy, ChatError, ContentBlocked, QuotaExceeded
from chat_ws.failure.failure import Failure
from chat_ws.job import Job
from chat_ws.models import ModelFallback, ModelId
from chat_ws.protocol import MAX_FRAME_BYTES, Done, Failed, ServerFrame, StopReason, Title, encode
from chat_ws.routes.routes import Routes
from chat_ws.settings import UNLIMITED
from chat_ws.store.leases import RENEW_SECONDS, Leases
from chat_ws.store.quota import Quota
from chat_ws.store.titles import Titles
from chat_ws.store.turns import Turns
from chat_ws.worker.bedrock import StreamBroken
from chat_ws.worker.library import Library
from chat_ws.worker.prompt import INSTRUCTIONS_INTRODUCTION, SYSTEM, Prompt
from chat_ws.worker.telemetry import Telemetry
from chat_ws.worker.worker import WINDOW_ATTRIBUTES, Worker, load_instructions, load_window

from tests.builders import MODELS, NOW
from tests.fakes_store import FakeTable, Item, Items, Key, key_of
from tests.faults.client import REFUSALS, Client, Frame, Link, View
from tests.faults.documents import Documents, question_of
from tests.faults.simulation import Event, Process, Simulation, wall_clock

TIMEOUT = 300.0  # the worker's timeout in seconds
RENEWAL_TIMEOUT = 2.0  # seconds until botocore gives up a renewal
RETRIES = (60.0, 120.0)  # seconds before Lambda's retries of an asynchronous invoke
TITLE = "경주 여행 일정"
NOTE = "휴가는 열닷새"
PIECES = 12  # default number of chunks of an answer
MOST_PAUSE = 1_500.0  # seconds within which all turns must end


@dataclass
class Plan:
    """The end of one model call, after `after` chunks (None: all).

    `error` is raised; without one, the answer ends there with `stop_reason`.
    """

    after: int | None = None
    error: ChatError | None = None
    stop_reason: StopReason = "stop"
    hangs: bool = False  # no further chunk until the stream is aborted


def truncated(after: int) -> Plan:
    """Plan a stream that ends without a stop reason."""
    return Plan(after, StreamBroken())


def cut(after: int) -> Plan:
    """Plan an answer that reaches the output limit."""
    return Plan(after, stop_reason="length")


class SimulatedModel:
    """A model with one fixed answer for each question, which it continues after a prefill.

    The answer to a request for a title is TITLE.
    """

    def __init__(self, world: "World") -> None:
        self.world = world
        self.plans: deque[Plan] = deque()
        self.pieces = PIECES
        self.interval = 0.02  # seconds between two chunks
        self.calls: list[tuple[ModelId, Prompt]] = []
        self.streams: list[SimulatedStream] = []

    def story(self, question: str) -> list[str]:
        return [f"{question}{number:02} " for number in range(self.pieces)]

    def stream(self, model: ModelId, prompt: Prompt, _max_gen_len: int) -> "SimulatedStream":
        plan = self.plans.popleft() if self.plans else Plan()
        for_title = prompt.messages[0].content == SYSTEM["title"]
        if for_title:
            whole = TITLE
            self.world.watch.call_for_title()
        elif prompt.messages[0].content == SYSTEM["note"]:
            whole = NOTE
            self.world.watch.call_for_note(prompt)
        else:
            whole = "".join(self.story(question_of(prompt)))
            self.calls.append((model, prompt))
            self.world.watch.call(prompt)
        self.world.forbid(
            not whole.startswith(prompt.prefill), f"not this story: {prompt.prefill!r}"
        )
        stream = SimulatedStream(self, plan, whole[len(prompt.prefill) :], prompt.tokens, for_title)
        self.streams.append(stream)
        self.world.simulation.step("model asked")
        return stream


class SimulatedStream:
    def __init__(
        self, model: SimulatedModel, plan: Plan, rest: str, prompt_tokens: int, for_title: bool
    ) -> None:
        self._simulation = model.world.simulation
        self._interval = model.interval
        self._plan = plan
        self._rest = rest
        self._prompt_tokens = prompt_tokens
        self._sent = False
        self._aborted = Event(self._simulation)
        self.closed = False
        self._watch = model.world.watch
        self.hold = self._watch.hold(self._simulation.process, for_title)
        self.stop_reason: StopReason = "stop"
        self.usage = Usage()

    @property
    def billed(self) -> int:
        """Return the reported tokens; without them, the prompt's if it was sent and not refused."""
        return self.usage.total or (self._prompt_tokens if self._sent else 0)

    def __iter__(self) -> Iterator[str]:
        self._sent = True
        try:
            yield from self._pieces()
        finally:
            self.closed = True

    def _pieces(self) -> Iterator[str]:
        size = 4
        for number, start in enumerate(range(0, len(self._rest), size)):
            if number == self._plan.after:
                break
            if self._aborted.wait(self._interval):
                raise StreamBroken
            self._simulation.step("model said")
            self.usage = Usage(10, number + 1)
            yield self._rest[start : start + size]
        if self._plan.hangs:
            self._aborted.wait()
            raise StreamBroken
        if self._plan.error:
            self._sent = isinstance(self._plan.error, StreamBroken)
            if isinstance(self._plan.error, ContentBlocked):
                self._watch.blocked.add(self.hold)
            raise self._plan.error
        whole = self._plan.after is None or self._plan.after * size >= len(self._rest)
        self.stop_reason = "stop" if whole else self._plan.stop_reason

    def abort(self) -> None:
        self._aborted.set()


Hold = tuple[Key, int, bool]  # a turn, its run, and whether it is the run's call for a title


@dataclass
class Ending:
    run: int
    status: str
    answer: str
    stop_reason: str | None
    code: str | None
    by: Process


class Watch:
    """A monitor of every write, post and model call; it reports violations to the world."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.holds: dict[Process, int] = {}  # the latest run whose lease a process has acquired
        self.endings: dict[Key, list[Ending]] = {}
        self.ended_at: dict[Key, float] = {}
        self.counted: dict[Hold, int] = {}  # tokens
        self.blocked: set[Hold] = set()  # runs whose text was withdrawn
        self.reopened: Counter[str] = Counter()  # turns, by user
        self.instructions: dict[Hold, str] = {}  # in a run's prompts
        self.titled: set[str] = set()  # partitions of the conversations that a title was asked for

    def hold(self, process: Process, for_title: bool = False) -> Hold:
        return turn_key(self.world.jobs[process]), self.holds[process], for_title

    def used(self, hold: Hold) -> int:
        """Return the tokens of a run, estimated for the calls that have reported none."""
        return sum(one.billed for one in self.world.model.streams if one.hold == hold)

    def write(self, who: object, before: Item, item: Item) -> None:
        key = key_of(item)
        if not isinstance(who, Process):
            return
        if key[0] == "usage":
            self._count(who, item["tokens"] - before.get("tokens", 0))
        if not key[0].startswith("turns#"):
            return
        old, new, forbid = before.get("run", 0), item["run"], self.world.forbid
        if new != old:
            forbid(new != old + 1, f"run {old} was followed by {new}")
            self.holds[who] = new
        elif who.kind != "routes":
            forbid(self.holds.get(who) != new, f"a process without the hold has written {item}")
        forbid(
            (key, new, False) not in self.blocked
            and not item.get("answer", "").startswith(before.get("answer", "")),
            f"{before.get('answer')!r} was stored and is no more",
        )
        if item.get("answer") and item["status"] != "failed" and item.get("stop_reason") != "stop":
            self._check_instructions((key, new, False), before, item)
        if item["status"] != "streaming":
            forbid(before["status"] != "streaming", f"ended twice: {item}")
            answer, reason = item["answer"], item["stop_reason"]
            ending = Ending(new, item["status"], answer, reason, item["code"], who)
            self.endings.setdefault(key, []).append(ending)
            self.ended_at[key] = self.world.simulation.now
        elif before.get("status") == "failed" or before.get("stop_reason") == "stop":
            forbid(True, f"a whole answer was opened again: {before}")
        else:
            self.ended_at.pop(key, None)
            if before.get("status") == "done":
                self.reopened[item["user_id"]] += 1

    def _check_instructions(self, hold: Hold, before: Item, item: Item) -> None:
        """Check that a text which a later run may continue has the instructions of its prompt."""
        stored, began = item.get("instructions"), before.get("instructions")
        used = self.instructions.get(hold, stored)
        self.world.forbid(stored != used, f"{used!r} was used and is not stored: {item}")
        changed = bool(before.get("answer")) and stored != began
        self.world.forbid(changed, f"{began!r} began the answer: {item}")
        if before.get("answer"):
            added = {*item.get("passages", ())} - {*before.get("passages", ())}
            self.world.forbid(bool(added), f"{added} did not begin the answer: {item}")

    def _count(self, process: Process, tokens: int) -> None:
        hold = self.hold(process)
        if hold in self.counted:  # the tokens of the title follow those of the answer
            hold = self.hold(process, for_title=True)
        self.world.forbid(hold in self.counted, f"tokens of {hold} were counted twice")
        self.world.forbid(tokens != self.used(hold), f"{tokens} tokens of {hold} were counted")
        self.counted[hold] = tokens

    def post(self, process: Process, link: Link, frame: ServerFrame) -> None:
        job, forbid = self.world.jobs[process], self.world.forbid
        forbid(link.client.principal.user_id != job.user_id, f"{link.client.name} was sent {frame}")
        endings = self.endings.get(turn_key(job), [])
        match frame:
            case Done():
                as_stored = (
                    (end.run, end.status, end.stop_reason) == (frame.run, "done", frame.stop_reason)
                    for end in endings
                )
                forbid(not any(as_stored), f"done before it was stored: {frame}")
            case Failed():
                stored = any((end.status, end.code) == ("failed", frame.code) for end in endings)
                forbid(not stored, f"failed before it was stored: {frame}")
            case Title():
                conversation = keys.conversation(job.user_id, frame.conversation_id)
                item = self.world.items.all[key_of(conversation)]
                forbid(not endings, f"a title before the answer: {frame}")
                forbid(item["title"] != frame.title, f"a title before it was stored: {frame}")
        forbid(len(encode(frame).encode()) > MAX_FRAME_BYTES, "a frame larger than 32 KB")

    def call(self, prompt: Prompt) -> None:
        """Check a model call. A run that has lost its lease notices at its next renewal."""
        process = self.world.simulation.process
        *_, text = prompt.messages[0].content.partition(f"{INSTRUCTIONS_INTRODUCTION}\n")
        used = self.instructions.setdefault(self.hold(process), text)
        self.world.forbid(text != used, f"two prompts of a run: {used!r} and {text!r}")
        self.world.documents.check_answer(turn_key(self.world.jobs[process]), prompt)
        self._check_end(process)

    def call_for_note(self, prompt: Prompt) -> None:
        process = self.world.simulation.process
        self.world.documents.check_note(process, prompt)
        self._check_end(process)

    def _check_end(self, process: Process) -> None:
        job = self.world.jobs[process]
        ended = self.ended_at.get(turn_key(job))
        if ended is not None:
            noticed = max(ended, process.disturbed_until) + RENEW_SECONDS + 0.1
            late = self.world.simulation.now > noticed
            self.world.forbid(late, f"the model was asked after the end of {job}")

    def call_for_title(self) -> None:
        """Check that it is the first one for the conversation, after the end of its answer."""
        partition, turn_id = turn_key(self.world.jobs[self.world.simulation.process])
        self.world.forbid(partition in self.titled, f"a second title for {partition}")
        self.world.forbid((partition, turn_id) not in self.ended_at, "a title before the answer")
        self.titled.add(partition)


class Gateway:
    """API Gateway's @connections for one process."""

    def __init__(self, world: "World", process: Process) -> None:
        self._world = world
        self._process = process

    def post(self, connection_id: str, frame: ServerFrame) -> None:
        simulation, link = self._world.simulation, self._world.links[connection_id]
        simulation.step("post")
        self._world.watch.post(self._process, link, frame)
        simulation.sleep(link.latency)
        if self._world.refusals:
            self._world.refusals -= 1
            simulation.sleep(3.0)  # duration of botocore's retries
            raise Gone
        if not link.open:
            raise Gone
        link.deliver(json.loads(encode(frame)))
        simulation.step("posted")


class World:
    def __init__(self, seed: int = 0) -> None:
        self.simulation = Simulation(seed)
        self.items = Items()
        self.watch = Watch(self)
        self.items.watch = self.watch.write
        self.model = SimulatedModel(self)
        self.links: dict[str, Link] = {}
        self.clients: list[Client] = []
        self.processes: list[Process] = []
        self.jobs: dict[Process, Job] = {}
        self.environments: list[Process] = []  # idle environments of the worker
        self.idle_routes: list[tuple[Process, Routes]] = []
        self.fallbacks: dict[Process, ModelFallback] = {}
        self.turn_numbers = count()
        self.instruction_numbers = count(1)
        self.events = 0  # unfinished asynchronous invokes
        self.timeout = TIMEOUT
        self.limits = UNLIMITED
        self.titles = False
        self.documents = Documents(self)
        self.document_tokens = 24_000
        self.model_ids = [str(model) for model in MODELS]
        # Planned faults:
        self.skews: deque[float] = deque()  # of the clocks of the next processes
        self.crashes: dict[str, deque[int]] = {
            kind: deque() for kind in ("routes", "worker", "failure")
        }  # the steps at which the next invocations crash
        self.refusals = 0  # number of next posts that fail with 429 and all retries
        self.busy = 0  # number of next invokes that are refused
        self.duplicates = 0  # number of next events that are delivered twice
        self.timeouts = 0  # number of next renewals that time out
        self.delay = 0.01  # seconds between an invoke and its event
        self.aws = self.process("aws", skew=0.0)
        self.metrics = Metrics("simulated", lambda _line: None)
        self.log = Logger(
            service="faults", stream=io.StringIO(), level="CRITICAL", log_uncaught_exceptions=False
        )

    # Called by tests.

    def client(self, name: str = "alice", as_user: str | None = None) -> Client:
        client = Client(self, name, Principal(as_user or name))
        self.clients.append(client)
        return client

    def run(self, seconds: float) -> None:
        self.simulation.run(seconds)

    def run_until(self, event: Callable[[], bool]) -> None:
        self.simulation.run(MOST_PAUSE, event)
        assert event(), "it never came to that"

    def crash(self, kind: str = "worker", *steps: int) -> None:
        """Crash the next invocations of this kind at these steps (store, post, model, invoke)."""
        self.crashes[kind].extend(steps)

    def kill_workers(self) -> int:
        """Kill all running workers as `kill -9` does; return their number."""
        live = [process for process in self.live("worker") if not process.frozen]
        for process in live:
            self.simulation.kill(process)
        return len(live)

    def pause_workers(self, seconds: float) -> None:
        """Let no thread of a running worker run for some seconds."""
        live = [process for process in self.live("worker") if not process.frozen]
        for process in live:
            self.simulation.freeze(process)
        self.run(seconds)
        for process in live:
            if not process.dead:
                process.disturbed_until = self.simulation.now
                self.simulation.thaw(process)

    def live(self, kind: str) -> list[Process]:
        return [one for one in self.processes if one.kind == kind and not one.dead]

    def turn(self, view: View, client: Client | None = None) -> Turn:
        who = (client or self.clients[0]).principal
        found = Turns(FakeTable.table(self.items), 90).find(who, view.request_id)
        assert found
        return found

    def endings(self, view: View) -> list[Ending]:
        return self.watch.endings.get(turn_key(self.turn(view)), [])

    def settle(self) -> None:
        """End all faults, let every client reconnect, and check every promise."""
        for crashes in self.crashes.values():
            crashes.clear()
        self.model.plans.clear()
        self.refusals = self.busy = self.duplicates = self.timeouts = self.items.conflicts = 0
        self.timeout, self.delay = TIMEOUT, 0.01
        for link in self.links.values():
            link.latency = 0.005
        for client in self.clients:
            client.come_back()
        views = [(client, view) for client in self.clients for view in client.views.values()]
        self.simulation.run(MOST_PAUSE, lambda: all(view.ended for _, view in views))
        open_views = [view for _, view in views if not view.ended]
        assert not open_views, f"never ended: {open_views}"
        self.simulation.run(MOST_PAUSE, lambda: not self.events)
        assert not self.events, "an invocation never ends"
        self.simulation.run(2 * RENEW_SECONDS)
        for client, view in views:
            if view.how == QuotaExceeded.code:
                self._check_refusal(client, view)
            else:
                self._check(client, view)
        self._check_counters()
        self.documents.check_objects()
        for user_id, conversation_id in {
            (turn["user_id"], turn["conversation_id"]) for turn in self.items.turns()
        }:
            self._check_branches(Principal(user_id), conversation_id)

    def _check_branches(self, principal: Principal, conversation_id: str) -> None:
        """Check that each turn is a variant of its parent, and that no prompt left its branch."""
        table = FakeTable.table(self.items)
        now = NOW + self.simulation.now
        branches = history.read_branches(table, principal, conversation_id, now)
        assert branches
        partition = keys.turns(principal.user_id, conversation_id)
        turns = {sk: item for (pk, sk), item in self.items.all.items() if pk == partition}
        assert branches.head in turns
        for turn_id, turn in turns.items():
            siblings = [one for one, item in turns.items() if item["parent"] == turn["parent"]]
            variants = branches.variants(turn["parent"])
            assert len(variants) == len(siblings), f"{variants} are not {siblings}"
            assert branches.index(turn_id, turn["parent"]) < len(siblings)
            path, at = [], turn_id
            while at != keys.ROOT:
                path.append(at)
                at = turns[at]["parent"]
            assert path == sorted(path, key=keys.time_of, reverse=True)
            read = history.newest_turns(
                table,
                principal,
                conversation_id,
                now=now,
                page=2,
                last=turn_id,
                attributes=WINDOW_ATTRIBUTES,
            )
            assert [one.turn_id for one in read] == path
            earlier = {turns[one]["text"] for one in path[1:]}
            for _, prompt in self.model.calls:
                before = [m.content for m in prompt.messages[:-1] if m.role == "user"]
                question = question_of(prompt)
                assert question != turn["text"] or earlier.issuperset(before)

    def _check_refusal(self, client: Client, view: View) -> None:
        """Check that a refused question is not stored.

        Of two copies, the first may have been accepted before the tokens had run out.
        """
        chats = [frame for one in self.clients for frame in one.sent if is_chat(frame, view)]
        stored = Turns(FakeTable.table(self.items), 90).find(client.principal, view.request_id)
        assert not stored or len(chats) > 1, f"refused, and stored: {stored}"
        assert view.text == ""

    def _check_counters(self) -> None:
        for user in {client.principal.user_id for client in self.clients}:
            made = sum(turn["user_id"] == user for turn in self.items.turns())
            counted = self.items.total(f"quota#{user}", "messages")
            messages = made + self.watch.reopened[user]
            limited = self.limits.messages or self.limits.user_tokens
            assert counted == (messages if limited else 0)
            used = sum(
                tokens
                for (key, *_), tokens in self.watch.counted.items()
                if key[0].startswith(f"turns#{user}#")
            )
            # A worker may die between the deployment's counter and the user's.
            assert self.items.total(f"quota#{user}", "tokens") <= used
            assert not self.limits.messages or counted <= self.limits.messages
        watch = self.watch
        assert self.items.total("usage", "tokens") == sum(watch.counted.values())
        for key, endings in watch.endings.items():
            for end in endings:
                for hold in ((key, end.run, False), (key, end.run, True)):
                    missing = end.by.kind == "worker" and watch.used(hold) > 0
                    counted_or_dead = hold in watch.counted or end.by.dead
                    assert not missing or counted_or_dead, f"not counted: {hold}"

    def _check(self, client: Client, view: View) -> None:
        turn = self.turn(view, client)
        endings = self.watch.endings[turn_key(turn)]
        assert view.end
        if not view.may_be_behind:
            assert view.end.get("run", turn.run) == turn.run
            assert (turn.status, turn.stop_reason or turn.code) == (view.end["type"], view.how)
        # The shown text is the stored one, and belongs to the question.
        whole = "".join(self.model.story(view.question))
        shown = next(end for end in reversed(endings) if view.end.get("run", end.run) == end.run)
        assert shown.status == "failed" or view.text == shown.answer
        assert shown.code != ContentBlocked.code or shown.answer == ""
        assert whole.startswith(shown.answer), f"{shown.answer!r} is not of {whole!r}"
        assert shown.stop_reason != "stop" or shown.answer == whole
        # One terminal frame for each end of the turn, always the same.
        heard = {
            (frame["type"], frame.get("run"), frame.get("stop_reason"), frame.get("code"))
            for frame in view.heard
            if frame["type"] in ("done", "failed") and frame.get("code") not in REFUSALS
        }
        runs = [run for kind, run, _, _ in heard if kind == "done"]
        assert len(runs) == len(set(runs)), f"one run ended in two ways: {heard}"
        assert len(heard) <= len(endings), f"heard {heard} of {endings}"
        assert len(view.ends) <= len(endings)

    def close(self) -> None:
        self.simulation.close([*self.processes, *(client.process for client in self.clients)])

    def forbid(self, wrong: bool, what: str) -> None:
        if wrong:
            self.simulation.violations.append(what)

    # Simulated AWS.

    def open_link(self, client: Client) -> Link:
        link = Link(f"connection-{len(self.links)}", client)
        self.links[link.id] = link
        return link

    def process(self, kind: str, skew: float | None = None) -> Process:
        if skew is None:
            skew = self.skews.popleft() if self.skews else 0.0
        process = Process(kind, skew)
        self.processes.append(process)
        return process

    def route(self, link: Link, principal: Principal, body: str) -> None:
        """Handle a client's frame; the reply is the route response."""
        process, routes = self.idle_routes.pop() if self.idle_routes else self._new_routes()
        self._arm(process)

        def answer() -> None:
            self.simulation.step("begins")
            frame = routes.message(principal, link.id, body)
            self.simulation.step("answers")
            if frame and link.open:
                link.deliver(json.loads(encode(frame)))
            self.idle_routes.append((process, routes))

        self.simulation.spawn(process, answer)

    def _new_routes(self) -> tuple[Process, Routes]:
        process = self.process("routes")
        turns = Turns(
            self._table(process),
            90,
            wall_clock(self.simulation, process),
            self.limits,
            sleep=self.simulation.sleep,
            uniform=self.simulation.random.uniform,
            new_turn_id=lambda now: f"{keys.timestamp(now)}-{next(self.turn_numbers):08}",
        )
        return process, Routes(turns, self._invoke, self.log, self.metrics)

    def _table(self, process: Process) -> Any:
        return FakeTable.table(self.items, process, self.simulation.step)

    def _arm(self, process: Process) -> None:
        crashes = self.crashes[process.kind]
        process.crash_at = process.steps + crashes.popleft() if crashes else None

    def _invoke(self, job: Job) -> None:
        self.simulation.step("invoke")
        if self.busy:
            self.busy -= 1
            raise Busy
        self.deliver(job)
        if self.duplicates:
            self.duplicates -= 1
            self.deliver(job)
        self.simulation.step("invoked")

    def deliver(self, job: Job) -> None:
        self.events += 1
        self.simulation.spawn(self.aws, lambda: self._deliver(job))

    def _deliver(self, job: Job) -> None:
        """Deliver an asynchronous invoke: two retries, then the failure destination."""
        sleep = self.simulation.sleep
        sleep(self.delay)
        for pause in (*RETRIES, None):
            if self._invocation("worker", job, self.timeout):
                break
            if pause is not None:
                sleep(pause)
        else:
            for pause in (*RETRIES, None):
                if self._invocation("failure", job, 30.0) or pause is None:
                    break
                sleep(pause)
        self.events -= 1

    def _invocation(self, kind: str, job: Job, timeout: float) -> bool:
        """Run one invocation in a new or idle environment; return whether it succeeded."""
        simulation = self.simulation
        idle = self.environments if kind == "worker" else []
        process = idle.pop() if idle else self.process(kind)
        simulation.thaw(process)
        self.jobs[process] = job
        self._change_instructions(job.user_id)
        self.documents.change(job.user_id, job.conversation_id)
        self._arm(process)
        over, went_well = Event(simulation), []
        process.on_death.append(over.tell)
        ends_at = simulation.now + timeout

        def body() -> None:
            try:
                if kind == "worker":
                    self._worker(process).handle(job, lambda: ends_at - simulation.now)
                else:
                    self._failure(process).handle(job)
            except Exception:
                self.forbid(True, f"{kind} raised {format_exc()}")
            else:
                went_well.append(True)
            over.tell()

        simulation.spawn(process, body)
        over.wait(timeout)
        process.on_death.clear()
        if went_well and kind == "worker":
            simulation.freeze(process)
            self.environments.append(process)
        else:
            simulation.kill(process)
        return bool(went_well)

    def _change_instructions(self, user_id: str) -> None:
        """Replace the user's instructions, and delete them at every third change."""
        key, number = keys.instructions(user_id), next(self.instruction_numbers)
        text = str(number) if number % 3 else ""
        self.items.all[key_of(key)] = {**key, "text": text}

    def _worker(self, process: Process) -> Worker:
        table = self._table(process)
        return Worker(
            leases=self._leases(process),
            load_window=lambda job: load_window(
                table, job, 10, wall_clock(self.simulation, process)()
            ),
            load_instructions=lambda job: load_instructions(table, job),
            connections=Gateway(self, process),
            model=self.model,
            fallback=self.fallbacks.setdefault(process, ModelFallback(MODELS)),
            quota=Quota(table, self.limits, wall_clock(self.simulation, process)),
            max_gen_len=1024,
            telemetry=Telemetry(self.log, self.metrics),
            threads=self.simulation.threads,
            titles=Titles(table) if self.titles else None,
            library=Library(
                table,
                "bucket",
                lambda: self.documents.client(process),
                self.simulation.threads,
                wall_clock(self.simulation, process),
            ),
            document_tokens=self.document_tokens,
        )

    def _failure(self, process: Process) -> Failure:
        return Failure(self._leases(process), Gateway(self, process), self.log, self.metrics)

    def _leases(self, process: Process) -> Leases:
        return Leases(
            self._table(process),
            wall_clock(self.simulation, process),
            self.simulation.sleep,
            renewals=FakeTable.table(self.items, process, self._renewal_step),
        )

    def _renewal_step(self, what: str) -> None:
        """Take a step of a renewal, which may time out before or after its write."""
        self.simulation.step(what)
        if self.timeouts and what == self.simulation.random.choice(["write", "have written"]):
            self.timeouts -= 1
            self.simulation.process.disturbed_until = self.simulation.now + RENEWAL_TIMEOUT
            self.simulation.sleep(RENEWAL_TIMEOUT)
            raise ReadTimeoutError(endpoint_url="dynamodb")


def is_chat(frame: Frame, view: View) -> bool:
    return bool(frame["action"] == "chat" and frame["request_id"] == view.request_id)


def turn_key(of: Job | Turn) -> Key:
    return f"turns#{of.user_id}#{of.conversation_id}", of.turn_id
