"""Turns through routes and worker of the code on the import path: one for each line of input.

It prints a line when it is ready, then a line of JSON for each turn. `bench.turn` runs it.
"""

import json
import os
import sys
import time
from typing import Any
from uuid import uuid4

import boto3
from chat_ws.routes import entry as routes
from chat_ws.worker import entry as worker


class Context:
    aws_request_id = "invocation"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


class Marks:
    """The moments of a turn, by the events of all clients of this process."""

    def __init__(self) -> None:
        self.job: dict[str, Any] = {}
        self.requests = 0
        self.asked: dict[str, float] = {}
        self.done = 0.0

    def register(self) -> None:
        boto3.setup_default_session()
        events = boto3.DEFAULT_SESSION.events  # type: ignore[union-attr] # it was just made
        events.register("before-call.lambda.Invoke", self._invoke)
        events.register("before-send", self._send)
        events.register("after-call.bedrock-runtime", self._model_answers)

    def begin(self) -> None:
        self.requests, self.asked = 0, {}
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def _invoke(self, params: dict[str, Any], **_: object) -> None:
        self.job = json.loads(params["body"])

    def _send(self, event_name: str, **_: object) -> None:
        self.requests += not self.asked
        if "PostToConnection" in event_name:
            self.done = 1_000 * (time.perf_counter() - self._wall)

    def _model_answers(self, **_: object) -> None:
        self.asked = {
            "cpu": 1_000 * (time.process_time() - self._cpu),
            "wall": 1_000 * (time.perf_counter() - self._wall),
            "requests": self.requests,
        }


def event(kind: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    context = {"eventType": kind, "connectionId": "connection=", "authorizer": {"user_id": "user"}}
    return {"requestContext": context, "body": json.dumps(body)}


def run() -> None:
    results = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # logs and metrics of the functions
    marks, context, conversation_id = Marks(), Context(), str(uuid4())
    marks.register()
    routes.lambda_handler(event("CONNECT"), context)
    worker.lambda_handler(marks.job, context)  # type: ignore[arg-type] # all that is used of it
    print("ready", file=results, flush=True)
    for _ in sys.stdin:
        question = {
            "action": "chat",
            "request_id": str(uuid4()),
            "conversation_id": conversation_id,
            "text": "경주에 가려고 해",
        }
        marks.begin()
        routes.lambda_handler(event("MESSAGE", question), context)
        worker.lambda_handler(marks.job, context)  # type: ignore[arg-type] # as above
        if not marks.asked:
            raise RuntimeError("the turn has not asked Bedrock")
        print(json.dumps(marks.asked | {"done": marks.done}), file=results, flush=True)


if __name__ == "__main__":
    run()
