"""Summaries of documents: the worker with moto's table and bucket, and a model that takes notes."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from chat_shared.turn import Usage
from chat_ws.errors import ContextTooLong, ModelUnavailable, NoDocuments, Throttled
from chat_ws.job import Job
from chat_ws.models import ModelFallback, ModelId
from chat_ws.protocol import Chat, Done, Failed, Progress
from chat_ws.store.leases import LEASE_SECONDS
from chat_ws.worker import generation as generation_module
from chat_ws.worker.prompt import DOCUMENTS, SYSTEM, Prompt
from chat_ws.worker.summary import LANES, NOTE_TOKENS
from chat_ws.worker.worker import DEADLINE_MARGIN
from tenacity import wait_fixed

from tests.builders import ALICE, CONVERSATION, MODEL, MODELS, NEXT_MODEL, NOW, REQUEST, TODAY, uuid
from tests.fakes import Answer, FakeStream
from tests.integration.test_answers_from_documents import Shelf, shelf
from tests.integration.test_worker import HERE, PLENTY, tokens_counted

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectTypeDef

__all__ = ["shelf"]  # a fixture

PAGE = "가" * 800
WISH = "첨부한 문서를 요약해 주세요."
SMALL = MODELS[:1]


@dataclass
class NoteTaker:
    """A model that takes notes and summarises them.

    `note` returns the answer to the call for a note with this number, from 0.
    """

    note: Callable[[int], Answer] = lambda number: Answer([f"메모 {number}"], usage=Usage(100, 5))
    summary: Answer = field(default_factory=lambda: Answer(["요약 [1]"], usage=Usage(50, 9)))
    asked: list[tuple[str, Prompt]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def stream(self, model: ModelId, prompt: Prompt, max_gen_len: int) -> FakeStream:
        with self.lock:
            number = len(self.notes)
            self.asked.append((str(model), prompt))
        if prompt.messages[0].content != SYSTEM["note"]:
            return FakeStream(self.summary)
        assert max_gen_len == NOTE_TOKENS
        return FakeStream(self.note(number))

    @property
    def notes(self) -> list[str]:
        """Return the user's message of each call for a note."""
        return [
            prompt.messages[1].content
            for _, prompt in self.asked
            if prompt.messages[0].content == SYSTEM["note"]
        ]

    @property
    def last(self) -> Prompt:
        return self.asked[-1][1]


def summarise(
    shelf: Shelf,
    taker: NoteTaker,
    job: Job | None = None,
    models: tuple[ModelId, ...] = SMALL,
) -> Job:
    job = job or shelf.ask(WISH, mode="summary")
    worker = replace(shelf.worker(), model=taker, fallback=ModelFallback(models))
    worker.handle(job, shelf.left)
    return job


def stored_notes(shelf: Shelf) -> "list[ObjectTypeDef]":
    return shelf.s3.list_objects_v2(Bucket="documents", Prefix="notes/").get("Contents", [])


def test_a_long_document_is_summarised_from_notes_that_the_answer_cites(shelf: Shelf) -> None:
    stored = shelf.put([PAGE] * 20)
    taker = NoteTaker(summary=Answer(["요약 [1][3] [5]"], usage=Usage(50, 9)))
    summarise(shelf, taker)
    assert len(taker.notes) == len(stored_notes(shelf)) == 4
    first = f"<자료 1: 규정.hwp 1쪽>\n{PAGE}\n</자료 1>\n\n<자료 2: 규정.hwp 2쪽>"
    assert sum(note.startswith(first) for note in taker.notes) == 1
    system, user = (message.content for message in taker.last.messages)
    assert system == f"{SYSTEM['chat']}\n\n{TODAY}\n\n{DOCUMENTS}"
    assert user.endswith(f"</자료 4>\n\n{WISH}")
    for n, page in enumerate((1, 7, 13, 19), start=1):
        assert f"<자료 {n}: 규정.hwp {page}쪽>\n메모 " in user
    *progress, _, done = shelf.frames()
    assert isinstance(done, Done)
    assert [(one.n, one.document_id, one.part) for one in done.sources] == [
        (1, stored.document_id, 0),
        (3, stored.document_id, 12),
    ]
    assert Progress(REQUEST, 1, "noting", 4, 4) in progress
    assert done.usage["total_tokens"] == 4 * 105 + 59 == tokens_counted(shelf)
    assert shelf.turn.passages == ()


def test_documents_that_fit_one_prompt_are_summarised_by_one_call(shelf: Shelf) -> None:
    shelf.put(["인사말", "휴가는 열닷새"])
    shelf.put(["출장비"], 2, name="비용.pdf")
    taker = NoteTaker(summary=Answer(["요약 [3]"]))
    summarise(shelf, taker)
    assert len(taker.asked) == 1
    assert taker.last.messages[-1].content.count("</자료") == 3
    assert stored_notes(shelf) == []
    assert [source.name for source in shelf.turn.sources] == ["비용.pdf"]


