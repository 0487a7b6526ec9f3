"""Both APIs: routes, authorizers, throttles and API Gateway's own errors."""

import json
from collections.abc import Iterator
from itertools import chain, combinations
from typing import Any

import pytest

from tests.infrastructure.conftest import Assembly, Json

ANSWERED = {"chat", "stop", "resume", "continue", "ping", "$default"}


def routes_of(assembly: Assembly) -> dict[str, Json]:
    return {
        route["RouteKey"]: route
        for route in assembly.service.properties("AWS::ApiGatewayV2::Route")
    }


def test_every_frame_of_the_protocol_has_a_route(aws: Assembly) -> None:
    _, api = aws.service.one("AWS::ApiGatewayV2::Api")

    assert routes_of(aws).keys() == {"$connect", "$disconnect"} | ANSWERED
    assert api["Properties"]["RouteSelectionExpression"] == "$request.body.action"


def test_all_routes_reach_the_routes_function(aws: Assembly) -> None:
    name, _ = aws.service.function("routes")
    integration, resource = aws.service.one("AWS::ApiGatewayV2::Integration")

    assert f"<{name}.Arn>/invocations" in aws.service.text(resource["Properties"]["IntegrationUri"])
    targets = {aws.service.text(route["Target"]) for route in routes_of(aws).values()}
    assert targets == {f"integrations/<{integration}>"}


def test_every_frame_has_a_route_response(aws: Assembly) -> None:
    routes = aws.service.all("AWS::ApiGatewayV2::Route")
    responses = aws.service.properties("AWS::ApiGatewayV2::RouteResponse")
    answered = {
        routes[response["RouteId"]["Ref"]]["Properties"]["RouteKey"] for response in responses
    }

    assert answered == ANSWERED
    assert {response["RouteResponseKey"] for response in responses} == {"$default"}
    for key, route in routes_of(aws).items():
        expected = "$default" if key in ANSWERED else None
        assert route.get("RouteResponseSelectionExpression") == expected


@pytest.mark.parametrize("target", ["aws", "local"])
def test_changes_of_the_websocket_api_never_run_at_the_same_time(
    assemblies: dict[str, Assembly], target: str
) -> None:
    """API Gateway refuses concurrent changes of one API with a ConflictException."""
    resources = assemblies[target].service.body["Resources"]
    kinds = ("Route", "RouteResponse", "Stage")
    changes = {
        name: before(name, resources)
        for name, each in resources.items()
        if each["Type"] in {f"AWS::ApiGatewayV2::{kind}" for kind in kinds}
    }

    (stage,) = (name for name in changes if resources[name]["Type"].endswith("::Stage"))
    assert changes.keys() - {stage} <= changes[stage]
    for first, second in combinations(changes, 2):
        assert (first in changes[second]) != (second in changes[first])


