"""Refuses what DynamoDB refuses in expressions and moto lets pass."""

import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)
PLACEHOLDER = re.compile(r"[#:][A-Za-z0-9_]+")
WORD = re.compile(r"(?<![#:A-Za-z0-9_])[A-Za-z_][A-Za-z0-9_]*")
# Keywords of the expression language; every other reserved word needs a placeholder.
GRAMMAR = {"set", "remove", "add", "delete", "and", "or", "not", "between", "in", "size"}
RESERVED = frozenset(
    files("moto.dynamodb.parsing").joinpath("reserved_keywords.txt").read_text().lower().split()
)


def check_request(params: Mapping[str, Any], **_: object) -> None:
    """A handler of botocore's `before-call` event; raises AssertionError."""
    for request in _requests(json.loads(params["body"])):
        _check(request)


def _requests(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield body
    for item in body.get("TransactItems", []):
        yield from item.values()


def _check(request: Mapping[str, Any]) -> None:
    text = " ".join(request[name] for name in EXPRESSIONS if name in request)
    given = {
        *request.get("ExpressionAttributeNames", {}),
        *request.get("ExpressionAttributeValues", {}),
    }
    used = set(PLACEHOLDER.findall(text))
    assert given == used, f"unused or undefined: {given ^ used} in {text!r}"
    bare = {word.lower() for word in WORD.findall(text)} - GRAMMAR
    assert not bare & RESERVED, f"reserved: {bare & RESERVED} in {text!r}"
