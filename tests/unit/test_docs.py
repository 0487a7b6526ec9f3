"""The documents against the repository: files, make targets, links, decisions, notices."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from seoyeon.local.bedrock.known_models import KNOWN_MODELS, KnownModel

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "docs" / "decisions"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
GENERATED = (".local/", ".venv/", "cdk.out/", "node_modules/")  # by commands, not in git
FILE = re.compile(r"[\w.*-]+(/[\w.*-]+)*(/|\.(css|html|js|json|md|py|toml|txt|yaml))")
# Constants and environment variables, and durations, in decisions.
CODE = [*ROOT.glob("lambda-*"), ROOT / "cdk", ROOT / "seoyeon"]
CONSTANT = re.compile(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`")
DURATION = re.compile(r"\b\d+(?:\.\d+)? (?:s|seconds|minutes)\b")
MAKE = re.compile(r"^(?:\w+=\S+ )*make ([a-z-]+)", re.MULTILINE)

each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT))
)

each_decision = pytest.mark.parametrize(
    "file", sorted(DECISIONS.glob("0*.md")), ids=lambda file: file.name
)


@cache
def tokens(document: Path) -> list[Token]:
    """Return the block tokens of a document and the inline tokens inside them."""
    parser = MarkdownIt("commonmark").enable("table")
    blocks = parser.parse(document.read_text(encoding="utf-8"))
    return [token for block in blocks for token in (block, *(block.children or ()))]


def code(document: Path) -> Iterator[str]:
    kinds = ("code_inline", "fence")
    return (token.content for token in tokens(document) if token.type in kinds)


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub gives to a document's headings."""
    pairs = zip(tokens(document), tokens(document)[1:], strict=False)
    titles = (text.content for opening, text in pairs if opening.type == "heading_open")
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def links(document: Path) -> Iterator[str]:
    for token in tokens(document):
        if token.type == "link_open":
            yield str(token.attrs["href"])
        elif token.type == "html_block":
            yield from re.findall(r'(?:src|srcset)="([^"]+)"', token.content)


@each_document
def test_each_file_that_a_document_names_exists(document: Path) -> None:
    roots = [ROOT, document.parent, *ROOT.glob("lambda-*")]
    named = {text for text in code(document) if FILE.fullmatch(text)}
    expected = {name for name in named if not name.startswith(GENERATED)}
    assert {name for name in expected if not any(any(root.glob(name)) for root in roots)} == set()


@each_document
def test_each_make_target_that_a_document_names_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for text in code(document) for name in MAKE.findall(text)}
    assert named <= targets


@each_document
def test_each_relative_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    for link in links(document):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (document.parent / path) if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_list_of_decisions_has_each_decision_by_its_title() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(\d{4})\]\((.+)\) \| (.+) \|$", index, re.MULTILINE)
    files = sorted(DECISIONS.glob("0*.md"))
    first_lines = [file.read_text(encoding="utf-8").splitlines()[0] for file in files]
    assert [f"# {number} {title}" for number, _, title in listed] == first_lines
    assert [name for _, name, _ in listed] == [file.name for file in files]


@each_decision
def test_a_decision_is_a_short_page(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 30


@cache
def code_names() -> set[str]:
    """Return the names in upper case in our Python code: constants and environment variables."""
    files = (file for folder in CODE for file in folder.rglob("*.py"))
    return {name for file in files for name in re.findall(r"\b[A-Z_0-9]+\b", file.read_text())}


@each_decision
def test_each_constant_that_a_decision_names_is_in_the_code(file: Path) -> None:
    assert set(CONSTANT.findall(file.read_text(encoding="utf-8"))) <= code_names()


@each_decision
def test_a_decision_names_a_duration_of_ours_by_its_constant(file: Path) -> None:
    """Its value changes in the code alone. The context may quote AWS's limits."""
    decided = file.read_text(encoding="utf-8").partition("\n## Decision\n")[2]
    assert DURATION.findall(decided) == []


def test_the_notices_name_each_vendored_library_with_its_version_and_licence() -> None:
    notices = (ROOT / "THIRD_PARTY_NOTICES").read_text(encoding="utf-8")
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    for file in (ROOT / "html" / "vendor").glob("*.js"):
        assert f"{file.stem} {pinned[file.stem]}" in notices
        assert f"html/vendor/{file.name}" in notices
        assert file.with_suffix(".LICENSE").exists()
        assert f"html/vendor/{file.stem}.LICENSE" in notices


def test_the_operations_guide_lists_each_setting_of_cdk_json() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = guide.partition("\n## Settings\n")[2].partition("\n### ")[0]
    first_cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    listed = {name.strip("`") for cell in first_cells for name in cell.split(", ")}
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    assert listed == {name for name in context if not name.startswith("@")}


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_the_readme_lists_each_known_model(name: str) -> None:
    korean = name == "README.ko.md"
    cells = [line.strip("| ").split(" | ") for line in (ROOT / name).read_text().splitlines()]
    listed = [row for row in cells if len(row) == 8 and row[0].strip("`") in KNOWN_MODELS]
    formats = {KnownModel.prompt_format: "파일의 템플릿"} if korean else {}
    assert listed == [
        [
            f"`{llm}`",
            model.title,
            model.source.name,
            f"{model.size / 1e9:.1f} GB",
            f"`{model.sha256}`" if model.sha256 else ("허브의 값" if korean else "the hub's"),
            model.licence,
            f"{model.context:,} {'토큰' if korean else 'tokens'}",
            formats.get(model.prompt_format, model.prompt_format),
        ]
        for llm, model in KNOWN_MODELS.items()
    ]


def test_the_operations_guide_lists_each_call_of_the_preflight_checks() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    reader = (ROOT / "seoyeon" / "aws" / "preflight" / "reader.py").read_text(encoding="utf-8")
    table = guide.partition("\n### Checks of `make doctor`\n")[2].partition("\n## ")[0]
    calls = r"{0}([a-z]+:[A-Z]\w+){0}"
    assert set(re.findall(calls.format("`"), table)) == set(re.findall(calls.format('"'), reader))
