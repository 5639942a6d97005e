"""Whose address is counted behind a proxy: served by uvicorn, over sockets, with forged headers."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.whole.student import until

PROGRAM = """
import sys
from ipaddress import ip_network
from fastapi import FastAPI, Request
from web import serving
from web.limits import networks

def app() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    def told(request: Request) -> dict[str, str]:
        return dict(networks(request.client.host if request.client else ""))

    return app

if __name__ == "__main__":
    proxies = [ip_network("127.0.0.1"), ip_network("10.0.0.0/8")]
    serving.run("tests_told:app", host="127.0.0.1", port=int(sys.argv[1]),
        trusted_proxies=proxies, log_level="WARNING", processes=1)
"""
"""What a portal does with addresses, and nothing else."""


def _answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/")
    except httpx.TransportError:
        return False
    return True


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("forwarded")
    (folder / "tests_told.py").write_text(PROGRAM)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    paths = os.pathsep.join([str(folder), os.getcwd()])  # noqa: PTH109 - where the packages are
    process = subprocess.Popen(  # noqa: S603 - a program of this module
        [sys.executable, "-m", "tests_told", str(port)], env=os.environ | {"PYTHONPATH": paths}
    )
    try:
        until(lambda: _answers(port))
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize(
    ("forwarded", "counted"),
    [
        ([], "127.0.0.1/32"),
        (["198.51.100.1"], "198.51.100.1/32"),
        (["192.0.2.66, 198.51.100.1"], "198.51.100.1/32"),
        (["192.0.2.66", "198.51.100.1"], "198.51.100.1/32"),
        (["192.0.2.66, 198.51.100.1, 10.9.8.7"], "198.51.100.1/32"),
        (["192.0.2.66, 198.51.100.1, ::ffff:10.9.8.7"], "198.51.100.1/32"),
        (["127.0.0.1, 198.51.100.1"], "198.51.100.1/32"),
        (["::ffff:198.51.100.1"], "198.51.100.1/32"),
        (["unknown"], "proxy"),
        (["198.51.100.1, unknown"], "proxy"),
        (["192.0.2.66, 2001:db8::1"], "2001:db8::/64"),
    ],
)
def test_the_address_is_the_last_one_that_no_trusted_proxy_has(
    address: str, forwarded: list[str], counted: str
) -> None:
    """A proxy appends the address it saw: what stands before is the client's own invention."""
    forged = [("X-Real-IP", "192.0.2.66"), ("Forwarded", "for=192.0.2.66")]
    headers = [*(("X-Forwarded-For", each) for each in forwarded), *forged]
    assert httpx.get(address, headers=headers).json()["address"] == counted
