"""What a Bedrock model id stands for: which ARNs a call to it touches."""

import re
from dataclasses import dataclass
from typing import Self

# Where an inference profile may send a call: Bedrock's user guide, "Supported Regions and
# models for inference profiles". IAM has to allow the foundation model in each of them; `make
# doctor` compares them with what the profile itself says.
PROFILE_REGIONS = {
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "us-gov": ("us-gov-east-1", "us-gov-west-1"),
    "eu": ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"),
    "apac": (
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-4",
    ),
    "jp": ("ap-northeast-1", "ap-northeast-3"),
    "au": ("ap-southeast-2", "ap-southeast-4"),
    # ARNs of its models name no region; it can be called from everywhere.
    "global": ("",),
}
_PROVIDERS = (
    "ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot|moonshotai|nvidia"
    "|openai|qwen|writer|zai"
)
_MODEL = re.compile(
    rf"((?P<area>[a-z-]+)\.)?(?P<name>({_PROVIDERS})\.[a-z0-9][a-z0-9.-]*(:\d+)?(:\w+)?)"
)


class UnknownModelError(ValueError):
    """The id is none of Bedrock's; the text says what is."""


@dataclass(frozen=True)
class BedrockModel:
    """One chat model; `regions` is empty unless it is reached by an inference profile."""

    model_id: str
    name: str
    regions: tuple[str, ...]

    @classmethod
    def parse(cls, model_id: str) -> Self:
        """A foundation model's id, or that of an inference profile which Bedrock itself defines.

        A profile of one's own does not name its model, so neither its policy nor its prompt could
        be known here.
        """
        if model_id.startswith("arn:"):
            raise UnknownModelError(
                "use the id of a model or of a profile such as "
                "us.meta.llama3-3-70b-instruct-v1:0, not an ARN"
            )
        found = _MODEL.fullmatch(model_id)
        if not found:
            raise UnknownModelError(
                "use Bedrock model ids such as meta.llama3-70b-instruct-v1:0, separated by commas"
            )
        area = found["area"]
        if area and area not in PROFILE_REGIONS:
            raise UnknownModelError(f"use an inference profile of {' or '.join(PROFILE_REGIONS)}")
        return cls(model_id, found["name"], PROFILE_REGIONS[area] if area else ())

    def callable_from(self, region: str) -> bool:
        """Whether that can be so, as far as ids tell; `make doctor` asks Bedrock."""
        return not self.regions or "" in self.regions or region in self.regions

    def called_in(self, region: str) -> tuple[str, ...]:
        """Where a call from `region` may reach the foundation model; "" is an ARN without one."""
        # A global profile's call is checked in the region it comes from, too.
        own = (region,) if not self.regions or "" in self.regions else ()
        return (*own, *self.regions)

    def arns(self, partition: str, account: str, region: str) -> list[str]:
        """Everything that `InvokeModelWithResponseStream` from `region` is checked against."""
        profile = f"arn:{partition}:bedrock:{region}:{account}:inference-profile/{self.model_id}"
        return [
            *([profile] if self.regions else []),
            *(
                f"arn:{partition}:bedrock:{at}::foundation-model/{self.name}"
                for at in self.called_in(region)
            ),
        ]
