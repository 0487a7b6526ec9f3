"""Deployment packages of the Lambda functions, built without Docker.

A package holds the function's folder, its pinned requirements and lambda-shared.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache as cached
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).parents[2]
SHARED = ROOT / "lambda-shared"
# Inside cdk.out: ignored by git and removed by `make clean`.
CACHE = ROOT / "cdk.out" / "functions"
HOST_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

# Requirements of langchain-core, langchain-aws and langsmith that the chat never imports.
NEVER_LOADED = (
    "h11",
    "httpcore",
    "httpcore2",
    "httpx",
    "numpy",
    "truststore",
    "websockets",
    "zstandard",
)
# The services that the functions call; the models of all others are most of botocore's size.
AWS_SERVICES = ("apigatewaymanagementapi", "bedrock-runtime", "dynamodb", "lambda", "s3")
CACHE_SECONDS = 24 * 3600
_IGNORED_SOURCES = shutil.ignore_patterns("__pycache__", "*.pyc")


class BundleError(RuntimeError):
    """A function's requirements could not be installed; the message has uv's output."""


@dataclass(frozen=True)
class PackageTarget:
    """The runtime of a package: uv's platform name (None: this machine) and `3.x` of Python."""

    platform: str | None
    python: str


@dataclass(frozen=True)
class Compiler:
    """An interpreter, and its full version: a `.pyc` file is valid for one minor version."""

    path: str
    version: str


def bundle_function(folder: Path, target: PackageTarget, cache: Path = CACHE) -> Path:
    """Return the folder of the package, and build it unless the cache has it. Raise BundleError."""
    finished = cache / f"{folder.name}-{bundle_hash(folder, target)[:16]}"
    if not finished.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        # Concurrent synths need the same packages: only the first one builds them.
        with FileLock(cache.resolve().with_suffix(".lock")):
            if not finished.is_dir():
                _remove_unused(cache)
                _bundle(folder, target, finished)
    os.utime(finished)
    return finished


def _bundle(folder: Path, target: PackageTarget, finished: Path) -> None:
    with _draft(finished) as draft:
        sources = draft.with_name("sources")
        for source in (folder, SHARED):
            shutil.copytree(source, sources, ignore=_IGNORED_SOURCES, dirs_exist_ok=True)
        _compile_sources(sources, target)
        requirements = folder / "requirements.txt"
        if requirements.exists():
            shutil.copytree(_installed_packages(requirements, target, finished.parent), draft)
        shutil.copytree(sources, draft, dirs_exist_ok=True)


def _installed_packages(requirements: Path, target: PackageTarget, cache: Path) -> Path:
    """Return a folder with the compiled packages, which most changes of sources leave as it is."""
    digest = _target_digest(target)
    digest.update(requirements.read_bytes())
    finished = cache / f"packages-{digest.hexdigest()[:16]}"
    if not finished.is_dir():
        with _draft(finished) as draft:
            _install_packages(requirements, target, draft)
            _trim_packages(draft)
            _compile_sources(draft, target)
    os.utime(finished)
    return finished


@contextmanager
def _draft(finished: Path) -> Iterator[Path]:
    """Yield a path that becomes `finished` unless the block raises."""
    with tempfile.TemporaryDirectory(dir=finished.parent, prefix=".new-") as scratch:
        draft = Path(scratch) / "draft"
        yield draft
        draft.rename(finished)


def bundle_hash(folder: Path, target: PackageTarget) -> str:
    """Return a hash of the sources, the requirements, the target, the compiler and this module."""
    digest = _target_digest(target)
    for base in (folder, SHARED):
        for path in sorted(_source_files(base)):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(base.parent)} {len(content)} ".encode())
            digest.update(content)
    return digest.hexdigest()


def _target_digest(target: PackageTarget) -> "hashlib._Hash":
    compiler = _compiler(target)
    digest = hashlib.sha256(f"{target} {compiler and compiler.version}".encode())
    if target.platform is None:
        digest.update(" ".join(os.uname()[::4]).encode())
    digest.update(Path(__file__).read_bytes())
    return digest


def _source_files(base: Path) -> Iterator[Path]:
    for path in base.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            yield path


