from typing import get_args

import pytest
from chat_shared.turn import Usage
from chat_ws.model_catalog import CATALOG, PROFILE_REGIONS, PROVIDERS, UNKNOWN, PromptFormat
from chat_ws.models import COOL_DOWN_SECONDS, ModelFallback, ModelId, UnknownModelError

from cdk.bedrock_models import model_arns, model_choices
from cdk.settings import MAX_GEN_LEN
from tests.builders import MODEL, MODEL_CHOICES, MODELS, NEXT_MODEL

A, B, C = (ModelId.parse(f"amazon.{name}") for name in "abc")


@pytest.mark.parametrize(
    ("text", "profile", "foundation_model", "provider"),
    [
        (MODEL, "", MODEL, "meta"),
        (NEXT_MODEL, "us", "meta.llama3-3-70b-instruct-v1:0", "meta"),
        ("zai.glm-4.6", "", "zai.glm-4.6", "zai"),
        ("us-gov.amazon.nova-pro-v1:0", "us-gov", "amazon.nova-pro-v1:0", "amazon"),
        ("amazon.nova-lite-v1:0:24k", "", "amazon.nova-lite-v1:0:24k", "amazon"),
    ],
)
def test_an_id_names_its_profile_model_and_provider(
    text: str, profile: str, foundation_model: str, provider: str
) -> None:
    model = ModelId.parse(text)
    assert (model.profile, model.foundation_model, model.provider) == (
        profile,
        foundation_model,
        provider,
    )
    assert str(model) == text


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc", "not an ARN"),
        ("arn:aws:bedrock:us-west-2:1:inference-profile/us.amazon.nova-pro-v1:0", "not an ARN"),
        ("arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-pro-v1:0", "not an ARN"),
        ("nobody.knows-v1:0", "such as meta.llama3-70b"),
        ("", "such as meta.llama3-70b"),
        ("sa.amazon.nova-lite-v1:0", "inference profile of us or"),
    ],
)
def test_any_other_id_is_refused_with_a_remedy(text: str, remedy: str) -> None:
    with pytest.raises(UnknownModelError, match=remedy):
        ModelId.parse(text)


# One case for each row of models.json that has a name.
KNOWN = {
    "meta.llama3-8b-instruct-v1:0": ("Llama 3 8B", 8_192, "low", "llama3"),
    "meta.llama3-70b-instruct-v1:0": ("Llama 3 70B", 8_192, "high", "llama3"),
    "us.meta.llama3-1-8b-instruct-v1:0": ("Llama 3.1 8B", 128_000, "low", "llama3"),
    "us.meta.llama3-1-70b-instruct-v1:0": ("Llama 3.1 70B", 128_000, "low", "llama3"),
    "us.meta.llama3-3-70b-instruct-v1:0": ("Llama 3.3 70B", 128_000, "low", "llama3"),
    "us.meta.llama4-scout-17b-instruct-v1:0": ("Llama 4 Scout", 128_000, "low", "messages"),
    "us.meta.llama4-maverick-17b-instruct-v1:0": ("Llama 4 Maverick", 128_000, "low", "messages"),
    "us.amazon.nova-micro-v1:0": ("Nova Micro", 128_000, "low", "messages"),
    "us.amazon.nova-lite-v1:0": ("Nova Lite", 300_000, "low", "messages"),
    "us.amazon.nova-2-lite-v1:0": ("Nova 2 Lite", 1_000_000, "low", "messages"),
    "us.amazon.nova-pro-v1:0": ("Nova Pro", 300_000, "medium", "messages"),
}


@pytest.mark.parametrize("text", KNOWN)
def test_a_known_model_is_shown_and_asked_by_its_row(text: str) -> None:
    model = ModelId.parse(text)
    price = model.spec.price
    assert price
    found = (model.name, model.spec.context_tokens, price.price_class, model.spec.prompt_format)
    assert found == KNOWN[text]


def test_each_named_model_has_a_case_and_a_price() -> None:
    named = {row.name for row in CATALOG if row.name or row.price}
    assert named == {name for name, *_ in KNOWN.values()}


