"""The contract of the store of turns; a subclass provides the fixture `store`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from chat_shared import keys
from chat_shared.keys import ROOT
from chat_shared.principal import Principal
from chat_shared.turn import MAX_ANSWER_BYTES, Source, Turn, Usage
from chat_ws.errors import MAX_QUESTION_CHARACTERS, BadRequest, NotFound, QuotaExceeded
from chat_ws.job import Job
from chat_ws.protocol import Chat
from chat_ws.settings import UNLIMITED, Limits
from chat_ws.store.leases import LEASE_SECONDS, Leases, Lost, Outcome
from chat_ws.store.quota import TOKENS_SECONDS, Quota
from chat_ws.store.titles import Titles
from chat_ws.store.turns import TEMPORARY_SECONDS, WAKE_SECONDS, Turns
from chat_ws.worker.passages import MAX_PASSAGES, MAX_SOURCES, NAME_CHARACTERS, SOURCE_CHARACTERS
from history_api.service import MAX_INSTRUCTIONS_LENGTH

from tests.builders import (
    ALICE,
    BOB,
    CONVERSATION,
    MODEL,
    NEXT_MODEL,
    REQUEST,
    consumption,
    turn,
    uuid,
)
from tests.fakes import Clock

HISTORY_SECONDS = 90 * 86_400


def temporary_chat(request_id: str = REQUEST) -> Chat:
    return Chat(request_id, CONVERSATION, "여행하고 싶다", temporary=True)


@dataclass
class Store:
    turns: Turns
    leases: Leases
    clock: Clock
    count: Callable[[], int]  # of all stored items
    limited: Callable[[Limits], Turns]  # the same turns, with quotas
    quota: Quota
    titles: Titles
    remove: Callable[[dict[str, str]], object]  # of an item by its key

    def delete(self, turn: Turn) -> None:
        self.remove(turn.key)
        self.remove(keys.marker(turn.user_id, turn.request_id))

    def accept(
        self, who: Principal = ALICE, request: str = REQUEST, conversation: str = CONVERSATION
    ) -> Turn:
        chat = Chat(request, conversation, "여행하고 싶다")
        return self.turns.accept(who, chat, "connection-1")[0]

    def ask(self, number: int, **fields: Any) -> Turn:
        """Ask a question in a place of the conversation."""
        return self.turns.accept(ALICE, replace(chat(number), **fields), "connection-1")[0]

    def acquire(self, turn: Turn) -> Turn:
        """Return the turn under a new lease."""
        held, acquired = self.leases.acquire(job(turn))
        assert acquired
        return held

    def find(self, who: Principal = ALICE, request: str = REQUEST) -> Turn:
        found = self.turns.find(who, request)
        assert found
        return found

    def ended(self, **fields: object) -> Turn:
        return self.leases.finish(self.acquire(self.accept()), outcome(**fields))


def job(turn: Turn) -> Job:
    return Job.on(turn, "run", turn.connection_id)


def chat(number: int) -> Chat:
    return Chat(uuid(number), CONVERSATION, "여행하고 싶다")


def outcome(**fields: object) -> Outcome:
    usual = {
        "status": "done",
        "answer": "경주",
        "seq": 3,
        "usage": Usage(10, 2),
        "prompt_estimate": 12,
        "model_id": MODEL,
        "stop_reason": "stop",
    }
    return Outcome(**(usual | fields))  # type: ignore[arg-type] # as the test has it


class StoreContract:
    def test_a_question_is_stored_as_a_turn_to_be_answered(self, store: Store) -> None:
        chat = Chat(REQUEST, CONVERSATION, "여행하고 싶다", "grammar")
        turn, new = store.turns.accept(ALICE, chat, "connection-1")
        assert new
        assert (turn.user_id, turn.conversation_id) == (ALICE.user_id, CONVERSATION)
        assert (turn.question, turn.mode, turn.status) == ("여행하고 싶다", "grammar", "streaming")
        assert (turn.run, turn.answer, turn.connection_id) == (0, "", "connection-1")
        assert store.find() == turn

    def test_a_translation_is_stored_with_its_direction(self, store: Store) -> None:
        chat = Chat(REQUEST, CONVERSATION, "안녕", "translate", target_language="en")
        store.turns.accept(ALICE, chat, "connection-1")
        found = store.find()
        assert found
        assert (found.mode, found.target_language) == ("translate", "en")

    def test_a_request_that_comes_twice_makes_one_turn(self, store: Store) -> None:
        first = store.accept()
        stored = store.count()
        store.clock.pass_by(60)
        again, new = store.turns.accept(ALICE, Chat(REQUEST, uuid(7), "다른 글"), "connection-2")
        assert (again, new) == (first, False)
        assert store.count() == stored

    def test_a_request_that_comes_twenty_times_at_once_makes_one_turn(self, store: Store) -> None:
        chat = Chat(REQUEST, CONVERSATION, "여행하고 싶다")
        with ThreadPoolExecutor(20) as pool:
            accepted = list(
                pool.map(
                    lambda number: store.turns.accept(ALICE, chat, f"connection-{number}"),
                    range(20),
                )
            )
        assert [new for _, new in accepted].count(True) == 1
        assert len({turn.turn_id for turn, _ in accepted}) == 1
        assert store.count() == 3  # turn, marker, conversation

    def test_requests_of_one_conversation_make_turns_in_their_order(self, store: Store) -> None:
        ids = []
        for number in range(1, 5):
            ids.append(store.accept(request=uuid(number)).turn_id)
            store.clock.pass_by(0.001)
        assert ids == sorted(ids)
        assert len(set(ids)) == 4

    def test_another_user_s_request_is_not_found(self, store: Store) -> None:
        store.accept(ALICE)
        assert store.turns.find(BOB, REQUEST) is None

    def test_a_conversation_id_of_two_users_names_two_conversations(self, store: Store) -> None:
        store.accept(ALICE)
        store.accept(BOB)
        assert store.count() == 6
        assert store.find(ALICE).user_id == ALICE.user_id
        assert store.find(BOB).user_id == BOB.user_id

    def test_a_remembered_turn_that_was_deleted_is_not_found(self, store: Store) -> None:
        deleted = store.accept()
        store.delete(deleted)
        assert store.turns.find(ALICE, REQUEST) is None

    def test_a_request_whose_turn_was_deleted_can_be_asked_again(self, store: Store) -> None:
        store.delete(store.accept())
        other = store.limited(UNLIMITED)
        again, new = other.accept(ALICE, Chat(REQUEST, CONVERSATION, "다시"), "connection-1")
        assert new
        assert store.find() == again

    def test_an_unknown_request_is_not_found(self, store: Store) -> None:
        assert store.turns.find(ALICE, uuid(9)) is None

    def test_attaching_moves_the_answer_to_the_new_connection(self, store: Store) -> None:
        turn = store.accept()
        store.turns.attach(turn, "connection-2")
        moved = store.turns.attach(turn, "connection-2")
        assert moved
        assert (moved.connection_id, moved.resumes) == ("connection-2", 2)

    def test_an_ended_turn_can_neither_be_attached_to_nor_stopped(self, store: Store) -> None:
        ended = store.ended()
        assert store.turns.attach(ended, "connection-2") is None
        assert store.turns.request_stop(ended, "connection-2") is None
        assert store.find() == ended

    def test_a_stop_is_seen_at_the_next_renewal(self, store: Store) -> None:
        held = store.acquire(store.accept())
        store.turns.request_stop(held, "connection-2")
        seen = store.leases.renew(held, "경")
        assert (seen.stop_requested, seen.connection_id) == (True, "connection-2")

    def test_of_many_who_would_ask_for_a_title_one_may_and_only_once(self, store: Store) -> None:
        turn = store.accept()
        with ThreadPoolExecutor(8) as pool:
            claims = list(pool.map(lambda _: store.titles.claim(turn), range(8)))
        assert sum(claims) == 1
        assert store.titles.store(turn, "경주 여행")
        assert not store.titles.store(turn, "부산 여행")
        assert not store.titles.claim(turn)

    def test_a_title_is_stored_only_by_who_may_ask_for_it(self, store: Store) -> None:
        assert not store.titles.store(store.accept(), "경주 여행")

    def test_a_title_does_not_bring_back_a_deleted_conversation(self, store: Store) -> None:
        turn, other = store.accept(), store.accept(request=uuid(2), conversation=uuid(1_001))
        assert store.titles.claim(turn)
        for deleted in (turn, other):
            store.remove(keys.conversation(deleted.user_id, deleted.conversation_id))
        before = store.count()
        assert not store.titles.store(turn, "경주 여행")
        assert not store.titles.claim(other)
        assert store.count() == before

    def test_what_has_not_been_stored_cannot_be_changed(self, store: Store) -> None:
        nowhere = turn()
        assert store.turns.attach(nowhere, "connection-1") is None
        assert store.turns.request_stop(nowhere, "connection-1") is None
        assert store.turns.reopen(nowhere, "connection-1") is None
        assert not store.turns.claim_wake(nowhere)
        assert store.count() == 0

    def test_an_answer_that_was_cut_is_reopened_with_its_text(self, store: Store) -> None:
        cut = store.ended(stop_reason="length")
        reopened = store.turns.reopen(cut, "connection-2")
        assert reopened
        assert (reopened.status, reopened.answer) == ("streaming", "경주")
        assert (reopened.stop_reason, reopened.connection_id) == (None, "connection-2")
        assert store.acquire(reopened).run == cut.run + 1

    def test_only_one_can_reopen_and_only_what_is_done(self, store: Store) -> None:
        assert store.turns.reopen(store.accept(), "connection-2") is None
        cut = store.ended(stop_reason="length")
        assert store.turns.reopen(cut, "connection-2")
        assert store.turns.reopen(cut, "connection-2") is None

    def test_a_turn_is_reopened_after_its_last_run_only(self, store: Store) -> None:
        cut = store.ended(stop_reason="length")
        for run in (cut.run - 1, cut.run + 1):
            assert store.turns.reopen(cut, "connection-2", run) is None
        assert store.find() == cut
        reopened = store.turns.reopen(cut, "connection-2", cut.run)
        assert reopened == store.find()
        again = store.leases.finish(store.acquire(reopened), outcome(stop_reason="length"))
        assert store.turns.reopen(cut, "connection-2") is None  # read before the second run
        assert store.turns.reopen(again, "connection-2", cut.run) is None
        assert store.find() == again

    def test_of_many_who_reopen_a_turn_one_does_and_counts_one_message(self, store: Store) -> None:
        turns = store.limited(Limits(messages=3))
        turns.accept(ALICE, chat(1), "connection-1")
        cut = store.leases.finish(store.acquire(store.find()), outcome(stop_reason="length"))
        with ThreadPoolExecutor(20) as pool:
            reopened = list(pool.map(lambda _: turns.reopen(cut, "connection-2", 1), range(20)))
        assert len([one for one in reopened if one]) == 1
        assert turns.accept(ALICE, chat(2), "connection-1")[1]
        with pytest.raises(QuotaExceeded):
            turns.accept(ALICE, chat(3), "connection-1")

    def test_a_turn_is_not_reopened_over_the_limit_of_messages(self, store: Store) -> None:
        turns = store.limited(Limits(messages=1))
        turns.accept(ALICE, chat(1), "connection-1")
        cut = store.leases.finish(store.acquire(store.find()), outcome(stop_reason="length"))
        with pytest.raises(QuotaExceeded):
            turns.reopen(cut, "connection-2")
        assert store.find() == cut

    def test_a_failed_turn_is_not_reopened(self, store: Store) -> None:
        failed = store.ended(status="failed", stop_reason=None, code="internal")
        assert store.turns.reopen(failed, "connection-2") is None
        assert store.find().code == "internal"

    def test_a_stop_does_not_outlive_its_run(self, store: Store) -> None:
        held = store.acquire(store.accept())
        store.turns.request_stop(held, "connection-1")
        ended = store.leases.finish(held, outcome(stop_reason="cancelled"))
        reopened = store.turns.reopen(ended, "connection-1")
        assert reopened
        assert not store.acquire(reopened).stop_requested

    def test_a_worker_is_not_woken_while_the_first_may_still_come(self, store: Store) -> None:
        turn = store.accept()
        assert not store.turns.claim_wake(turn)
        store.clock.pass_by(WAKE_SECONDS + 0.001)
        assert store.turns.claim_wake(turn)
        assert not store.turns.claim_wake(turn)

    def test_of_many_who_would_wake_a_worker_one_does(self, store: Store) -> None:
        turn = store.accept()
        store.clock.pass_by(WAKE_SECONDS + 0.001)
        with ThreadPoolExecutor(20) as pool:
            claims = list(pool.map(lambda _: store.turns.claim_wake(turn), range(20)))
        assert claims.count(True) == 1

    def test_a_live_run_needs_no_waking_and_a_dead_one_does(self, store: Store) -> None:
        held = store.acquire(store.accept())
        store.clock.pass_by(LEASE_SECONDS - 0.001)
        assert not store.turns.claim_wake(held)
        store.clock.pass_by(0.002)
        assert store.turns.claim_wake(held)

    def test_an_ended_turn_needs_no_waking(self, store: Store) -> None:
        ended = store.ended()
        store.clock.pass_by(3600)
        assert not store.turns.claim_wake(ended)

    def test_a_new_turn_can_be_taken_at_once_and_by_one_alone(self, store: Store) -> None:
        turn = store.accept()
        assert store.acquire(turn).run == 1
        held, acquired = store.leases.acquire(job(turn))
        assert not acquired
        assert (held.status, held.run) == ("streaming", 1)

    def test_of_many_workers_one_gets_the_turn(self, store: Store) -> None:
        turn = store.accept()
        with ThreadPoolExecutor(20) as pool:
            acquired = list(pool.map(lambda _: store.leases.acquire(job(turn))[1], range(20)))
        assert acquired.count(True) == 1
        assert store.find().run == 1

    def test_a_lease_that_ran_out_goes_to_the_next_run(self, store: Store) -> None:
        turn = store.accept()
        store.acquire(turn)
        store.clock.pass_by(LEASE_SECONDS - 0.001)
        assert not store.leases.acquire(job(turn))[1]
        store.clock.pass_by(0.002)
        assert store.acquire(turn).run == 2

    def test_a_claimed_wake_lets_the_worker_in_at_once(self, store: Store) -> None:
        held = store.acquire(store.accept())
        store.clock.pass_by(LEASE_SECONDS + 1)
        assert store.turns.claim_wake(held)
        assert store.acquire(held).run == 2

    def test_renewing_keeps_the_lease_and_the_text(self, store: Store) -> None:
        held = store.acquire(store.accept())
        for text in ("경", "경주", "경주는"):
            store.clock.pass_by(LEASE_SECONDS - 1)
            store.leases.renew(held, text)
        store.clock.pass_by(LEASE_SECONDS - 1)
        assert not store.leases.acquire(job(held))[1]
        assert store.find().answer == "경주는"

    def test_passages_and_sources_are_stored_with_the_text(self, store: Store) -> None:
        held = store.acquire(store.accept())
        begun = replace(held, passages=("1/d/0", "d/failed"))
        assert store.leases.renew(begun, "경").passages == begun.passages
        source = Source(1, "d", "규정.hwp", "page", "3", 4, "가")
        ended = store.leases.finish(held, outcome(passages=("1/d/0",), sources=(source,)))
        assert store.find() == ended
        assert (ended.passages, ended.sources) == (("1/d/0",), (source,))

    def test_a_run_that_lost_its_lease_can_write_nothing_more(self, store: Store) -> None:
        old = store.acquire(store.accept())
        store.clock.pass_by(LEASE_SECONDS + 1)
        new = store.acquire(old)
        with pytest.raises(Lost):
            store.leases.renew(old, "늦은 글")
        with pytest.raises(Lost):
            store.leases.finish(old, outcome(answer="늦은 글"))
        assert store.find() == new
        assert store.leases.finish(new, outcome()).answer == "경주"

    def test_a_finished_run_can_write_nothing_more(self, store: Store) -> None:
        held = store.acquire(store.accept())
        ended = store.leases.finish(held, outcome())
        with pytest.raises(Lost):
            store.leases.renew(held, "늦은 글")
        with pytest.raises(Lost):
            store.leases.finish(held, outcome(answer="늦은 글"))
        assert store.find() == ended

    def test_a_finished_turn_is_not_taken_again_and_tells_why(self, store: Store) -> None:
        ended = store.ended()
        store.clock.pass_by(3600)
        assert store.leases.acquire(job(ended)) == (ended, False)

    def test_finishing_stores_how_the_turn_ended(self, store: Store) -> None:
        held = store.acquire(store.accept())
        store.leases.finish(held, outcome(stop_reason="length"))
        ended = store.find()
        assert (ended.status, ended.answer, ended.seq) == ("done", "경주", 3)
        assert (ended.usage, ended.prompt_estimate) == (Usage(10, 2), 12)
        assert (ended.model_id, ended.stop_reason, ended.code) == (MODEL, "length", None)

    def test_the_longest_question_and_answer_fit_into_the_item(self, store: Store) -> None:
        question, answer = "😀" * MAX_QUESTION_CHARACTERS, "가" * (MAX_ANSWER_BYTES // 3)
        chat = Chat(REQUEST, CONVERSATION, question)
        held = store.acquire(store.turns.accept(ALICE, chat, "connection-1" * 10)[0])
        passages = tuple(f"{n}/{CONVERSATION}/{n}" for n in range(MAX_PASSAGES))
        longest = "😀" * NAME_CHARACTERS
        text = "😀" * SOURCE_CHARACTERS
        sources = (Source(400, CONVERSATION, longest, "section", longest, 400, text),) * MAX_SOURCES
        # Stored once: moto adds the new value of an attribute to the size of the old one.
        ended = store.leases.finish(
            held,
            outcome(
                answer=answer,
                stop_reason="length",
                instructions="가" * MAX_INSTRUCTIONS_LENGTH,
                passages=passages,
                sources=sources,
            ),
        )
        assert store.find() == ended
        assert (ended.question, ended.answer) == (question, answer)

    def test_an_item_larger_than_dynamodb_s_limit_is_refused(self, store: Store) -> None:
        held = store.acquire(store.accept())
        with pytest.raises(ClientError):
            store.leases.renew(held, "가" * (400 * 1024 // 3))
        assert store.find() == held

    def test_a_failure_is_stored_with_its_code_and_its_text(self, store: Store) -> None:
        failed = store.ended(status="failed", stop_reason=None, code="throttled", model_id=None)
        assert store.find() == failed
        assert (failed.status, failed.code, failed.answer) == ("failed", "throttled", "경주")

    def test_a_turn_that_is_not_there_is_lost(self, store: Store) -> None:
        with pytest.raises(Lost):
            store.leases.acquire(job(turn()))
        with pytest.raises(Lost):
            store.leases.renew(turn(run=1), "글")
        assert store.count() == 0

    def test_a_temporary_question_expires_a_day_later_and_is_not_reopened_by_another(
        self, store: Store
    ) -> None:
        turn, new = store.turns.accept(ALICE, temporary_chat(), "connection-1")
        assert new
        store.clock.pass_by(TEMPORARY_SECONDS - 10)
        store.turns.accept(ALICE, temporary_chat(uuid(2)), "connection-1")
        assert store.find() == turn
        store.clock.pass_by(11)
        assert store.turns.find(ALICE, REQUEST) is None
        assert store.find(request=uuid(2))

    @pytest.mark.parametrize("first", [True, False])
    def test_a_conversation_is_temporary_from_its_first_turn_or_never(
        self, store: Store, first: bool
    ) -> None:
        chats = [chat(1), temporary_chat(uuid(2))][:: -1 if first else 1]
        turn, _ = store.turns.accept(ALICE, chats[0], "connection-1")
        count = store.count()
        with pytest.raises(BadRequest):
            store.turns.accept(ALICE, chats[1], "connection-1")
        assert store.count() == count
        for parent in (keys.ROOT, turn.turn_id):
            with pytest.raises(BadRequest):
                store.turns.accept(ALICE, replace(chats[1], parent=parent), "connection-1")
        assert store.count() == count
        # A question that is repeated without the field is the stored one.
        repeated = replace(chats[0], temporary=not chats[0].temporary)
        assert store.turns.accept(ALICE, repeated, "connection-1") == (turn, False)
        # The same conversation id of another user is another conversation.
        assert store.turns.accept(BOB, chats[1], "connection-1")[1]

    @pytest.mark.parametrize("first", [True, False])
    def test_an_expired_conversation_can_begin_again_as_either_kind(
        self, store: Store, first: bool
    ) -> None:
        chats = [chat(1), temporary_chat(uuid(2))][:: -1 if first else 1]
        store.turns.accept(ALICE, chats[0], "connection-1")
        store.clock.pass_by(HISTORY_SECONDS + 1)
        turn, _ = store.turns.accept(ALICE, chats[1], "connection-1")
        with pytest.raises(BadRequest):
            store.turns.accept(ALICE, replace(chats[0], request_id=uuid(3)), "connection-1")
        assert store.titles.claim(turn) == first

    def test_of_a_temporary_and_another_first_question_at_once_one_is_refused(
        self, store: Store
    ) -> None:
        def accept(chat: Chat) -> bool:
            try:
                return store.turns.accept(ALICE, chat, "connection-1")[1]
            except BadRequest:
                return False

        with ThreadPoolExecutor(2) as pool:
            accepted = list(pool.map(accept, [chat(1), temporary_chat(uuid(2))]))
        assert sorted(accepted) == [False, True]

    def test_a_temporary_conversation_gets_no_title(self, store: Store) -> None:
        turn, _ = store.turns.accept(ALICE, temporary_chat(), "connection-1")
        assert not store.titles.claim(turn)

    def test_an_expired_turn_is_not_found_though_it_is_still_stored(self, store: Store) -> None:
        store.accept()
        store.clock.pass_by(HISTORY_SECONDS)
        assert store.turns.find(ALICE, REQUEST)
        store.clock.pass_by(1)
        assert store.turns.find(ALICE, REQUEST) is None
        assert store.count() == 3

    def test_a_request_of_an_expired_turn_makes_a_new_one(self, store: Store) -> None:
        old = store.accept()
        store.clock.pass_by(HISTORY_SECONDS + 1)
        new, is_new = store.turns.accept(ALICE, chat(1), "connection-2")
        assert is_new
        assert new.turn_id != old.turn_id
        assert store.find() == new

    # Branches. tests/integration/test_branches.py has those that the history API reads.

    def test_a_question_follows_the_turn_that_it_names(self, store: Store) -> None:
        first = store.ask(1, parent=ROOT)
        second = store.ask(2, parent=first.turn_id)
        assert (first.parent, second.parent) == (ROOT, first.turn_id)
        assert store.find(request=uuid(2)) == second
        assert store.count() == 5  # two turns, two markers, the conversation

    def test_a_variant_starts_a_branch_and_sorts_after_its_parent(self, store: Store) -> None:
        first = store.ask(1, parent=ROOT)
        second = store.ask(2, parent=first.turn_id)
        for number, hint in ((3, {"variant_of": second.turn_id}), (4, {})):
            again = store.ask(number, parent=first.turn_id, **hint)
            assert again.parent == first.turn_id
            assert keys.branch_of(again.turn_id) != keys.branch_of(second.turn_id)
            assert keys.time_of(again.turn_id) > keys.time_of(first.turn_id)
        assert store.count() == 10  # four turns, four markers, conversation, branches

    def test_a_variant_that_comes_twice_makes_one_turn(self, store: Store) -> None:
        first = store.ask(1, parent=ROOT)
        again = store.ask(2, parent=ROOT, variant_of=first.turn_id)
        stored = store.count()
        assert store.ask(2, parent=ROOT, variant_of=first.turn_id) == again
        assert store.count() == stored

    def test_variants_that_come_at_once_are_all_stored(self, store: Store) -> None:
        first = store.ask(1, parent=ROOT)
        with ThreadPoolExecutor(4) as pool:
            asked = [
                pool.submit(store.ask, number, parent=ROOT, variant_of=first.turn_id)
                for number in range(2, 6)
            ]
        branches = {keys.branch_of(each.result().turn_id) for each in asked}
        assert len(branches) == 4
        assert keys.FIRST_BRANCH not in branches

    def test_a_question_after_a_turn_that_is_not_there_is_not_stored(self, store: Store) -> None:
        first = store.ask(1, parent=ROOT)
        stored = store.count()
        other = "0" if first.turn_id.endswith("f") else "f"
        for parent in (f"{first.turn_id[:-1]}{other}", f"b00000001-{first.turn_id}"):
            for hint in ({}, {"variant_of": first.turn_id}):
                with pytest.raises(NotFound):
                    store.ask(2, parent=parent, **hint)
        assert store.count() == stored

    def test_the_chosen_model_is_stored_with_the_turn(self, store: Store) -> None:
        assert store.ask(1, model=NEXT_MODEL).model == NEXT_MODEL
        assert store.find(request=uuid(1)).model == NEXT_MODEL

    def test_a_wish_is_stored_with_the_turn(self, store: Store) -> None:
        assert store.ask(1, parent=ROOT, wish="shorter").wish == "shorter"
        assert store.find(request=uuid(1)).wish == "shorter"

    # Quotas. Times are NOW's: eight in the evening in Korea.

    def test_the_last_message_of_the_day_is_taken_and_the_next_refused(self, store: Store) -> None:
        turns = store.limited(Limits(messages=2))
        for number in (1, 2):
            assert turns.accept(ALICE, chat(number), "connection-1")[1]
        stored = store.count()
        with pytest.raises(QuotaExceeded):
            turns.accept(ALICE, chat(3), "connection-1")
        assert store.count() == stored
        assert turns.find(ALICE, uuid(3)) is None

    def test_each_user_has_messages_of_his_own(self, store: Store) -> None:
        turns = store.limited(Limits(messages=1))
        assert turns.accept(ALICE, chat(1), "connection-1")[1]
        assert turns.accept(BOB, chat(1), "connection-2")[1]

    def test_a_request_that_comes_again_is_counted_once(self, store: Store) -> None:
        turns = store.limited(Limits(messages=2))
        for _ in range(5):
            turns.accept(ALICE, chat(1), "connection-1")
        assert turns.accept(ALICE, chat(2), "connection-1")[1]

    def test_a_request_that_was_accepted_is_found_again_over_the_limits(self, store: Store) -> None:
        first, _ = store.limited(Limits(messages=1)).accept(ALICE, chat(1), "connection-1")
        store.quota.add(ALICE.user_id, consumption(100))
        for limits in (Limits(messages=1), Limits(tokens=100)):
            again = store.limited(limits).accept(ALICE, chat(1), "connection-2")
            assert again == (first, False)

    def test_of_many_messages_at_once_as_many_as_allowed_are_taken(self, store: Store) -> None:
        turns = store.limited(Limits(messages=5))

        def ask(number: int) -> bool:
            try:
                return turns.accept(ALICE, chat(number), "connection-1")[1]
            except QuotaExceeded:
                return False

        with ThreadPoolExecutor(20) as pool:
            taken = list(pool.map(ask, range(1, 21)))
        assert taken.count(True) == 5

    def test_a_new_day_begins_at_midnight_in_korea(self, store: Store) -> None:
        turns = store.limited(Limits(messages=1, tokens=10))
        turns.accept(ALICE, chat(1), "connection-1")
        store.quota.add(ALICE.user_id, consumption(10))
        until_midnight = 4 * 3600 - 6 * 60 - 40  # NOW is 20:06:40 there
        store.clock.pass_by(until_midnight - 1)
        with pytest.raises(QuotaExceeded):
            turns.accept(ALICE, chat(2), "connection-1")
        store.clock.pass_by(1)
        assert turns.accept(ALICE, chat(2), "connection-1")[1]

    def test_tokens_are_spent_by_all_until_none_is_left(self, store: Store) -> None:
        turns = store.limited(Limits(tokens=100))
        store.quota.add(ALICE.user_id, consumption(60))
        assert turns.accept(ALICE, chat(1), "connection-1")[1]
        store.quota.add(ALICE.user_id, consumption(40))
        store.clock.pass_by(TOKENS_SECONDS - 0.001)
        assert turns.accept(ALICE, chat(3), "connection-1")[1]
        store.clock.pass_by(0.001)
        for who in (ALICE, BOB):
            with pytest.raises(QuotaExceeded):
                turns.accept(who, chat(2), "connection-1")
        assert turns.find(ALICE, uuid(2)) is None

    def test_a_user_s_tokens_are_a_condition_of_the_user_s_next_question(
        self, store: Store
    ) -> None:
        turns = store.limited(Limits(user_tokens=100))
        assert turns.accept(ALICE, chat(1), "connection-1")[1]
        store.quota.add(ALICE.user_id, consumption(60))
        assert turns.accept(ALICE, chat(2), "connection-1")[1]
        store.quota.add(ALICE.user_id, consumption(40))
        with pytest.raises(QuotaExceeded):
            turns.accept(ALICE, chat(3), "connection-1")
        assert turns.find(ALICE, uuid(3)) is None
        assert turns.accept(ALICE, chat(2), "connection-1")[0].request_id == uuid(2)
        assert turns.accept(BOB, chat(3), "connection-2")[1]

    def test_each_limit_of_a_user_holds_beside_the_other(self, store: Store) -> None:
        store.quota.add(ALICE.user_id, consumption(9))
        for limits, is_allowed in ((Limits(2, 0, 10), True), (Limits(2, 0, 9), False)):
            turns = store.limited(limits)
            if is_allowed:
                assert turns.accept(ALICE, chat(1), "connection-1")[1]
                continue
            with pytest.raises(QuotaExceeded):
                turns.accept(ALICE, chat(2), "connection-1")
        assert store.limited(Limits(2, 0, 10)).accept(ALICE, chat(2), "connection-1")[1]
        with pytest.raises(QuotaExceeded):
            store.limited(Limits(2, 0, 10)).accept(ALICE, chat(3), "connection-1")

    def test_an_answer_that_was_cut_is_not_reopened_without_the_user_s_tokens(
        self, store: Store
    ) -> None:
        cut = store.ended(stop_reason="length")
        store.quota.add(ALICE.user_id, consumption(5))
        with pytest.raises(QuotaExceeded):
            store.limited(Limits(user_tokens=5)).reopen(cut, "connection-2")
        assert store.find() == cut
        assert store.limited(Limits(user_tokens=6)).reopen(cut, "connection-2")

    def test_an_answer_that_was_cut_is_not_reopened_without_tokens(self, store: Store) -> None:
        cut = store.ended(stop_reason="length")
        store.quota.add(ALICE.user_id, consumption(1))
        with pytest.raises(QuotaExceeded):
            store.limited(Limits(tokens=1)).reopen(cut, "connection-2")
        assert store.find() == cut
        assert store.limited(Limits(tokens=2)).reopen(cut, "connection-2")

    def test_without_limits_nothing_is_counted_or_refused(self, store: Store) -> None:
        store.quota.add(ALICE.user_id, consumption(10**9))
        stored = store.count()
        store.accept()
        assert store.count() == stored + 3
