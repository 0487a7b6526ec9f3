"""The build of html/ for publishing: bundled, minified, content-hashed.

Unbuilt, html/ runs too.
"""

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
NOT_FOUND = "404.html"
SHARED = "shared.html"
# Browsers look for a newer one at the same address.
SERVICE_WORKER = "service-worker.js"
# Names below assets/ contain a hash of the content; only these files may be cached for good.
ASSETS = "assets"
# Every published path; config.json is the deployment's.
_FILES = "|".join(map(re.escape, ("index.html", NOT_FOUND, SHARED, SERVICE_WORKER, "config.json")))
PUBLISHED = rf"^/(?:{_FILES}|(?:{ASSETS}|vendor)/.+)?$"
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
# esbuild writes the first three; .ts files hold types of vendor/, the file without a suffix its
# checksums.
_NOT_COPIED = {".css", ".html", ".js", ".ts", ""}
Names = dict[str, str]


class BuildError(RuntimeError):
    """The page could not be built; the message has esbuild's output or names what is missing."""


def build_page(folder: Path, html: Path = HTML) -> None:
    """Write the HTML files, the licences and assets/ of `html` into `folder`. Raise BuildError."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in html.glob("*.html")}
    entry_points = sorted({name for text in pages.values() for name in _ENTRY_POINT.findall(text)})
    outputs = _bundle(html, entry_points, folder / ASSETS)
    names = _copy_files(html, folder)
    for path, output in outputs.items():
        if "entryPoint" in output:
            source = output["entryPoint"]
            names[source] = f"{ASSETS}/{Path(path).name}"
            pages = {
                name: _preload(text, source, output["imports"]) for name, text in pages.items()
            }
    for name, text in pages.items():
        (folder / name).write_text(_rename_references(text, names), encoding="utf-8")
    if (worker := html / SERVICE_WORKER).exists():
        shutil.copyfile(worker, folder / SERVICE_WORKER)
        _list_files(folder)


def _bundle(html: Path, entry_points: list[str], folder: Path) -> dict[str, Any]:
    """Run esbuild; return the outputs of its metafile (https://esbuild.github.io/api/#metafile)."""
    program = _TOOLS / "esbuild"
    if not program.exists():
        raise BuildError(
            "esbuild is not installed, and the page is built with it; run 'make setup'."
        )
    folder.mkdir(parents=True)
    metafile = folder / "metafile.json"
    node = Path(sys.prefix) / "bin"
    done = subprocess.run(  # noqa: S603 (no shell, fixed arguments)
        [program, *entry_points, *_OPTIONS, f"--outdir={folder}", f"--metafile={metafile}"],
        cwd=html,
        env={**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildError(done.stderr)
    outputs: dict[str, Any] = json.loads(metafile.read_text())["outputs"]
    metafile.unlink()
    return outputs


def _preload(markup: str, script: str, imports: list[Any]) -> str:
    """Add modulepreload links for the script's static imports, so that they load in parallel."""
    tag = re.search(rf'( *)<script[^>]* src="{re.escape(script)}"', markup)
    if not tag:
        return markup
    urls = [
        f"/{ASSETS}/{Path(imported['path']).name}"
        for imported in imports
        if imported["kind"] == "import-statement"
    ]
    links = [
        f'{tag[1]}<link rel="modulepreload" href="{url}">\n'
        for url in urls
        if f'href="{url}"' not in markup  # another script imports it, too
    ]
    return markup[: tag.start()] + "".join(links) + markup[tag.start() :]


def _copy_files(html: Path, folder: Path) -> Names:
    """Copy the files that esbuild does not build; return their published names."""
    names: Names = {}
    # The manifest refers to the others by their published names.
    for path in sorted(_copied_files(html), key=lambda path: (path.suffix == ".webmanifest", path)):
        name = path.relative_to(html).as_posix()
        content = path.read_bytes()
        if path.suffix == ".LICENSE":
            target = folder / name
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)
            continue
        if path.suffix == ".webmanifest":
            content = _rename_references(content.decode(), names).encode()
        names[name] = f"{ASSETS}/{path.stem}-{_stamp(content)}{path.suffix}"
        (folder / names[name]).write_bytes(content)
    return names


def _list_files(folder: Path) -> None:
    """Write the list of all assets for the service worker, and name it in index.html.

    Its name has a hash: a page and the list of its files cannot be of two builds.
    """
    files = (path for path in (folder / ASSETS).iterdir() if path.suffix != ".map")
    content = json.dumps(sorted(f"/{ASSETS}/{path.name}" for path in files))
    name = f"{ASSETS}/files-{_stamp(content.encode())}.json"
    (folder / name).write_text(content, encoding="utf-8")
    page = folder / "index.html"
    markup = page.read_text(encoding="utf-8")
    page.write_text(
        markup.replace("</head>", f'  <meta name="files" content="/{name}">\n  </head>', 1),
        encoding="utf-8",
    )


def _stamp(content: bytes) -> str:
    return sha256(content).hexdigest()[:8].upper()


def _copied_files(html: Path) -> Iterator[Path]:
    for path in html.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(html).parts)
        if path.is_file() and not hidden and path.suffix not in _NOT_COPIED:
            yield path


def _rename_references(text: str, names: Names) -> str:
    """Replace each quoted path in `names` with the published one."""
    return re.sub(
        r'"([^"\n]+)"',
        lambda found: f'"/{names[found[1]]}"' if found[1] in names else found[0],
        text,
    )
