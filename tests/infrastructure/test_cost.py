"""The cost model counts with what the templates say."""

import json

import pytest

from bench import bill, counts
from cdk.assets.functions import ROOT
from cdk.settings import Settings
from tests.infrastructure.conftest import Assembly

DESCRIBED = {
    "worker": "one run of one turn",
    "routes": "frames",
    "authorizer": "principal",
    "history": "conversations",
}


@pytest.mark.parametrize("function", bill.MEMORY)
def test_a_function_s_memory_is_the_one_that_is_paid(aws: Assembly, function: str) -> None:
    _, properties = aws.service.function(DESCRIBED[function])
    assert properties["MemorySize"] == bill.MEMORY[function]


def test_the_model_and_its_limits_are_those_of_cdk_json() -> None:
    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    settings = Settings.from_context(context)
    assert settings.model_ids[0] == counts.MODEL
    assert settings.max_gen_len == counts.MAX_GEN_LEN
    assert settings.window_exchanges == counts.WINDOW
