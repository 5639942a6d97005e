"""A channel that takes no alerts is logged, shown and told by the other, until it takes them."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from temporalio.client import Client
from typer.testing import CliRunner

import settings as configuration
from demo.place import HOST, any_port
from demo.programs import activation
from domain.contracts.vocabulary import FailureType
from postgres import Pool
from settings import Settings
from settings.systems import Mail
from support.commands import alerts as alerts_commands
from support.commands.main import commands
from support.verbs import alert_channels, alerts, operations
from support.verbs.alerts import ALERTS_FAIL, TEMPORAL_DOWN, Watcher
from support.verbs.staff import Staff, StaffContext, StaffRole
from tests.adapters.messaging.test_mail import Relay, relay
from tests.stack import TestStack
from tests.support.verbs.test_alerts import MAILBOX, Hook, hook, pool
from web import times

__all__ = ["hook", "pool", "relay"]

SECRET = "s3cret-of-the-webhook"
NOWHERE = "127.0.0.1:1"


class Scene:
    """Both channels work; `break_` lets one fail in a way of its own, `mend` takes that back."""

    def __init__(self, stack: TestStack, hook: tuple[Hook, str], relay: Relay, tmp: Path) -> None:
        self.server, self.url = hook
        self.relay, self.keys, base = relay, stack.keys, stack.settings
        self.token, self.password = tmp / "token", tmp / "password"
        self.mend()
        told = {
            "webhook_url": self.url,
            "webhook_token_file": self.token,
            "email": MAILBOX,
            "after_seconds": 0,
        }
        mail = Mail(
            host="127.0.0.1",
            port=relay.port,
            starttls=False,
            username="engine",
            password_file=self.password,
            timeout_seconds=1,
        )
        changed = {"alerts": base.alerts.model_copy(update=told), "mail": mail}
        self.settings = base.model_copy(update=changed)

    def mend(self) -> None:
        self.token.write_text(SECRET)
        self.password.write_text("sesame")
        self.server.status, self.server.lasts = "204 No Content", 0.0
        relay = self.relay
        relay.login, relay.stage, relay.lasts = ("engine", "sesame"), "", 0
        relay.rcpt = relay.data = "250 OK"

    def elsewhere(self, **changed: object) -> Settings:
        """Return settings of which one address leads elsewhere."""
        parts: dict[str, object] = {}
        for name, value in changed.items():
            section, _, field = name.partition("__")
            parts[section] = getattr(self.settings, section).model_copy(update={field: value})
        return self.settings.model_copy(update=parts)

    def keep(self, token: bytes) -> None:
        self.token.write_bytes(token)

    def letters(self) -> list[str]:
        return [str(letter["Subject"]) for letter in self.relay.taken]


@pytest.fixture(autouse=True)
async def fresh(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "CONSOLE_RPC", timedelta(seconds=1))
    monkeypatch.setattr(alert_channels, "_PATIENCE", timedelta(seconds=1))
    await pool.execute("DELETE FROM alert_channel")


@pytest.fixture
def scene(stack: TestStack, hook: tuple[Hook, str], relay: Relay, tmp_path: Path) -> Scene:
    return Scene(stack, hook, relay, tmp_path)


Break = Callable[[Scene], Settings | None]


def answers(status: str) -> Break:
    return lambda scene: setattr(scene.server, "status", status)


def says(stage: str, answer: str) -> Break:
    return lambda scene: setattr(scene.relay, stage, answer)


def hangs(scene: Scene) -> None:
    scene.relay.stage, scene.relay.lasts = "ehlo", 30


FAILURES: list[tuple[str, Break, str]] = [
    ("webhook", answers("401 Unauthorized"), "HTTP 401"),
    ("webhook", answers("403 Forbidden"), "HTTP 403"),
    ("webhook", answers("404 Not Found"), "HTTP 404"),
    ("webhook", answers("302 Found"), "HTTP 302"),
    ("webhook", answers("500 Internal Server Error"), "HTTP 500"),
    ("webhook", lambda scene: setattr(scene.server, "lasts", 30), "TimeoutError"),
    ("webhook", lambda scene: scene.token.unlink(), "FileNotFoundError"),
    ("webhook", lambda scene: scene.keep(b"\xff\xfe"), "UnicodeDecodeError"),
    ("webhook", lambda scene: scene.keep("δ".encode()), "UnicodeEncodeError"),
    ("webhook", lambda at: at.elsewhere(alerts__webhook_url=f"http://{NOWHERE}/"), "ConnectError"),
    ("webhook", lambda at: at.elsewhere(alerts__webhook_url="nonsense"), "UnsupportedProtocol"),
    (
        "webhook",
        lambda at: at.elsewhere(alerts__webhook_url=f"https://127.0.0.1:{at.relay.port}/"),
        "ConnectError: SSLError",
    ),
    ("email", lambda at: at.elsewhere(mail__port=1), "MAIL_DOWN"),
    ("email", lambda at: at.elsewhere(mail__starttls=True), "CONFIGURATION"),
    ("email", lambda at: at.elsewhere(mail__ca_file=Path("/no/such")), "FileNotFoundError"),
    ("email", lambda at: setattr(at.relay, "login", ("x", "y")), "CONFIGURATION: SMTP 535"),
    ("email", says("rcpt", "550 5.1.1 no such user"), "the mailbox was refused"),
    ("email", says("data", "550 5.7.1 not from you"), "CONFIGURATION: SMTP 550"),
    ("email", says("data", "451 later"), "MAIL_DOWN: SMTP 451"),
    ("email", hangs, "MAIL_DOWN"),
    ("email", lambda scene: scene.password.unlink(), "FileNotFoundError"),
]
NAMES = [f"{channel} {failure} {at}" for at, (channel, _, failure) in enumerate(FAILURES)]


@pytest.mark.few(5)
@pytest.mark.parametrize(("channel", "break_", "failure"), FAILURES, ids=NAMES)
async def test_a_channel_that_fails_is_logged_shown_and_told_by_the_other_until_it_is_mended(
    pool: Pool,
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    *,
    channel: str,
    break_: Break,
    failure: str,
) -> None:
    if channel == "email":  # The webhook must answer, however busy the machine is.
        monkeypatch.setattr(alert_channels, "_PATIENCE", timedelta(seconds=20))
    away = await Client.connect(NOWHERE, lazy=True)
    cause = f"{ALERTS_FAIL} {channel}"
    broken = break_(scene) or scene.settings
    with capture_logs() as logs:
        for _ in range(2):
            await Watcher(away, pool, broken).look()

    told = [each for each in logs if each["event"] == "alert not delivered"]
    assert {(each["channel"], each["log_level"]) for each in told} == {(channel, "error")}
    assert all(each["failure"].startswith(failure) for each in told)
    assert {each["cause"] for each in told} == {TEMPORAL_DOWN, cause}
    assert SECRET not in str(logs)
    assert MAILBOX not in str(logs)
    assert scene.url not in str(logs)

    desk = StaffContext(away, pool, scene.keys, broken, Staff("olga", frozenset(StaffRole)))
    state = await operations.state(desk)
    shown = {each.name: each for each in state.alert_channels}
    assert {name for name, each in shown.items() if each.failing_since} == {channel}
    assert (shown[channel].failure or "").startswith(failure)
    assert [alert.cause for alert in state.alerts] == [TEMPORAL_DOWN]

    def heard() -> list[str]:
        if channel == "email":
            return [state for state, _ in scene.server.heard(cause)]
        return [subject for subject in scene.letters() if cause in subject]

    assert len(heard()) == 1
    scene.mend()
    for _ in range(3):
        await Watcher(away, pool, scene.settings).look()
    assert len(heard()) == 2
    assert {each.failing_since for each in (await operations.state(desk)).alert_channels} == {None}
    assert scene.server.heard(TEMPORAL_DOWN) == [("stands", 1)]
    down = [each for each in scene.relay.taken if TEMPORAL_DOWN in str(each["Subject"])]
    assert len({each["Message-ID"] for each in down}) == 1


async def test_alerts_that_start_with_ledger_and_temporal_away_and_no_key_tell_both(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = type(scene.settings.ledger_dsn)("postgresql://nobody@127.0.0.1:1/none")
    changed = {"ledger_dsn": dsn, "keys_dir": tmp_path / "no_keys"}
    cold = scene.settings.model_copy(update=changed)
    monkeypatch.setenv("TEMPORAL_ADDRESS", NOWHERE)
    causes = {TEMPORAL_DOWN, FailureType.LEDGER_DOWN.value}
    running = asyncio.create_task(alerts_commands.run(cold, None))
    async with asyncio.timeout(20):
        told: set[str] = set()
        while told != causes or len(scene.letters()) < len(causes):
            told = {each["cause"] for each in scene.server.taken}
            await asyncio.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 20)


@pytest.mark.long
async def test_of_several_processes_one_tells_and_a_killed_one_is_followed(
    pool: Pool, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", NOWHERE)
    monkeypatch.setenv("ACTIVATION_ALERTS__WEBHOOK_URL", scene.url)
    monkeypatch.setenv("ACTIVATION_ALERTS__WEBHOOK_TOKEN_FILE", str(scene.token))
    monkeypatch.setenv("ACTIVATION_ALERTS__AFTER_SECONDS", "0")
    async with AsyncExitStack() as stack:
        first = await watching(stack)
        await watching(stack)
        await heard(scene, TEMPORAL_DOWN)
        await noted(pool, TEMPORAL_DOWN)
        first.kill()
        await first.wait()
        await pool.execute(
            "INSERT INTO alert (cause, count, told) VALUES ($1, 7, '{webhook}')", alerts.SMS_BUDGET
        )
        await watching(stack)
        await heard(scene, alerts.SMS_BUDGET)
    assert scene.server.heard(TEMPORAL_DOWN) == [("stands", 1)]
    assert scene.server.heard(alerts.SMS_BUDGET) == [("over", 7)]


async def watching(stack: AsyncExitStack) -> Process:
    """Start a process of alerts, which ends with `stack`, and wait until it serves its probes."""
    port = any_port()
    process = await asyncio.create_subprocess_exec(
        *activation("support", "alerts", "--health-port", str(port))
    )

    async def end() -> None:
        if process.returncode is None:
            process.terminate()
            assert await process.wait() == 0

    stack.push_async_callback(end)
    async with asyncio.timeout(60):
        while not await probed(port):  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.05)
    return process


async def probed(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


async def noted(pool: Pool, cause: str) -> None:
    """Wait until the ledger says that this was delivered: whoever leads next delivers it else."""
    told = "SELECT 'webhook' = ANY(told) FROM alert WHERE cause = $1"
    async with asyncio.timeout(60):
        while not await pool.fetchval(told, cause):  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.05)


async def heard(scene: Scene, cause: str) -> None:
    async with asyncio.timeout(60):
        while not scene.server.heard(cause):  # noqa: ASYNC110 - the server sets it
            await asyncio.sleep(0.05)


async def test_a_test_is_sent_by_every_channel_and_what_became_of_it_is_said(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def say(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(commands, ["test-alerts", *arguments])
        return done.exit_code, done.output or str(done.exception)

    monkeypatch.setattr(configuration, "load", lambda: scene.settings)
    assert await asyncio.to_thread(say) == (0, "webhook: delivered\nemail: delivered\n")
    scene.server.status = "401 Unauthorized"
    code, told = await asyncio.to_thread(say)
    assert (code, told.splitlines()[-2:]) == (
        1,
        ["webhook: not delivered, HTTP 401", "email: delivered"],
    )
    silent = scene.elsewhere(alerts__webhook_url="")
    silent.alerts.email = ""
    monkeypatch.setattr(configuration, "load", lambda: silent)
    code, told = await asyncio.to_thread(say)
    assert code == 1
    assert "anybody" in told


async def test_the_auditors_mailbox_is_tried_as_well(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def say() -> tuple[int, str]:
        done = CliRunner().invoke(commands, ["test-alerts"])
        return done.exit_code, done.output

    auditor = "auditor@university.example"
    settings = scene.elsewhere(alerts__audit_email=auditor)
    monkeypatch.setattr(configuration, "load", lambda: settings)
    by_alerts = "webhook: delivered\nemail: delivered\n"
    assert await asyncio.to_thread(say) == (0, f"{by_alerts}audit_email: delivered\n")
    assert [str(letter["To"]) for letter in scene.relay.taken] == [MAILBOX, auditor]
    settings.alerts.email, settings.alerts.webhook_url = "", ""
    # That somebody takes the heads of the audit alerts nobody.
    assert await asyncio.to_thread(say) == (1, "audit_email: delivered\n")
    settings.alerts.email = auditor
    assert await asyncio.to_thread(say) == (0, "email: delivered\n")
