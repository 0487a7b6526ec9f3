"""The build of the page."""

import re
from pathlib import Path

import pytest

from cdk.assets import page as page_build
from cdk.assets.page import BuildError, build_page

REFERENCE = re.compile(r'(?:src|href)="/([^"]+)"')


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A small page."""
    html = tmp_path / "html"
    (html / "js").mkdir(parents=True)
    (html / "css").mkdir()
    (html / "vendor").mkdir()
    for name, text in {
        "index.html": """<link rel="manifest" href="app.webmanifest"><img src="icon.svg">
            <link rel="stylesheet" href="css/page.css">
            <script type="module" src="js/main.js"></script>""",
        "app.webmanifest": '{"icons": [{"src": "icon.svg"}]}',
        "icon.svg": "<svg/>",
        "css/page.css": '@import "base.css";',
        "css/base.css": "p { color: red; }",
        "js/main.js": 'import { name } from "./name.js"; console.log(name); import("./later.js");',
        "js/later.js": 'import { name } from "./name.js"; alert(name);',
        "js/name.js": 'export const name = "서연";',
        "vendor/marked.LICENSE": "MIT",
        "vendor/SHA256SUMS": "",
        ".DS_Store": "",
    }.items():
        (html / name).write_text(text)
    return html


def built(tmp_path: Path, name: str = "out") -> dict[str, str]:
    folder = tmp_path / name
    build_page(folder, tmp_path / "html")
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def one(files: dict[str, str], pattern: str) -> str:
    (name,) = (name for name in files if re.fullmatch(pattern, name))
    return name


def test_references_are_rewritten_to_hashed_names(sources: Path, tmp_path: Path) -> None:
    files = built(tmp_path)
    named = REFERENCE.findall(files["index.html"])
    assert len(named) == 5  # manifest, icon, style sheet, preloaded chunk, script
    for name in named:
        assert re.fullmatch(r"assets/\w+-[0-9A-Z]{8}\.\w+", name)
        assert name in files
    assert one(files, r"assets/icon-.*\.svg") in files[one(files, r"assets/app-.*")]


def test_static_imports_are_preloaded(sources: Path, tmp_path: Path) -> None:
    files = built(tmp_path)
    shared = one(files, r"assets/chunk-.*\.js")
    script = one(files, r"assets/main-.*\.js")
    markup = files["index.html"]
    assert f'<link rel="modulepreload" href="/{shared}">' in markup
    assert markup.index(shared) < markup.index(script)
    assert one(files, r"assets/later-.*\.js") not in markup


def test_an_import_of_two_scripts_is_preloaded_once(sources: Path, tmp_path: Path) -> None:
    markup = (sources / "index.html").read_text()
    (sources / "index.html").write_text(f'<script type="module" src="js/later.js">{markup}')
    files = built(tmp_path)
    shared = one(files, r"assets/chunk-.*\.js")
    assert files["index.html"].count(shared) == 1


def test_only_changed_files_get_another_name(sources: Path, tmp_path: Path) -> None:
    before = built(tmp_path, "before")
    (sources / "css/base.css").write_text("p { color: blue; }")
    after = built(tmp_path, "after")
    changed = {name for name in after if before.get(name) != after[name]}
    sheet = one(after, r"assets/page-.*\.css")
    assert changed == {"index.html", sheet, f"{sheet}.map"}


def test_the_404_works_at_any_path_and_under_the_content_security_policy(tmp_path: Path) -> None:
    build_page(tmp_path)
    markup = (tmp_path / "404.html").read_text()

    named = re.findall(r'(?:src|href)="([^"]+)"', markup)
    assert all(name == "/" or (tmp_path / name.removeprefix("/")).is_file() for name in named)
    assert {Path(name).suffix for name in named} == {"", ".css", ".svg"}
    assert re.findall(r"<(?:script|style)|\b(?:style|on\w+)=", markup) == []
    assert 'lang="ko"' in markup
    assert 'lang="en"' in markup


def test_korean_is_not_escaped(sources: Path, tmp_path: Path) -> None:
    assert any("서연" in text for name, text in built(tmp_path).items() if name.endswith(".js"))


def test_licences_are_published_and_other_files_are_not(sources: Path, tmp_path: Path) -> None:
    files = built(tmp_path)
    assert files["vendor/marked.LICENSE"] == "MIT"
    assert not any("SHA256SUMS" in name or "DS_Store" in name for name in files)


def test_a_syntax_error_names_its_file(sources: Path, tmp_path: Path) -> None:
    (sources / "js/later.js").write_text("let = ;")
    with pytest.raises(BuildError, match=r"later\.js"):
        built(tmp_path)


def test_a_missing_esbuild_is_reported_with_the_remedy(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_build, "_TOOLS", tmp_path)
    with pytest.raises(BuildError, match="make setup"):
        built(tmp_path)
