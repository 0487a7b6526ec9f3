"""The command line, which runs on the machine of a developer or operator."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
