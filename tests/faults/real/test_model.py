"""The model fails in every way it can; the person gets the whole answer, or one honest end."""

import pytest

from tests.builders import MODEL, NEXT_MODEL
from tests.faults.real.checks import expect_one_end, expect_whole, play, stored, text_of
from tests.faults.real.conftest import Note
from tests.faults.real.guest import Answer, Guest
from tests.faults.real.processes import kill_workers
from tests.seoyeon.local.bedrock.stage import Stage
from tests.stack import Stack

BROKEN = {"answer": text_of(120), "delay_ms": 5}
IN_STREAM = (
    "InternalServerException",
    "ModelStreamErrorException",
    "ModelTimeoutException",
    "ServiceUnavailableException",
    "ThrottlingException",
    "ValidationException",
)
LEGACY = "Access denied. This Model is marked by provider as Legacy."
INVALID = "The provided model identifier is invalid."
DENIED = "You don't have access to the model with the specified model ID."


async def ask(stack: Stack, token: str, within_s: float = 120) -> Answer:
    async with Guest(stack.ws_url, token) as guest:
        return await guest.end(await guest.ask("경주"), within_s)


def test_a_model_that_is_throttled_three_times_answers_after_all(
    stack: Stack, model: Stage, token: str, note: Note
) -> None:
    throttled = {"failure": {"kind": "error", "code": "ThrottlingException"}}
    model.plan(throttled, throttled, throttled, {"answer": text_of(60)})
    answer = play(ask(stack, token))
    expect_whole(stack, token, answer, text_of(60))
    assert [asked["state"] for asked in model.invocations()] == ["failed"] * 3 + ["finished"]
    note("seconds to the end", f"{answer.at[-1] - answer.at[0]:.1f}")


@pytest.mark.parametrize(
    "failure",
    [
        *({"kind": "error", "at": 20, "code": code} for code in IN_STREAM),
        {"kind": "end", "at": 20},
        {"kind": "reset", "at": 20},
    ],
    ids=lambda failure: failure.get("code", failure["kind"]),
)
def test_a_stream_that_breaks_in_the_middle_goes_on_from_there(
    stack: Stack, model: Stage, token: str, failure: dict[str, object]
) -> None:
    text = text_of(120)
    model.plan(BROKEN | {"failure": failure}, BROKEN)
    answer = play(ask(stack, token))
    expect_whole(stack, token, answer, text)
    first, second = model.invocations()
    assert first["generated"] == text[:40]
    assert second["prompt"] == first["prompt"] + text[:40]


def test_a_stream_that_breaks_three_times_fails_and_its_text_is_kept(
    stack: Stack, model: Stage, token: str
) -> None:
    breaks = BROKEN | {"failure": {"kind": "end", "at": 10}}
    model.plan(breaks, breaks, breaks)
    answer = play(ask(stack, token))
    assert answer.end is not None
    assert (answer.end["code"], answer.end["retryable"]) == ("internal", True)
    assert answer.shown == text_of(60)
    turn = stored(stack, token, answer)
    assert (turn["status"], turn["code"], turn["answer"]) == ("failed", "internal", text_of(60))
    expect_one_end(answer)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ResourceNotFoundException", LEGACY),
        pytest.param("ValidationException", INVALID, marks=pytest.mark.full),
        pytest.param("AccessDeniedException", DENIED, marks=pytest.mark.full),
    ],
)
def test_where_the_first_model_cannot_be_had_the_second_answers(
    stack: Stack, model: Stage, token: str, code: str, message: str
) -> None:
    kill_workers(stack)  # one that runs may have set the first model aside already
    failure = {"kind": "error", "code": code, "message": message}
    model.plan({"failure": failure}, {"answer": text_of(60)})
    try:
        answer = play(ask(stack, token))
    finally:
        kill_workers(stack)  # it would go on passing over the first one
    expect_whole(stack, token, answer, text_of(60))
    assert [asked["model_id"] for asked in model.invocations()] == [MODEL, NEXT_MODEL]
    assert answer.end is not None
    assert answer.end["model_id"] == NEXT_MODEL


@pytest.mark.full
def test_an_answer_of_75_seconds_arrives_whole(
    stack: Stack, model: Stage, token: str, note: Note
) -> None:
    text = text_of(2000)
    model.plan({"answer": text, "delay_ms": 75})
    answer = play(ask(stack, token))
    expect_whole(stack, token, answer, text)
    assert not answer.refused
    note("seconds", f"{answer.at[-1] - answer.at[0]:.1f}")
    note("characters / frames", f"{len(text)} / {len(answer.frames)}")


@pytest.mark.full
@pytest.mark.timeout(500)
def test_an_answer_that_meets_the_functions_deadline_is_stored_and_can_go_on(
    stack: Stack, model: Stage, token: str, note: Note
) -> None:
    text = text_of(2000)
    model.plan({"answer": text, "delay_ms": 320}, {"answer": text, "delay_ms": 5})

    async def wait() -> tuple[Answer, str, float]:
        async with Guest(stack.ws_url, token) as guest:
            answer = await guest.end(await guest.ask("경주"), 400)
            first, seconds = answer.shown, answer.at[-1] - answer.at[0]
            assert answer.outcome == "deadline"
            await guest.go_on(answer)
            return await guest.end(answer), first, seconds

    answer, first, seconds = play(wait())
    assert 0 < len(first) < len(text)
    assert answer.shown == stored(stack, token, answer)["answer"] == text
    note("seconds to the deadline's `done`", f"{seconds:.1f}")
