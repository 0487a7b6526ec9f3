"""Tokens of a user pool: real RSA keys, real HTTP, and what an attacker would try."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from authorizer import cognito, entry
from authorizer.cognito import KeysUnavailable, Verifier
from authorizer.token import Refused
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import REST_ARN, WEBSOCKET_ARN, authorizer_event
from tests.unit.authorizer.pool import (
    CLIENT_ID,
    ISSUER,
    SUBJECT,
    Pool,
    access_claims,
    serve_pool,
)

HOUR = 3600


@pytest.fixture
def pool() -> Iterator[Pool]:
    with serve_pool() as pool:
        yield pool


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that PyJWKClient's clock is ahead: for its cool-down and the keys' age."""
    ahead = [0.0]
    real = time.monotonic
    monkeypatch.setattr("jwt.jwks_client.time.monotonic", lambda: real() + ahead[0])
    return ahead


def verifier(pool: Pool) -> Verifier:
    return Verifier(issuer=ISSUER, jwks_url=pool.url, client_id=CLIENT_ID)


def test_an_access_token_names_its_subject(pool: Pool) -> None:
    assert verifier(pool).user_id(pool.token()) == SUBJECT


def test_the_keys_are_asked_for_once(pool: Pool) -> None:
    known = verifier(pool)
    for number in range(20):
        assert known.user_id(pool.token(jti=str(number))) == SUBJECT
    assert pool.requests == 1


def seconds(**offsets: int) -> dict[str, Any]:
    now = int(time.time())
    return {name: now + offset for name, offset in offsets.items()}


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://cognito-idp.us-west-2.amazonaws.com/us-west-2_Another01"},
        {"iss": f"{ISSUER}/"},
        {"client_id": "another0client0of0the0pool"},
        {"token_use": "id", "aud": CLIENT_ID},
        {"token_use": "id", "aud": CLIENT_ID, "client_id": None},
        {"token_use": "refresh"},
        {"sub": "minsu"},
        {"sub": f"{SUBJECT}#other"},
        {"sub": f"{SUBJECT}\n"},
        {"sub": SUBJECT.upper()},
        {"sub": ""},
        seconds(iat=-2 * HOUR, exp=-HOUR),
        seconds(iat=-2 * HOUR, exp=-cognito.LEEWAY_SECONDS - 5),
        seconds(iat=HOUR, exp=2 * HOUR),
        seconds(nbf=HOUR, exp=2 * HOUR),
        {"exp": "tomorrow"},
        *({name: None} for name in cognito.REQUIRED),
    ],
    ids=lambda claims: ",".join(claims),  # equal in all xdist workers: values depend on the clock
)
def test_a_token_that_is_not_meant_for_here_and_now_is_refused(
    pool: Pool, claims: dict[str, Any]
) -> None:
    with pytest.raises(Refused):
        verifier(pool).user_id(pool.token(**claims))


