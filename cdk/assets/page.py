"""What browsers get of html/, which runs as it is: few small files, named by their content."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from cdk.assets.functions import ROOT

HTML = ROOT / "html"
ENTRY = "index.html"
# Below it, a name changes whenever the content does; nothing else may be kept without asking.
ASSETS = "assets"
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATED = "no-cache"

_TOOLS = ROOT / "node_modules" / ".bin"
_OPTIONS = (
    "--bundle",
    "--splitting",
    "--format=esm",
    "--minify",
    "--sourcemap",
    "--charset=utf8",
    "--entry-names=[name]-[hash]",
    "--chunk-names=[name]-[hash]",
    "--log-level=warning",
)
_ENTRY_POINT = re.compile(r'(?:src|href)="((?:js|css)/[^"]+)"')
# Built, or (types of the libraries; the checksums, which have no suffix) of no use to a browser.
_NOT_COPIED = {".css", ".html", ".js", ".ts", ""}
Names = dict[str, str]


class BuildError(RuntimeError):
    """The page could not be built; the text is esbuild's, or says what is missing."""


def build_page(folder: Path) -> None:
    """Fill `folder`: index.html and licences, and assets/ with all that index.html leads to.

    Raises BuildError.
    """
    markup = (HTML / ENTRY).read_text(encoding="utf-8")
    entry_points = sorted(set(_ENTRY_POINT.findall(markup)))
    outputs = _bundle(entry_points, folder / ASSETS)
    names = _copy_files(folder)
    for path, output in outputs.items():
        if "entryPoint" in output:
            source = (ROOT / output["entryPoint"]).relative_to(HTML).as_posix()
            names[source] = f"{ASSETS}/{Path(path).name}"
            markup = _preload(markup, source, output["imports"])
    (folder / ENTRY).write_text(_rename(markup, names), encoding="utf-8")


def _bundle(entry_points: list[str], folder: Path) -> dict[str, Any]:
    """Runs esbuild; what it says of each file that it wrote.

    The format: https://esbuild.github.io/api/#metafile
    """
    program = _TOOLS / "esbuild"
    if not program.exists():
        raise BuildError("esbuild is missing: run 'make setup'.")
    folder.mkdir(parents=True)
    report = folder / "report.json"
    sources = [f"{HTML.name}/{name}" for name in entry_points]
    node = Path(sys.prefix) / "bin"
    done = subprocess.run(  # noqa: S603 (no shell; the arguments are our own)
        [program, *sources, *_OPTIONS, f"--outdir={folder}", f"--metafile={report}"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildError(done.stderr)
    outputs: dict[str, Any] = json.loads(report.read_text())["outputs"]
    report.unlink()
    return outputs


def _preload(markup: str, script: str, imports: list[Any]) -> str:
    """Names what a script imports at once, so that the browser need not read the script first."""
    tag = re.search(rf'( *)<script[^>]* src="{re.escape(script)}"', markup)
    if not tag:
        return markup
    links = [
        f'{tag[1]}<link rel="modulepreload" href="/{ASSETS}/{Path(imported["path"]).name}">\n'
        for imported in imports
        if imported["kind"] == "import-statement"
    ]
    return markup[: tag.start()] + "".join(links) + markup[tag.start() :]


def _copy_files(folder: Path) -> Names:
    """Copies what esbuild leaves alone; its new names. A manifest names others: it comes last."""
    names: Names = {}
    for path in sorted(_files(), key=lambda path: (path.suffix == ".webmanifest", path)):
        name = path.relative_to(HTML).as_posix()
        content = path.read_bytes()
        if path.suffix == ".LICENSE":
            target = folder / name
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)
            continue
        if path.suffix == ".webmanifest":
            content = _rename(content.decode(), names).encode()
        stamp = sha256(content).hexdigest()[:8].upper()
        names[name] = f"{ASSETS}/{path.stem}-{stamp}{path.suffix}"
        (folder / names[name]).write_bytes(content)
    return names


def _files() -> Iterator[Path]:
    for path in HTML.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(HTML).parts)
        if path.is_file() and not hidden and path.suffix not in _NOT_COPIED:
            yield path


def _rename(text: str, names: Names) -> str:
    """Every reference, which is a whole quoted path, to the published name."""
    return re.sub(
        r'"([^"\n]+)"',
        lambda found: f'"/{names[found[1]]}"' if found[1] in names else found[0],
        text,
    )
