"""A user pool, as far as an authorizer sees it: RSA keys, tokens, and a JWKS over real HTTP."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://cognito-idp.us-west-2.amazonaws.com/us-west-2_Example01"
CLIENT_ID = "4f8o1k2h0example0client0id"
SUBJECT = "9f8c6d1e-70a1-4c2b-9d3e-0123456789ab"


class Pool:
    """Publishes the keys in `published` by their key ids; `requests` counts who asked for them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests = 0
        self.reply: bytes | None = None  # instead of the keys; empty: the connection breaks
        self.keys: dict[str, RSAPrivateKey] = {}
        self.published: set[str] = set()
        self.add_key("first")

    def add_key(self, name: str) -> None:
        self.keys[name] = generate_private_key(public_exponent=65537, key_size=2048)
        self.published.add(name)

    def jwks(self) -> bytes:
        keys = [
            RSAAlgorithm.to_jwk(self.keys[name].public_key(), as_dict=True)
            | {"kid": name, "alg": "RS256", "use": "sig"}
            for name in sorted(self.published)
        ]
        return json.dumps({"keys": keys}).encode()

    def public_pem(self, name: str = "first") -> bytes:
        key = self.keys[name].public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def token(self, key: str = "first", kid: str | None = None, **changed: Any) -> str:
        """An access token as Cognito makes one; a claim that is None is left out."""
        claims = access_claims(**changed)
        return jwt.encode(claims, self.keys[key], "RS256", headers={"kid": kid or key})


def access_claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    usual = {
        "sub": SUBJECT,
        "iss": ISSUER,
        "client_id": CLIENT_ID,
        "origin_jti": "0c0f1f3a-0000-4000-8000-000000000001",
        "event_id": "0c0f1f3a-0000-4000-8000-000000000002",
        "token_use": "access",
        "scope": "openid email",
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        "jti": "0c0f1f3a-0000-4000-8000-000000000003",
        "username": SUBJECT,
    }
    return {name: value for name, value in (usual | changed).items() if value is not None}


@contextmanager
def serve_pool() -> Iterator[Pool]:
    pool: Pool

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pool.requests += 1
            body = pool.jwks() if pool.reply is None else pool.reply
            if not body:
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pool = Pool(f"http://127.0.0.1:{server.server_port}/.well-known/jwks.json")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield pool
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
