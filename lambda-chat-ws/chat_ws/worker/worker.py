"""One run of one turn: acquire the lease, generate the answer, store it, tell the client."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from chat_shared import history, keys
from chat_shared.principal import Principal
from chat_shared.turn import Turn

from chat_ws.connection import Connections, Gone
from chat_ws.consumption import Consumption
from chat_ws.errors import ContentBlocked, ModelUnavailable
from chat_ws.job import Job
from chat_ws.models import ModelFallback, ModelId
from chat_ws.protocol import StopReason, Title
from chat_ws.replay import replay_turn, terminal_frame
from chat_ws.store.leases import RENEW_SECONDS, Leases, Lost, Outcome
from chat_ws.store.quota import Quota
from chat_ws.store.titles import Titles
from chat_ws.worker import title as titling
from chat_ws.worker.bedrock import Model
from chat_ws.worker.generation import Generation, PromptInput
from chat_ws.worker.library import Library
from chat_ws.worker.passages import DocumentText
from chat_ws.worker.preparation import Preparation
from chat_ws.worker.relay import Relay
from chat_ws.worker.telemetry import Telemetry
from chat_ws.worker.threads import THREADS, Threads

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

# Stop generating when this many seconds are left before Lambda ends the function.
DEADLINE_MARGIN = 5.0
DRAIN_MARGIN = 2.0  # stop waiting for a slow client when this many seconds are left
TITLE_SECONDS = 20.0  # the longest call for a title; the environment takes no job meanwhile
# Turns to read at most for the window; failed turns are among them.
WINDOW_READS = 40
# Those without a default, and those that a prompt and the window's choice need.
WINDOW_ATTRIBUTES = (
    *("user_id", "conversation_id", "sk", "request_id", "mode", "target_language", "text"),
    *("created_at", "parent", "status", "answer", "usage", "prompt_estimate", "sources"),
    keys.TTL_ATTRIBUTE,
)


@dataclass(frozen=True)
class Worker:
    leases: Leases
    load_window: Callable[[Job], list[Turn]]
    load_instructions: Callable[[Job], str]
    connections: Connections
    model: Model
    fallback: ModelFallback
    quota: Quota
    max_gen_len: int
    telemetry: Telemetry
    threads: Threads = THREADS
    titles: Titles | None = None  # None: a conversation keeps the title of its first question
    library: Library | None = None  # None: conversations have no documents
    document_tokens: int = 0  # of documents in a prompt as a whole

    def handle(self, job: Job, remaining: Callable[[], float]) -> None:
        """Run the job; `remaining` returns the seconds until Lambda ends the function."""
        match job.kind:
            case "warm_up":
                self._warm_up()
            case "run":
                self._acquire_and_run(job, remaining)
            case "replay":
                turn = self.leases.find(job)
                # A turn that was reopened since has a run, which sends the answer.
                if turn and turn.status != "streaming":
                    replay_turn(self.connections, turn, job.connection_id)

    def _warm_up(self) -> None:
        """Open the connections to DynamoDB that a run uses, by reading a turn that is not."""
        absent = Job("warm_up", "-", "-", "-")
        reads = self._start_reads(absent)
        try:
            self.leases.find(absent)
            for read in reads:
                read()
        except (ClientError, BotoCoreError):
            self.telemetry.log.warning("warm-up failed")

    def _start_reads(
        self, job: Job
    ) -> tuple[Callable[[], list[Turn]], Callable[[], str], Callable[[], list[DocumentText]]]:
        """Start to read window, instructions and documents.

        Return functions that wait for the results.
        """
        return (
            self.threads.start_call(lambda: self.load_window(job), "window"),
            self.threads.start_call(lambda: self.load_instructions(job), "instructions"),
            self._start_documents(job),
        )

    def _start_documents(self, job: Job) -> Callable[[], list[DocumentText]]:
        library = self.library
        if not library or job.mode not in ("chat", "summary"):
            return list
        return self.threads.start_call(
            lambda: library.load(job.user_id, job.conversation_id), "documents"
        )

    def _acquire_and_run(self, job: Job, remaining: Callable[[], float]) -> None:
        window, instructions, documents = self._start_reads(job)
        try:
            turn, acquired = self.leases.acquire_or_wait(job)
        except Lost:
            return
        if acquired:
            if turn.mode == "chat" and not turn.answer:
                # A run that continues an answer uses those that began it.
                turn = replace(turn, instructions=instructions())
            past = window() if turn.mode == "chat" else []
            ended = self._run(turn, past, documents(), remaining)
            if ended and all(turn.mode != "chat" for turn in past):
                self._give_title(ended, remaining)
        elif turn.status != "streaming":
            # A retried run carries the connection of its first invoke; the stored one is newer.
            replay_turn(self.connections, turn, turn.connection_id)

    def _run(
        self,
        turn: Turn,
        window: Sequence[Turn],
        texts: Sequence[DocumentText],
        remaining: Callable[[], float],
    ) -> Turn | None:
        """Return the turn as it has ended; None if this run has lost its lease."""
        self.telemetry.log.append_keys(request_id=turn.request_id, run=turn.run)
        with Relay(
            self.connections,
            turn.connection_id,
            turn.request_id,
            turn.run,
            turn.answer,
            self.threads,
        ) as relay:
            preparation = Preparation(
                turn, window, texts, self.library, self.document_tokens, relay, self.threads
            )
            generation = Generation(
                self.model,
                self.fallback,
                preparation,
                self.max_gen_len,
                lambda: relay.answer,
                relay.feed,
                self.threads,
                chosen=self.fallback.find(turn.model),
            )
            answered_by = None
            try:
                ended, moved = Run(
                    turn, self.leases, relay, preparation, generation, remaining, self.telemetry
                ).complete()
                if moved:
                    replay_turn(self.connections, ended, ended.connection_id)
                else:
                    relay.post(terminal_frame(ended))
                # A model id is stored when a run ends: an earlier run had ended.
                continued = turn.model_id is not None
                if ended.status == "done" and not continued:
                    answered_by = generation.model
                self.telemetry.run_ended(ended, generation, continued=continued)
            except Lost:
                self.telemetry.run_lost(generation)
                return None
            finally:
                self._count(turn, Consumption(generation.billed, answered_by))
                self._keep_documents(turn, preparation.texts)
        return ended

    def _keep_documents(self, turn: Turn, texts: Sequence[DocumentText]) -> None:
        """Let the documents live as long as the turn; a failure must not fail the answer."""
        if not self.library:
            return
        try:
            self.library.keep([text.document for text in texts], turn.expires_at)
        except (ClientError, BotoCoreError):
            self.telemetry.log.warning("documents not kept")

    def _give_title(self, turn: Turn, remaining: Callable[[], float]) -> None:
        """Give the conversation a title once its first answer has been sent.

        An exception would make Lambda repeat the job, which has ended.
        """
        answered = turn.status == "done" and turn.mode == "chat" and turn.answer
        if not (self.titles and answered) or remaining() < TITLE_SECONDS + DEADLINE_MARGIN:
            return
        try:
            if not self.quota.tokens_exhausted() and self.titles.claim(turn):
                self._ask_for_title(self.titles, turn)
        except Exception as error:
            self.telemetry.log.warning("title failed", cause=type(error).__name__)

    def _ask_for_title(self, titles: Titles, turn: Turn) -> None:
        reply: list[str] = []
        generation = Generation(
            self.model,
            ModelFallback([ModelId.parse(str(turn.model_id))]),
            lambda _: PromptInput(
                mode="title",
                question=titling.describe(turn.question, turn.answer),
                exchanges=(),
                calibration=1.0,
            ),
            titling.MAX_TITLE_TOKENS,
            lambda: "",
            reply.append,
            self.threads,
            single_call=True,
        )
        stored = False
        try:
            with generation:
                completed = generation.ended.wait(TITLE_SECONDS) and not generation.error
            title = titling.clean("".join(reply)) if completed else None
            stored = bool(title and titles.store(turn, title))
            if title and stored:
                with suppress(Gone):
                    self.connections.post(turn.connection_id, Title(turn.conversation_id, title))
        finally:
            self.telemetry.title_ended(generation, stored=stored)
            self._count(turn, Consumption(generation.billed))

    def _count(self, turn: Turn, consumption: Consumption) -> None:
        """Add to today's counters; a failure to count must not fail the answer."""
        if not consumption.tokens:
            return
        try:
            self.quota.add(turn.user_id, consumption)
        except (ClientError, BotoCoreError):
            self.telemetry.log.warning("tokens not counted", tokens=consumption.tokens)


