"""The items of `eval/`, and the reader of their files."""

import importlib.util
import json
import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from document_reader.formats.text import read
from document_reader.parts import split_content

from seoyeon.eval.answer import Answer
from seoyeon.eval.files import load_items
from seoyeon.eval.items import Item, choose_items
from seoyeon.eval.rules import RULES
from seoyeon.terminal.errors import CommandError
from tests.stack import ROOT

FILES = sorted((ROOT / "eval").glob("*.jsonl"))
ITEMS, _ = load_items(FILES)
SATURDAY = datetime(2026, 11, 28)  # noqa: DTZ001 (Korea's time, as the rules get it)
REFUSAL = "I am sorry, I cannot help. 对不起。すみません。"
BY_KIWI = {"sentences", "speech_level"}
has_kiwi = importlib.util.find_spec("kiwipiepy") is not None

each_item = pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)


def passes(item: Item, text: str) -> bool:
    if not has_kiwi and BY_KIWI & {check.rule for check in item.checks}:
        pytest.skip("make setup-eval installs Kiwi")
    parts = range(len(parts_of(item.document))) if item.document else ()
    sources = dict(enumerate(parts, start=1))
    answer = Answer(text, item.turns[-1], SATURDAY, sources)
    return all(check.passes(answer) for check in item.checks)


def parts_of(document: Path) -> list[str]:
    parts, _ = split_content(read("txt", document.read_bytes()))
    return [part.text for part in parts]


def test_there_are_about_150_items_of_each_kind_that_is_measured() -> None:
    kinds = Counter(item.kind for item in ITEMS)
    assert {file.stem for file in FILES} == kinds.keys()
    assert sum(kinds.values()) == 150
    assert min(kinds.values()) >= 6


def test_a_third_of_each_kind_is_held_out() -> None:
    for file in FILES:
        items, _ = load_items([file])
        held_out = [at for at, item in enumerate(items, start=1) if item.held_out]
        assert held_out == list(range(3, len(items) + 1, 3))


@each_item
def test_the_example_of_an_item_passes_its_checks_and_a_refusal_does_not(item: Item) -> None:
    assert passes(item, item.example)
    assert not passes(item, REFUSAL)
    assert not passes(item, "")


def test_conversations_of_the_memory_have_ten_turns() -> None:
    assert {len(item.turns) for item in ITEMS if item.kind == "memory"} == {10}
    assert {len(item.turns) for item in ITEMS if item.kind != "memory"} == {1}


def test_documents_of_citations_have_parts_to_tell_apart() -> None:
    documents = {item.document for item in ITEMS if item.document}
    assert {path.name for path in documents if len(parts_of(path)) == 1} == {"garden.txt"}


def write(folder: Path, *items: object) -> Path:
    file = folder / "items.jsonl"
    file.write_text("\n".join(json.dumps(item) for item in items))
    return file


GOOD = {"id": "a", "kind": "k", "turns": ["?"], "checks": [{"rule": "number", "equals": 1}]}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (GOOD | {"checks": [{"rule": "vibes"}]}, "unknown rule vibes"),
        (GOOD | {"checks": [{"rule": "number"}]}, "missing a required argument: 'equals'"),
        (GOOD | {"checks": [{"rule": "number", "equal": 1}]}, "'equals'"),
        (GOOD | {"id": "b", "document": "no.pdf"}, "there is no document"),
        (GOOD | {"mode": "summary"}, "unknown mode summary"),
        (GOOD | {"answer": 1}, "unknown field answer"),
        ({"id": "b", "turns": ["?"]}, "'kind' is missing"),
        (GOOD | {"turns": []}, "no turns"),
        (GOOD, "the id a is used twice"),
    ],
)
def test_a_wrong_item_is_named_by_file_and_line(wrong: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=rf"items\.jsonl, line 2: .*{reason}"):
        load_items([write(tmp_path, GOOD, wrong)])


def test_a_part_of_the_items_has_each_kind_in_turn() -> None:
    chosen = choose_items(ITEMS, 26)
    assert Counter(item.kind for item in chosen) == dict.fromkeys({i.kind for i in ITEMS}, 2)
    assert [item for item in ITEMS if item in chosen] == chosen
    assert choose_items(ITEMS, 1000) == ITEMS


def test_the_documentation_has_each_kind_with_its_items_and_each_rule() -> None:
    text = (ROOT / "docs" / "evaluation.md").read_text()
    kinds = Counter(item.kind for item in ITEMS)
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE)
    assert {kind: int(count) for kind, count in rows} == kinds
    table = text.partition("\n## Rules\n")[2].partition("\n\nA rule sees")[0]
    first_cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert {name.strip("`") for cell in first_cells for name in cell.split(", ")} == RULES.keys()
