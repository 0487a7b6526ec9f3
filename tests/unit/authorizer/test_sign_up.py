"""Cognito's question whether somebody may sign up, and the answer."""

from typing import Any

import pytest
from authorizer import sign_up_entry
from authorizer.sign_up_entry import NotAdmitted


@pytest.fixture(autouse=True)
def _two_domains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_DOMAINS", "example.com,school.example.kr")


def ask(source: str = "PreSignUp_SignUp", **attributes: str) -> dict[str, Any]:
    event = {
        "version": "1",
        "triggerSource": source,
        "userPoolId": "us-west-2_Example01",
        "userName": "9f8c6d1e-70a1-4c2b-9d3e-0123456789ab",
        "request": {"userAttributes": attributes, "validationData": None},
        "response": {
            "autoConfirmUser": False,
            "autoVerifyEmail": False,
            "autoVerifyPhone": False,
        },
    }
    answer = sign_up_entry.lambda_handler(event, None)
    assert answer is event
    return answer


@pytest.mark.parametrize(
    "address", ["minsu@example.com", "Minsu@Example.COM", '"a@b"@school.example.kr']
)
def test_an_address_of_a_named_domain_may_sign_up_and_still_has_to_be_confirmed(
    address: str,
) -> None:
    answer = ask(email=address)
    assert not answer["response"]["autoConfirmUser"]
    assert not answer["response"]["autoVerifyEmail"]


@pytest.mark.parametrize(
    "address",
    [
        "minsu@example.org",
        "minsu@sub.example.com",
        "minsu@badexample.com",
        "minsu@example.com.example.org",
        "minsu@example.com@example.org",
        "minsu@example.com ",
        "example.com",
        "@example.com",
        "",
    ],
)
@pytest.mark.parametrize("source", ["PreSignUp_SignUp", "PreSignUp_ExternalProvider"])
def test_any_other_address_may_not(source: str, address: str) -> None:
    with pytest.raises(NotAdmitted, match=r"example\.com or school\.example\.kr") as refusal:
        ask(source, email=address)
    assert "minsu" not in str(refusal.value)


def test_nobody_signs_up_without_an_address() -> None:
    with pytest.raises(NotAdmitted):
        ask(phone_number="+820212345678")


def test_an_administrator_may_add_anybody() -> None:
    ask("PreSignUp_AdminCreateUser", email="guest@example.org")
