"""Each package imports its handlers on Lambda's processor and Python."""

import subprocess
from pathlib import Path

import pytest

from cdk.assets.functions import ROOT

HANDLERS = sorted(f"{file.parent.name}/{file.stem}" for file in ROOT.glob("lambda-*/*_function.py"))
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

    done = subprocess.run(  # noqa: S603 (no shell, fixed arguments)
        [*python, "-c", IMPORT, module],
        cwd=packages[folder],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_every_handler_is_imported() -> None:
    assert len(HANDLERS) == 6
