"""A function's folder, its pinned packages and the shared package, made ready without Docker."""

import compileall
import hashlib
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHARED = ROOT / "lambda-shared"
# Inside cdk.out: ignored by git and removed by `make clean`.
CACHE = ROOT / "cdk.out" / "functions"
HOST_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

# Required by langchain-core, langchain-aws and langsmith, loaded by none of them on our path.
NEVER_LOADED = ("httpcore", "httpx", "numpy", "websockets", "zstandard")
# botocore's models are most of its size; a client of any other service cannot be made.
AWS_SERVICES = ("apigatewaymanagementapi", "bedrock-runtime", "dynamodb", "lambda")
UNUSED_SECONDS = 24 * 3600
_SOURCE_NOISE = shutil.ignore_patterns("__pycache__", "*.pyc")


class BundleError(RuntimeError):
    """The packages of a function could not be installed; the text is the installer's."""


@dataclass(frozen=True)
class PackageTarget:
    """Where the packages will run: uv's platform name (None: this machine) and Python's minor."""

    platform: str | None
    python: str

    @property
    def compiled(self) -> bool:
        """`.pyc` files help only a Python of the minor version that wrote them."""
        return self.python == HOST_PYTHON


def bundle_function(folder: Path, target: PackageTarget, cache: Path = CACHE) -> Path:
    """The finished folder, made only if these sources were not bundled for `target` before."""
    finished = cache / f"{folder.name}-{bundle_hash(folder, target)[:16]}"
    if finished.is_dir():
        os.utime(finished)
        return finished
    cache.mkdir(parents=True, exist_ok=True)
    _forget_unused(cache)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".new-") as scratch:
        draft = Path(scratch) / "bundle"
        draft.mkdir()
        _install_packages(folder / "requirements.txt", target, draft)
        _trim_packages(draft)
        for source in (folder, SHARED):
            shutil.copytree(source, draft, ignore=_SOURCE_NOISE, dirs_exist_ok=True)
        if target.compiled:
            _compile_sources(draft)
        try:
            draft.rename(finished)
        except OSError:
            # Another synth was quicker with the same content.
            if not finished.is_dir():
                raise
    return finished


def bundle_hash(folder: Path, target: PackageTarget) -> str:
    """Changes with the sources, the pinned packages, the target and the rules of this module."""
    digest = hashlib.sha256(repr(target).encode())
    if target.platform is None:
        digest.update(" ".join(os.uname()[::4]).encode())
    digest.update(Path(__file__).read_bytes())
    for base in (folder, SHARED):
        for path in sorted(_source_files(base)):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(base.parent)} {len(content)} ".encode())
            digest.update(content)
    return digest.hexdigest()


def _source_files(base: Path) -> Iterator[Path]:
    for path in base.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            yield path


def _install_packages(requirements: Path, target: PackageTarget, destination: Path) -> None:
    if not requirements.exists():
        return
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as excluded:
        excluded.write("\n".join(NEVER_LOADED))
        excluded.flush()
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--python-version", target.python]
        command += ["--excludes", excluded.name, "--target", str(destination)]
        command += ["--python-platform", target.platform] if target.platform else []
        done = subprocess.run(  # noqa: S603 (no shell; the arguments are our own)
            [*command, "-r", str(requirements)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise BundleError(f"the packages of {requirements} do not install:\n{done.stderr}")


def _trim_packages(bundle: Path) -> None:
    """Remove what Lambda never loads: command-line scripts, stubs, tests, other services."""
    for path in (bundle / "bin", bundle / ".lock", *bundle.glob("*-stubs")):
        _remove(path)
    for pattern in ("*.pyi", "tests", "examples-1.json"):
        for path in list(bundle.rglob(pattern)):
            _remove(path)
    for package in ("boto3", "botocore"):
        for path in bundle.glob(f"{package}/data/*/"):
            if path.is_dir() and path.name not in AWS_SERVICES:
                _remove(path)


def _compile_sources(bundle: Path) -> None:
    # Zipping sets every file's time, so a .pyc that checked its source's time would be stale.
    compileall.compile_dir(
        bundle,
        quiet=2,
        stripdir=str(bundle),
        prependdir="/var/task",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        workers=0,
    )


def _forget_unused(cache: Path) -> None:
    """Every change of a source makes a new bundle; one that a day did not use is let go."""
    for path in cache.iterdir():
        if time.time() - path.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
