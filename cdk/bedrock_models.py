"""The deployed Bedrock models: the ARNs that IAM checks, and the choice that the page offers."""

from collections import Counter
from collections.abc import Sequence

from chat_ws.models import ModelId, prompt_room


def model_arns(model: ModelId, partition: str, account: str, region: str) -> list[str]:
    """Return every ARN that `InvokeModelWithResponseStream` from `region` is checked against."""
    profile = f"arn:{partition}:bedrock:{region}:{account}:inference-profile/{model}"
    return [
        *([profile] if model.profile else []),
        *(
            f"arn:{partition}:bedrock:{at}::foundation-model/{model.foundation_model}"
            for at in model.regions_called_from(region)
        ),
    ]


def model_choices(
    models: Sequence[ModelId], document_tokens: int, max_gen_len: int
) -> list[dict[str, object]]:
    """Return `models` of config.json, as docs/protocol.md describes it.

    Two ids of one model, such as of two profiles, are shown as ids.
    """
    different = list(dict.fromkeys(models))
    names = Counter(model.name for model in different)
    return [
        {
            "id": str(model),
            "name": str(model) if names[model.name] > 1 else model.name,
            "context_tokens": model.spec.context_tokens,
            "document_tokens": min(
                document_tokens, prompt_room(model.spec.context_tokens, max_gen_len)
            ),
            "price": model.spec.price.price_class if model.spec.price else None,
        }
        for model in different
    ]
