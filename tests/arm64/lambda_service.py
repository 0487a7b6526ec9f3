"""A stand-in for Lambda: functions under AWS's runtime client, and asynchronous invocation.

A function has one execution environment and runs one invocation at a time. Time limits are passed
to the function but not enforced, because an emulated processor is about ten times slower.
"""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any
from uuid import uuid4

LOOPBACK = "127.0.0.1"
TRACE_ID = "1-5759e988-bd862e3fe1be46a994272793"
Event = Mapping[str, Any]


class FunctionError(Exception):
    """An invocation failed; `payload` is Lambda's description of the error."""

    def __init__(self, payload: Event) -> None:
        super().__init__(payload.get("errorMessage"))
        self.payload = payload


@dataclass(frozen=True)
class Function:
    """A function of the template: its package, and the configuration that it runs with."""

    name: str
    package: Path
    handler: str
    memory_mb: int
    timeout_s: int
    environment: Mapping[str, str]
    retries: int = 0
    on_failure: str | None = None

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:000000000000:function:{self.name}"


@dataclass
class Invocation:
    event: Event
    id: str = field(default_factory=lambda: str(uuid4()))
    result: Future[Any] = field(default_factory=Future)


class ExecutionEnvironment:
    """A process of a function, and the Runtime API from which it gets its events."""

    def __init__(
        self,
        function: Function,
        python: list[str],
        environment: Mapping[str, str],
        log: Path,
    ) -> None:
        self.function = function
        self.events: SimpleQueue[Invocation | None] = SimpleQueue()
        self.running: Invocation | None = None
        self._server = ThreadingHTTPServer((LOOPBACK, 0), partial(RuntimeApi, self))
        Thread(target=self._server.serve_forever, daemon=True).start()
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 (no shell, fixed arguments)
                [*python, "-m", "awslambdaric", function.handler],
                cwd=function.package,
                env={
                    **lambda_variables(function),
                    **environment,
                    "AWS_LAMBDA_RUNTIME_API": f"{LOOPBACK}:{self._server.server_port}",
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def runs(self, kind: str) -> bool:
        running = self.running
        return running is not None and running.event["kind"] == kind

    def invoke(self, event: Event) -> Any:
        """Return the handler's result; raise FunctionError."""
        invocation = Invocation(event)
        self.events.put(invocation)
        try:
            while True:
                with suppress(TimeoutError):
                    return invocation.result.result(timeout=0.05)
                if self.has_ended:
                    status = self.process.returncode
                    raise FunctionError(
                        {
                            "errorType": "Runtime.ExitError",
                            "errorMessage": f"Runtime exited with status {status}",
                        }
                    )
        finally:
            self.running = None

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.events.put(None)
        self._server.shutdown()
        self._server.server_close()


def lambda_variables(function: Function) -> dict[str, str]:
    """Return the variables that Lambda sets, and the function's own.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """
    return {
        "_HANDLER": function.handler,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "LAMBDA_TASK_ROOT": str(function.package),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/bin:/bin",
        "TZ": ":UTC",
        **function.environment,
    }


class RuntimeApi(BaseHTTPRequestHandler):
    """https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html ."""

    def __init__(self, environment: ExecutionEnvironment, *args: Any) -> None:
        self._environment = environment
        super().__init__(*args)

    def do_GET(self) -> None:
        invocation = self._environment.events.get()
        if not invocation:
            return
        function = self._environment.function
        self._environment.running = invocation
        deadline = time.time() + function.timeout_s
        self._answer(
            200,
            json.dumps(invocation.event).encode(),
            {
                "Lambda-Runtime-Aws-Request-Id": invocation.id,
                "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": function.arn,
                "Lambda-Runtime-Trace-Id": f"Root={TRACE_ID};Parent=53995c3f42cd8ad8;Sampled=1",
            },
        )

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        running = self._environment.running
        # After an error of the initialization, the process ends.
        if running and f"/{running.id}/" in self.path:
            if self.path.endswith("/response"):
                running.result.set_result(body)
            else:
                running.result.set_exception(FunctionError(body))
        self._answer(202, b"", {})

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        # The runtime client crashes without a type.
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class LambdaService:
    """The functions by name. An environment is started for the first event and after its end."""

    def __init__(
        self, functions: list[Function], start: Callable[[Function], ExecutionEnvironment]
    ) -> None:
        self._functions = {function.name: function for function in functions}
        self._locks = {function.name: Lock() for function in functions}
        self._start = start
        self._environments: dict[str, ExecutionEnvironment] = {}

    def invoke(self, name: str, event: Event) -> Any:
        """Return the handler's result; raise FunctionError."""
        with self._locks[name]:
            environment = self._environments.get(name)
            if environment and environment.has_ended:
                environment.close()
                environment = None
            if not environment:
                environment = self._start(self._functions[name])
                self._environments[name] = environment
            return environment.invoke(event)

    def invoke_async(self, name: str, event: Event) -> None:
        Thread(target=self._deliver, args=(self._functions[name], event), daemon=True).start()

    def kill_during(self, name: str, kind: str) -> None:
        """Kill the function's process while it runs a job of this kind."""
        while True:
            environment = self._environments.get(name)
            if environment and not environment.has_ended and environment.runs(kind):
                environment.process.kill()
                environment.process.wait()
                return
            time.sleep(0.01)

    def close(self) -> None:
        for environment in self._environments.values():
            environment.close()

    def _deliver(self, function: Function, event: Event) -> None:
        """Invoke a function as often as Lambda does; then send the record to its destination.

        Lambda waits a minute before the first retry and two before the second.
        """
        for _ in range(1 + function.retries):
            try:
                self.invoke(function.name, event)
            except FunctionError as error:
                failure = error.payload
            else:
                return
        if function.on_failure:
            self.invoke(function.on_failure, failure_record(function, event, failure))


def failure_record(function: Function, event: Event, failure: Event) -> Event:
    """Return the record of a failed asynchronous invocation.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    return {
        "version": "1.0",
        "timestamp": "2026-11-23T09:40:00.000Z",
        "requestContext": {
            "requestId": str(uuid4()),
            "functionArn": f"{function.arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 1 + function.retries,
        },
        "requestPayload": event,
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "responsePayload": failure,
    }
