"""Choice of the model by the variable LLM."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from seoyeon.local.bedrock import aws, dialects, embedded, openai_server, small_model, weights
from seoyeon.local.bedrock.errors import SetupError
from seoyeon.local.bedrock.invocation import Backend
from seoyeon.local.bedrock.known_models import (
    AUTOMATIC,
    KNOWN_MODELS,
    KnownModel,
    parse_hub_file,
)
from seoyeon.local.bedrock.progress import print_line
from seoyeon.local.bedrock.scripted import Scripted

OLLAMA = "http://127.0.0.1:11434"
VALUES = (
    f"auto, scripted, aws, {', '.join(KNOWN_MODELS)}, a file of the Hugging Face Hub "
    "(hf:owner/name/file.gguf@revision), an OpenAI-compatible base URL (http://host:port/v1, "
    "#model selects a model) or the path of a .gguf file"
)


@asynccontextmanager
async def choose(
    llm: str = "auto", *, region: str = "us-west-2", environ: Mapping[str, str] = os.environ
) -> AsyncIterator[Backend]:
    """Start the backend that `llm` names, and close it at the end of the block.

    `region` is Bedrock's, for `aws`. Prints the progress of a download. Raises SetupError.
    """
    backend = await _start(llm.strip() or "auto", region, environ)
    try:
        yield backend
    finally:
        await backend.aclose()


async def _start(llm: str, region: str, environ: Mapping[str, str]) -> Backend:
    if llm == "auto":
        return await _automatic(environ)
    if llm == "scripted":
        return Scripted()
    if llm == "aws":
        return aws.connect(region)
    if urlsplit(llm).scheme in ("http", "https"):
        return await openai_server.connect(llm, key=environ.get("OPENAI_API_KEY", ""))
    if llm in KNOWN_MODELS:
        return await _download(KNOWN_MODELS[llm], environ)
    if llm.startswith("hf:"):
        return await _download(parse_hub_file(llm), environ)
    if llm.endswith(".gguf"):
        return await _load(_existing(llm))
    raise SetupError(f"LLM={llm} is not known: set it to {VALUES}.")


async def _automatic(environ: Mapping[str, str]) -> Backend:
    try:
        return await openai_server.connect(OLLAMA)
    except SetupError:  # no Ollama, or no chat model
        model, path = await weights.fetch_first(AUTOMATIC, weights.cache_folder(environ))
    return await _load_known(model, path)


async def _download(model: KnownModel, environ: Mapping[str, str]) -> Backend:
    path = await weights.fetch_chosen(model, weights.cache_folder(environ))
    return await _load_known(model, path)


async def _load_known(model: KnownModel, path: Path) -> Backend:
    print_line(f"Loading {model.summary} ...")
    return await embedded.start(
        path,
        model.summary,
        model.context,
        by_template=model.prompt_format == KnownModel.prompt_format,
        rewrite=small_model.rewrite if model.small else dialects.unchanged,
    )


async def _load(path: Path) -> Backend:
    print_line(f"Loading {path.name} ...")
    return await embedded.start(path)


def _existing(llm: str) -> Path:
    path = Path(llm).expanduser()
    if not path.is_file():
        raise SetupError(f"The file {path} does not exist: set LLM to {VALUES}.")
    return path
