"""The entry point of the reader function, which the history function invokes asynchronously."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
from chat_shared.logs import Context, bind_invocation, create_logger
from chat_shared.metrics import Metrics

from document_reader.extraction import extract
from document_reader.items import Items
from document_reader.job import Job
from document_reader.objects import Objects
from document_reader.reader import Reader
from document_reader.settings import Settings

log = create_logger("reader")


@cache
def bootstrap() -> Reader:
    """Create the use case with its clients, once for each execution environment."""
    settings = Settings.from_env(os.environ)
    return Reader(
        Items(boto3.resource("dynamodb").Table(settings.table)),
        Objects(boto3.client("s3"), settings.bucket),
        extract,
        log,
        Metrics(settings.stage),
    )


def lambda_handler(payload: Mapping[str, Any], context: Context) -> None:
    job = Job(**payload)
    bind_invocation(log, context, document_id=job.document_id)
    bootstrap().read(job)