@pytest.mark.parametrize(
    ("text", "name", "tokens", "prompt_format"),
    [
        ("us.meta.llama3-2-3b-instruct-v1:0", "llama3-2-3b-instruct-v1:0", 128_000, "llama3"),
        ("us.meta.llama5-v1:0", "llama5-v1:0", 128_000, "messages"),
        ("global.anthropic.claude-sonnet-4-v1:0", "claude-sonnet-4-v1:0", 200_000, "messages"),
        ("writer.unknown-v1:0", "unknown-v1:0", 8_192, "messages"),
    ],
)
def test_any_other_model_has_its_id_as_name_and_no_price(
    text: str, name: str, tokens: int, prompt_format: str
) -> None:
    model = ModelId.parse(text)
    assert (model.name, model.spec.price) == (name, None)
    assert (model.spec.context_tokens, model.spec.prompt_format) == (tokens, prompt_format)


def test_a_profile_costs_what_its_model_costs() -> None:
    price = ModelId.parse("meta.llama3-3-70b-instruct-v1:0").spec.price
    assert price
    assert ModelId.parse("us.meta.llama3-3-70b-instruct-v1:0").spec.price is price


def test_prompts_and_answers_are_paid_by_the_thousand_tokens() -> None:
    price = ModelId.parse(MODEL).spec.price
    assert price
    assert price.cost(Usage(2_000, 1_000)) == pytest.approx(2 * 0.00265 + 0.0035)


def test_each_row_of_the_catalog_can_be_reached() -> None:
    for row in CATALOG:
        assert ModelId.parse(f"{row.id_prefix}-v1:0").spec is row
        assert row.id_prefix.partition(".")[0] in PROVIDERS
        assert row.context_tokens >= UNKNOWN.context_tokens
        assert row.max_output_tokens is None or row.max_output_tokens >= MAX_GEN_LEN
        assert row.prompt_format in get_args(PromptFormat)


@pytest.mark.parametrize("profile", PROFILE_REGIONS)
def test_iam_allows_each_region_that_a_profile_is_known_to_call(profile: str) -> None:
    model = ModelId.parse(f"{profile}.{MODEL}")
    home = model.regions[0] or "ap-northeast-2"
    assert model.callable_from(home)
    arns = model_arns(model, "aws", "1", home)
    assert arns[0] == f"arn:aws:bedrock:{home}:1:inference-profile/{model}"
    allowed = {arn.split(":")[3] for arn in arns[1:]}
    assert allowed == set(model.regions_called_from(home)) >= set(model.regions)


def test_the_page_offers_the_deployed_models_in_their_order() -> None:
    assert model_choices(MODELS, 24_000, 1_024) == MODEL_CHOICES


def test_ids_of_the_same_model_are_offered_by_their_ids_and_once() -> None:
    ids = [f"{profile}meta.llama3-3-70b-instruct-v1:0" for profile in ("", "us.", "us.")]
    choices = model_choices(list(map(ModelId.parse, [*ids, "writer.b"])), 1, 1)
    assert [choice["name"] for choice in choices] == [*ids[:2], "b"]
    assert choices[-1]["price"] is None


def test_a_model_is_found_by_its_id() -> None:
    fallback = ModelFallback(MODELS)
    assert fallback.find(NEXT_MODEL) is MODELS[1]
    assert fallback.find("us.amazon.nova-pro-v1:0") is fallback.find(None) is None


def test_the_models_are_tried_in_the_given_order() -> None:
    assert ModelFallback([B, A, C]).candidates(now=0.0) == [B, A, C]


def test_a_model_that_cools_down_is_tried_last_for_a_while() -> None:
    fallback = ModelFallback([A, B, C])
    fallback.cool_down(A, now=100.0)
    assert fallback.candidates(now=100.0) == [B, C, A]
    assert fallback.candidates(now=100.0 + COOL_DOWN_SECONDS - 1) == [B, C, A]
    assert fallback.candidates(now=100.0 + COOL_DOWN_SECONDS) == [A, B, C]


def test_with_all_cooling_down_the_given_order_holds() -> None:
    fallback = ModelFallback(MODELS)
    fallback.cool_down(MODELS[1], now=0.0)
    fallback.cool_down(MODELS[0], now=1.0)
    assert fallback.candidates(now=2.0) == list(MODELS)
