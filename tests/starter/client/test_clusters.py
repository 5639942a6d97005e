"""Temporal behind TLS: every process and command through it, and one sentence for each mistake."""

import asyncio
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from demo.place import any_port
from demo.programs import activation
from domain.contracts.vocabulary import WaitReason
from settings import Settings, UnreadableSettings
from starter.client import environment
from starter.client.connect import TemporalUnavailable, asking, connect
from starter.client.health import temporal_answers
from starter.doctor import temporal as doctor
from tests.commandline import run
from tests.secured import NAME, Authority, Pair, TlsProxy, api_proxy
from tests.stack import TestStack
from tests.test_worker import begin, running, stands, until

KEY = "a-secret-key"


@dataclass(frozen=True)
class Room:
    """A proxy that wants a client certificate, and how to come through it."""

    proxy: TlsProxy
    ours: Authority
    theirs: Authority
    server: Pair
    client: Pair

    def environ(self, **other: str | None) -> dict[str, str]:
        """Return the variables of a client that is let in, but for these."""
        values = {
            "ADDRESS": self.proxy.address,
            "TLS_SERVER_NAME": NAME,
            "TLS_SERVER_CA_CERT_PATH": str(self.ours.certificate),
            "TLS_CLIENT_CERT_PATH": str(self.client.certificate),
            "TLS_CLIENT_KEY_PATH": str(self.client.key),
        } | other
        return {f"TEMPORAL_{name}": value for name, value in values.items() if value is not None}


@pytest.fixture(scope="module")
def room(
    stack: TestStack, client: Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Room]:
    del client
    folder = tmp_path_factory.mktemp("authorities")
    ours, theirs = Authority(folder / "ours"), Authority(folder / "theirs")
    server = ours.issue(NAME)
    with TlsProxy(stack._stack.temporal.address) as proxy:
        proxy.start(server, ours.certificate)
        yield Room(proxy, ours, theirs, server, ours.issue("client"))


@pytest.fixture
def come(monkeypatch: pytest.MonkeyPatch) -> "Come":
    return Come(monkeypatch)


class Come:
    """Sets the variables of Temporal, and no others."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def by(self, environ: Mapping[str, str]) -> None:
        for name in [name for name in os.environ if name.startswith("TEMPORAL_")]:
            self._patch.delenv(name)
        for name, value in environ.items():
            self._patch.setenv(name, value)


@pytest.fixture
def settings(stack: TestStack) -> Settings:
    """Return settings that name no file of Temporal's own."""
    return stack.settings.model_copy(update={"temporal_config_file": None})


async def refusal(settings: Settings, stack: TestStack) -> str:
    with pytest.raises((TemporalUnavailable, UnreadableSettings)) as refused:
        await connect(settings, stack.keys)
    return str(refused.value)


def wrong(room: Room, name: str, folder: Path) -> dict[str, str]:
    """Return the variables of a client with this mistake."""
    garbage = folder / "garbage"
    garbage.write_text("-----BEGIN NOTHING-----\n")
    foreign, ended = room.theirs.issue("client"), room.ours.issue("client", days=-1)
    return {
        "other authority": room.environ(TLS_SERVER_CA_CERT_PATH=str(room.theirs.certificate)),
        "no authority": room.environ(TLS_SERVER_CA_CERT_PATH=None),
        "other name": room.environ(TLS_SERVER_NAME="temporal.uoa.gr"),
        "no name": room.environ(TLS_SERVER_NAME=None),
        "no certificate": room.environ(TLS_CLIENT_CERT_PATH=None, TLS_CLIENT_KEY_PATH=None),
        "foreign certificate": room.environ(
            TLS_CLIENT_CERT_PATH=str(foreign.certificate), TLS_CLIENT_KEY_PATH=str(foreign.key)
        ),
        "ended certificate": room.environ(
            TLS_CLIENT_CERT_PATH=str(ended.certificate), TLS_CLIENT_KEY_PATH=str(ended.key)
        ),
        "other key": room.environ(TLS_CLIENT_KEY_PATH=str(foreign.key)),
        "no key": room.environ(TLS_CLIENT_KEY_PATH=None),
        "broken key": room.environ(TLS_CLIENT_KEY_PATH=str(garbage)),
        "broken certificate": room.environ(TLS_CLIENT_CERT_PATH=str(garbage)),
        "missing file": room.environ(TLS_CLIENT_CERT_PATH=str(folder / "absent.pem")),
        "no TLS": {"TEMPORAL_ADDRESS": room.proxy.address},
        "no port": room.environ(ADDRESS="temporal.uni.gr"),
        "a scheme": room.environ(ADDRESS="https://temporal.uni.gr:7233"),
        "nobody there": room.environ(ADDRESS="127.0.0.1:1"),
        "no host": room.environ(ADDRESS="temporal.invalid:7233"),
        "a typing error": room.environ(CONFIG_FILE=str(_written(folder, "adress = '1'"))),
        "a key in the clear": room.environ(API_KEY=KEY, TLS="false", ADDRESS="192.0.2.1:7233"),
        "a broken file": room.environ(CONFIG_FILE=str(_written(folder, f"api_key = {KEY}"))),
        "no such file": room.environ(CONFIG_FILE=str(folder / "absent.toml")),
        "no such profile": room.environ(PROFILE="absent"),
    }[name]


