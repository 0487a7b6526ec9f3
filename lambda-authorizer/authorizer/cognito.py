"""Access tokens of one Cognito user pool, verified here without asking Cognito about each.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

import re

import jwt
from jwt import PyJWK, PyJWKClient, PyJWKSet

from authorizer.token import Refused

SUBJECT = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)  # becomes a part of the table's keys
REQUIRED = ["client_id", "exp", "iat", "iss", "sub", "token_use"]
LEEWAY_S = 5  # how far two clocks of AWS may differ
# Cognito keeps old keys published while tokens signed by them live, so an hour is often enough.
KEYS_LIFE_S = 3600
# An unknown key id is looked up anew, but not more often: anybody can make up key ids.
COOL_DOWN_S = 30
TIMEOUT_S = 2


class KeysUnavailable(Exception):
    """The pool's keys could not be had, and none are known: nobody's fault who asks."""


class Verifier:
    """Knows the pool's keys for as long as it lives."""

    def __init__(self, *, issuer: str, jwks_url: str, client_id: str) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._keys = _Keys(
            jwks_url,
            lifespan=KEYS_LIFE_S,
            timeout=TIMEOUT_S,
            cooldown_duration=COOL_DOWN_S,
        )

    def user_id(self, token: str) -> str:
        """The subject of a valid access token that our own client was given.

        Raises Refused for any other token, KeysUnavailable where that cannot be told.
        """
        try:
            claims = jwt.decode(
                token,
                self._key(token),
                algorithms=["RS256"],
                issuer=self._issuer,
                leeway=LEEWAY_S,
                # An access token names its audience in client_id.
                options={"require": REQUIRED, "verify_aud": False},
            )
        except (jwt.PyJWTError, RecursionError):
            raise Refused from None
        expected = ("access", self._client_id)
        if (claims["token_use"], claims["client_id"]) != expected:
            raise Refused
        if not SUBJECT.fullmatch(claims["sub"]):
            raise Refused
        return str(claims["sub"])

    def _key(self, token: str) -> PyJWK:
        header = jwt.get_unverified_header(token)
        # Only what could become a valid token is worth a look at the keys.
        if header.get("alg") != "RS256" or "kid" not in header:
            raise Refused
        return self._keys.get_signing_key(header["kid"])


class _Keys(PyJWKClient):
    """While the pool's keys cannot be had, those that are known go on to be good."""

    _known: PyJWKSet | None = None

    def get_jwk_set(self, refresh: bool = False) -> PyJWKSet:
        try:
            self._known = super().get_jwk_set(refresh)
        except Exception as error:  # no answer, or one that is no set of keys, in whatever way
            if self._known is None or self.jwk_set_cache is None:
                raise KeysUnavailable(type(error).__name__) from None
            self.jwk_set_cache.put(self._known)
        return self._known
