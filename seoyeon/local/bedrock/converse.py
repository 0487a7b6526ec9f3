"""Reading a ConverseStream request: the same question as a Llama 3 prompt, for every back end."""

from typing import Any

from seoyeon.local.bedrock import llama3
from seoyeon.local.bedrock.errors import malformed
from seoyeon.local.bedrock.invocation import Invocation, load
from seoyeon.local.bedrock.llama3 import Dialogue, Message


def parse(model_id: str, body: bytes) -> Invocation:
    """Any model's id will do. Raises ValidationException, as InvokeModel's `parse` does."""
    fields = load(body)
    settings = fields.get("inferenceConfig") or {}
    guardrail = fields.get("guardrailConfig") or {}
    try:
        return Invocation(
            model_id,
            llama3.render(_dialogue(fields)),
            max_gen_len=int(settings.get("maxTokens", 512)),
            temperature=float(settings.get("temperature", 0.5)),
            top_p=float(settings.get("topP", 0.9)),
            guardrail=str(guardrail.get("guardrailIdentifier", "")),
            conversation=fields,
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise malformed(f"#: {type(error).__name__}") from None


def _dialogue(fields: dict[str, Any]) -> Dialogue:
    system = "\n".join(block["text"] for block in fields.get("system", []))
    turns = [Message("system", system)] if system else []
    turns += [
        Message(message["role"], "".join(block["text"] for block in message["content"]))
        for message in fields["messages"]
    ]
    if any(not turn.content.strip() for turn in turns):
        raise malformed("#: The text field in the ContentBlock object is blank")
    prefill = turns.pop().content if turns[-1].role == "assistant" else ""
    return Dialogue(tuple(turns), prefill)