@dataclass(frozen=True)
class Run:
    """A run that has the lease: the loop between the model, the store and the client."""

    turn: Turn
    leases: Leases
    relay: Relay
    preparation: Preparation
    generation: Generation
    remaining: Callable[[], float]
    telemetry: Telemetry

    def complete(self) -> tuple[Turn, bool]:
        """Generate and store the answer; raise Lost.

        Return the stored turn, and whether the client has moved since the last renewal: it then
        needs a replay.
        """
        seen, stopped_by = self.turn, self._interruption(self.turn)
        if stopped_by is None:
            with self.generation:
                stopped_by, seen = self._watch()
        if stopped_by is None and isinstance(self.generation.error, ContentBlocked):
            self.relay.withdraw()
        self.relay.close()
        while not self.relay.drained.wait(RENEW_SECONDS):
            self._renew(seen)
            if self.remaining() < DRAIN_MARGIN:
                # A post may still be in flight and can take longer than the time that is left.
                self.relay.abandon()
                break
        ended = self.leases.finish(self.turn, self._outcome(stopped_by))
        return ended, has_moved(seen, ended)

    def _watch(self) -> tuple[StopReason | None, Turn]:
        """Renew the lease until the generation ends or must be stopped.

        Return the reason to stop it, None if it has ended, and the turn as last renewed.
        """
        seen, stopped_by = self.turn, None
        while stopped_by is None and not self.generation.ended.wait(RENEW_SECONDS):
            renewed = self._renew(seen)
            if has_moved(seen, renewed):
                self.relay.move(renewed.connection_id)
            seen, stopped_by = renewed, self._interruption(renewed)
        return stopped_by, seen

    def _interruption(self, seen: Turn) -> StopReason | None:
        """Return the reason to end the answer now, if there is one."""
        if seen.stop_requested:
            return "cancelled"
        return "deadline" if self.remaining() < DEADLINE_MARGIN else None

    def _renew(self, seen: Turn) -> Turn:
        """Renew the lease; return the turn, or `seen` if the table cannot be reached.

        The next renewal may succeed; if another run has started meanwhile, it raises Lost.
        """
        try:
            answer = self.relay.answer  # its first text follows the choice of its passages
            passages = self.preparation.material.references
            return self.leases.renew(replace(self.turn, passages=passages), answer)
        except (ClientError, BotoCoreError) as error:
            self.telemetry.log.warning("lease not renewed", error=str(error))
            return seen

    def _outcome(self, stopped_by: StopReason | None) -> Outcome:
        generation = self.generation
        error = generation.error if stopped_by is None else None
        if stopped_by == "deadline" and not self.relay.answer and not self.preparation.notes:
            error = ModelUnavailable()
        stop_reason = None if error else (stopped_by or generation.stop_reason)
        # Only an answer that was cut can have a later run.
        may_continue = stop_reason not in (None, "stop")
        material = self.preparation.material
        return Outcome(
            status="failed" if error else "done",
            answer=self.relay.answer,
            seq=self.relay.seq,
            usage=self.turn.usage + generation.usage,
            prompt_estimate=self.turn.prompt_estimate + generation.prompt_estimate,
            model_id=str(generation.model) if generation.model else self.turn.model_id,
            stop_reason=stop_reason,
            code=error.code if error else None,
            instructions=self.turn.instructions if may_continue else "",
            passages=material.references if may_continue else (),
            sources=material.sources(self.relay.answer, self.turn.sources),
        )


