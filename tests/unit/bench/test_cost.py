"""The counts that the code makes, the tables, and the document that shows them."""

import io
import re
from dataclasses import fields, replace

import pytest
from rich.console import Console

from bench import cost, counts
from bench.cost import BEGIN, DOCUMENT, END, Table
from bench.habits import Habits

NUMBER = re.compile(r"\d[\d,]*\.?\d*")
HABITS = Habits()


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    return cost.tables(HABITS)


def numbers(text: str) -> list[float]:
    return [float(number.replace(",", "").rstrip(".")) for number in NUMBER.findall(text)]


def test_the_document_shows_what_the_code_says_to_a_tenth(tables: list[Table]) -> None:
    """`python -m bench.cost --write` makes it new; the page's bytes may change a little."""
    text = DOCUMENT.read_text(encoding="utf-8")
    fresh = cost.replace_tables(text, tables)
    assert NUMBER.sub("0", text) == NUMBER.sub("0", fresh)
    for shown, counted in zip(text.splitlines(), fresh.splitlines(), strict=True):
        assert numbers(shown) == pytest.approx(numbers(counted), rel=0.1), counted


def test_only_what_is_between_the_marks_is_replaced() -> None:
    table = Table("T", ("", "n"), [("a", "1")])
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    made = "### T\n\n|  | n |\n| --- | ---: |\n| a | 1 |"
    assert cost.replace_tables(text, [table]) == f"before\n{BEGIN}\n{made}\n{END}\nafter\n"


def test_every_assumption_is_shown_and_can_be_changed(
    tables: list[Table], capsys: pytest.CaptureFixture[str]
) -> None:
    (assumed,) = (table for table in tables if table.title == "Assumed")
    shown = {row[0] for row in assumed.rows}
    with pytest.raises(SystemExit):
        cost.main(["--help"])
    help_text = capsys.readouterr().out
    for habit in fields(Habits):
        assert habit.metadata["meaning"] in shown
        assert f"--{habit.name.replace('_', '-')}" in help_text


def test_tables_are_shown_without_their_markdown() -> None:
    out = io.StringIO()
    table = Table("Sums", ("", "dollars"), [("**all**", "**$1.00**")])
    cost.show([table], Console(file=out, width=40))
    assert "$1.00" in out.getvalue()
    assert "*" not in out.getvalue()


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        (0, "$0.00"),
        (0.00001, "<$0.0001"),
        (0.0149, "$0.0149"),
        (0.344, "$0.34"),
        (999.99, "$999.99"),
        (48_782.2, "$48,782"),
    ],
)
def test_money_is_as_exact_as_it_matters(dollars: float, text: str) -> None:
    assert cost.money(dollars) == text


def test_an_answer_is_sent_whole_and_framed_by_the_protocol() -> None:
    answer = counts.prose(450)
    sent = counts.answer_frames(answer, HABITS)
    assert '"type":"accepted"' in sent[0]
    assert '"type":"done"' in sent[-1]
    assert "".join(re.findall(r'"text":"([^"]*)"', "".join(sent))) == answer


@pytest.mark.parametrize(("size", "metered"), [(1, 1), (32_768, 1), (32_769, 2)])
def test_a_message_is_metered_by_32_kilobytes(size: int, metered: int) -> None:
    assert counts.messages(size) == metered


def test_a_prompt_grows_with_the_conversation_until_the_window_is_full() -> None:
    means = [
        counts.prompt_tokens("질문", "대답", answer_tokens=100, asked=asked) for asked in (1, 2, 40)
    ]
    first, second, many = means
    exchange = 2 * (second - first)
    assert 100 < exchange < 130
    assert many == pytest.approx(first + exchange * (sum(range(10)) + 10 * 30) / 40)


def test_a_prompt_stays_within_the_model_s_context() -> None:
    long = counts.prompt_tokens("질문", "대답", answer_tokens=2_000, asked=40)
    assert long < 8_192 - counts.MAX_GEN_LEN


def test_a_faster_model_takes_fewer_frames_and_fewer_writes() -> None:
    slow, fast = (
        counts.count(replace(HABITS, tokens_per_second=rate, questions=1)) for rate in (20, 80)
    )
    assert fast.frames < slow.frames
    assert fast.answer.write < slow.answer.write
    assert fast.prompt_tokens == slow.prompt_tokens