def test_the_model_with_the_largest_context_is_asked_with_larger_groups(shelf: Shelf) -> None:
    shelf.put([PAGE] * 40)
    taker = NoteTaker()
    summarise(shelf, taker, models=MODELS)
    assert [model for model, _ in taker.asked] == [NEXT_MODEL] * 3
    assert sorted(note.count("</자료") for note in taker.notes) == [11, 29]


def test_the_chosen_model_writes_the_summary_from_notes_that_fit_it(shelf: Shelf) -> None:
    shelf.put([PAGE] * 40)
    taker = NoteTaker(lambda number: Answer(["메모" * 1_500]))
    summarise(shelf, taker, shelf.ask(WISH, mode="summary", model=MODEL), MODELS)
    *notes, last = (model for model, _ in taker.asked)
    assert (set(notes), last) == ({NEXT_MODEL}, MODEL)
    assert len(notes) == 3  # the two notes are condensed to one
    assert taker.last.tokens < 8_192 - 1_024


def test_without_it_smaller_groups_are_asked_of_the_others(shelf: Shelf) -> None:
    shelf.put([PAGE] * 40)
    taker = NoteTaker()
    worker = replace(shelf.worker(), model=Unavailable(taker, NEXT_MODEL))
    worker.handle(shelf.ask(WISH, mode="summary"), shelf.left)
    assert {model for model, _ in taker.asked} == {MODEL}
    assert len(taker.notes) == 7
    assert shelf.turn.status == "done"
    assert Progress(REQUEST, 1, "noting", 7, 7) in shelf.frames()


@dataclass
class Unavailable:
    """Another model's answers, for all ids but one."""

    taker: NoteTaker
    model_id: str

    def stream(self, model: ModelId, prompt: Prompt, max_gen_len: int) -> FakeStream:
        if str(model) == self.model_id:
            return FakeStream(Answer(error=ModelUnavailable()))
        return self.taker.stream(model, prompt, max_gen_len)


def test_notes_that_do_not_fit_are_condensed_again(shelf: Shelf) -> None:
    shelf.put([PAGE] * 90)
    shelf.put(["짧은 글"], 2, name="짧은 글.txt")
    taker = NoteTaker(note=lambda number: Answer([f"메모 {number} " + "나" * 500]))
    summarise(shelf, taker)
    first = 15 + 1  # groups of six parts, and the other document
    again = [note for note in taker.notes[first:] if "메모" in note]
    assert len(again) == len(taker.notes) - first == 2
    user = taker.last.messages[-1].content
    assert user.count("</자료") == 3
    assert re.search(r"<자료 2: 규정.hwp \d+쪽>\n메모", user)
    assert "<자료 3: 짧은 글.txt 1쪽>" in user
    assert shelf.frames()[-3] == Progress(REQUEST, 1, "noting", 18, 18)


def test_four_notes_are_asked_for_at_once(shelf: Shelf) -> None:
    shelf.put([PAGE] * 40)
    together = threading.Barrier(LANES, timeout=10)

    def note(number: int) -> Answer:
        if number < LANES:
            together.wait()
        return Answer(["메모"])

    taker = NoteTaker(note=note)
    summarise(shelf, taker)
    assert len(taker.notes) == 7
    assert shelf.turn.status == "done"


def test_a_deadline_keeps_the_notes_and_continue_goes_on(shelf: Shelf) -> None:
    shelf.put([PAGE] * 40)
    shelf.left = lambda: PLENTY if len(stored_notes(shelf)) < 3 else DEADLINE_MARGIN - 0.1
    taker = NoteTaker(note=lambda number: Answer([f"메모 {number}"], hangs=number >= 3))
    job = summarise(shelf, taker)
    assert (shelf.turn.status, shelf.turn.stop_reason, shelf.turn.answer) == (
        "done",
        "deadline",
        "",
    )
    assert len(stored_notes(shelf)) == 3
    shelf.left = lambda: PLENTY
    assert shelf.turns.reopen(shelf.turn, HERE)
    taker = NoteTaker()
    summarise(shelf, taker, job)
    assert len(taker.notes) == 4
    assert (shelf.turn.run, shelf.turn.answer) == (2, "요약 [1]")
    assert len(shelf.turn.sources) == 1


def test_a_deadline_without_a_note_fails(shelf: Shelf) -> None:
    shelf.put([PAGE] * 40)
    seconds = iter([PLENTY])
    shelf.left = lambda: next(seconds, DEADLINE_MARGIN - 0.1)
    summarise(shelf, NoteTaker(note=lambda _: Answer(hangs=True)))
    assert (shelf.turn.status, shelf.turn.code) == ("failed", "model_unavailable")


