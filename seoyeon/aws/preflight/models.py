"""Can each model of cdk.json be called: still there, offered in the region, open to the account?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from cdk.bedrock_models import BedrockModel
from seoyeon.aws.preflight.account import unread
from seoyeon.aws.preflight.finding import Finding, Level
from seoyeon.aws.preflight.snapshot import Access, FoundationModel, ModelFacts, Profile, Unread


def check_models(
    models: Sequence[tuple[BedrockModel, ModelFacts]], region: str, now: datetime
) -> list[Finding]:
    """One finding for each model, in order. While one of them can answer, what is wrong with the
    others stops no chat."""
    findings = [check_model(model, facts, region, now) for model, facts in models]
    if all(finding.level is Level.NO_CHAT for finding in findings):
        return findings
    return [
        replace(finding, level=Level.WARNING) if finding.level is Level.NO_CHAT else finding
        for finding in findings
    ]


def check_model(model: BedrockModel, facts: ModelFacts, region: str, now: datetime) -> Finding:
    """The worst that can be said of it."""
    said = [finding for finding in _faults(model, facts, region, now) if finding]
    if not said:
        return Finding(Level.OK, model.model_id, f"It is active, and yours to call from {region}.")
    worst = next((finding for finding in said if finding.level is Level.NO_CHAT), said[0])
    return replace(worst, subject=model.model_id)


def _faults(
    model: BedrockModel, facts: ModelFacts, region: str, now: datetime
) -> Iterator[Finding | None]:
    yield _offered(facts, region)
    if isinstance(facts.model, FoundationModel):
        yield _talks(facts.model, region)
        yield _alive(facts.model, region, now)
    if isinstance(facts.access, Access):
        yield _open(model, facts.access, region)
    if isinstance(facts.profile, Profile):
        yield _routed(model, facts.profile, region)
    yield _unseen(facts)


def _unseen(facts: ModelFacts) -> Finding | None:
    for fact in (facts.model, facts.access, facts.profile):
        if isinstance(fact, Unread):
            return unread("", fact)
    return None


def _stops(sentence: str, command: str) -> Finding:
    return Finding(Level.NO_CHAT, "", sentence, command)


def _another(region: str) -> str:
    return (
        "aws bedrock list-foundation-models --by-output-modality TEXT --query "
        f"'modelSummaries[].[modelId,modelLifecycle.status]' --output text --region {region}"
    )


def _chat(region: str) -> str:
    return (
        "aws bedrock list-foundation-models --by-output-modality TEXT --query "
        "'modelSummaries[?responseStreamingSupported].modelId' --output text "
        f"--region {region}"
    )


def _profiles(region: str) -> str:
    return (
        "aws bedrock list-inference-profiles --query "
        f"'inferenceProfileSummaries[].inferenceProfileId' --output text --region {region}"
    )


def _offered(facts: ModelFacts, region: str) -> Finding | None:
    """Whether Bedrock knows the id here, and can be called by it."""
    if isinstance(facts.profile, Unread) and facts.profile.absent:
        return _stops(f"{region} has no such inference profile.", _profiles(region))
    # Where a profile is there, what it calls may be in other regions only.
    if facts.profile is None and isinstance(facts.model, Unread) and facts.model.absent:
        return _stops(
            f"{region} does not offer it; put another one into model_ids.", _another(region)
        )
    known = facts.model
    if (
        facts.profile is None
        and isinstance(known, FoundationModel)
        and "ON_DEMAND" not in known.inference_types
    ):
        return _stops(
            f"{region} offers it through an inference profile only; name that in model_ids.",
            _profiles(region),
        )
    return None


def _routed(model: BedrockModel, profile: Profile, region: str) -> Finding | None:
    """IAM allows the regions that cdk/bedrock_models.py lists; a profile may have grown since."""
    foreign = sorted(profile.regions - set(model.called_in(region)))
    if foreign:
        return Finding(
            Level.WARNING,
            "",
            f"The profile also calls {', '.join(foreign)}, which the worker's policy does not "
            "allow: add it to PROFILE_REGIONS.",
            "$EDITOR cdk/bedrock_models.py && make deploy",
        )
    return None


def _talks(model: FoundationModel, region: str) -> Finding | None:
    """Embeddings, pictures and the like are Bedrock models, too."""
    if "TEXT" not in model.outputs:
        return _stops(
            "It does not answer with text; put another one into model_ids.", _chat(region)
        )
    if not model.streams:
        return _stops(
            "It does not stream its answers; put another one into model_ids.", _chat(region)
        )
    return None


def _alive(model: FoundationModel, region: str, now: datetime) -> Finding | None:
    if model.status == "ACTIVE":
        return None
    end = f" {model.end:%Y-%m-%d}" if model.end else ""
    if model.end and model.end <= now:
        return _stops(f"It was retired on{end}; put another one into model_ids.", _another(region))
    return Finding(
        Level.WARNING,
        "",
        f"It is {model.status.lower()}: "
        + (f"it can be called until{end}, if it was used before" if end else "it will be retired")
        + ". Have a successor next in model_ids.",
        _another(region),
    )


def _open(model: BedrockModel, access: Access, region: str) -> Finding | None:
    look = (
        f"aws bedrock get-foundation-model-availability --model-id {model.name} --region {region}"
    )
    if access.region != "AVAILABLE" and not model.regions:
        return _stops(f"{region} does not offer it to this account.", _another(region))
    if access.authorization != "AUTHORIZED":
        return _stops("A policy of the account or the organization forbids it.", look)
    if access.entitlement != "AVAILABLE":
        return _stops(
            "The account has no access to it yet: open it in Bedrock's model catalog.", look
        )
    if access.agreement != "AVAILABLE":
        offers = f"aws bedrock list-foundation-model-agreement-offers --model-id {model.name}"
        return Finding(
            Level.WARNING,
            "",
            f"Its terms are not agreed to ({access.agreement}); the first call may be refused. "
            "Read them, and agree by create-foundation-model-agreement.",
            f"{offers} --region {region}",
        )
    return None
