import pytest
from chat_ws.models import SET_ASIDE_SECONDS, Roster, context_tokens


@pytest.mark.parametrize(
    ("model_id", "tokens"),
    [
        ("meta.llama3-70b-instruct-v1:0", 8_192),
        ("meta.llama3-8b-instruct-v1:0", 8_192),
        ("meta.llama3-1-70b-instruct-v1:0", 128_000),
        ("us.meta.llama3-3-70b-instruct-v1:0", 128_000),
        ("arn:aws:bedrock:us-west-2::foundation-model/meta.llama3-70b-instruct-v1:0", 8_192),
    ],
)
def test_each_model_has_its_own_context(model_id: str, tokens: int) -> None:
    assert context_tokens(model_id) == tokens


def test_the_models_are_asked_in_the_given_order() -> None:
    assert Roster(["b", "a", "c"]).order(now=0.0) == ["b", "a", "c"]


def test_a_model_set_aside_is_asked_last_for_a_while() -> None:
    roster = Roster(["a", "b", "c"])
    roster.set_aside("a", now=100.0)
    assert roster.order(now=100.0) == ["b", "c", "a"]
    assert roster.order(now=100.0 + SET_ASIDE_SECONDS - 1) == ["b", "c", "a"]
    assert roster.order(now=100.0 + SET_ASIDE_SECONDS) == ["a", "b", "c"]


def test_with_all_set_aside_the_given_order_holds() -> None:
    roster = Roster(["a", "b"])
    roster.set_aside("b", now=0.0)
    roster.set_aside("a", now=1.0)
    assert roster.order(now=2.0) == ["a", "b"]
