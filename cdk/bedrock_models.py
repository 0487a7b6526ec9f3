"""What a Bedrock model id stands for: which ARNs a call to it touches."""

import re
from dataclasses import dataclass
from typing import Self

# Where an inference profile may send a call: Bedrock's user guide, "Supported Regions and
# models for inference profiles". IAM has to allow the foundation model in each of them.
PROFILE_REGIONS = {
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "eu": ("eu-central-1", "eu-west-1", "eu-west-3"),
}
_LLAMA_3 = re.compile(r"((?P<area>[a-z]+)\.)?(?P<name>meta\.llama3(-\d)?-\d+b-instruct-v\d+:\d+)")


class UnknownModelError(ValueError):
    """The id is not one that this chatbot can prompt; the text says what is."""


@dataclass(frozen=True)
class BedrockModel:
    """One Llama 3 model; `regions` is empty unless it is reached by an inference profile."""

    model_id: str
    name: str
    regions: tuple[str, ...]

    @classmethod
    def parse(cls, model_id: str) -> Self:
        """Only Llama 3 instruct models: the prompt is written in their format."""
        found = _LLAMA_3.fullmatch(model_id)
        if not found:
            raise UnknownModelError(
                "use Llama 3 instruct models such as meta.llama3-70b-instruct-v1:0, "
                "separated by commas"
            )
        area = found["area"]
        if area and area not in PROFILE_REGIONS:
            raise UnknownModelError(f"use an inference profile of {' or '.join(PROFILE_REGIONS)}")
        return cls(model_id, found["name"], PROFILE_REGIONS[area] if area else ())

    def arns(self, partition: str, account: str, region: str) -> list[str]:
        """Everything that `InvokeModelWithResponseStream` from `region` is checked against."""
        if not self.regions:
            return [f"arn:{partition}:bedrock:{region}::foundation-model/{self.name}"]
        profile = f"arn:{partition}:bedrock:{region}:{account}:inference-profile/{self.model_id}"
        return [
            profile,
            *(f"arn:{partition}:bedrock:{at}::foundation-model/{self.name}" for at in self.regions),
        ]
