"""The parts of the proof that need no emulator."""

import platform
import shutil
from pathlib import Path

import pytest

from tests.arm64 import debian
from tests.arm64.api_gateway import route_key
from tests.arm64.debian import Arm64Python, Unsupported, apt_configuration, source_entry
from tests.arm64.endpoint import Call, requested_calls
from tests.arm64.lambda_service import Function, lambda_variables
from tests.builders import frame

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/chat"


def test_apt_leaves_the_machine_s_own_state_alone(tmp_path: Path) -> None:
    configuration = apt_configuration(tmp_path, ["arm64", "amd64"])

    folders = [line for line in configuration.splitlines() if line.startswith("Dir::")]
    assert len(folders) >= 6
    own = ('"/dev/null";', f'"{tmp_path}')
    assert [line for line in folders if not any(path in line for path in own)] == []
    assert 'APT::Architectures { "arm64"; "amd64"; };' in configuration


def test_packages_are_verified_by_debian_s_keys() -> None:
    entry = source_entry("http://mirror.example/debian", ["arm64"])

    assert f"Signed-By: {debian.KEYRING}\n" in entry
    assert "URIs: http://mirror.example/debian\n" in entry


def test_an_arm64_machine_needs_no_emulator() -> None:
    native = Arm64Python(Path("/arm64"), None).command
    emulated = Arm64Python(Path("/arm64"), Path("/arm64/qemu")).command

    assert native[0] == "/arm64/usr/lib/ld-linux-aarch64.so.1"
    assert emulated == ["/arm64/qemu", *native]


def test_another_system_is_refused_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")

    with pytest.raises(Unsupported, match="run the command in a container"):
        debian.host_architecture()


def test_missing_keys_are_named_with_their_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(debian, "KEYRING", tmp_path / "none.gpg")

    with pytest.raises(Unsupported, match="apt-get install debian-archive-keyring"):
        debian.host_architecture()


def test_a_function_s_own_variables_come_after_those_of_lambda() -> None:
    function = Function("worker", Path("/p"), "m.f", 128, 3, {"STAGE": "prod", "TZ": ":Asia/Seoul"})

    variables = lambda_variables(function)

    assert variables["LAMBDA_TASK_ROOT"] == "/p"
    assert (variables["STAGE"], variables["TZ"]) == ("prod", ":Asia/Seoul")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (frame("chat"), "chat"),
        (frame("dance"), "$default"),
        ("not JSON", "$default"),
        ("[]", "$default"),
        ('{"action": ["chat"]}', "$default"),
        ("{}", "$default"),
    ],
)
def test_a_frame_selects_its_route_or_the_default(text: str, key: str) -> None:
    assert route_key(text, frozenset({"chat", "$default"})) == key


@pytest.mark.parametrize(
    ("service", "path", "body", "calls"),
    [
        (
            "lambda",
            "/2015-03-31/functions/worker/invocations",
            {},
            [("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:000000000000:function:worker")],
        ),
        (
            "bedrock",
            "/model/meta.llama3-70b-instruct-v1%3A0/invoke-with-response-stream",
            {},
            [
                (
                    "bedrock:InvokeModelWithResponseStream",
                    "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-70b-instruct-v1:0",
                )
            ],
        ),
        (
            "execute-api",
            "/chat/@connections/a%2Fb%3D",
            {},
            [
                (
                    "execute-api:ManageConnections",
                    "arn:aws:execute-api:us-east-1:000000000000:abcdefghij/chat/POST/@connections/a/b=",
                )
            ],
        ),
        (
            "dynamodb",
            "/",
            {"TableName": "chat", "IndexName": "by_activity"},
            [("dynamodb:Query", f"{TABLE}/index/by_activity")],
        ),
    ],
    ids=["lambda", "bedrock", "execute-api", "dynamodb"],
)
def test_a_request_needs_permission_for_its_call(
    service: str, path: str, body: dict[str, str], calls: list[tuple[str, str]]
) -> None:
    target = "DynamoDB_20120810.Query" if service == "dynamodb" else ""

    found = list(requested_calls(service, "us-east-1", path, target, body))

    assert found == [Call(*call) for call in calls]


def test_a_transaction_needs_permission_for_each_item() -> None:
    items = [
        {"Put": {"TableName": "chat"}},
        {"Update": {"TableName": "chat"}},
        {"ConditionCheck": {"TableName": "chat"}},
    ]

    found = requested_calls(
        "dynamodb",
        "us-east-1",
        "/",
        "DynamoDB_20120810.TransactWriteItems",
        {"TransactItems": items},
    )

    assert [call.action for call in found] == [
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:ConditionCheckItem",
    ]
