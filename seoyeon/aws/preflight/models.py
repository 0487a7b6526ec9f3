"""Checks of the models in cdk.json: life cycle, region, access, inference profile."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from chat_ws.model_catalog import TYPICAL_USAGE
from chat_ws.models import ModelId

from seoyeon.aws.preflight.account import unread
from seoyeon.aws.preflight.finding import Finding, Level
from seoyeon.aws.preflight.snapshot import (
    FoundationModel,
    InferenceProfile,
    ModelAccess,
    ModelSnapshot,
    Unread,
)


def check_models(
    models: Sequence[tuple[ModelId, ModelSnapshot]], region: str, now: datetime
) -> list[Finding]:
    """Return one finding per model, in order.

    While one of the models can answer, the problems of the others are only warnings.
    """
    findings = [check_model(model, snapshot, region, now) for model, snapshot in models]
    if all(finding.level is Level.NO_CHAT for finding in findings):
        return findings
    return [
        replace(finding, level=Level.WARNING) if finding.level is Level.NO_CHAT else finding
        for finding in findings
    ]


def check_order(models: Sequence[ModelId]) -> Finding | None:
    """Recommend a model that reads more at a lower price than the first one."""
    first = models[0]
    for better in models[1:]:
        if not (first.spec.price and better.spec.price):
            continue
        share = better.spec.price.cost(TYPICAL_USAGE) / first.spec.price.cost(TYPICAL_USAGE)
        if better.spec.context_tokens > first.spec.context_tokens and share < 1:
            order = ",".join(map(str, [better, *(model for model in models if model != better)]))
            return Finding(
                Level.ADVICE,
                "model_ids",
                f"{better.name} has a context of {better.spec.context_tokens:,} tokens, "
                f"{first.name} one of {first.spec.context_tokens:,}, and costs {share:.0%} of it: "
                "in a new deployment, put it first.",
                f'make deploy ARGS="-c model_ids={order}"',
            )
    return None


def check_model(model: ModelId, snapshot: ModelSnapshot, region: str, now: datetime) -> Finding:
    """Return the most severe finding."""
    problems = [finding for finding in _problems(model, snapshot, region, now) if finding]
    if not problems:
        return Finding(Level.OK, str(model), f"It is active and can be called from {region}.")
    worst = next((finding for finding in problems if finding.level is Level.NO_CHAT), problems[0])
    return replace(worst, subject=str(model))


def _problems(
    model: ModelId, snapshot: ModelSnapshot, region: str, now: datetime
) -> Iterator[Finding | None]:
    yield _check_offer(snapshot, region)
    if isinstance(snapshot.model, FoundationModel):
        yield _check_output(snapshot.model, region)
        yield _check_life_cycle(snapshot.model, region, now)
    if isinstance(snapshot.access, ModelAccess):
        yield _check_access(model, snapshot.access, region)
    if isinstance(snapshot.profile, InferenceProfile):
        yield _check_profile(model, snapshot.profile, region)
    yield _check_read(snapshot)


def _check_read(snapshot: ModelSnapshot) -> Finding | None:
    for value in (snapshot.model, snapshot.access, snapshot.profile):
        if isinstance(value, Unread):
            return unread("", value)
    return None


def _no_chat(sentence: str, command: str) -> Finding:
    return Finding(Level.NO_CHAT, "", sentence, command)


def _list_models_command(region: str) -> str:
    return (
        "aws bedrock list-foundation-models --by-output-modality TEXT --query "
        f"'modelSummaries[].[modelId,modelLifecycle.status]' --output text --region {region}"
    )


def _list_streaming_models_command(region: str) -> str:
    return (
        "aws bedrock list-foundation-models --by-output-modality TEXT --query "
        "'modelSummaries[?responseStreamingSupported].modelId' --output text "
        f"--region {region}"
    )


def _list_profiles_command(region: str) -> str:
    return (
        "aws bedrock list-inference-profiles --query "
        f"'inferenceProfileSummaries[].inferenceProfileId' --output text --region {region}"
    )


def _check_offer(snapshot: ModelSnapshot, region: str) -> Finding | None:
    """Check that Bedrock knows the id in this region and accepts calls by it."""
    if isinstance(snapshot.profile, Unread) and snapshot.profile.absent:
        return _no_chat(f"{region} has no such inference profile.", _list_profiles_command(region))
    # A profile may route to other regions only.
    if snapshot.profile is None and isinstance(snapshot.model, Unread) and snapshot.model.absent:
        return _no_chat(
            f"{region} does not offer it: set another model in model_ids.",
            _list_models_command(region),
        )
    known = snapshot.model
    if (
        snapshot.profile is None
        and isinstance(known, FoundationModel)
        and "ON_DEMAND" not in known.inference_types
    ):
        return _no_chat(
            f"{region} offers it through an inference profile only: set the profile in model_ids.",
            _list_profiles_command(region),
        )
    return None


def _check_profile(model: ModelId, profile: InferenceProfile, region: str) -> Finding | None:
    """Check that the worker's policy, made from models.json, covers the profile."""
    missing = sorted(profile.regions - set(model.regions_called_from(region)))
    if missing:
        return Finding(
            Level.WARNING,
            "",
            f"The profile also routes to {', '.join(missing)}, which the worker's policy does "
            "not allow: add it to `profiles`.",
            "$EDITOR lambda-chat-ws/chat_ws/models.json && make deploy",
        )
    return None


