"""The models that docs/operations.md names for the day when Bedrock offers no Llama."""

import re

from chat_ws.models import ModelId

from seoyeon import ROOT

_SECTION = (ROOT / "docs/operations.md").read_text().partition("### When Llama is gone\n")[2]
_SETTING = re.findall(r'^make deploy ARGS="-c model_ids=(\S+)"$', _SECTION, re.MULTILINE)
SUCCESSOR_IDS: str = _SETTING[0]
SUCCESSORS = tuple(map(ModelId.parse, SUCCESSOR_IDS.split(",")))
