"""Behind a real nginx, as deploy/nginx.conf has it set up, limits count the client's own address.

The rows of the limits in the ledger tell which networks were counted.
"""

import os
import re
import socket
import subprocess
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import httpx
import pytest

from demo.part import aside
from demo.place import HOST, any_port
from demo.programs import activation
from postgres import connect
from security.keys import KeyRing
from tests.nginx import Nginx, answer_of, running
from tests.stack import WholeStack
from tests.whole.student import until
from web.limits import Purpose, networks

CLIENT, CLIENT6, MAPPED = "198.51.100.7", "2001:db8:5:6::7", "::ffff:198.51.100.7"
ANOTHER = "192.0.2.66"
OUTER = "10.9.8.7"
"""A proxy in front of nginx, which a further portal trusts as well."""
PUBLIC = f"https://{HOST}"
POST = {"portal": ("/who", "PORTAL_URL"), "console": ("/sign-in", "SUPPORT_URL")}
FORGED: dict[str, Sequence[tuple[str, str]]] = {
    "nothing": [],
    "one": [("X-Forwarded-For", ANOTHER)],
    "two": [("X-Forwarded-For", f"{ANOTHER}, {ANOTHER}")],
    "two headers": [("X-Forwarded-For", ANOTHER), ("x-forwarded-for", "203.0.113.9")],
    "the proxy's own": [("X-Forwarded-For", f"{HOST}, {HOST}")],
    "the proxy's own, mapped": [("X-Forwarded-For", f"::ffff:{HOST}")],
    "version 6": [("X-Forwarded-For", "2001:db8::66")],
    "with a port": [("X-Forwarded-For", f"{ANOTHER}:443, [2001:db8::66]:443")],
    "mapped": [("X-Forwarded-For", f"::ffff:{ANOTHER}")],
    "no address": [("X-Forwarded-For", "unknown, , _hidden, ,")],
    "empty": [("X-Forwarded-For", "")],
    "many": [("X-Forwarded-For", ", ".join([ANOTHER] * 300))],
    "other headers": [("X-Real-IP", ANOTHER), ("Forwarded", f"for={ANOTHER}"), ("Via", ANOTHER)],
    "with underscores": [("X_Forwarded_For", ANOTHER)],
}

Counted = dict[str, int]


async def _posts(dsn: str) -> Counted:
    query = "SELECT bucket, sum(used) AS used FROM budget WHERE bucket LIKE $1 GROUP BY bucket"
    async with await connect(dsn) as ledger:
        rows = await ledger.fetch(query, f"{Purpose.POSTS}:%")
    return {row["bucket"]: row["used"] for row in rows}


class Limits:
    """The limit of all forms as the ledger has it."""

    def __init__(self, stack: WholeStack) -> None:
        self._dsn, self._keys = stack.env["LEDGER_DSN"], KeyRing(stack.folder / "keys")

    @contextmanager
    def count(self, *addresses: str, apart: str = "forged:") -> Iterator[None]:
        """Look that each of these counts once, by all its networks, and nobody else at all.

        Without the token of a page the form is refused, and counts as a forged one.
        """
        before = aside(_posts(self._dsn))
        yield
        now = aside(_posts(self._dsn))
        found = {name: used - before.get(name, 0) for name, used in now.items()}
        buckets: Collection[str] = [
            f"{Purpose.POSTS}:{apart}{self._keys.index('address', network)}"
            for address in addresses
            for network in networks(address).values()
        ]
        assert {name: used for name, used in found.items() if used} == dict.fromkeys(buckets, 1)


@pytest.fixture(scope="module")
def limits(whole_stack: WholeStack) -> Limits:
    return Limits(whole_stack)


@pytest.fixture(scope="module", params=POST)
def front(
    request: pytest.FixtureRequest,
    whole_stack: WholeStack,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Nginx, str]]:
    """Run nginx in front of the demo's portal, then of its console, as they are."""
    path, url = POST[request.param]
    folder = tmp_path_factory.mktemp("nginx")
    with running(folder, whole_stack.env[url], request.param) as nginx:
        yield nginx, path