def _check_output(model: FoundationModel, region: str) -> Finding | None:
    """Refuse models for embeddings, images and other output."""
    if "TEXT" not in model.outputs:
        return _no_chat(
            "It does not generate text: set another model in model_ids.",
            _list_streaming_models_command(region),
        )
    if not model.streams:
        return _no_chat(
            "It does not stream its answers: set another model in model_ids.",
            _list_streaming_models_command(region),
        )
    return None


def _check_life_cycle(model: FoundationModel, region: str, now: datetime) -> Finding | None:
    if model.status == "ACTIVE":
        return None
    end = f" {model.end:%Y-%m-%d}" if model.end else ""
    if model.end and model.end <= now:
        return _no_chat(
            f"It was retired on{end}: set another model in model_ids.", _list_models_command(region)
        )
    return Finding(
        Level.WARNING,
        "",
        f"It is {model.status.lower()}: "
        + (f"accounts that use it can call it until{end}" if end else "it will be retired")
        + ", and Bedrock may refuse it to an account that has not called it lately. Put a "
        "successor first in model_ids.",
        _list_models_command(region),
    )


def _check_access(model: ModelId, access: ModelAccess, region: str) -> Finding | None:
    option = f"--model-id {model.foundation_model}"
    availability = f"aws bedrock get-foundation-model-availability {option} --region {region}"
    if access.region != "AVAILABLE" and not model.regions:
        return _no_chat(
            f"{region} does not offer it to this account.", _list_models_command(region)
        )
    if access.authorization != "AUTHORIZED":
        return _no_chat("A policy of the account or the organization denies it.", availability)
    if access.entitlement != "AVAILABLE":
        return _no_chat(
            "The account has no access to it: request it in Bedrock's model catalog.", availability
        )
    if access.agreement != "AVAILABLE" and model.foundation_model.startswith("anthropic."):
        # The worker may not subscribe: its policy has no action of AWS Marketplace.
        return _no_chat(
            "The account has not subscribed to Anthropic's models: submit the form with the use "
            "case and call the model once in Bedrock's playground, as an administrator.",
            availability,
        )
    if access.agreement != "AVAILABLE":
        offers = f"aws bedrock list-foundation-model-agreement-offers {option}"
        return Finding(
            Level.WARNING,
            "",
            f"Its terms are not accepted ({access.agreement}), so that the first call may be "
            "refused: read them, then run create-foundation-model-agreement.",
            f"{offers} --region {region}",
        )
    return None
