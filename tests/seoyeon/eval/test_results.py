"""Records on disk, results and reports."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from seoyeon.eval.items import Check
from seoyeon.eval.records import ANSWERS, Record, Records
from seoyeon.eval.report import format_comparison, format_result
from seoyeon.eval.results import RESULT, Result, apply_rules, compare_rates, read_result
from seoyeon.terminal.errors import CommandError

from .builders import exchange, item, record

ABOUT = {"page": "http://localhost:8080"}


def result(*records: Record) -> Result:
    names = dict.fromkeys(each.item for each in records)
    return apply_rules([item(name, held_out=name.endswith("03")) for name in names], records, ABOUT)


def test_records_are_read_back_and_a_later_one_replaces_an_earlier_one(tmp_path: Path) -> None:
    records = Records(tmp_path)
    assert records.read([item()]) == {}
    records.add(record("41"))
    records.add(record("42", repeat=2))
    records.add(record("43"))
    found = records.read([item()])
    assert {repeat: each.answer.text for (_, repeat), each in found.items()} == {1: "43", 2: "42"}


def test_a_cut_line_and_the_answer_to_a_changed_question_count_as_missing(tmp_path: Path) -> None:
    records = Records(tmp_path)
    records.add(record("42"))
    with (tmp_path / ANSWERS).open("a") as file:
        file.write('{"item": "sum-01", "repe')
    assert records.read([item()]).keys() == {("sum-01", 1)}
    assert records.read([item(turns=("6 × 8?",))]) == {}
    assert records.read([item("other-01")]) == {}


def test_a_cut_line_does_not_spoil_the_next_one(tmp_path: Path) -> None:
    (tmp_path / ANSWERS).write_text('{"item": "sum-01", "repe')
    Records(tmp_path).add(record("42"))
    assert Records(tmp_path).read([item()]).keys() == {("sum-01", 1)}


def test_a_conversation_that_failed_on_its_way_is_kept(tmp_path: Path) -> None:
    failed = Record("sum-01", 1, (exchange("", "one", failure="internal", stop_reason=None),))
    Records(tmp_path).add(failed)
    assert Records(tmp_path).read([item(turns=("one", "two"))]) == {("sum-01", 1): failed}


def test_an_answer_is_judged_at_the_korean_day_of_its_question() -> None:
    late = record("2026년 11월 29일", asked_at="2026-11-28T15:30:00.000+00:00")
    today = item(checks=(Check("date", {"part": "date"}),))
    assert apply_rules([today], [late], ABOUT).groups()["all"] == {"sum-01": 1}


def test_an_item_counts_by_the_repetitions_that_pass_all_checks() -> None:
    strict = item(checks=(Check("number", {"equals": 42}), Check("characters", {"at_most": 2})))
    found = apply_rules([strict], [record("42"), record("42!!", repeat=2)], ABOUT)
    assert found.groups()["all"] == {"sum-01": 0.5}
    assert found.rules() == {"characters": [0.5], "number": [1.0]}


def test_groups_are_all_items_the_two_splits_and_each_kind() -> None:
    found = result(record("42"), record("1", "sum-03"), record("42", "date-01"))
    assert found.groups() == {
        "all": {"sum-01": 1, "sum-03": 0, "date-01": 1},
        "open": {"sum-01": 1, "date-01": 1},
        "held out": {"sum-03": 0},
        "kind sum": {"sum-01": 1, "sum-03": 0},
        "kind date": {"date-01": 1},
    }


def test_ends_of_turns_tokens_and_foreign_characters_are_counted() -> None:
    failed = record("", repeat=2, failure="internal", stop_reason=None, usage={})
    found = result(record("답은 四十二 42"), failed)
    assert found.groups()["all"] == {"sum-01": 0.5}
    assert found.ends == {"stop": 1, "internal": 1}
    assert found.tokens == (100, 3)
    assert (found.foreign["Hanja"], found.foreign["emoji"], found.chat_answers) == (1, 0, 2)


def test_a_result_without_answers_is_an_error() -> None:
    with pytest.raises(CommandError, match="no answers"):
        apply_rules([item()], [], ABOUT)


def test_a_result_is_read_back_with_its_intervals_beside_it(tmp_path: Path) -> None:
    found = result(record("42"), record("1", "sum-03"))
    found.write(tmp_path / RESULT)
    assert read_result(tmp_path) == read_result(tmp_path / RESULT) == found
    summary = json.loads((tmp_path / RESULT).read_text())["summary"]
    assert summary["all"] == {"mean": 0.5, "low": 0, "high": 1, "items": 2}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"scores": 1, "summary": {}}'])
def test_another_file_is_no_result(text: str, tmp_path: Path) -> None:
    (tmp_path / RESULT).write_text(text)
    with pytest.raises(CommandError, match="is no result of an evaluation"):
        read_result(tmp_path)


def test_a_report_quotes_failed_answers_but_none_that_is_held_out() -> None:
    items = [item(), item("sum-03", held_out=True), item("sum-04")]
    records = [record("비밀 41"), record("숨김 41", "sum-03"), record("42", "sum-04")]
    report = format_result(apply_rules(items, records, ABOUT), items, records)
    assert "| all | 3 | 33.3% |" in report
    assert "> 비밀 41" in report
    assert "sum-03" not in report
    assert "숨김" not in report
    assert "sum-04" not in report


def test_a_report_quotes_a_repetition_that_failed() -> None:
    records = [record("42"), record("틀린 41", repeat=2), record("42", repeat=3)]
    report = format_result(apply_rules([item()], records, ABOUT), [item()], records)
    assert "**sum-01** (67%; failed: number)\n\n> 6 × 7?\n\n> 틀린 41" in report


def test_a_comparison_pairs_the_items_that_both_results_have() -> None:
    first = result(*(record("1", f"sum-{at:02}") for at in range(10, 20)))
    second = result(*(record("42", f"sum-{at:02}") for at in range(11, 22)))
    assert compare_rates(first.groups()["all"], second.groups()["all"]) == [1] * 9
    assert compare_rates({"a": 1}, {"b": 1}) == []
    text = format_comparison(first, replace(second, about={"page": "other"}))
    assert "| all | 0.0% (0.0% – 0.0%) | 100.0% (100.0% – 100.0%) | +100.0%" in text
    assert "| 9 |" in text
    assert "B: page other" in text


def test_a_comparison_has_the_foreign_characters_of_both() -> None:
    text = format_comparison(result(record("四十二 42")), result(record("42")))
    assert "| Hanja | 1 of 1 (100.0%) | 0 of 1 (0.0%) |" in text