@pytest.fixture(scope="module")
def second(whole_stack: WholeStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """Run nginx as the second of two proxies, in front of a portal with an address of its own."""
    port = any_port()
    own = {
        "ACTIVATION_CONFIG": str(whole_stack.folder / "activation.toml"),
        "ACTIVATION_PORTAL__PORT": str(port),
        "ACTIVATION_PORTAL__PUBLIC_URL": PUBLIC,
        "ACTIVATION_PORTAL__TRUSTED_PROXIES": f'["{HOST}", "{OUTER}"]',
    }
    url = f"http://{HOST}:{port}"
    portal = subprocess.Popen(activation("portal"), env=os.environ | own)  # noqa: S603 - ours

    def ready() -> bool:
        assert portal.poll() is None
        try:
            return httpx.get(f"{url}/readyz").is_success
        except httpx.TransportError:
            return False

    try:
        until(ready)
        with running(tmp_path_factory.mktemp("second"), url) as nginx:
            yield nginx
    finally:
        portal.terminate()
        portal.wait(20)


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("source", [CLIENT, CLIENT6, MAPPED])
def test_the_address_that_nginx_saw_counts_whatever_the_client_says(
    front: tuple[Nginx, str], limits: Limits, source: str, forged: str
) -> None:
    nginx, path = front
    with limits.count(source):
        assert nginx.ask("POST", path, FORGED[forged], source=source).status == 403


def test_whoever_goes_round_nginx_counts_by_their_own_address(
    front: tuple[Nginx, str], limits: Limits
) -> None:
    """They have any address of this machine but that of nginx, which alone is trusted."""
    nginx, path = front
    host, port = nginx.url.removeprefix("http://").split(":")
    for source, said in (("127.0.0.9", ANOTHER), ("127.0.0.9", HOST), ("127.0.0.10", CLIENT)):
        with (
            limits.count(source),
            socket.create_connection((host, int(port)), 30, (source, 0)) as direct,
        ):
            headers = [("X-Forwarded-For", said), ("X-Real-IP", said)]
            assert answer_of(direct, "POST", path, nginx.url, headers).status == 403


@pytest.mark.parametrize("outer", [OUTER, f"::ffff:{OUTER}"])
@pytest.mark.parametrize("source", [CLIENT, CLIENT6, MAPPED])
def test_with_two_proxies_the_client_of_the_first_counts(
    second: Nginx, limits: Limits, outer: str, source: str
) -> None:
    """A proxy that listens for both versions of IP writes the one before it as a mapped address."""
    told = [("X-Forwarded-For", f"{ANOTHER}, {source}")]
    with limits.count(source):
        assert second.ask("POST", "/who", told, source=outer, host=PUBLIC).status == 403
    with limits.count("203.0.113.9"):
        other = [("X-Forwarded-For", f"{source}, 203.0.113.9")]
        assert second.ask("POST", "/who", other, source=outer, host=PUBLIC).status == 403


def test_a_form_that_came_over_tls_is_taken(second: Nginx, limits: Limits) -> None:
    page = second.ask("GET", "/who", source=CLIENT, host=PUBLIC)
    cookies = [value for name, value in page.headers if name.lower() == "set-cookie"]
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie
    assert ("strict-transport-security", "max-age=31536000") in page.headers
    fields = dict(re.findall(r'name="(csrf|form)" value="([^"]+)"', page.text))
    kept = ("Cookie", "; ".join(cookie.partition(";")[0] for cookie in cookies))
    sent = [kept, ("Origin", PUBLIC), ("Sec-Fetch-Site", "same-origin")]
    with limits.count(CLIENT, apart=""):
        answer = second.ask(
            "POST", "/who", sent, source=CLIENT, host=PUBLIC, who="student", **fields
        )
    assert answer.status == 303, answer.text


def test_nginx_keeps_the_probes_and_passes_the_host_on(front: tuple[Nginx, str]) -> None:
    nginx, _ = front
    for probe in ("/healthz", "/readyz"):
        assert nginx.ask("GET", probe, source=CLIENT).status == 403
        assert httpx.get(f"{nginx.url}{probe}").status_code == 200
    assert nginx.ask("GET", "/", source=CLIENT, host="http://evil.example").status == 400


def test_nginx_keeps_the_console_for_the_staffs_networks(front: tuple[Nginx, str]) -> None:
    nginx, path = front
    outside = 403 if path == POST["console"][0] else 200
    for source, status in ((CLIENT, 200), (CLIENT6, 200), (MAPPED, 200), (ANOTHER, outside)):
        assert nginx.ask("GET", path, source=source).status == status
