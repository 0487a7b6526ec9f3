"""A stand-in for the AWS services of a turn, over TLS in a separate process.

Run: `python -m bench.aws CERTIFICATE KEY`; it prints its port. Each service answers after its time
in DELAYS. The table stores the turns, and checks no condition.
"""

import json
import re
import ssl
import sys
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from seoyeon.local.bedrock import eventstream

Item = dict[str, Any]

DELAYS = {"dynamodb": 0.004, "invoke": 0.008, "connection": 0.020, "model": 0.0}  # seconds
EXCHANGES = 10  # earlier ones of the conversation
QUESTION, ANSWER = "경주에 가면 무엇을 보면 좋을까요? " * 2, "대릉원을 천천히 걸어 보세요. " * 27
PIECES: list[Item] = [{"generation": text, "stop_reason": None} for text in ANSWER.split(" ")]
LAST: Item = {
    "generation": "",
    "stop_reason": "stop",
    "amazon-bedrock-invocationMetrics": {"inputTokenCount": 800, "outputTokenCount": 300},
}
STREAM = b"".join(eventstream.chunk(body) for body in (*PIECES, LAST))
CLAUSE = re.compile(r"(SET|ADD|REMOVE) (.*?)(?= SET | ADD | REMOVE |$)")


def exchange(number: int) -> Item:
    """Return an answered turn, as it is stored."""
    texts = {
        "pk": "turns#user#conversation",
        "sk": f"2026-11-0{number}",
        "user_id": "user",
        "conversation_id": "conversation",
        "request_id": "request",
        "mode": "chat",
        "text": QUESTION,
        "created_at": "2026-11-01",
        "status": "done",
        "answer": ANSWER,
        "connection_id": "connection=",
        "stop_reason": "stop",
        "model_id": "meta.llama3",
    }
    numbers = {"run": 1, "seq": 188, "lease_until": 0, "resumes": 1, "prompt_estimate": 900}
    usage = {"prompt_tokens": {"N": "800"}, "completion_tokens": {"N": "300"}}
    return {
        **{name: {"S": text} for name, text in texts.items()},
        **{name: {"N": str(value)} for name, value in numbers.items()},
        "usage": {"M": usage},
    }


class Aws:
    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}

    def dynamodb(self, operation: str, request: Item) -> Item:
        match operation:
            case "TransactWriteItems":
                for put in (entry["Put"] for entry in request["TransactItems"] if "Put" in entry):
                    self.items[key_of(put["Item"])] = put["Item"]
                return {}
            case "UpdateItem":
                key: Item = request["Key"]
                item = updated(self.items.get(key_of(key), key), request)
                self.items[key_of(key)] = item
                return {"Attributes": item} if "ReturnValues" in request else {}
            case "Query":
                values = request.get("ExpressionAttributeValues", {}).values()
                if any(value.get("S", "").startswith("documents#") for value in values):
                    return {"Items": []}
                items = [exchange(number) for number in reversed(range(EXCHANGES))]
                return {"Items": [projected(item, request) for item in items]}
            case "BatchGetItem":
                return {"Responses": {}, "UnprocessedKeys": {}}
        found = self.items.get(key_of(request["Key"]))
        return {"Item": found} if found else {}


def key_of(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def named(expression: str, request: Item) -> str:
    names = request.get("ExpressionAttributeNames", {})
    return re.sub(r"#\w+", lambda found: str(names[found[0]]), expression)


def projected(item: Item, request: Item) -> Item:
    wanted = named(request.get("ProjectionExpression", ""), request)
    return {name: item[name] for name in wanted.split(", ") if name in item} if wanted else item


def updated(item: Item, request: Item) -> Item:
    item, values = dict(item), request["ExpressionAttributeValues"]
    for clause, actions in CLAUSE.findall(named(request["UpdateExpression"], request)):
        for action in actions.split(", "):
            name, *_, last = action.split(" ") if " " in action else (action, "")
            if clause == "REMOVE":
                item.pop(name, None)
            elif clause == "SET":
                item[name] = values[last]
            else:
                before = int(item.get(name, {"N": "0"})["N"])
                item[name] = {"N": str(before + int(values[last]["N"]))}
    return item


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, aws: Aws, *arguments: Any) -> None:
        self._aws = aws
        super().__init__(*arguments)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if target := self.headers["X-Amz-Target"]:
            answer = self._aws.dynamodb(target.partition(".")[2], json.loads(body))
            self._answer("dynamodb", json.dumps(answer).encode())
        elif self.path.startswith("/model/"):
            self._answer("model", STREAM, content_type=eventstream.CONTENT_TYPE)
        elif "/@connections/" in self.path:
            self._answer("connection", b"")
        else:
            self._answer("invoke", b"", 202)

    def _answer(
        self, service: str, body: bytes, status: int = 200, content_type: str = "application/json"
    ) -> None:
        time.sleep(DELAYS[service])
        head = (
            f"HTTP/1.1 {status} OK\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.wfile.write(head.encode() + body)

    def log_message(self, format: str, *_: object) -> None: ...


def serve(certificate: Path, key: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, Aws())) as server:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
