"""Parsing of ConverseStream's request."""

from typing import Any

from seoyeon.local.bedrock.errors import malformed
from seoyeon.local.bedrock.invocation import Invocation, load
from seoyeon.local.bedrock.llama3 import Dialogue, Message


def parse(model_id: str, body: bytes) -> Invocation:
    """Parse the body for any model id; raise ValidationException if it is malformed."""
    fields = load(body)
    parameters = fields.get("inferenceConfig") or {}
    guardrail = fields.get("guardrailConfig") or {}
    try:
        return Invocation(
            model_id,
            max_gen_len=int(parameters.get("maxTokens", 512)),
            temperature=float(parameters.get("temperature", 0.5)),
            top_p=float(parameters.get("topP", 0.9)),
            guardrail=str(guardrail.get("guardrailIdentifier", "")),
            conversation=fields,
            messages=_dialogue(fields),
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise malformed(f"#: {type(error).__name__}") from None


def _dialogue(fields: dict[str, Any]) -> Dialogue:
    system = "\n".join(block["text"] for block in fields.get("system", []))
    messages = [Message("system", system)] if system else []
    messages += [
        Message(message["role"], "".join(block["text"] for block in message["content"]))
        for message in fields["messages"]
    ]
    if any(not message.content.strip() for message in messages):
        raise malformed("#: The text field in the ContentBlock object is blank")
    prefill = messages.pop().content if messages[-1].role == "assistant" else ""
    return Dialogue(tuple(messages), prefill)
