"""The values of the variable LLM."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from seoyeon.local.bedrock import backends, embedded, small_model, weights
from seoyeon.local.bedrock.dialects import Rewrite, unchanged
from seoyeon.local.bedrock.errors import SetupError
from seoyeon.local.bedrock.invocation import Backend
from seoyeon.local.bedrock.known_models import (
    AUTOMATIC,
    KANANA,
    KNOWN_MODELS,
    KnownModel,
    parse_hub_file,
)
from seoyeon.local.bedrock.scripted import Scripted

from .test_openai_server import Fake, model, running


def name(llm: str, environ: Mapping[str, str] | None = None) -> str:
    async def work() -> str:
        async with backends.choose(llm, environ=environ or {}) as backend:
            return backend.name

    return asyncio.run(work())


def test_scripted_needs_nothing() -> None:
    assert name("scripted") == Scripted.name


@pytest.mark.parametrize(
    ("llm", "message"),
    [
        ("gpt", "LLM=gpt is not known: set it to auto, scripted, aws, "),
        ("/nowhere/model.gguf", "The file /nowhere/model.gguf does not exist: set LLM to auto"),
        ("http://127.0.0.1:9/v1", "No OpenAI-compatible server answers at http://127.0.0.1:9/v1"),
    ],
)
def test_what_cannot_be_started_is_one_line_that_says_what_to_do(llm: str, message: str) -> None:
    with pytest.raises(SetupError) as caught:
        name(llm)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_model_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF?")
    with pytest.raises(SetupError, match=r"llama\.cpp cannot load") as caught:
        name(str(path))
    assert "\n" not in str(caught.value)


def test_an_url_is_an_openai_compatible_server() -> None:
    async def work() -> str:
        async with running(Fake([model("qwen")])) as url, backends.choose(url) as backend:
            return backend.name

    assert asyncio.run(work()).startswith("qwen at http://127.0.0.1:")


def test_auto_prefers_an_ollama_that_can_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> str:
        async with running(Fake([model("gemma", "library")])) as url:
            monkeypatch.setattr(backends, "OLLAMA", url)
            async with backends.choose("auto") as backend:
                return backend.name

    assert asyncio.run(work()).startswith("gemma at")


@pytest.mark.parametrize("served", [None, [model("nomic-embed-text", "library")]])
def test_auto_is_the_embedded_model_where_no_ollama_chats(
    served: list[dict[str, str]] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fetch_first(models: Sequence[KnownModel], folder: Path) -> tuple[KnownModel, Path]:
        assert models == AUTOMATIC
        return models[0], folder / models[0].file_name

    async def start(
        path: Path, name: str, context: int, *, by_template: bool, rewrite: Rewrite
    ) -> Backend:
        assert (path.parent, context, by_template) == (tmp_path, KANANA.context, True)
        assert rewrite is unchanged
        backend = Scripted()
        backend.name = name
        return backend

    monkeypatch.setattr(weights, "fetch_first", fetch_first)
    monkeypatch.setattr(embedded, "start", start)
    environ = {weights.CACHE_VARIABLE: str(tmp_path)}

    async def work() -> str:
        async with running(Fake(served or [])) as url:
            monkeypatch.setattr(backends, "OLLAMA", url if served else "http://127.0.0.1:9")
            async with backends.choose("auto", environ=environ) as backend:
                return backend.name

    assert asyncio.run(work()) == ("Kanana 1.5 2.1B Instruct (Apache-2.0, 8,192 tokens of context)")


def started(llm: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[KnownModel, bool]:
    """Return the model that is fetched, and whether its prompts go to its template."""
    seen: list[KnownModel] = []
    formats: list[bool] = []

    async def fetch_chosen(model: KnownModel, folder: Path) -> Path:
        seen.append(model)
        return folder / model.cached_name

    async def start(
        path: Path, name: str, context: int, *, by_template: bool, rewrite: Rewrite
    ) -> Backend:
        assert path == folder / seen[0].cached_name
        assert rewrite is (small_model.rewrite if seen[0].small else unchanged)
        formats.append(by_template)
        return Scripted()

    monkeypatch.setattr(weights, "fetch_chosen", fetch_chosen)
    monkeypatch.setattr(embedded, "start", start)
    name(llm, {weights.CACHE_VARIABLE: str(folder)})
    return seen[0], formats[0]


@pytest.mark.parametrize("llm", KNOWN_MODELS)
def test_a_name_of_the_table_is_its_model(
    llm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a Llama 3 model gets the prompt itself, as Bedrock does."""
    assert started(llm, tmp_path, monkeypatch) == (KNOWN_MODELS[llm], llm != "bllossom-3b")


def test_a_file_of_the_hub_is_named_by_its_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = "0123456789abcdef" * 4
    llm = f"hf:some-one/large_1.5/q4/a.gguf@refs/pr/1#{sha256}"
    model, by_template = started(llm, tmp_path, monkeypatch)
    assert not by_template  # the file's template tells whether it is a Llama 3 model
    assert model == parse_hub_file(llm)
    assert vars(model.source) == {"repository": "some-one/large_1.5", "revision": "refs/pr/1"}
    assert (model.file_name, model.sha256) == ("q4/a.gguf", sha256)
    assert model.cached_name == "some-one--large_1.5--refs--pr--1--q4--a.gguf"


@pytest.mark.parametrize(
    "llm",
    [
        "hf:someone/large",
        "hf:someone/large/a.gguf",
        "hf:someone/large/a.bin@main",
        "hf:large/a.gguf@main",
        "hf:someone/large/../../a.gguf@main",
        "hf:someone/large/a.gguf@main#1234",
        "hf:someone/large/a.gguf@main?download=true",
    ],
)
def test_a_value_that_names_no_file_of_the_hub_is_one_line(llm: str) -> None:
    with pytest.raises(SetupError, match="names no file of the hub: write hf:owner/name") as caught:
        name(llm)
    assert "\n" not in str(caught.value)
