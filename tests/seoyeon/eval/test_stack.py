"""Items of each way of asking, at the whole chat on this machine."""

import asyncio
import json
from pathlib import Path

from seoyeon.eval.files import load_items
from seoyeon.eval.run import Options, run_evaluation
from tests.stack import ROOT, Stack

ASKED = ("document-03", "grammar-01", "translate-06")
TWO_TURNS = {
    "id": "two-turns",
    "kind": "memory",
    "turns": ["비밀 숫자는 7241이에요.", "그 숫자는 무엇인가요?"],
    "checks": [{"rule": "number", "equals": 7241}],
    "example": "7241",
}


def test_items_pass_with_their_examples_as_answers(stack: Stack, tmp_path: Path) -> None:
    """Earlier turns, a document, a direction and modes arrive at the model as the items say."""
    lines = [
        line
        for file in sorted((ROOT / "eval").glob("*.jsonl"))
        for line in file.read_text().splitlines()
        if json.loads(line)["id"] in ASKED
    ]
    chosen = tmp_path / "items.jsonl"
    chosen.write_text("\n".join([*lines, json.dumps(TWO_TURNS)]))
    (tmp_path / "documents").symlink_to(ROOT / "eval" / "documents")
    items, _ = load_items([chosen])
    assert len(items) == len(ASKED) + 1
    stack.bedrock.reset()
    stack.bedrock.plan(
        *(
            {"answer": answer, "delay_ms": 0}
            for item in items
            for answer in [*["네"] * (len(item.turns) - 1), item.example]
        )
    )
    options = Options(stack.url, [chosen], repeats=1, output=tmp_path / "run")
    asyncio.run(asyncio.wait_for(run_evaluation(options), 60))
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert {score["item"]: score["passed"] for score in result["scores"]} == {
        item.id: [[True] * len(item.checks)] for item in items
    }
    document, proofreading, translation, _, second = stack.bedrock.prompts()
    assert "<자료 2: leave.txt>" in document
    assert "교정자" in proofreading
    assert "한국어로 번역" in translation
    assert "비밀 숫자는 7241" in second
