"""The scripted model's answers and its HTTP control."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from chat_shared.documents import Part
from chat_ws.worker import prompt as prompts
from chat_ws.worker.passages import DocumentText, choose
from chat_ws.worker.prompt import SYSTEM
from chat_ws.worker.title import describe
from hypothesis import given
from hypothesis import strategies as st

from seoyeon.local.bedrock import answers, llama3, script
from tests.builders import document

from .stage import Stage
from .support import chunks, joined, prompt


def compose(*contents: str, prefill: str = "") -> str:
    return answers.compose(llama3.parse(prompt(*contents, prefill=prefill)))


def test_the_same_prompt_gets_the_same_answer_in_korean_markdown() -> None:
    assert compose("여행하고 싶다") == compose("여행하고 싶다")
    assert "\n1. **바다**" in compose("여행하고 싶다")
    assert "```python\n" in compose("파이썬 함수를 보여 줘")
    assert "안녕하세요" in compose("안녕")


def test_a_proofreading_ends_with_the_corrected_text() -> None:
    def proofread(text: str) -> str:
        question = prompts.build("grammar", [], text, budget=8_000)
        return answers.compose(llama3.parse(prompts.format_llama3(question)))

    assert proofread("내일 뵈요. 늦으면 않 되요!").endswith(
        "\n\n고친 글:\n내일 봬요. 늦으면 안 돼요!"
    )
    assert "**뵈요** → **봬요**" in proofread("내일 뵈요.")
    assert proofread("안녕하세요.") == "고칠 곳이 없습니다.\n\n고친 글:\n안녕하세요."


def test_documents_are_quoted_with_the_marks_of_their_passages() -> None:
    pages = ["인사말", "휴가는 열닷새이다", "출장비는 나중에 준다", "부칙"]
    parts = [Part("page", str(page), text) for page, text in enumerate(pages, start=1)]
    material = choose([DocumentText(document(), parts)], "휴가", "", 8_000)
    question = prompts.build("chat", [], "휴가는 며칠?", budget=8_000, passages=material.passages)
    for dialogue in (
        llama3.parse(prompts.format_llama3(question)),
        llama3.Dialogue(tuple(llama3.Message(m.role, m.content) for m in question.messages), ""),
    ):
        assert answers.compose(dialogue).startswith(
            "올려 주신 문서에서 찾은 내용입니다.\n\n- 규정.hwp 2쪽: 휴가는 열닷새이다 [2]\n"
        )


def test_a_note_for_a_summary_has_the_beginnings_of_its_parts() -> None:
    parts = "".join(
        f"<자료 {n}: 규정.hwp {n}쪽>\n{text}\n</자료 {n}>\n\n"
        for n, text in enumerate(["휴가는 열닷새", "출장비"], start=1)
    )
    asked = prompts.build("note", [], parts, budget=8_000)
    assert answers.compose(llama3.parse(prompts.format_llama3(asked))) == "휴가는 열닷새\n출장비"


def test_an_answer_shows_that_the_history_has_arrived() -> None:
    assert "'여행하고 싶다'" in compose("여행하고 싶다", "어디로 갈까요?", "경주")
    assert "'여행하고 싶다'" not in compose("경주")


@given(question=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_there_is_an_answer_to_anything(question: str) -> None:
    question = question.replace("<|", "")
    assert compose(question)


@pytest.mark.parametrize("length", [1, 7, 60])
def test_a_cut_answer_is_continued_byte_for_byte(stage: Stage, length: int) -> None:
    whole = compose("경주")
    first = chunks(stage.url, prompt("경주"), max_gen_len=length)
    assert first[-1]["stop_reason"] == "length"
    begun = joined(first)
    assert begun == whole[: 2 * length]
    stage.plan({"delay_ms": 0})
    rest = chunks(stage.url, prompt("경주", prefill=begun))
    assert begun + joined(rest) == whole
    assert rest[-1]["stop_reason"] == "stop"


def test_a_planned_answer_is_continued_too(stage: Stage) -> None:
    whole = "하나 둘 셋 넷 다섯"
    failing = {"answer": whole, "delay_ms": 0, "failure": {"kind": "end", "at": 2}}
    stage.plan(failing, {"answer": whole, "delay_ms": 0})
    begun = joined(chunks(stage.url, prompt("세어 봐")))
    assert begun + joined(chunks(stage.url, prompt("세어 봐", prefill=begun))) == whole


def test_a_held_answer_goes_on_when_it_is_released(stage: Stage) -> None:
    stage.plan({"answer": "하나 둘", "delay_ms": 0, "hold_at": 1})
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(chunks, stage.url, prompt("세어 봐"))
        while not stage.invocations() or not stage.invocations()[0]["generated"]:
            time.sleep(0.01)
        [held] = stage.invocations()
        assert (held["state"], held["generated"]) == ("running", "하나")
        stage.release()
        assert joined(answer.result()) == "하나 둘"


def test_a_title_is_the_question_s_beginning_and_takes_no_planned_answer(stage: Stage) -> None:
    stage.plan({"answer": "네", "delay_ms": 0})
    asked = prompt(
        describe("경주에서\n이틀 동안 무엇을 볼까?", "대릉원이요."), system=SYSTEM["title"]
    )
    assert joined(chunks(stage.url, asked)) == "경주에서 이틀 동안 무엇을 볼"
    assert stage.invocations() == []
    assert joined(chunks(stage.url, prompt("경주"))) == "네"


def test_a_test_can_read_what_was_on_the_wire_and_forget_it(stage: Stage) -> None:
    stage.plan({"answer": "네", "delay_ms": 0})
    chunks(stage.url, prompt("경주", system="서연"), temperature=0.1)
    assert stage.invocations() == [
        {
            "model_id": "meta.llama3-70b-instruct-v1:0",
            "prompt": prompt("경주", system="서연"),
            "parameters": {"max_gen_len": 512, "temperature": 0.1, "top_p": 0.9},
            "state": "finished",
            "generated": "네",
        }
    ]
    stage.reset()
    assert stage.invocations() == []


@pytest.mark.parametrize(
    "plan",
    [
        {},
        [1],
        [{"anser": "네"}],
        [{"chunk_size": 0}],
        [{"failure": {"kind": "explode"}}],
        [{"failure": {"kind": "error", "code": "NoSuchException"}}],
    ],
)
def test_a_plan_with_a_mistake_is_refused(stage: Stage, plan: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        script.parse(plan)
    body = json.dumps(plan).encode()
    request = Request(f"{stage.url}/_scripted/plan", body, method="PUT")  # noqa: S310  # our own
    with pytest.raises(HTTPError) as caught:
        urlopen(request)  # noqa: S310  # our own server
    with caught.value as answer:
        assert answer.status == 400
