"""Proof that each IAM grant is necessary: MiniStack enforces the functions' policies."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from chat_shared.shares import id_of
from websockets.sync.client import ClientConnection

from cdk.stack_names import DOCUMENTS_OUTPUT
from seoyeon.local.ministack.client import DATA_STACK, MiniStackClient
from seoyeon.local.ministack.session import client_config, open_session
from tests.builders import secret, uuid
from tests.guest_documents import GuestDocuments
from tests.stack import Stack, request

TIMEOUT_S = 60
DENIED_TIMEOUT_S = 8  # for an answer that should not come
# Calls that do not reach MiniStack: Bedrock's go to the local model, logs to a file, and traces are
# off.
ELSEWHERE = ("bedrock:", "logs:", "xray:")
UNPLAYED = {
    # Needed if every run of a turn dies, which the fault tests cover with all grants.
    ("Worker", "lambda:InvokeFunction"),
    ("Failure", ""),
    # Without it, a search reads the table in the place of the index.
    ("HistoryApi", "s3:GetObject index"),
    # Needed if a document is deleted while it is read or summarised, which unit tests cover.
    ("Reader", "s3:DeleteObject text"),
    ("Worker", "s3:DeleteObject notes"),
}
PARAGRAPH = "이 규정은 서연의 시험에 쓴다. "
# Too long for a prompt, so that a summary takes notes.
DOCUMENT = "".join(f"제{number}조 {PARAGRAPH * 20}\n\n" for number in range(1, 150))
Policy = dict[str, Any]


class Refused(Exception):
    """A step of the chat path failed."""


class Roles:
    """The deployed functions' inline policies."""

    def __init__(self, stack: Stack) -> None:
        url = f"http://127.0.0.1:{stack.memory['ministack_port']}"
        self._iam = open_session().client("iam", endpoint_url=url, config=client_config())

    def grants(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield function, role, policy and action of every grant that the chat path uses.

        The action of objects is followed by the prefix of their keys: `s3:GetObject text`.
        """
        for role in self._iam.list_roles()["Roles"]:
            name = role["RoleName"]
            if not name.startswith("Seoyeon-local-Service"):
                continue
            (policy,) = self._iam.list_role_policies(RoleName=name)["PolicyNames"]
            function = next(
                kind
                for kind in ("Routes", "Worker", "Failure", "HistoryApi", "Reader", "Authorizer")
                if kind in name
            )
            for action in actions(self._document(name, policy)):
                known = {(function, action), (function, "")}
                if not action.startswith(ELSEWHERE) and not known & UNPLAYED:
                    yield function, name, policy, action

    @contextmanager
    def without(self, role: str, policy: str, action: str) -> Iterator[None]:
        whole = self._document(role, policy)
        rest = {**whole, "Statement": list(reduced(whole, action))}
        self._put(role, policy, rest)
        try:
            yield
        finally:
            self._put(role, policy, whole)

    def _document(self, role: str, policy: str) -> Policy:
        found: Any = self._iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        return dict(found)

    def _put(self, role: str, policy: str, document: Policy) -> None:
        self._iam.put_role_policy(
            RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document)
        )


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def actions(document: Policy) -> Iterator[str]:
    for each in split(document):
        yield each["name"]


def reduced(document: Policy, action: str) -> Iterator[Policy]:
    for each in split(document):
        if each.pop("name") != action:
            yield each


def split(document: Policy) -> Iterator[Policy]:
    """Yield statements of one action each, for objects of one resource, with its `name`."""
    for statement in document["Statement"]:
        for action in listed(statement["Action"]):
            single = {**statement, "Action": action, "name": action}
            if not action.startswith("s3:") or action == "s3:ListBucket":
                yield single
                continue
            for resource in listed(statement["Resource"]):
                prefix = resource.split("/")[-2]
                yield {**single, "Resource": resource, "name": f"{action} {prefix}"}


def chat_path(stack: Stack, token: str, timeout: float = TIMEOUT_S) -> None:
    """Use every feature of a chat; raise Refused if a step fails."""
    conversation = uuid(1)
    history(stack, token, "PUT", "/instructions", {"text": "짧게 답하세요."})
    if history(stack, token, "GET", "/instructions") != {"text": "짧게 답하세요."}:
        raise Refused
    with stack.connect(token) as client:
        for number in (1, 2):
            send(client, "chat", number, conversation_id=conversation, text="안녕하세요")
            until(client, "done", timeout)
        send(client, "resume", 2)
        until(client, "done", timeout)
        send(client, "chat", 3, conversation_id=conversation, text="길게 이야기해 줘")
        until(client, "delta", timeout)
        send(client, "stop", 3)
        until(client, "done", timeout)
    if len(history(stack, token, "GET")["turns"]) != 3:
        raise Refused
    if len(history(stack, token, "GET", "/conversations")["conversations"]) != 1:
        raise Refused
    history(stack, token, "PATCH", f"/conversations/{conversation}", {"title": "인사"})
    if not history(stack, token, "POST", "/search", {"query": "안녕"})["results"]:
        raise Refused
    rate(stack, token, conversation)
    change_branches(stack, token, conversation, timeout)
    share(stack, token, conversation)
    use_document(stack, token, conversation, timeout)
    history(stack, token, "DELETE", f"/conversations/{conversation}")
    history(stack, token, "DELETE")
    if token_objects(stack, token):
        raise Refused


def rate(stack: Stack, token: str, conversation: str) -> None:
    """Rate the first answer, and take the rating back."""
    turn_id = history(stack, token, "GET")["turns"][0]["turn_id"]
    path = f"/conversations/{conversation}/turns/{turn_id}/feedback"
    history(stack, token, "PUT", path, {"rating": "up", "share": False})
    if not history(stack, token, "GET")["turns"][0]["feedback"]:
        raise Refused
    history(stack, token, "DELETE", path)


def use_document(stack: Stack, token: str, conversation: str, timeout: float) -> None:
    """Hand in a document, read its text, ask it, and have it summarised twice."""
    documents = GuestDocuments(stack, token, conversation)
    content = DOCUMENT.encode()
    upload = documents.add(uuid(1), "규정.txt", len(content)).json.get("upload")
    if not upload or documents.upload(upload, content).status != 204:
        raise Refused
    documents.call("POST", f"/{uuid(1)}/read")
    if documents.wait(uuid(1), timeout)["status"] != "ready":
        raise Refused
    until_uploads_are_gone(stack, token, timeout)
    # Another one, whose upload only the deletion of the conversation removes.
    upload = documents.add(uuid(2), "규정.txt", len(content)).json["upload"]
    documents.upload(upload, content)
    history(stack, token, "GET", f"/conversations/{conversation}/documents/{uuid(1)}/text")
    stack.bedrock.reset()
    with stack.connect(token) as client:
        send(client, "chat", 5, conversation_id=conversation, text="규정은 어디에 쓰나요?")
        until(client, "done", timeout)
        if not any(PARAGRAPH in prompt for prompt in stack.bedrock.prompts()):
            raise Refused
        calls = []
        for number in (6, 7):
            stack.bedrock.reset()
            send(client, "chat", number, conversation_id=conversation, text="요약", mode="summary")
            until(client, "done", timeout)
            calls.append(len(stack.bedrock.prompts()))
    if not calls[0] > calls[1] == 1:  # the second summary has the notes of the first
        raise Refused


def until_uploads_are_gone(stack: Stack, token: str, timeout: float) -> None:
    """The reader deletes an upload after the document is ready."""
    deadline = time.monotonic() + timeout
    while any(key.startswith("uploads/") for key in token_objects(stack, token)):
        if time.monotonic() > deadline:
            raise Refused
        time.sleep(0.1)


def token_objects(stack: Stack, token: str) -> set[str]:
    """Return the keys of a guest's objects."""
    client = MiniStackClient(f"http://127.0.0.1:{stack.memory['ministack_port']}")
    bucket = (client.outputs(DATA_STACK) or {})[DOCUMENTS_OUTPUT]
    user_id = hashlib.sha256(token.encode()).hexdigest()
    return {key for key in client.object_keys(bucket) if f"/{user_id}/" in key}


def share(stack: Stack, token: str, conversation: str) -> None:
    """Share the conversation twice, read and copy the copy, and revoke one of the links."""
    last = history(stack, token, "GET")["turns"][-1]
    for key in (secret(f"{token} 1"), secret(f"{token} 2")):
        body = {"share_id": str(id_of(key)), "head": last["turn_id"]}
        history(stack, token, "POST", f"/conversations/{conversation}/shares", body)
        history(stack, token, "POST", f"/conversations/{conversation}/shares", body)
        answer = request(f"{stack.url}/history/shared", headers={"Share-Key": key})
        if answer.status != 200 or answer.json["turns"][-1]["text"] != last["text"]:
            raise Refused
    history(stack, token, "POST", f"/conversations/{uuid(2)}/copy", key=key)
    history(stack, token, "DELETE", f"/shares/{id_of(key)}")
    if request(f"{stack.url}/history/shared", headers={"Share-Key": key}).status != 404:
        raise Refused
    if len(history(stack, token, "GET", "/shares")["shares"]) != 1:
        raise Refused


def change_branches(stack: Stack, token: str, conversation: str, timeout: float) -> None:
    """Ask the last question again, show its first variant, and delete the second."""
    with stack.connect(token) as client:
        before, last = history(stack, token, "GET")["turns"][-2:]
        place = {"parent": before["turn_id"], "variant_of": last["turn_id"]}
        send(client, "chat", 4, conversation_id=conversation, text="안녕하세요", **place)
        until(client, "done", timeout)
    variant = history(stack, token, "GET")["turns"][-1]["turn_id"]
    path = f"/conversations/{conversation}"
    history(stack, token, "PATCH", path, {"head": last["turn_id"]})
    history(stack, token, "DELETE", f"{path}/turns/{variant}")


def send(client: ClientConnection, action: str, number: int, **fields: str) -> None:
    frame = {"action": action, "request_id": uuid(100 + number), **fields}
    client.send(json.dumps(frame))


def until(client: ClientConnection, kind: str, timeout: float) -> None:
    while True:
        try:
            frame = json.loads(client.recv(timeout=timeout))
        except TimeoutError:
            raise Refused from None
        if frame["type"] == kind:
            return
        if frame["type"] == "failed":
            raise Refused


def history(
    stack: Stack,
    token: str,
    method: str,
    path: str = "",
    body: Mapping[str, Any] | None = None,
    key: str = "",
) -> Any:
    answer = request(
        f"{stack.url}/history{path}",
        method=method,
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Share-Key": key,
        },
        body=json.dumps(body).encode() if body else None,
    )
    if answer.status >= 300:
        raise Refused
    return answer.json if answer.body else None


# One grant of each function by default; all of them take minutes.
@pytest.mark.parametrize(
    "chosen",
    [
        {
            "Routes": "lambda:InvokeFunction",
            "Worker": "dynamodb:Query",
            "HistoryApi": "dynamodb:Query",
            "Reader": "s3:GetObject uploads",
        },
        pytest.param(None, marks=pytest.mark.full),
    ],
    ids=["one each", "all"],
)
def test_the_chat_works_with_all_grants_and_without_none(
    stack: Stack, chosen: dict[str, str] | None
) -> None:
    chat_path(stack, secret("all grants"))
    roles = Roles(stack)
    grants = list(roles.grants())
    assert {function for function, *_ in grants} == {"Routes", "Worker", "HistoryApi", "Reader"}
    for function, role, policy, action in grants:
        if chosen and chosen[function] != action:
            continue
        with roles.without(role, policy, action):
            assert fails(stack, secret(f"{function} without {action}")), (function, action)
    chat_path(stack, secret("all grants again"))


def fails(stack: Stack, token: str) -> bool:
    try:
        chat_path(stack, token, DENIED_TIMEOUT_S)
    except Refused:
        return True
    return False
