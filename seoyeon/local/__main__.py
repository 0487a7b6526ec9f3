"""`python -m seoyeon.local`: status 0 after Ctrl-C or SIGTERM, 1 after an error in one line."""

import asyncio
import logging
import os
import sys

from seoyeon.local.run import serve
from seoyeon.local.settings import Settings
from seoyeon.terminal.errors import RunError


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(serve(Settings.from_env(os.environ)))
    except RunError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
