"""The prompts for a small model."""

import pytest
from chat_ws.worker import prompt as prompts
from chat_ws.worker.prompt import SYSTEM, Exchange

from seoyeon.local.bedrock import embedded, llama3, small_model
from seoyeon.local.bedrock.invocation import Invocation
from seoyeon.local.bedrock.llama3 import Dialogue

from .support import MODEL

DATE = "오늘은 2026년 11월 28일 토요일입니다."


def ask(
    question: str,
    mode: str = "chat",
    *,
    target_language: str | None = None,
    wish: str | None = None,
    exchanges: tuple[Exchange, ...] = (),
    date: str = "",
    prefill: str = "",
) -> Invocation:
    """Return the worker's request."""
    built = prompts.build(
        mode,
        exchanges,
        question,
        target_language=target_language,
        wish=wish,
        date=date,
        prefill=prefill,
        budget=8_000,
    )
    return Invocation(MODEL, prompts.format_llama3(built))


def rewritten(asked: Invocation) -> Dialogue:
    return small_model.rewrite(asked.dialogue)


@pytest.mark.parametrize(
    ("text", "target_language", "language"),
    [
        ("안녕하세요", None, "English"),
        ("Lambda에서 오류가 났어요", None, "English"),
        ("Good morning", None, "Korean"),
        ("안녕하세요", "ko", "Korean"),
        ("Good morning", "en", "English"),
    ],
)
def test_a_translation_is_asked_for_in_its_direction_with_examples(
    text: str, target_language: str | None, language: str
) -> None:
    dialogue = rewritten(ask(text, "translate", target_language=target_language))
    system, *examples, question = dialogue.messages
    assert f"into {language}" in system.content
    assert question == llama3.Message("user", f"Translate this text into {language}.\n\n{text}")
    roles = [message.role for message in examples]
    assert roles == ["user", "assistant"] * (len(roles) // 2) != []


def test_a_proofreading_has_the_page_s_line_in_each_example() -> None:
    dialogue = rewritten(ask("않돼요", "grammar"))
    system, *examples, question = dialogue.messages
    assert system.content.startswith(SYSTEM["grammar"])
    assert question.content.endswith("\n\n않돼요")
    answers = [message.content for message in examples if message.role == "assistant"]
    assert len(answers) == len(small_model.CORRECTIONS)
    assert all("\n\n고친 글:\n" in answer for answer in answers)


@pytest.mark.parametrize("mode", ["translate", "grammar"])
def test_a_wish_for_a_text_stays(mode: str) -> None:
    system = rewritten(ask("안녕", mode, wish="politer")).messages[0]
    assert system.content.endswith(prompts.WISHES["politer"])


@pytest.mark.parametrize("mode", ["translate", "grammar", "chat"])
def test_the_beginning_of_an_answer_stays(mode: str) -> None:
    assert rewritten(ask("안녕", mode, prefill="반가")).prefill == "반가"


def test_a_chat_keeps_date_and_exchanges() -> None:
    exchange = Exchange("이름은?", "서연이에요.")
    system, *messages = rewritten(ask("경주", exchanges=(exchange,), date=DATE)).messages
    assert system.content == f"{small_model.CHAT}\n\n{DATE}"
    assert [message.content for message in messages] == ["이름은?", "서연이에요.", "경주"]


def test_a_question_in_another_language_asks_for_korean() -> None:
    question = rewritten(ask("What is the capital of Korea?")).messages[-1]
    assert question.content == f"What is the capital of Korea?\n\n{small_model.IN_KOREAN}"


def test_a_question_about_documents_ends_with_the_request_for_marks() -> None:
    built = prompts.build("chat", [], "요금은?", notice="(문서가 있음)", budget=8_000)
    dialogue = rewritten(Invocation(MODEL, prompts.format_llama3(built)))
    assert prompts.DOCUMENTS in dialogue.messages[0].content
    assert dialogue.messages[-1].content.endswith(f"요금은?\n\n{small_model.FROM_DOCUMENTS}")


def test_other_requests_are_unchanged() -> None:
    asked = ask("질문과 답", "title")
    assert rewritten(asked) == asked.dialogue


@pytest.mark.parametrize("mode", ["translate", "grammar"])
def test_a_text_may_be_repeated(mode: str) -> None:
    assert not embedded.sampling(ask("안녕하세요", mode)).keys() & {
        "repeat_penalty",
        "dry_multiplier",
    }


def test_a_chat_is_kept_from_repeating_itself() -> None:
    assert embedded.sampling(ask("안녕하세요")).keys() >= {"repeat_penalty", "dry_multiplier"}


@pytest.mark.parametrize(
    ("question", "forbidden"),
    [("안녕하세요", True), ("天은 무슨 뜻이야?", False), ("러시아어로 인사해 줘", False)],
)
def test_other_scripts_are_forbidden_unless_asked_for(question: str, forbidden: bool) -> None:
    assert ("grammar" in embedded.sampling(ask(question))) is forbidden