def before(name: str, resources: Json) -> set[str]:
    """Return the resources that CloudFormation completes before it begins `name`."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        each = resources[waiting.pop()]
        named = {*each.get("DependsOn", []), *references(each["Properties"])}
        waiting += (named & resources.keys()) - found
        found |= named
    return found


def references(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, _]}:
            yield name
        case dict():
            yield from chain.from_iterable(map(references, value.values()))
        case list():
            yield from chain.from_iterable(map(references, value))


def test_connecting_is_authorized_by_the_subprotocol(aws: Assembly) -> None:
    name, authorizer = aws.service.one("AWS::ApiGatewayV2::Authorizer")
    connect = routes_of(aws)["$connect"]

    assert connect["AuthorizationType"] == "CUSTOM"
    assert connect["AuthorizerId"] == {"Ref": name}
    assert authorizer["Properties"]["AuthorizerType"] == "REQUEST"
    assert authorizer["Properties"]["IdentitySource"] == [
        "route.request.header.Sec-WebSocket-Protocol"
    ]


def test_both_stages_are_named_and_throttled(full: Assembly) -> None:
    _, socket = full.service.one("AWS::ApiGatewayV2::Stage")
    _, rest = full.service.one("AWS::ApiGateway::Stage")
    methods = {
        (each["HttpMethod"], each["ResourcePath"].replace("~1", "/")): limits(each)
        for each in rest["Properties"]["MethodSettings"]
    }

    assert socket["Properties"]["StageName"] == "chat"
    assert socket["Properties"]["AutoDeploy"] is True
    assert rest["Properties"]["StageName"] == "api"
    frames = socket["Properties"]["DefaultRouteSettings"]
    connect = socket["Properties"]["RouteSettings"]["$connect"]
    assert [limits(frames), limits(connect)] == [(50, 200), (10, 100)]
    assert methods == {
        ("*", "/*"): (20, 200),
        ("POST", "//history/search"): (2, 20),
        ("GET", "//history/shared"): (5, 50),
    }


def limits(settings: Json) -> tuple[int, int]:
    return settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]


DOCUMENTS = "/history/conversations/{id}/documents"
DOCUMENT_METHODS = {
    ("GET", DOCUMENTS),
    ("POST", DOCUMENTS),
    ("DELETE", f"{DOCUMENTS}/{{document_id}}"),
    ("POST", f"{DOCUMENTS}/{{document_id}}/read"),
    ("GET", f"{DOCUMENTS}/{{document_id}}/text"),
}


SHARED = ("GET", "/history/shared")
SHARE_METHODS = {
    SHARED,
    ("POST", "/history/conversations/{id}/shares"),
    ("POST", "/history/conversations/{id}/copy"),
    ("GET", "/history/shares"),
    ("DELETE", "/history/shares/{share_id}"),
}


FEEDBACK = "/history/conversations/{id}/turns/{turn_id}/feedback"
RATING_METHODS = {("PUT", FEEDBACK), ("DELETE", FEEDBACK)}


@pytest.mark.parametrize(
    ("stage", "added"),
    [
        ("aws", DOCUMENT_METHODS | RATING_METHODS),
        ("plain", set()),
        ("full", DOCUMENT_METHODS | RATING_METHODS | SHARE_METHODS),  # with accounts
    ],
)
def test_every_method_of_the_history_api_but_one_is_authorized(
    assemblies: dict[str, Assembly], stage: str, added: set[tuple[str, str]]
) -> None:
    service = assemblies[stage].service
    name, authorizer = service.one("AWS::ApiGateway::Authorizer")
    resources = service.all("AWS::ApiGateway::Resource")

    def path(resource_id: str) -> str:
        properties = resources[resource_id]["Properties"]
        parent = properties["ParentId"].get("Ref")
        return (path(parent) if parent else "") + "/" + str(properties["PathPart"])

    methods = {
        (method["HttpMethod"], path(method["ResourceId"]["Ref"])): method
        for method in service.properties("AWS::ApiGateway::Method")
    }
    assert methods.keys() == added | {
        ("GET", "/history"),
        ("DELETE", "/history"),
        ("POST", "/history/search"),
        ("GET", "/history/instructions"),
        ("PUT", "/history/instructions"),
        ("GET", "/history/conversations"),
        ("PATCH", "/history/conversations/{id}"),
        ("DELETE", "/history/conversations/{id}"),
        ("DELETE", "/history/conversations/{id}/turns/{turn_id}"),
    }
    for each, method in methods.items():
        is_public = each == SHARED
        assert method["AuthorizationType"] == ("NONE" if is_public else "CUSTOM")
        assert method.get("AuthorizerId") == (None if is_public else {"Ref": name})
        assert method["Integration"]["Type"] == "AWS_PROXY"
    assert authorizer["Properties"]["IdentitySource"] == "method.request.header.Authorization"
    assert authorizer["Properties"]["AuthorizerResultTtlInSeconds"] == (
        0 if stage == "full" else 300
    )


def test_gateway_errors_have_the_format_of_the_history_api(aws: Assembly) -> None:
    errors = {
        error["ResponseType"]: error
        for error in aws.service.properties("AWS::ApiGateway::GatewayResponse")
    }

    for error in errors.values():
        body = json.loads(error["ResponseTemplates"]["application/json"])
        assert body.keys() == {"code", "message"}
    assert errors["UNAUTHORIZED"]["StatusCode"] == "401"
    assert errors["ACCESS_DENIED"]["StatusCode"] == "403"
    assert errors["MISSING_AUTHENTICATION_TOKEN"]["StatusCode"] == "404"
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED"} <= errors.keys()
