import pytest
from chat_shared.turn import Usage
from chat_ws.model_catalog import CATALOG, PROFILE_REGIONS, PROVIDERS, UNKNOWN
from chat_ws.models import COOL_DOWN_SECONDS, ModelFallback, ModelId, UnknownModelError

from cdk.bedrock_models import model_arns
from tests.builders import MODEL, MODELS, NEXT_MODEL

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


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("meta.llama3-70b-instruct-v1:0", 8_192),
        ("meta.llama3-8b-instruct-v1:0", 8_192),
        ("meta.llama3-1-70b-instruct-v1:0", 128_000),
        ("us.meta.llama3-3-70b-instruct-v1:0", 128_000),
        ("us.meta.llama4-scout-17b-instruct-v1:0", 128_000),
        ("us.amazon.nova-lite-v1:0", 300_000),
        ("amazon.nova-micro-v1:0", 128_000),
        ("global.anthropic.claude-sonnet-4-20250514-v1:0", 200_000),
        ("writer.unknown-v1:0", 8_192),
    ],
)
def test_each_model_has_its_own_context(text: str, tokens: int) -> None:
    assert ModelId.parse(text).spec.context_tokens == tokens


@pytest.mark.parametrize(
    ("text", "prompt_format"),
    [
        ("meta.llama3-70b-instruct-v1:0", "llama3"),
        ("us.meta.llama3-3-70b-instruct-v1:0", "llama3"),
        ("us.meta.llama3-2-3b-instruct-v1:0", "llama3"),
        ("us.meta.llama4-scout-17b-instruct-v1:0", "messages"),
        ("us.amazon.nova-lite-v1:0", "messages"),
        ("writer.unknown-v1:0", "messages"),
    ],
)
def test_llama_3_alone_is_asked_in_its_own_format(text: str, prompt_format: str) -> None:
    assert ModelId.parse(text).spec.prompt_format == prompt_format


def test_a_profile_costs_what_its_model_costs() -> None:
    price = ModelId.parse("meta.llama3-3-70b-instruct-v1:0").spec.price
    assert price
    assert ModelId.parse("us.meta.llama3-3-70b-instruct-v1:0").spec.price is price


@pytest.mark.parametrize("text", ["writer.unknown-v1:0", "us.meta.llama4-scout-17b-instruct-v1:0"])
def test_a_model_that_is_not_in_the_table_has_no_price(text: str) -> None:
    assert ModelId.parse(text).spec.price is None


def test_prompts_and_answers_are_paid_by_the_thousand_tokens() -> None:
    price = ModelId.parse(MODEL).spec.price
    assert price
    assert price.cost(Usage(2_000, 1_000)) == pytest.approx(2 * 0.00265 + 0.0035)


def test_each_row_of_the_catalog_can_be_reached() -> None:
    for row in CATALOG:
        assert ModelId.parse(f"{row.id_prefix}-v1:0").spec is row
        assert row.id_prefix.partition(".")[0] in PROVIDERS
        assert row.context_tokens >= UNKNOWN.context_tokens


@pytest.mark.parametrize("profile", PROFILE_REGIONS)
def test_iam_allows_each_region_that_a_profile_is_known_to_call(profile: str) -> None:
    model = ModelId.parse(f"{profile}.{MODEL}")
    home = model.regions[0] or "ap-northeast-2"
    assert model.callable_from(home)
    arns = model_arns(model, "aws", "1", home)
    assert arns[0] == f"arn:aws:bedrock:{home}:1:inference-profile/{model}"
    allowed = {arn.split(":")[3] for arn in arns[1:]}
    assert allowed == set(model.regions_called_from(home)) >= set(model.regions)


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
