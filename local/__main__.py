"""`python -m local`: 0 after Ctrl-C or SIGTERM, 1 after one line that says what is wrong."""

import asyncio
import logging
import os
import sys

from local.errors import RunError
from local.run import serve
from local.settings import Settings


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