def test_clocks_may_differ_a_little(pool: Pool) -> None:
    known = verifier(pool)
    assert known.user_id(pool.token(**seconds(exp=-1)))
    assert known.user_id(pool.token(**seconds(iat=3, exp=HOUR)))


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in (header, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_a_token_without_a_signature_is_refused(pool: Pool, algorithm: str) -> None:
    header = {"alg": algorithm, "kid": "first", "typ": "JWT"}
    with pytest.raises(Refused):
        verifier(pool).user_id(unsigned(header, access_claims()))


def test_the_public_key_is_no_password(pool: Pool) -> None:
    """HS256 with the public key as its secret: the classic confusion of algorithms."""
    head = unsigned({"alg": "HS256", "kid": "first"}, access_claims())[:-1]
    for secret in (pool.public_pem(), pool.public_pem().strip(), pool.jwks()):
        digest = hmac.new(secret, head.encode(), hashlib.sha256).digest()
        signature = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        with pytest.raises(Refused):
            verifier(pool).user_id(f"{head}.{signature}")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_an_algorithm_that_cognito_does_not_use_is_refused(pool: Pool, algorithm: str) -> None:
    token = jwt.encode(access_claims(), pool.keys["first"], algorithm, headers={"kid": "first"})
    with pytest.raises(Refused):
        verifier(pool).user_id(token)


def test_a_signature_of_another_key_is_refused(pool: Pool) -> None:
    pool.add_key("secret")
    pool.published.remove("secret")
    with pytest.raises(Refused):
        verifier(pool).user_id(pool.token("secret", kid="first"))


def test_a_changed_token_is_refused(pool: Pool) -> None:
    header, claims, signature = pool.token().split(".")
    other = unsigned({}, access_claims(sub=SUBJECT.replace("9", "8"))).split(".")[1]
    for changed in (
        f"{header}.{other}.{signature}",
        f"{header}.{claims}.{signature[:-8]}AAAAAAAA",
        f"{header}.{claims}.",
        f"{header}.{claims}",
        f"{header}.{claims}.{signature}.{signature}",
    ):
        with pytest.raises(Refused):
            verifier(pool).user_id(changed)


def test_a_key_in_the_token_itself_counts_for_nothing(pool: Pool) -> None:
    pool.add_key("own")
    pool.published.remove("own")
    key = json.loads(
        jwt.algorithms.RSAAlgorithm.to_jwk(pool.keys["own"].public_key(), as_dict=False)
    )
    header = {"kid": "own", "jwk": key, "jku": "http://127.0.0.1:1/jwks.json"}
    with pytest.raises(Refused):
        verifier(pool).user_id(
            jwt.encode(access_claims(), pool.keys["own"], "RS256", headers=header)
        )


def test_a_rotated_key_is_fetched_and_the_old_one_stays_good(
    pool: Pool, clock: list[float]
) -> None:
    known = verifier(pool)
    known.user_id(pool.token())
    pool.add_key("second")
    clock[0] += cognito.COOL_DOWN_SECONDS
    assert known.user_id(pool.token("second")) == SUBJECT
    assert known.user_id(pool.token("first")) == SUBJECT
    assert pool.requests == 2


def test_a_withdrawn_key_is_no_longer_trusted_when_the_keys_are_old(
    pool: Pool, clock: list[float]
) -> None:
    known = verifier(pool)
    known.user_id(pool.token())
    pool.add_key("second")
    pool.published.remove("first")
    clock[0] += cognito.KEYS_TTL_SECONDS
    with pytest.raises(Refused):
        known.user_id(pool.token("first"))


def test_made_up_key_ids_do_not_make_us_ask_again_and_again(pool: Pool, clock: list[float]) -> None:
    known = verifier(pool)
    for number in range(50):
        with pytest.raises(Refused):
            known.user_id(pool.token(kid=f"made up {number}"))
    assert pool.requests == 1
    clock[0] += cognito.COOL_DOWN_SECONDS
    for number in range(50):
        with pytest.raises(Refused):
            known.user_id(pool.token(kid=f"made up {number}"))
    assert pool.requests == 2


@pytest.mark.parametrize(
    "reply", [b"", b"<html>", b"[]", b'{"keys": []}', b'{"keys": [{"kty": "oct"}]}']
)
def test_an_outage_leaves_the_known_keys_in_force(
    pool: Pool, clock: list[float], reply: bytes
) -> None:
    known = verifier(pool)
    known.user_id(pool.token())
    pool.reply = reply
    clock[0] += cognito.KEYS_TTL_SECONDS
    for _ in range(20):
        assert known.user_id(pool.token()) == SUBJECT
    with pytest.raises(Refused):
        known.user_id(pool.token(kid="new"))
    asked = pool.requests
    assert asked <= 3
    pool.reply = None
    pool.add_key("new")
    clock[0] += cognito.COOL_DOWN_SECONDS
    assert known.user_id(pool.token("new")) == SUBJECT


def test_an_outage_from_the_start_is_not_the_caller_s_fault(pool: Pool) -> None:
    pool.reply = b""
    known = verifier(pool)
    with pytest.raises(KeysUnavailable):
        known.user_id(pool.token())
    pool.reply = None
    assert known.user_id(pool.token()) == SUBJECT


@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda raw: f"e30.{raw.hex()}.e30"))
def test_no_text_breaks_the_verifier_or_reaches_the_pool(text: str) -> None:
    # Nothing listens on the discard port: a request would be KeysUnavailable.
    closed = Verifier(issuer=ISSUER, jwks_url="http://127.0.0.1:9/", client_id=CLIENT_ID)
    with pytest.raises(Refused):
        closed.user_id(text)


def test_a_header_nested_beyond_reason_is_refused() -> None:
    closed = Verifier(issuer=ISSUER, jwks_url="http://127.0.0.1:9/", client_id=CLIENT_ID)
    deep = base64.urlsafe_b64encode(b"[" * 9_000).decode().rstrip("=")
    with pytest.raises(Refused):
        closed.user_id(f"{deep}.e30.e30")


# Through the entry point, as API Gateway calls it.


@pytest.fixture
def signed_in(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    for name, value in (
        ("AUTH", "cognito"),
        ("COGNITO_ISSUER", ISSUER),
        ("COGNITO_JWKS_URL", pool.url),
        ("COGNITO_CLIENT_ID", CLIENT_ID),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PAGE_URL", raising=False)
    entry.bootstrap.cache_clear()
    yield pool
    entry.bootstrap.cache_clear()


def both_ways(token: str) -> list[dict[str, Any]]:
    protocols = {"Sec-WebSocket-Protocol": f"chat.v1, bearer.{token}"}
    return [
        authorizer_event({"Authorization": f"Bearer {token}"}, REST_ARN),
        authorizer_event(protocols, WEBSOCKET_ARN),
    ]


def test_a_token_opens_both_apis_and_its_subject_is_the_user(signed_in: Pool) -> None:
    for event in both_ways(signed_in.token()):
        answer = entry.lambda_handler(event, None)
        assert answer["principalId"] == SUBJECT
        assert answer["context"] == {"user_id": SUBJECT}
    assert signed_in.requests == 1


def test_a_bad_token_is_refused_without_a_trace(
    signed_in: Pool, capfd: pytest.CaptureFixture[str]
) -> None:
    token = signed_in.token(client_id="another")
    for event in both_ways(token):
        with pytest.raises(Exception, match=r"\AUnauthorized\Z") as refused:
            entry.lambda_handler(event, None)
        assert refused.value.__suppress_context__
    assert token not in "".join(capfd.readouterr())


def test_a_guest_s_secret_is_no_token_of_the_pool(signed_in: Pool) -> None:
    for event in both_ways("A" * 43):
        with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
            entry.lambda_handler(event, None)


def test_a_failure_of_ours_is_not_called_unauthorized(signed_in: Pool) -> None:
    signed_in.reply = b""
    for event in both_ways(signed_in.token()):
        with pytest.raises(KeysUnavailable) as failure:
            entry.lambda_handler(event, None)
        assert signed_in.url not in str(failure.value)