def _written(folder: Path, line: str) -> Path:
    file = folder / f"{len(line)}.toml"
    file.write_text(f"[profile.default]\n{line}\n")
    return file


SAYS = {
    "other authority": "of an authority that is not trusted here",
    "no authority": "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
    "other name": "TEMPORAL_TLS_SERVER_NAME to the name in it",
    "no name": "certificate is for another name",
    "no certificate": "it may want a client certificate",
    "foreign certificate": "it may take no client certificate of the authority",
    "ended certificate": "the client certificate ended on 20",
    "other key": "TEMPORAL_TLS_CLIENT_KEY_PATH has the key of another certificate",
    "no key": "are set together",
    "broken key": "has no key in the form PEM",
    "broken certificate": "has no certificate in the form PEM",
    "missing file": "absent.pem: No such file",
    "no TLS": "it may want TLS",
    "no port": "must be a host and a port",
    "a scheme": "must be a host and a port",
    "nobody there": "nothing answers at TEMPORAL_ADDRESS",
    "no host": "the host of TEMPORAL_ADDRESS has no address",
    "a typing error": "line 2, column 1, unknown field `adress`",
    "a key in the clear": "over TLS only",
    "a broken file": "line 2, column 11",
    "no such file": "absent.toml, is missing",
    "no such profile": "Profile 'absent' not found",
}


@pytest.mark.parametrize("name", SAYS)
async def test_each_mistake_is_told_in_one_sentence(
    stack: TestStack, settings: Settings, room: Room, come: Come, *, tmp_path: Path, name: str
) -> None:
    come.by(wrong(room, name, tmp_path))

    said = await refusal(settings, stack)
    found = [finding async for finding in doctor.check(settings)]

    assert SAYS[name] in said
    assert "\n" not in said
    assert KEY not in said
    assert SAYS[name] in " ".join(each.mend for each in found)


async def test_a_certificate_that_ends_is_told_at_each_reconnection(
    stack: TestStack, room: Room, come: Come
) -> None:
    come.by(room.environ())
    eager = await connect(stack.settings, stack.keys)
    lazy = await connect(stack.settings, stack.keys, lazy=True)
    room.proxy.stop()
    room.proxy.start(room.ours.issue(NAME, days=-1), room.ours.certificate)
    try:
        for client in (eager, lazy):
            with pytest.raises(TemporalUnavailable, match="its certificate has expired"), asking():
                await ask(client)
            assert not await temporal_answers(client)
    finally:
        room.proxy.stop()
        room.proxy.start(room.server, room.ours.certificate)
    for client in (eager, lazy):
        assert await temporal_answers(client)


async def ask(client: Client) -> None:
    request = DescribeNamespaceRequest(namespace=client.namespace)
    await client.workflow_service.describe_namespace(request)


async def test_a_key_that_others_may_read_is_told(stack: TestStack, room: Room, come: Come) -> None:
    come.by(room.environ())
    room.client.key.chmod(0o644)
    try:
        found = {each.about: each async for each in doctor.check(stack.settings)}
    finally:
        room.client.key.chmod(0o600)

    assert "chmod o-rwx" in found[f"its key ({room.client.key})"].mend
    assert found["can be reached"].ok


