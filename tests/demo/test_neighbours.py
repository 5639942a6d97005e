"""Demos beside each other and beside programs that take their ports: each is ready by itself."""

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from demo.leftovers import runs_in
from demo.messages import all_messages
from demo.place import HOST, PREFERRED_PORTS, is_free
from demo.walkthrough import play
from tests.stack import WholeStack

ADDRESSES = ("PORTAL_URL", "SUPPORT_URL", "INBOX_URL", "TEMPORAL_UI_URL", "LDAP_URL", "LEDGER_DSN")
# They are bound a second or more after they were drawn, when a database was made.
SLOW = ("LEDGER_DSN", "LDAP_URL")


class Beside(WholeStack):
    """A demo that prefers the ports everybody's does."""

    ports = ()
    # Two start at once on this machine, one of them twice.
    ready_within = 240.0


def _ports(env: dict[str, str]) -> dict[str, int]:
    return {name: urlsplit(env[name]).port or 0 for name in ADDRESSES}


def _drawn(demo: WholeStack) -> dict[str, int]:
    """Return the ports as soon as they are drawn."""
    deadline = time.monotonic() + demo.ready_within
    while not (demo.folder / "env").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return _ports(demo.env)


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[list[WholeStack], set[int]]]:
    """Start two at the same moment, while strangers take a port before and two during it."""
    folder = tmp_path_factory.mktemp("two στοίβες")
    demos: list[WholeStack] = [Beside(folder / name) for name in ("first", "second")]
    with ExitStack() as strangers:
        taken = {PREFERRED_PORTS["inbox"]}
        if is_free(PREFERRED_PORTS["inbox"]):
            strangers.enter_context(socket.create_server((HOST, PREFERRED_PORTS["inbox"])))
        try:
            for demo in demos:
                demo.launch()
            drawn = _drawn(demos[0])
            for name in SLOW:
                strangers.enter_context(socket.create_server((HOST, drawn[name])))
                taken.add(drawn[name])
            for demo in demos:
                demo.await_ready()
            yield demos, taken
        finally:
            for demo in demos:
                demo.end()


def test_all_their_ports_are_their_own(pair: tuple[list[WholeStack], set[int]]) -> None:
    demos, taken = pair
    first, second = (set(_ports(demo.env).values()) for demo in demos)
    assert len(first) == len(second) == len(ADDRESSES)
    assert not first & second
    assert not (first | second) & taken
    assert "starting again on other ports" in demos[0].output.read_text("utf-8")


def test_each_one_plays_on_its_own(pair: tuple[list[WholeStack], set[int]]) -> None:
    """Both play the same sample student: the second would find the account of the first."""
    demos, _ = pair
    told: list[list[str]] = [[], []]
    for demo, said in zip(demos, told, strict=True):
        play(demo.folder, "en", said.append, "complete")
    assert told[0][0] == told[1][0]
    inboxes = [all_messages(demo.folder / "data" / "inbox") for demo in demos]
    assert not {m["text"] for m in inboxes[0]} & {m["text"] for m in inboxes[1]}
    for demo, inbox in zip(demos, inboxes, strict=True):
        assert httpx.get(f"{demo.env['INBOX_URL']}/messages.json").json() == inbox


def test_after_the_supervisor_was_killed_the_next_start_goes_on_with_its_data(
    pair: tuple[list[WholeStack], set[int]],
) -> None:
    (_, demo), _ = pair
    first, secret = demo.pids, demo.env["SUPPORT_PASSWORD"]
    demo.end(signal.SIGKILL)
    demo.begin()
    assert demo.env["SUPPORT_PASSWORD"] == secret
    assert not set(demo.pids.values()) & set(first.values())
    assert not [pid for pid in first.values() if runs_in(demo.folder, str(pid))]
    second = demo.pids
    assert demo.end() == 0
    assert not [pid for pid in second.values() if runs_in(demo.folder, str(pid))]
    assert demo.pids == {}
