import pytest
from chat_shared.turn import Usage
from chat_ws.prices import PRICES, price_of

LLAMA = PRICES["meta.llama3-3-70b-instruct-v1:0"]


@pytest.mark.parametrize(
    "model_id",
    [
        "meta.llama3-3-70b-instruct-v1:0",
        "us.meta.llama3-3-70b-instruct-v1:0",
        "arn:aws:bedrock:us-west-2::foundation-model/meta.llama3-3-70b-instruct-v1:0",
        "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.meta.llama3-3-70b-instruct-v1:0",
    ],
)
def test_a_profile_costs_what_its_model_costs(model_id: str) -> None:
    assert price_of(model_id) is LLAMA


@pytest.mark.parametrize("model_id", ["", "nobody.knows-this-v1:0", "us.nobody.knows-this-v1:0"])
def test_a_model_that_is_not_in_the_table_has_no_price(model_id: str) -> None:
    assert price_of(model_id) is None


def test_prompts_and_answers_are_paid_by_the_thousand_tokens() -> None:
    price = PRICES["meta.llama3-70b-instruct-v1:0"]
    assert price.of(Usage(2_000, 1_000)) == pytest.approx(2 * 0.00265 + 0.0035)
