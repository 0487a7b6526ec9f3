"""The command line: everything that runs on a developer's or an operator's machine."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
