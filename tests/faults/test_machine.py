"""Random sequences of the faults of test_scenarios.py, for two users in three tabs.

`pytest --hypothesis-profile=thorough tests/faults/test_machine.py` runs 30 times as many.
"""

from collections.abc import Callable

import pytest
from chat_ws.errors import (
    ChatError,
    ContentBlocked,
    ContextTooLong,
    Internal,
    ModelRetired,
    ModelUnavailable,
    Throttled,
)
from chat_ws.job import Job
from chat_ws.settings import UNLIMITED, Limits
from chat_ws.worker.bedrock import StreamBroken
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.faults.client import Client, Frame, View
from tests.faults.world import Plan, World, cut

ERRORS: list[Callable[[], ChatError]] = [
    Throttled,
    Internal,
    ModelUnavailable,
    ModelRetired,
    ContentBlocked,
    ContextTooLong,
    StreamBroken,
]
clients = st.integers(0, 2)  # Alice, her other tab, Bob
few = st.integers(1, 3)
steps = st.integers(1, 60)
KINDS = ["worker", "worker", "worker", "routes", "failure"]


class Chats(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.failed = False

    @initialize(
        seed=st.integers(0, 2**16),
        max_text=st.sampled_from([5_000, 7]),
        interval=st.sampled_from([0.02, 0.3]),
        pace=st.sampled_from([0.0, 0.03, 0.4]),
        limits=st.sampled_from(
            [
                UNLIMITED,
                Limits(messages=2),
                Limits(tokens=40),
                Limits(3, 200),
                Limits(user_tokens=40),
                Limits(3, 0, 200),
            ]
        ),
        titles=st.booleans(),
        document_tokens=st.sampled_from([24_000, 150]),
        documents=st.integers(0, 2),
    )
    def begin(
        self,
        seed: int,
        max_text: int,
        interval: float,
        pace: float,
        limits: Limits,
        titles: bool,
        document_tokens: int,
        documents: int,
    ) -> None:
        self.pace = pace  # seconds between two of the rules
        self.world = World(seed)
        self.world.titles = titles
        self.world.limits = limits
        self.world.document_tokens = document_tokens
        self.world.documents.changing = documents > 0
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr("chat_ws.protocol.MAX_FRAME_CHARACTERS", max_text)
        self.patch.setattr("chat_ws.worker.summary.GROUPS", ((100_000, 600), (0, 300)))
        self.world.model.interval = interval
        self.tabs = [
            self.world.client("alice"),
            self.world.client("other tab", as_user="alice"),
            self.world.client("bob"),
        ]
        self.tabs[1].sends_run = False
        for _ in range(documents):
            self.add_a_document(0, 1, is_ready=True)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            if not self.failed:
                self.world.settle()
        finally:
            self.patch.undo()
            self.world.close()

    def view(self, tab: int, number: int) -> tuple[Client, View | None]:
        views = list(self.tabs[tab].views.values())
        return self.tabs[tab], views[number % len(views)] if views else None

    # Time.

    @invariant()
    def go_on(self) -> None:
        self.pass_time(self.pace)

    @rule(seconds=st.sampled_from([0.01, 0.1, 0.3, 1.0, 3.0, 7.0, 65.0]))
    def wait(self, seconds: float) -> None:
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        try:
            self.world.run(seconds)
        except AssertionError:
            self.failed = True
            raise

    # Actions of users.

    @rule(
        tab=clients,
        number=st.integers(1, 5),
        conversation=st.integers(1, 2),
        place=st.sampled_from(["unknown", "root", "follow", "again"]),
        other=few,
        mode=st.sampled_from(["chat", "chat", "summary"]),
    )
    def ask(
        self, tab: int, number: int, conversation: int, place: str, other: int, mode: str
    ) -> None:
        """Ask; the same number is the same request id, also of another user."""
        client = self.tabs[tab]
        if all(view.request_id[-1] != str(number) for view in client.views.values()):
            question = f"{client.principal.user_id}{number}"
            conversation_id = f"00000000-0000-4000-8000-00000000000{conversation}"
            at = self.place(client, conversation_id, place, other)
            client.ask(question, number, conversation_id, **at, mode=mode)

    def place(self, client: Client, conversation_id: str, place: str, number: int) -> Frame:
        """Return `parent` and `variant_of` of a turn that the client knows."""
        frames = [
            frame
            for view in client.views.values()
            for frame in view.frames("accepted")
            if frame["conversation_id"] == conversation_id
        ]
        if place == "unknown" or (not frames and place != "root"):
            return {}
        if place == "root":
            return {"parent": "root"}
        frame = frames[number % len(frames)]
        if place == "follow":
            return {"parent": frame["turn_id"]}
        return {"parent": frame["parent"], "variant_of": frame["turn_id"]}

    @rule(tab=clients, number=few)
    def stop(self, tab: int, number: int) -> None:
        client, view = self.view(tab, number)
        if view:
            client.stop(view)

    @rule(tab=clients, number=few)
    def resume(self, tab: int, number: int) -> None:
        client, view = self.view(tab, number)
        if view:
            client.resume(view)

    @rule(tab=clients, number=few)
    def carry_on(self, tab: int, number: int) -> None:
        client, view = self.view(tab, number)
        if view and view.can_continue:
            for other in self.tabs:
                if other is not client and view.request_id in other.views:
                    other.views[view.request_id].may_be_behind = True
            client.carry_on(view)

    @rule(number=few)
    def open_in_the_other_tab(self, number: int) -> None:
        _, view = self.view(0, number)
        if view and view.known and view.request_id not in self.tabs[1].views:
            self.tabs[1].watch(view)

    @rule(tab=clients, conversation=st.integers(1, 2), is_ready=st.booleans())
    def add_a_document(self, tab: int, conversation: int, is_ready: bool) -> None:
        user_id = self.tabs[tab].principal.user_id
        conversation_id = f"00000000-0000-4000-8000-00000000000{conversation}"
        self.world.documents.add(user_id, conversation_id, is_ready=is_ready)

    @rule()
    def read_documents(self) -> None:
        self.world.documents.end_reading()

    @rule(number=few)
    def delete_a_document(self, number: int) -> None:
        self.world.documents.delete(number)

    # Faults of sockets and frames.

    @rule(tab=clients, number=st.integers(0, 1_000), times=few)
    def send_an_old_frame_again(self, tab: int, number: int, times: int) -> None:
        client = self.tabs[tab]
        if client.sent and client.link:
            frame = client.sent[number % len(client.sent)]
            if frame["action"] == "continue":
                client.views[frame["request_id"]].may_be_behind = True
            for _ in range(times):
                client.send(frame)

    @rule(tab=clients, gone=st.booleans())
    def drop(self, tab: int, gone: bool) -> None:
        self.tabs[tab].drop(gone)

    @rule(tab=clients, frames=st.integers(0, 6))
    def lose_frames(self, tab: int, frames: int) -> None:
        """Lose all frames after the next `frames` ones, unnoticed."""
        if link := self.tabs[tab].link:
            link.frames_left = frames

    @rule(tab=clients, latency=st.sampled_from([0.005, 0.2, 2.0]))
    def slow_down(self, tab: int, latency: float) -> None:
        if link := self.tabs[tab].link:
            link.latency = latency

    @rule(tab=clients)
    def leave(self, tab: int) -> None:
        self.tabs[tab].leave()

    @rule(tab=clients)
    def come_back(self, tab: int) -> None:
        self.tabs[tab].come_back()

    @rule(times=st.integers(1, 4))
    def answer_429(self, times: int) -> None:
        self.world.refusals = times

    # Faults of the model.

    @rule(error=st.sampled_from(ERRORS), after=st.integers(0, 12), times=few)
    def break_the_model(self, error: Callable[[], ChatError], after: int, times: int) -> None:
        self.world.model.plans.extend(Plan(after, error()) for _ in range(times))

    @rule(times=st.integers(1, 6))
    def throttle(self, times: int) -> None:
        self.world.model.plans.extend(Plan(0, Throttled()) for _ in range(times))

    @rule(after=st.integers(1, 12), times=few)
    def cut_answers(self, after: int, times: int) -> None:
        self.world.model.plans.extend(cut(after) for _ in range(times))

    @rule(after=st.integers(0, 12))
    def hang(self, after: int) -> None:
        self.world.model.plans.append(Plan(after, hangs=True))

    # Faults of functions.

    @rule(kind=st.sampled_from(KINDS), at=st.lists(steps, min_size=1, max_size=4))
    def crash(self, kind: str, at: list[int]) -> None:
        self.world.crash(kind, *at)

    @rule()
    def kill_workers(self) -> None:
        self.world.kill_workers()

    @rule(seconds=st.sampled_from([1.0, 3.0, 5.0]))
    def pause_workers(self, seconds: float) -> None:
        try:
            self.world.pause_workers(seconds)
        except AssertionError:
            self.failed = True
            raise

    @rule(times=st.integers(1, 4))
    def let_renewals_time_out(self, times: int) -> None:
        self.world.timeouts = times

    @rule(skews=st.lists(st.sampled_from([-60.0, 0.0, 60.0]), min_size=1, max_size=6))
    def skew_clocks(self, skews: list[float]) -> None:
        self.world.skews.extend(skews)

    @rule(timeout=st.sampled_from([6.0, 9.0, 300.0]))
    def limit_time(self, timeout: float) -> None:
        self.world.timeout = timeout

    @rule(delay=st.sampled_from([0.01, 1.0, 5.0]))
    def delay_events(self, delay: float) -> None:
        self.world.delay = delay

    @rule(times=few)
    def deliver_twice(self, times: int) -> None:
        self.world.duplicates = times

    @rule(times=few)
    def refuse_invokes(self, times: int) -> None:
        self.world.busy = times

    @rule(times=st.integers(1, 6))
    def conflict(self, times: int) -> None:
        self.world.items.conflicts = times

    @precondition(lambda self: any(view.known for view in self.tabs[0].views.values()))
    @rule(number=few, kind=st.sampled_from(["run", "replay"]))
    def deliver_a_stray_event(self, number: int, kind: str) -> None:
        client, view = self.view(0, number)
        if view and view.known and client.link:
            turn = self.world.turn(view, client)
            self.world.deliver(Job.on(turn, kind, client.link.id))  # type: ignore[arg-type] # one of the two


thorough = settings.default is not None and settings.default.max_examples > 100
Chats.TestCase.settings = settings(
    max_examples=3_000 if thorough else 100,
    stateful_step_count=40,
    deadline=None,
    # The explain phase runs every failing example a hundred times more.
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
TestChats = Chats.TestCase
