"""With `uniform`, the real portal tells nobody who is on file; `make enumeration` looks longer."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from random import Random

import httpx
import pytest

from bench.enumeration import compare, kolmogorov_smirnov, play, visits
from demo.part import aside
from demo.programs import activation
from tests.stack import WholeStack
from tests.whole.student import _insert

EACH = 8


@pytest.fixture
def uniform(whole_stack: WholeStack) -> Iterator[str]:
    """Run one more portal of the same demo, with other settings, and return its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    own = {
        "ACTIVATION_CONFIG": str(whole_stack.folder / "activation.toml"),
        "ACTIVATION_PORTAL__DISCLOSURE": "uniform",
        "ACTIVATION_PORTAL__PORT": str(port),
        "ACTIVATION_PORTAL__PUBLIC_URL": url,
    }
    with (whole_stack.folder / "uniform.txt").open("wb") as log:
        portal = subprocess.Popen(  # noqa: S603 - our own program
            activation("portal"), env=os.environ | own, stdout=log, stderr=log
        )
    try:
        until = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{url}/readyz").raise_for_status()
                break
            except httpx.HTTPError:
                assert time.monotonic() < until
                time.sleep(0.2)
        yield url
    finally:
        portal.terminate()
        portal.wait(20)


@pytest.mark.timeout(300)
def test_no_page_before_a_code_differs_for_a_contact_that_is_on_file(
    whole_stack: WholeStack, uniform: str
) -> None:
    found, rows = visits(EACH, Random(time.time_ns()), first=300)  # noqa: S311 - invented people
    aside(_insert(whole_stack.env["REGISTRAR_DSN"], *rows))
    results = list(compare(play(uniform, found, EACH)))
    pages = [each.page for each in results[:-1]]
    assert len(pages) == len(set(pages)) > 13
    assert min(each.n for each in results[:-1]) > EACH // 2
    assert [(each.page, each.different) for each in results if each.different] == []
    # Who is on file was found indeed, and got a message.
    sent = whole_stack.command("support", "list", "--json").stdout
    assert sent.count('"wait_reason": "WAITING_PIN"') >= EACH


def test_the_comparison_of_times_finds_what_is_there_and_nothing_else() -> None:
    draw = Random(7)  # noqa: S311 - invented times
    alike = [[draw.gauss(1200, 3) for _ in range(1000)] for _ in range(2)]
    later = [took + 1 for took in alike[0]]
    assert kolmogorov_smirnov(*alike) > 0.01
    assert kolmogorov_smirnov(alike[0], later) < 0.0001
    assert kolmogorov_smirnov([1.0], [1.0]) == 1.0
