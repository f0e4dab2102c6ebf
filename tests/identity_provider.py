"""An OpenID Connect provider in a process of its own, for tests: a key, codes good once, and mischief on demand.

`/authorize` shows its people as links, as a login page would; `&as=anna` chooses one at once. `&mischief=expired`
makes the answer of that very code a bad one; MISCHIEF lists what it knows. Run as `identity_provider.py PORT`.
"""

import json
import secrets
import socket
import subprocess
import sys
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT, SECRET = "portal", "a secret & odd one"
PEOPLE: dict[str, dict[str, Any]] = {
    "anna": {
        "email": "anna@example.org",
        "email_verified": True,
        "name": "Anna Field",
        "groups": ["data", "staff"],
    },
    "boris": {
        "email": "boris@example.org",
        "email_verified": False,
        "name": "Boris Moor",
        "groups": ["staff"],
    },
    "chief": {
        "email": "chief@example.org",
        "email_verified": True,
        "name": "The Chief",
        "groups": ["chiefs"],
    },
    "many": {"email": "many@example.org", "email_verified": True, "_claim_names": {"groups": "src1"}},
}
MISCHIEF = (
    "expired", "early", "nonce", "no_nonce", "issuer", "audience", "other_party", "signature", "unsigned",
    "shared_secret", "unknown_key", "no_subject", "at_hash", "not_a_token", "userinfo", "broken",
)  # fmt: skip


class Provider(ThreadingHTTPServer):
    """Its key, and what it knows of codes."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        from cryptography.hazmat.primitives.asymmetric import rsa

        self.issuer = f"http://127.0.0.1:{self.server_address[1]}/realm"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, dict[str, str]] = {}

    def keys(self) -> dict[str, Any]:
        import jwt

        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]}

    def id_token(self, asked: dict[str, str], access_token: str) -> str:
        import jwt
        from cryptography.hazmat.primitives.asymmetric import rsa

        mischief, now = asked.get("mischief", ""), int(time.time())
        digest = sha256(access_token.encode()).digest()[:16]
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": f"subject-of-{asked['as']}",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "at_hash": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "preferred_username": asked["as"],
        }
        changes: dict[str, dict[str, Any]] = {
            "expired": {"iat": now - 900, "exp": now - 600},
            "early": {"iat": now + 600},
            "nonce": {"nonce": "of-somebody-else"},
            "issuer": {"iss": "https://another.example"},
            "audience": {"aud": "another application"},
            "other_party": {"aud": [CLIENT, "another"], "azp": "another"},
            "at_hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        }
        claims |= changes.get(mischief, {})
        for name in {"no_nonce": ["nonce"], "no_subject": ["sub"]}.get(mischief, []):
            del claims[name]
        if mischief == "not_a_token":
            return "this.is.nothing"
        if mischief == "unsigned":
            return jwt.encode(claims, None, algorithm="none")
        if mischief == "shared_secret":
            return jwt.encode(claims, SECRET.ljust(32, "."), algorithm="HS256", headers={"kid": "one"})
        key = rsa.generate_private_key(65537, 2048) if mischief == "signature" else self.key
        kid = "two" if mischief == "unknown_key" else "one"
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})


class Handler(BaseHTTPRequestHandler):
    """The endpoints."""

    server: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        place = parts.path.removeprefix("/realm")
        if place == "/.well-known/openid-configuration":
            self.answer(200, self.description())
        elif place == "/keys":
            self.answer(200, self.server.keys())
        elif place == "/authorize":
            self.authorize(asked)
        elif place == "/userinfo":
            self.userinfo()
        elif place == "/favicon.ico":
            self.send(200, b"", "image/x-icon")
        elif place == "/logout":
            self.page(
                f"<h1>Signed out at the provider</h1><a href='{asked['post_logout_redirect_uri']}'>Back</a>"
            )
        else:
            self.answer(404, {})

    def description(self) -> dict[str, Any]:
        here = self.server.issuer
        return {
            "issuer": here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "jwks_uri": f"{here}/keys",
            "userinfo_endpoint": f"{here}/userinfo",
            "end_session_endpoint": f"{here}/logout",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def authorize(self, asked: dict[str, str]) -> None:
        if "as" not in asked:
            links = "".join(
                f"<li><a href='{self.path}&as={name}'>Sign in as {name}</a></li>" for name in PEOPLE
            )
            self.page(f"<h1>Who are you?</h1><ul>{links}</ul>")
            return
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.server.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.server.issuer}
        if asked["as"] == "nobody":
            back = {"error": "access_denied", "state": asked["state"]}
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(back)}")
        self.end_headers()

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = self.server.codes.pop(form["code"][0], None)
        if asked is not None and asked.get("mischief") == "broken":
            self.answer(500, {})
            return
        challenge = (
            urlsafe_b64encode(sha256(form["code_verifier"][0].encode()).digest()).rstrip(b"=").decode()
        )
        _, _, pair = self.headers.get("Authorization", "").partition(" ")
        known = b64decode(pair).decode() == urlencode({"": SECRET}).replace("=", f"{CLIENT}:", 1)
        fits = asked is not None and asked["code_challenge"] == challenge
        if asked is None or not fits or not known or form["redirect_uri"][0] != asked["redirect_uri"]:
            self.answer(400, {"error": "invalid_grant"})
            return
        access = secrets.token_urlsafe(16)
        self.server.tokens[access] = asked
        token = self.server.id_token(asked, access)
        self.answer(200, {"access_token": access, "token_type": "Bearer", "id_token": token})

    def userinfo(self) -> None:
        asked = self.server.tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if asked is None:
            self.answer(401, {})
            return
        subject = "subject-of-boris" if asked.get("mischief") == "userinfo" else f"subject-of-{asked['as']}"
        self.answer(200, {"sub": subject, **PEOPLE.get(asked["as"], {})})

    def answer(self, status: int, document: dict[str, Any]) -> None:
        self.send(status, json.dumps(document).encode(), "application/json")

    def page(self, html: str) -> None:
        self.send(200, f"<!doctype html><title>Provider</title>{html}".encode(), "text/html")

    def send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def running_provider() -> Iterator[str]:
    """The issuer of a provider that runs until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, __file__, str(port)], start_new_session=True)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the provider ended at once"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/realm"
    finally:
        process.terminate()
        process.wait(timeout=10)


if __name__ == "__main__":
    Provider(int(sys.argv[1])).serve_forever()
