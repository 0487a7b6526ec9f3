from chat_shared.turn import Usage
from chat_ws.consumption import Consumption
from chat_ws.models import ModelId

from tests.builders import MODEL, MODELS

UNPRICED = ModelId.parse("cohere.command-r-v1:0")


def test_tokens_without_a_price_are_counted_beside_the_dollars() -> None:
    billed = {MODELS[0]: Usage(1_000, 100), UNPRICED: Usage(40, 2)}
    consumption = Consumption(billed, answered_by=UNPRICED)

    assert consumption.tokens == 1_142
    assert consumption.dollars == 0.00265 + 0.00035
    assert consumption.counters() == {
        "answers": 1,
        "prompt_tokens": 1_040,
        "completion_tokens": 102,
        "microdollars": 3_000,
        "unpriced_tokens": 42,
    }
    assert consumption.counters_by_model() == {
        f"prompt_tokens#{MODEL}": 1_000,
        f"completion_tokens#{MODEL}": 100,
        f"microdollars#{MODEL}": 3_000,
        f"answers#{UNPRICED}": 1,
        f"prompt_tokens#{UNPRICED}": 40,
        f"completion_tokens#{UNPRICED}": 2,
        f"unpriced_tokens#{UNPRICED}": 42,
    }


def test_models_without_a_price_alone_cost_nothing_known() -> None:
    assert Consumption({UNPRICED: Usage(1, 1)}).dollars is None
