"""Each package imports its handlers on Lambda's processor and Python."""

import subprocess
from pathlib import Path

import pytest

from cdk.assets.functions import ROOT

HANDLERS = sorted(f"{file.parent.name}/{file.stem}" for file in ROOT.glob("lambda-*/*_function.py"))
FORMATS = sorted(ROOT.glob("lambda-documents/document_reader/formats/[a-z]*.py"))
IMPORT_ALL = """
import importlib, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
"""
IMPORT = """
import importlib, platform, sys
assert (platform.machine(), sys.version_info[:2]) == ("aarch64", (3, 13))
assert callable(importlib.import_module(sys.argv[1]).lambda_handler)
"""


@pytest.mark.arm64
@pytest.mark.parametrize("handler", HANDLERS)
def test_a_package_imports_its_handler(
    handler: str, python: list[str], environment: dict[str, str], packages: dict[str, Path]
) -> None:
    folder, module = handler.split("/")

    run_program([*python, "-c", IMPORT, module], packages[folder], environment)


@pytest.mark.arm64
def test_the_reader_s_child_imports_the_library_of_each_format(
    python: list[str], environment: dict[str, str], packages: dict[str, Path]
) -> None:
    """The handler imports none of them."""
    modules = [f"document_reader.formats.{file.stem}" for file in FORMATS]
    assert len(modules) > 6

    run_program([*python, "-c", IMPORT_ALL, *modules], packages["lambda-documents"], environment)


def run_program(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 (no shell, fixed arguments)
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_handler_is_imported() -> None:
    assert len(HANDLERS) == 7
