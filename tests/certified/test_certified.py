"""The console at oidc-provider, which the OpenID Foundation certified: `make oidc` fetches it."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

import httpx
import pytest
from fastapi import FastAPI

from demo.place import any_port
from postgres import Pool
from settings import Settings
from settings.pages import Oidc
from starter.doctor.commands import _collect
from starter.doctor.sign_in import check
from tests.openid.running import CONSOLE
from tests.starter.conftest import pool, pools
from tests.starter.portal.conftest import Browser
from tests.support.console.conftest import client, make_app, settings

__all__ = ["client", "make_app", "pool", "pools", "settings"]

HERE = Path(__file__).parent
ALGORITHMS = ("RS256", "ES256")


class Certified(NamedTuple):
    issuer: str
    secret_file: Path

    def oidc(self, algorithm: str) -> Oidc:
        return Oidc(
            issuer=self.issuer,
            client_id=f"desk-{algorithm}",
            client_secret_file=self.secret_file,
            groups={"helpdesk": "/desk/helpdesk"},
        )


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certified]:
    folder, port = tmp_path_factory.mktemp("certified"), any_port()
    for name in ("package.json", "package-lock.json", "provider.mjs"):
        shutil.copy(HERE / name, folder)
    fetch = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(fetch, cwd=folder, check=True)  # noqa: S603 - of this file
    (folder / "secret").write_text("a secret: of 100% / + signs")
    people = {"anna-1": {"preferred_username": "anna", "groups": ["/desk/helpdesk"]}}
    (folder / "claims.json").write_text(json.dumps(people))
    command = ["node", "provider.mjs", str(port), ".", CONSOLE]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as process:  # noqa: S603 - as above
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"listening\n"
            yield Certified(f"http://127.0.0.1:{port}/op", folder / "secret")
        finally:
            process.terminate()


async def followed(http: httpx.AsyncClient, address: str, **fields: str) -> str:
    """Fill in each form of the provider until it leads to the console, and return that address."""
    response = await http.get(address)
    while True:
        if response.is_redirect:
            address = urljoin(str(response.url), response.headers["location"])
            if address.startswith(CONSOLE):
                return address
            response = await http.get(address)
            continue
        assert response.status_code == 200, response.text
        action = re.findall(r'<form[^>]* action="([^"]+)"', response.text)[0]
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.text)
        there = urljoin(str(response.url), unescape(action))
        response = await http.post(there, data=dict(hidden) | fields)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_anna_signs_in_and_out(
    make_app: Callable[[Settings], FastAPI],
    settings: Settings,
    pool: Pool,
    provider: Certified,
    algorithm: str,
) -> None:
    oidc = provider.oidc(algorithm)
    console = settings.console.model_copy(update={"oidc": oidc})
    browser = Browser(make_app(settings.model_copy(update={"console": console})), CONSOLE)
    there = (await browser.get("/sign-in/provider?next=/search")).headers["location"]
    async with httpx.AsyncClient() as http:
        answer = await followed(http, there, login="anna-1", password="any")
        back = await browser.get(answer.removeprefix(CONSOLE))
        assert back.headers["refresh"] == "0; url=/search", back.text
        assert (await browser.get("/search")).status_code == 200
        query = "SELECT name FROM staff_session ORDER BY created_at DESC LIMIT 1"
        assert (await pool.fetchval(query)).startswith("anna~")
        # The provider takes neither code nor state twice, and we do not either.
        assert (await browser.get(answer.removeprefix(CONSOLE))).status_code == 403
        out = (await browser.post("/sign-out")).headers["refresh"].removeprefix("0; url=")
        assert (await followed(http, out, logout="yes")).startswith(f"{CONSOLE}/sign-in")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_the_doctor_finds_all_well(provider: Certified, algorithm: str) -> None:
    findings = await _collect(check(provider.oidc(algorithm), CONSOLE, "off"))
    assert [each.mend for each in findings] == [""] * 4
    elsewhere = await _collect(check(provider.oidc(algorithm), "http://127.0.0.1:8002", "off"))
    assert [each.ok for each in elsewhere] == [True, True, False, True]