def _install_packages(requirements: Path, target: PackageTarget, destination: Path) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as excluded:
        excluded.write("\n".join(NEVER_LOADED))
        excluded.flush()
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--python-version", target.python]
        command += ["--excludes", excluded.name, "--target", str(destination)]
        command += ["--python-platform", target.platform] if target.platform else []
        done = subprocess.run(  # noqa: S603 (no shell, fixed arguments)
            [*command, "-r", str(requirements)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise BundleError(
            f"{requirements} cannot be installed; uv says why:\n{done.stderr}\n"
            "Check the network and the pinned versions, then try again."
        )


def _trim_packages(bundle: Path) -> None:
    """Remove files that Lambda never loads: scripts, stubs, tests, other services' models."""
    for path in (bundle / "bin", bundle / ".lock", *bundle.glob("*-stubs")):
        _remove(path)
    _remove(bundle / "hwp2md" / "web")  # a preview of documents in a browser
    for pattern in ("*.pyi", "tests", "examples-1.json"):
        for path in list(bundle.rglob(pattern)):
            _remove(path)
    for package in ("boto3", "botocore"):
        for path in bundle.glob(f"{package}/data/*/"):
            if path.is_dir() and path.name not in AWS_SERVICES:
                _remove(path)
    for table in bundle.glob("botocore/data/endpoints.json"):
        _trim_endpoints(table)


def _trim_endpoints(table: Path) -> None:
    """Leave only the functions' services in the table that botocore reads for its first client."""
    endpoints = json.loads(table.read_text(encoding="utf-8"))
    for partition in endpoints["partitions"]:
        services = partition["services"].items()
        partition["services"] = {name: of for name, of in services if name in AWS_SERVICES}
    # The file itself may be a hard link into uv's cache.
    table.unlink()
    table.write_text(json.dumps(endpoints), encoding="utf-8")


def _compile_sources(folder: Path, target: PackageTarget) -> None:
    compiler = _compiler(target)
    if not compiler:
        return
    # Zipping changes the sources' timestamps, which would invalidate timestamp-based .pyc files.
    command = [compiler.path, "-I", "-m", "compileall", "-qq", "-j0"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", "/var/task"]
    # The status is 1 if a package has a file that is not valid Python, such as a template.
    subprocess.run([*command, str(folder)], check=False)  # noqa: S603 (no shell, fixed arguments)


def _compiler(target: PackageTarget) -> Compiler | None:
    """Return the compiler of a package for AWS: on this machine, Python stores what it compiles."""
    return find_compiler(target.python) if target.platform else None


@cached
def find_compiler(python: str) -> Compiler | None:
    """Return an interpreter of version `3.x`; install one if necessary, None if impossible.

    Without one, the functions compile their sources at each cold start, and a note says so.
    """
    if python == HOST_PYTHON:
        return Compiler(sys.executable, platform.python_version())
    path = _find_python(python)
    if not path and run_uv("python", "install", "--no-bin", python) is not None:
        path = _find_python(python)
    if path:
        command = [path, "-I", "-c", "import platform; print(platform.python_version())"]
        done = subprocess.run(  # noqa: S603 (no shell, fixed arguments)
            command, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return Compiler(path, done.stdout.strip())
    print(
        f"Note: Python {python} was not found and could not be installed, so the functions are "
        "not compiled and start about a second slower. To change that, run "
        f"'.venv/bin/uv python install {python}' and deploy again.",
        file=sys.stderr,
    )
    return None


def _find_python(python: str) -> str | None:
    # A launcher of pyenv for which no version is selected would stop the search.
    return run_uv("python", "find", "--no-project", python, PYENV_VERSION=python)


def run_uv(*arguments: str, **environment: str) -> str | None:
    """Return uv's output, None if it fails."""
    done = subprocess.run(  # noqa: S603 (no shell, fixed arguments)
        [sys.executable, "-m", "uv", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else None


def _remove_unused(cache: Path) -> None:
    """Remove the packages that no synth has used for a day; each source change adds one."""
    for path in cache.iterdir():
        if time.time() - path.stat().st_mtime > CACHE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
