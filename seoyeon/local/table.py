"""The table of a laptop run, for commands beside it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError

from seoyeon.local.ministack.client import DATA_STACK
from seoyeon.local.ministack.session import client_config, open_session
from seoyeon.local.settings import Settings
from seoyeon.local.sockets import IPV4
from seoyeon.local.state import recall
from seoyeon.terminal.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


def open_table(environ: Mapping[str, str]) -> "Table":
    """Return the table of the run that uses STATE_DIR; raise CommandError without one."""
    folder = Settings.from_env(environ).state_dir
    port = recall(folder).get("ministack_port")
    dynamodb = open_session().resource(
        "dynamodb", endpoint_url=f"http://{IPV4}:{port}", config=client_config()
    )
    try:
        return next(each for each in dynamodb.tables.all() if each.name.startswith(DATA_STACK))
    except (BotoCoreError, StopIteration, ValueError) as error:
        raise CommandError(
            f"No run uses STATE_DIR {folder}: start one with 'make run', or set STATE_DIR to its "
            "folder."
        ) from error
