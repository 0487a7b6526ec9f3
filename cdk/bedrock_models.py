"""The ARNs that IAM checks for a call of a Bedrock model."""

from chat_ws.models import ModelId


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