@contextmanager
def pages(kind: str, words: Sequence[str], environ: Mapping[str, str]) -> Iterator[str]:
    """Run portal or console, and yield the address of its probe."""
    port = any_port()
    own = {f"ACTIVATION_{kind}__PORT": str(port)}
    process = subprocess.Popen(  # noqa: S603 - our own
        activation(*words), env=os.environ | environ | own, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}/readyz"
    finally:
        process.kill()
        process.wait()


async def temporal_is(probe: str, answers: bool) -> None:
    async def told() -> bool:
        async with httpx.AsyncClient(timeout=10) as http:
            try:
                return bool((await http.get(probe)).json()["temporal"]) is answers
            except httpx.TransportError:
                return False

    await until(told)


@pytest.mark.long
async def test_portal_and_console_go_on_when_the_proxy_was_away(room: Room) -> None:
    with (
        pages("PORTAL", ("portal",), room.environ()) as portal,
        pages("CONSOLE", ("support", "serve"), room.environ()) as console,
    ):
        for there in (True, False, True):
            if not there:
                room.proxy.stop()
            for probe in (portal, console):
                await temporal_is(probe, there)
            if not there:
                room.proxy.start(room.server, room.ours.certificate)


@pytest.mark.long
async def test_a_worker_goes_on_when_the_proxy_was_away(
    stack: TestStack, client: Client, room: Room, *, reference: str, tmp_path: Path, come: Come
) -> None:
    own = room.environ()
    async with AsyncExitStack() as running_too:
        worker = await running_too.enter_async_context(running(tmp_path, **own))
        await worker.comes_to()
        room.proxy.stop()
        await worker.comes_to(temporal=False)
        room.proxy.start(room.server, room.ours.certificate)
        await worker.comes_to()
        come.by(own)
        through = await connect(stack.settings, stack.keys)
        begun = await begin(stack, through, reference)
        await stands(begun, reference, WaitReason.WAITING_PIN)
        said = await asyncio.to_thread(run, "support", "show", reference, environ=os.environ)
        assert said.returncode == 0, said.stderr
        assert await worker.ends(within=35) == 0
    await client.get_workflow_handle(reference).terminate()


async def test_an_api_key_of_a_file_is_renewed_without_a_restart_and_is_in_no_text(
    stack: TestStack,
    settings: Settings,
    room: Room,
    come: Come,
    *,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(environment, "KEY_EVERY", 0.1)
    port, file = any_port(), tmp_path / "temporal.toml"

    def keep(key: str) -> None:
        file.write_text(
            "[profile.default]\n"
            f'address = "127.0.0.1:{port}"\nnamespace = "activation"\napi_key = "{key}"\n'
            "[profile.default.tls]\n"
            f'server_name = "{NAME}"\nserver_ca_cert_path = "{room.ours.certificate}"\n'
        )

    target = stack._stack.temporal.address
    keep(KEY)
    come.by({"TEMPORAL_CONFIG_FILE": str(file)})
    with api_proxy(tmp_path, target, room.server, KEY, port):
        client = await connect(settings, stack.keys)
        await ask(client)
    with api_proxy(tmp_path, target, room.server, "renewed", port):
        with pytest.raises(RPCError):
            await ask(client)
        said = await refusal(settings, stack)
        assert "the API key or the client certificate is wrong" in said
        async with environment.keeping_key(settings, client):
            file.write_text("none of it is TOML")
            await asyncio.sleep(0.3)
            keep("renewed")
            async with asyncio.timeout(10):
                while not await temporal_answers(client):  # noqa: ASYNC110 - a file is read
                    await asyncio.sleep(0.1)
        named = os.environ | {"ACTIVATION_TEMPORAL_CONFIG_FILE": str(file)}
        shown = await asyncio.to_thread(run, "temporal", "init", environ=named)
        assert "was there" in shown.stdout
    assert KEY not in said + caplog.text + shown.stdout + shown.stderr
    assert "renewed" not in said
