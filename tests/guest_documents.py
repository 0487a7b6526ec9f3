"""Documents of a guest on a stack: announced, uploaded and read, as the page does it."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.stack import Answer, Stack, request

BOUNDARY = "a-boundary-of-the-form"


@dataclass(frozen=True)
class GuestDocuments:
    """The documents of one conversation."""

    stack: Stack
    token: str
    conversation_id: str

    def call(self, method: str, path: str = "", body: object = None) -> Answer:
        return request(
            f"{self.stack.url}/history/conversations/{self.conversation_id}/documents{path}",
            method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
            body=None if body is None else json.dumps(body).encode(),
        )

    def add(self, document_id: str, name: str, size: int) -> Answer:
        return self.call("POST", body={"document_id": document_id, "name": name, "size": size})

    def upload(self, upload: Mapping[str, Any], content: bytes) -> Answer:
        """Send the form of a presigned POST to the proxy."""
        fields = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in upload["fields"].items()
        ]
        file = 'Content-Disposition: form-data; name="file"; filename="file"'
        head = "".join([*fields, f"--{BOUNDARY}\r\n{file}\r\n\r\n"])
        return request(
            self.stack.url + upload["url"],
            method="POST",
            headers={
                "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
                "Origin": self.stack.url,
            },
            body=head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode(),
        )

    def wait(self, document_id: str, timeout: float) -> dict[str, Any]:
        """Return a document once it is no longer read, or at the end of the timeout."""
        until = time.monotonic() + timeout
        while True:
            [found] = [each for each in self.listed() if each["document_id"] == document_id]
            if found["status"] != "reading" or time.monotonic() > until:
                return found
            time.sleep(0.1)

    def listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET").json["documents"]
        return found