def test_a_stop_ends_all_calls(shelf: Shelf) -> None:
    shelf.put([PAGE] * 40)

    def note(number: int) -> Answer:
        if number == LANES - 1:
            shelf.turns.request_stop(shelf.turn, HERE)
        return Answer(["메"], hangs=True)

    taker = NoteTaker(note=note)
    summarise(shelf, taker)
    assert (shelf.turn.status, shelf.turn.stop_reason) == ("done", "cancelled")
    assert len(taker.asked) == LANES
    assert stored_notes(shelf) == []


def test_a_failed_note_ends_the_summary_and_a_new_question_pays_for_the_rest(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation_module, "THROTTLE_WAIT", wait_fixed(0))
    shelf.put([PAGE] * 40)
    first, others = Answer(["메모"]), Answer(error=Throttled())
    summarise(shelf, NoteTaker(note=lambda number: others if number else first))
    assert (shelf.turn.status, shelf.turn.code) == ("failed", "throttled")
    kept = len(stored_notes(shelf))
    assert kept >= 1
    accepted, _ = shelf.turns.accept(ALICE, Chat(uuid(2), CONVERSATION, WISH, "summary"), HERE)
    taker = NoteTaker()
    summarise(shelf, taker, Job.on(accepted, "run", HERE))
    assert len(taker.notes) == 7 - kept


def test_a_crash_in_the_summary_s_text_is_continued_from_the_same_notes(shelf: Shelf) -> None:
    shelf.put([PAGE] * 20)
    taker = NoteTaker(summary=Answer(["요약 [2] "], stop_reason="length"))
    job = summarise(shelf, taker)
    assert len(shelf.turn.passages) == 4
    before = taker.last.messages
    shelf.put([PAGE] * 50, 2)
    assert shelf.turns.reopen(shelf.turn, HERE)
    again = NoteTaker(summary=Answer(["끝 [4]"]))
    summarise(shelf, again, job)
    assert (again.notes, again.last.messages) == ([], before)
    assert again.last.prefill == "요약 [2] "
    assert [source.n for source in shelf.turn.sources] == [2, 4]


def test_a_document_deleted_meanwhile_leaves_no_note(shelf: Shelf) -> None:
    stored = shelf.put([PAGE] * 40)

    def note(number: int) -> Answer:
        if number == 0:
            shelf.delete(stored)
        return Answer(["메모"])

    summarise(shelf, NoteTaker(note=note))
    assert stored_notes(shelf) == []
    assert shelf.turn.status == "done"


def test_a_summary_without_a_document_that_was_read_is_refused(shelf: Shelf) -> None:
    shelf.put(status="failed")
    taker = NoteTaker()
    summarise(shelf, taker)
    assert shelf.frames() == [Failed.of(NoDocuments(), REQUEST)]
    assert (taker.asked, shelf.turn.code) == ([], "no_documents")


def test_where_documents_are_off_a_summary_is_refused(shelf: Shelf) -> None:
    shelf.put()
    shelf.library = None
    summarise(shelf, NoteTaker())
    assert shelf.turn.code == "no_documents"


def test_a_summary_waits_for_a_document_that_is_being_read(shelf: Shelf) -> None:
    shelf.put(status="reading", lease_until=NOW + 60)

    def on_post(frame: object) -> None:
        if isinstance(frame, Progress):
            shelf.put(["휴가는 열닷새"])

    shelf.on_post = on_post
    taker = NoteTaker()
    summarise(shelf, taker)
    assert "휴가는 열닷새" in taker.last.messages[-1].content


def test_a_crashed_summary_is_taken_over_after_its_lease(shelf: Shelf) -> None:
    """A run that has lost its lease in the middle of the notes asks for no further ones."""
    shelf.put([PAGE] * 40)

    def note(number: int) -> Answer:
        if number == LANES:
            shelf.be_overtaken()
        return Answer(["메모"], hangs=number >= LANES)

    taker = NoteTaker(note=note)
    job = summarise(shelf, taker)
    assert shelf.turn.status == "streaming"
    shelf.clock.pass_by(2 * LEASE_SECONDS + 2)
    rest = NoteTaker()
    summarise(shelf, rest, job)
    assert len(rest.notes) == 7 - LANES
    assert shelf.turn.answer == "요약 [1]"


def test_an_error_of_a_note_is_the_turn_s(shelf: Shelf) -> None:
    shelf.put([PAGE] * 40)
    summarise(shelf, NoteTaker(note=lambda _: Answer(error=ContextTooLong())))
    assert (shelf.turn.status, shelf.turn.code) == ("failed", "context_too_long")
