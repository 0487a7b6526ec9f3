import pytest
from chat_ws.models import SET_ASIDE_SECONDS, Roster, context_tokens, provider, speaks_llama3


@pytest.mark.parametrize(
    ("model_id", "tokens"),
    [
        ("meta.llama3-70b-instruct-v1:0", 8_192),
        ("meta.llama3-8b-instruct-v1:0", 8_192),
        ("meta.llama3-1-70b-instruct-v1:0", 128_000),
        ("us.meta.llama3-3-70b-instruct-v1:0", 128_000),
        ("arn:aws:bedrock:us-west-2::foundation-model/meta.llama3-70b-instruct-v1:0", 8_192),
        ("us.meta.llama4-scout-17b-instruct-v1:0", 128_000),
        ("us.amazon.nova-lite-v1:0", 300_000),
        ("amazon.nova-micro-v1:0", 128_000),
        ("global.anthropic.claude-sonnet-4-20250514-v1:0", 200_000),
        ("nobody.knows-v1:0", 8_192),
    ],
)
def test_each_model_has_its_own_context(model_id: str, tokens: int) -> None:
    assert context_tokens(model_id) == tokens


@pytest.mark.parametrize(
    ("model_id", "llama3"),
    [
        ("meta.llama3-70b-instruct-v1:0", True),
        ("us.meta.llama3-3-70b-instruct-v1:0", True),
        ("arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc", True),
        ("us.meta.llama4-scout-17b-instruct-v1:0", False),
        ("us.amazon.nova-lite-v1:0", False),
        ("arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.amazon.nova-pro-v1:0", False),
    ],
)
def test_llama_3_alone_is_asked_in_its_own_format(model_id: str, llama3: bool) -> None:
    assert speaks_llama3(model_id) is llama3


@pytest.mark.parametrize(
    ("model_id", "name"),
    [
        ("amazon.nova-lite-v1:0", "amazon"),
        ("us.amazon.nova-lite-v1:0", "amazon"),
        ("zai.glm-4.6", "zai"),
        ("arn:aws:bedrock:us-west-2::foundation-model/mistral.mistral-large-2407-v1:0", "mistral"),
        ("arn:aws:bedrock:us-west-2:1:inference-profile/eu.anthropic.claude-3-v1:0", "anthropic"),
    ],
)
def test_an_id_names_its_provider(model_id: str, name: str) -> None:
    assert provider(model_id) == name


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