def has_moved(seen: Turn, renewed: Turn) -> bool:
    """Return whether a client has asked for the answer since, over any connection."""
    return (renewed.connection_id, renewed.resumes) != (seen.connection_id, seen.resumes)


def load_window(table: "Table", job: Job, exchanges: int, now: float) -> list[Turn]:
    """Return the last `exchanges` answered turns of the job's branch, oldest first.

    A text to translate or to proofread is data: a job of these modes has no window. The turns have
    the attributes of WINDOW_ATTRIBUTES only. `now` is in seconds since the epoch.
    """
    if job.mode != "chat" or job.parent == keys.ROOT:
        return []
    newest = history.newest_turns(
        table,
        Principal(job.user_id),
        job.conversation_id,
        now=now,
        page=exchanges,
        **({"last": job.parent} if job.parent else {"before": job.turn_id}),
        attributes=WINDOW_ATTRIBUTES,
    )
    answered = (
        past for past in islice(newest, WINDOW_READS) if past.status == "done" and past.answer
    )
    return list(islice(answered, exchanges))[::-1]


def load_instructions(table: "Table", job: Job) -> str:
    """Return the user's instructions; "" if the conversation or the job's mode does without."""
    if job.mode != "chat":
        return ""
    names = {"#text": "text", "#off": "instructions_off"}
    request: dict[str, Any] = {
        table.name: {
            "Keys": [
                keys.instructions(job.user_id),
                keys.conversation(job.user_id, job.conversation_id),
            ],
            "ConsistentRead": True,
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": names,
        }
    }
    found: dict[str, Any] = {}
    while request:
        # A response has one of the items at least, or is an error that botocore retries.
        response: Any = table.meta.client.batch_get_item(RequestItems=request)
        for item in response["Responses"].get(table.name, ()):
            found |= item
        request = response["UnprocessedKeys"]
    return "" if found.get("instructions_off") else str(found.get("text", ""))
