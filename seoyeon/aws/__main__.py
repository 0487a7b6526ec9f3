"""`python -m seoyeon.aws deploy` or `destroy`: 0, or 1 after one line that says what is wrong."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence

from seoyeon.aws.cdk_cli import Cdk
from seoyeon.aws.deploy import deploy
from seoyeon.aws.destroy import destroy
from seoyeon.aws.preflight.toolchain import check_endpoints
from seoyeon.aws.retained import Remains
from seoyeon.aws.session import Connection, client, connect
from seoyeon.aws.target import find_place
from seoyeon.terminal.errors import RunError
from seoyeon.terminal.progress import Progress


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    options = _parse(arguments)
    try:
        elsewhere = check_endpoints(environ)
        if elsewhere:
            raise RunError(f"{elsewhere.sentence} Try: {elsewhere.command}")
        asyncio.run(run(options, environ, connect()))
    except RunError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. What CloudFormation has begun, it brings to an end.", file=sys.stderr)
        return 130
    return 0


async def run(options: argparse.Namespace, environ: Mapping[str, str], asked: Connection) -> None:
    """Prints as it goes; its last line is the address, or what is left."""
    progress = Progress()
    with progress.step("Looking at the account"):
        place = await asyncio.to_thread(find_place, options.context, environ, asked)
    cdk = Cdk(place, environ)
    if options.command == "deploy":
        url = await deploy(place, cdk, progress)
        if place.alarm_email:
            print(f"AWS has written to {place.alarm_email}: alarms come once that is confirmed.")
        print(f"Ready: {url}")
        return
    remains = Remains(lambda service: client(service, place.region))
    for line in await destroy(
        place, cdk, remains, progress, data_too=options.data == "delete", ask=input
    ):
        print(line)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deployment", description="This app in an AWS account.")
    parser.add_argument("command", choices=("deploy", "destroy"))
    parser.add_argument(
        "-c", "--context", action="append", default=[], help="name=value: a setting of cdk.json"
    )
    parser.add_argument(
        "--data", choices=("keep", "delete"), default="keep", help="destroy: what becomes of it"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
