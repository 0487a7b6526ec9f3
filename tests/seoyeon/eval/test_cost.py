"""Estimated costs."""

from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from seoyeon.client.page import Page
from seoyeon.eval.cost import ANSWER_TOKENS, estimate_cost

from .builders import item

LLAMA = "meta.llama3-70b-instruct-v1:0"


def page(**fields: Any) -> Page:
    usual: dict[str, Any] = {
        "url": URL("http://localhost/"),
        "session": None,
        "websocket_url": URL(),
        "auth": "guest",
        "max_text_length": 8_000,
        "features": frozenset(),
    }
    return Page(**(usual | fields))


@pytest.mark.parametrize("model", ["scripted answers, no model", "Qwen2.5-Coder 1.5B Instruct"])
def test_a_laptop_s_model_costs_nothing(model: str) -> None:
    assert estimate_cost([item()], page(model=model, models=({"id": LLAMA},)), None).dollars == 0


def test_bedrock_costs_the_tokens_at_the_price_of_the_chosen_model() -> None:
    models = ({"id": LLAMA}, {"id": "us.meta.llama3-3-70b-instruct-v1:0"})
    first = estimate_cost([item()], page(models=models), None)
    usage = first.usage
    assert usage.completion_tokens == ANSWER_TOKENS
    expected = (usage.prompt_tokens * 0.00265 + usage.completion_tokens * 0.0035) / 1_000
    assert first.dollars == pytest.approx(expected)
    cheaper = estimate_cost([item()], page(models=models), str(models[1]["id"]))
    assert cheaper.dollars is not None
    assert 0 < cheaper.dollars < expected / 3
    on_a_laptop = page(model="Amazon Bedrock in us-west-2", models=models)
    assert estimate_cost([item()], on_a_laptop, None) == first


@pytest.mark.parametrize("models", [(), ({"id": "writer.unpriced-v1:0"},), ({"id": "?"},)])
def test_an_unknown_price_is_none(models: tuple[dict[str, Any], ...]) -> None:
    assert estimate_cost([item()], page(models=models), None).dollars is None


def test_prompts_grow_by_the_turns_before_and_by_documents(tmp_path: Path) -> None:
    def prompts(**fields: Any) -> int:
        return estimate_cost([item(**fields)], page(), None).usage.prompt_tokens

    document = tmp_path / "a.txt"
    document.write_text("가" * 500)
    one, three = prompts(turns=("가",)), prompts(turns=("가",) * 3)
    assert three == 3 * one + 3 * (ANSWER_TOKENS + 1)
    assert prompts(turns=("가",), document=document) > one + 500
