"""A real OpenID Connect provider for tests: Django OAuth Toolkit, which shares no code with ours.

`tests.openid.program` serves one folder: `claims.json` has what it says of each person,
`hostile.json` turns it into a provider that lies, `key.pem` is its key. Its protocol is oauthlib's
and its signatures jwcrypto's; the console's are Authlib's and joserfc's.
"""

import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from demo.place import any_port

CONSOLE = "http://127.0.0.1:8001"
CLIENT = "activation-desk"
SECRET = "a secret: of 100% / + signs"
PASSWORD = "of the university"
PEOPLE = ("anna", "boris")
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class OpenIdProvider:
    """A running provider: what it says is set here, and people sign in at it."""

    def __init__(self, folder: Path, issuer: str) -> None:
        self._folder = folder
        self.issuer = issuer
        self.secret_file = folder / "secret"

    def says(self, person: str, **claims: Any) -> None:
        """Say this of a person, besides who it is."""
        file = self._folder / "claims.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {person: claims}))

    @contextmanager
    def hostile(self, **lies: Any) -> Iterator[None]:
        """Sign with another `alg` or `key`, or with other `claims` (None: without it)."""
        file = self._folder / "hostile.json"
        file.write_text(json.dumps(lies))
        yield
        file.unlink()

    def change_key(self) -> None:
        (self._folder / "key.pem").write_text(_new_key())

    async def answer(self, address: str, person: str, password: str = PASSWORD) -> str:
        """Sign in as a browser does, and return the address to which that leads back."""
        async with httpx.AsyncClient() as browser:
            response = await browser.get(address)
            while response.is_redirect or response.status_code == 200:
                if response.is_redirect:
                    onward = urljoin(str(response.url), response.headers["location"])
                    if not onward.startswith(self.issuer.removesuffix("/o")):
                        return onward
                    response = await browser.get(onward)
                    continue
                token = html.unescape(_CSRF.findall(response.text)[0])
                form = {"csrfmiddlewaretoken": token, "username": person, "password": password}
                response = await browser.post(str(response.url), data=form)
                assert response.is_redirect, response.text
        raise AssertionError(f"{response.status_code}: {response.text}")


@contextmanager
def running(folder: Path, *redirects: str, host: str = "127.0.0.1") -> Iterator[OpenIdProvider]:
    """Run a provider whose client may be sent back to these addresses."""
    port = any_port()
    issuer = f"http://{host}:{port}/o"
    (folder / "secret").write_text(f"{SECRET}\n")
    (folder / "claims.json").write_text("{}")
    (folder / "key.pem").write_text(_new_key())
    command = [sys.executable, "-m", "tests.openid.program", issuer, str(folder), *redirects]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process,  # noqa: S603
    ):
        try:
            assert process.stdout is not None
            assert process.stdout.readline(), (folder / "log").read_text()
            yield OpenIdProvider(folder, issuer)
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdProvider]:
    with running(tmp_path_factory.mktemp("provider"), CONSOLE) as provider:
        yield provider


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
