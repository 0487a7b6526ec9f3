"""Entry point of `python -m seoyeon`."""

from seoyeon.cli import main

main()
