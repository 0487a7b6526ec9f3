"""The verification of a Cognito user pool's access tokens by the pool's public keys.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

import re

import jwt
from jwt import PyJWK, PyJWKClient, PyJWKSet

from authorizer.token import Refused

# The subject becomes a part of the table's keys.
SUBJECT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REQUIRED = ["client_id", "exp", "iat", "iss", "sub", "token_use"]
LEEWAY_SECONDS = 5  # difference allowed between two clocks of AWS
# Cognito publishes an old key while tokens signed with it are valid.
KEYS_TTL_SECONDS = 3600
# Time between two lookups of unknown key ids: a token can name any id.
COOL_DOWN_SECONDS = 30
TIMEOUT_SECONDS = 2


class KeysUnavailable(Exception):
    """The pool's keys cannot be fetched, and none are cached. The token may be valid."""


class Verifier:
    """Verifies tokens with the pool's keys, which it caches."""

    def __init__(self, *, issuer: str, jwks_url: str, client_id: str) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._keys = _KeyCache(
            jwks_url,
            lifespan=KEYS_TTL_SECONDS,
            timeout=TIMEOUT_SECONDS,
            cooldown_duration=COOL_DOWN_SECONDS,
        )

    def user_id(self, token: str) -> str:
        """Return the subject of an access token that was issued to this deployment's client.

        Raise Refused for any other token, KeysUnavailable if it cannot be verified.
        """
        try:
            claims = jwt.decode(
                token,
                self._key(token),
                algorithms=["RS256"],
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                # The audience of an access token is in client_id.
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
        # A token that cannot be valid must not cause a lookup of keys.
        if header.get("alg") != "RS256" or "kid" not in header:
            raise Refused
        return self._keys.get_signing_key(header["kid"])


class _KeyCache(PyJWKClient):
    """A cache of the pool's keys that outlives its TTL while they cannot be fetched."""

    _known: PyJWKSet | None = None

    def get_jwk_set(self, refresh: bool = False) -> PyJWKSet:
        try:
            self._known = super().get_jwk_set(refresh)
        except Exception as error:  # PyJWT passes on what an unreadable response raises
            if self._known is None or self.jwk_set_cache is None:
                raise KeysUnavailable(type(error).__name__) from None
            self.jwk_set_cache.put(self._known)
        return self._known
