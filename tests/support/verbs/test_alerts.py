"""One alert a cause by each channel, one when it is over, whatever is away or starts again."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import time_machine
from structlog.testing import capture_logs
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

import postgres
from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import WORKFLOW, Step, TaskQueue, WaitReason
from domain.findings import FindingKind
from ledger import alerts as kept
from ledger import allowances, audit, budgets
from ledger.migrate import migrate
from postgres import Pool
from security.purposes import User
from settings import Settings
from support.verbs import alert_channels, alerts
from support.verbs.alerts import TEMPORAL_DOWN, Watcher
from tests.certified_servers import in_days, showing, written
from tests.ledger.conftest import database
from tests.stack import TestStack
from workflows.search_attributes import REASON, STEP

MAILBOX = "operators@university.example"


class Hook:
    """A webhook's server, which notes what it takes and by whose token."""

    def __init__(self) -> None:
        self.status = "204 No Content"
        self.lasts = 0.0
        self.taken: list[dict[str, Any]] = []
        self.tokens: set[str] = set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:-2])
        await asyncio.sleep(self.lasts)
        told = json.loads(await reader.readexactly(int(fields["content-length"])))
        if self.status.startswith("2"):
            self.taken.append(told)
            self.tokens.add(fields["authorization"])
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    def heard(self, cause: str) -> list[tuple[str, int]]:
        return [(told["state"], told["count"]) for told in self.taken if told["cause"] == cause]


@pytest.fixture
async def pool(stack: TestStack) -> AsyncIterator[Pool]:
    async with await postgres.connect(stack.ledger_dsn) as pool:
        await pool.execute("DELETE FROM alert")
        # What other tests did as staff is an alert as well.
        await pool.execute("DELETE FROM budget WHERE bucket LIKE 'stopped:%'")
        # The audit has a head, which was sent today: tests/support/verbs/test_head_letters.py.
        said = {"actor": "anna", "action": "retry", "reference": "A-7K3F-92QD", "reason": "why"}
        await audit.record(pool, stack.keys, **said)
        await pool.execute(
            "INSERT INTO audit_sent SELECT current_date + n, id, hash, '{webhook, email}'"
            " FROM audit_head, generate_series(-1, 1) n"
            " ON CONFLICT (day) DO UPDATE SET told = EXCLUDED.told"
        )
        yield pool
        await pool.execute("DELETE FROM alert")
        # A head of tomorrow is none to whoever verifies the audit.
        await pool.execute("DELETE FROM audit_sent")


@pytest.fixture
async def role(stack: TestStack, pool: Pool) -> AsyncIterator[Pool]:
    """Give the ledger as the process of alerts has it, so that each of its statements needs it."""
    del pool
    async with await postgres.connect(stack.ledger_dsn_of(User.ALERTS)) as role:
        yield role


@pytest.fixture
async def hook() -> AsyncIterator[tuple[Hook, str]]:
    hook = Hook()
    async with await asyncio.start_server(hook.answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield hook, f"http://127.0.0.1:{port}/alert"


@pytest.fixture
def settings(stack: TestStack, hook: tuple[Hook, str], tmp_path: Path) -> Settings:
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    told = stack.settings.alerts.model_copy(
        update={
            "webhook_url": hook[1],
            "webhook_token_file": token,
            "email": MAILBOX,
            "after_seconds": 0,
        }
    )
    return stack.settings.model_copy(update={"alerts": told})


async def counted(client: Client, number: int) -> None:
    async with asyncio.timeout(20):
        while True:
            if (await alerts.causes(client)).get("SMS_DOWN", 0) == number:
                return
            await asyncio.sleep(0.1)


async def test_a_cause_is_told_once_and_its_end_once_over_restarts_and_failed_deliveries(
    client: Client, stack: TestStack, role: Pool, hook: tuple[Hook, str], settings: Settings
) -> None:
    def load_case() -> Any:
        return Watcher(client, role, settings).look()

    attributes = TypedSearchAttributes(
        [
            SearchAttributePair(STEP, Step.PIN.value),
            SearchAttributePair(REASON, WaitReason.SMS_DOWN.value),
        ]
    )
    before = (await alerts.causes(client)).get("SMS_DOWN", 0)
    stuck = [
        await client.start_workflow(
            WORKFLOW,
            ActivationStart(reference=f"A-ALRT-000{number}"),
            id=f"A-ALRT-000{number}",
            task_queue=TaskQueue.MAIN,
            search_attributes=attributes,
        )
        for number in range(2)
    ]
    server, _ = hook
    await counted(client, before + 2)
    server.status = "503 Service Unavailable"
    await load_case()
    server.status = "204 No Content"
    for _ in range(2):
        await load_case()
    assert server.heard("SMS_DOWN") == [("stands", before + 2)]
    for handle in stuck:
        await handle.terminate()
    await counted(client, before)
    assert before == 0
    for _ in range(2):
        await load_case()
    assert server.heard("SMS_DOWN") == [("stands", 2), ("over", 2)]
    assert server.tokens == {"bearer s3cret"}
    letters = [one for one in stack.messages(MAILBOX) if "SMS_DOWN" in str(one["subject"])]
    assert len(letters) == 2
    assert "A-ALRT" not in str(letters) + str(server.taken)


async def test_the_institutions_spent_sms_are_one_alert(
    client: Client, pool: Pool, role: Pool, hook: tuple[Hook, str], settings: Settings
) -> None:
    limits = settings.send_budget.model_copy(update={"sms_per_hour": 2})
    watcher = Watcher(client, role, settings.model_copy(update={"send_budget": limits}))
    await pool.execute("DELETE FROM budget")
    for number in range(5):
        await budgets.take(pool, allowances.ceilings(limits, paid=True))
        await watcher.look()
        told = [len(hook[0].heard(f"{alerts.USED} sms {share}")) for share in (50, 80, 100)]
        assert told == [1, number >= 1, number >= 1]
        assert len(hook[0].heard(alerts.SMS_BUDGET)) == (number >= 1)
    await pool.execute("DELETE FROM budget")
    await watcher.look()
    assert hook[0].heard(alerts.SMS_BUDGET) == [("stands", 1), ("over", 1)]


async def test_attack_mode_is_one_alert(
    client: Client, pool: Pool, role: Pool, hook: tuple[Hook, str], settings: Settings
) -> None:
    watcher = Watcher(client, role, settings)
    on = "INSERT INTO budget VALUES ('attack_mode', now(), 1, now() + interval '9 minutes')"
    for statement in (on, "DELETE FROM budget WHERE bucket = 'attack_mode'"):
        await pool.execute(statement)
        await watcher.look()
    assert hook[0].heard(alerts.ATTACK) == [("stands", 1), ("over", 1)]


async def test_a_sweep_that_stopped_is_one_alert(
    client: Client, pool: Pool, role: Pool, hook: tuple[Hook, str], settings: Settings
) -> None:
    watcher = Watcher(client, role, settings)
    await pool.execute("DELETE FROM swept")
    await watcher.look()
    for hours in (4, 2):
        await pool.execute(
            "INSERT INTO swept VALUES (current_date, 'test', 0, now() - $1::interval)"
            " ON CONFLICT (day, rule) DO UPDATE SET at = EXCLUDED.at",
            timedelta(hours=hours),
        )
        await watcher.look()
    assert hook[0].heard(alerts.SWEEP_LATE) == [("stands", 1), ("over", 1)]


async def test_findings_that_staff_must_see_to_are_one_alert(
    client: Client, pool: Pool, role: Pool, hook: tuple[Hook, str], settings: Settings
) -> None:
    watcher = Watcher(client, role, settings)
    await pool.execute("DELETE FROM finding")
    await pool.executemany(
        "INSERT INTO finding (kind, subject, confirmed_at) VALUES ($1, $2, $3)",
        [
            (FindingKind.RUN_MISSING, "A-1", datetime.now(UTC)),
            (FindingKind.CONSENT_MISSING, "A-2", None),
        ],
    )
    await watcher.look()
    assert hook[0].heard(alerts.FINDINGS) == []
    for change in ("confirmed_at = now()", "settled_at = now()"):
        await pool.execute(f"UPDATE finding SET {change}")  # noqa: S608 - constants of this test
        await watcher.look()
    assert hook[0].heard(alerts.FINDINGS) == [("stands", 1), ("over", 1)]
    await pool.execute("DELETE FROM finding")


async def test_a_certificate_that_ends_soon_is_one_alert_until_it_is_renewed(
    client: Client, role: Pool, hook: tuple[Hook, str], settings: Settings, tmp_path: Path
) -> None:
    watcher = Watcher(client, role, settings)
    port = 0
    for days in (20, 90):
        async with showing(written(tmp_path, in_days(days)), port) as shown:
            port = shown.port
            urls = [f"ldaps://{shown}"]
            directory = settings.directory.model_copy(update={"urls": urls})
            watcher.certificates._settings = settings.model_copy(update={"directory": directory})
            await watcher.certificates.look()
        await watcher.look()
    cause = f"{alerts.CERTIFICATE_ENDS} directory"
    assert hook[0].heard(cause) == [("stands", 1), ("over", 1)]


async def test_a_cause_is_told_only_when_it_has_stood_for_a_while(
    client: Client, pool: Pool, role: Pool, hook: tuple[Hook, str], settings: Settings
) -> None:
    patient = settings.alerts.model_copy(update={"after_seconds": 60})
    await pool.execute("INSERT INTO alert (cause, count) VALUES ('MAIL_DOWN', 1)")
    watcher = Watcher(client, role, settings.model_copy(update={"alerts": patient}))
    await watcher.look()
    assert hook[0].taken == []
    assert await pool.fetchval("SELECT count(*) FROM alert WHERE cause = 'MAIL_DOWN'") == 0


async def test_temporal_away_is_a_cause_and_ends_no_other(
    pool: Pool, role: Pool, hook: tuple[Hook, str], settings: Settings
) -> None:
    await pool.execute("INSERT INTO alert (cause, count) VALUES ('MAIL_DOWN', 7)")
    away = await Client.connect("127.0.0.1:1", lazy=True)
    await Watcher(away, role, settings).look()
    assert hook[0].heard(TEMPORAL_DOWN) == [("stands", 1)]
    assert hook[0].heard("MAIL_DOWN") == [("stands", 7)]


async def test_the_ledger_away_is_told_once_and_its_return_once(
    client: Client, role: Pool, hook: tuple[Hook, str], settings: Settings
) -> None:
    async with await postgres.connect("postgresql://nobody@127.0.0.1:1/none", seconds=0.2) as away:
        watcher = Watcher(client, away, settings)
        for _ in range(2):
            await watcher.look()
    assert hook[0].heard("LEDGER_DOWN") == [("stands", 1)]
    watcher._pool = role
    for _ in range(2):
        await watcher.look()
    assert hook[0].heard("LEDGER_DOWN") == [("stands", 1), ("over", 1)]


@pytest.mark.parametrize("harm", ["REVOKE ALL ON swept FROM activation_alerts", "DROP TABLE swept"])
async def test_a_ledger_that_refuses_is_not_told_as_away(
    stack: TestStack, client: Client, hook: tuple[Hook, str], settings: Settings, harm: str
) -> None:
    async with database(stack) as dsn:
        await migrate(dsn, prefix="activation_")
        async with await postgres.connect(dsn) as owner:
            await owner.execute(harm)
        own = stack.ledger_dsn_of(User.ALERTS).rpartition("/")[0] + f"/{dsn.rpartition('/')[2]}"
        async with await postgres.connect(own) as role:
            watcher = Watcher(client, role, settings)
            with capture_logs() as logs:
                for _ in range(2):
                    await watcher.look()
            (told,) = hook[0].taken
            assert (told["cause"], told["state"]) == (alerts.LEDGER_REFUSES, "stands")
            assert "activation ledger roles" in told["text"]
            lines = [line for line in logs if line["event"] == "the ledger refuses a statement"]
            assert len(lines) == 2
            assert all("FROM swept" in line["statement"] for line in lines)
            assert {line["log_level"] for line in lines} == {"error"}


async def test_a_disk_without_room_is_told_as_the_ledger_away(
    stack: TestStack, client: Client, hook: tuple[Hook, str], settings: Settings
) -> None:
    async with database(stack) as dsn:
        await migrate(dsn, prefix="activation_")
        name = dsn.rpartition("/")[2]
        own = stack.ledger_dsn_of(User.ALERTS).rpartition("/")[0] + f"/{name}"
        server = await asyncpg.connect(stack._stack.postgres.dsn("postgres", "postgres"))
        # As little room for files as if the disk had it: the tables' own pages still take rows.
        limit = f'ALTER ROLE activation_alerts IN DATABASE "{name}" SET temp_file_limit'
        async with await postgres.connect(own) as role:
            watcher = Watcher(client, role, settings)
            for room in ("1000kB", "2000kB"):
                await server.execute(f"{limit} = '{room}'")
                await role.expire_connections()
                for _ in range(2):
                    await watcher.look()
        await server.close()
    assert hook[0].heard("LEDGER_DOWN") == [("stands", 1), ("over", 1)]


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_clock_that_is_set_neither_hurries_nor_delays_what_is_told_without_the_ledger(
    client: Client, role: Pool, hook: tuple[Hook, str], settings: Settings, minutes: int
) -> None:
    def after(seconds: float) -> Settings:
        told = settings.alerts.model_copy(update={"after_seconds": seconds})
        return settings.model_copy(update={"alerts": told})

    async with await postgres.connect("postgresql://nobody@127.0.0.1:1/none", seconds=0.2) as away:
        soon, late = Watcher(client, away, after(0.2)), Watcher(client, away, after(60))
        await asyncio.gather(soon.look(), late.look())
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
            await late.look()
            assert hook[0].heard("LEDGER_DOWN") == []
            async with asyncio.timeout(10):
                while not hook[0].heard("LEDGER_DOWN"):
                    await soon.look()
            soon._pool = role
            async with asyncio.timeout(10):
                while len(hook[0].heard("LEDGER_DOWN")) < 2:
                    await soon.look()
    assert hook[0].heard("LEDGER_DOWN") == [("stands", 1), ("over", 1)]


async def test_what_one_channel_was_told_is_kept_before_the_next_is_asked(
    pool: Pool,
    role: Pool,
    hook: tuple[Hook, str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A slow mail server keeps no transaction open, nor makes the webhook hear it again."""
    await pool.execute("INSERT INTO alert (cause, count) VALUES ('MAIL_DOWN', 7)")
    seen: list[list[str]] = []

    async def tell(_: alert_channels.Mailbox, message: alert_channels.AlertMessage) -> None:
        if message.alert.cause == "MAIL_DOWN":
            seen.append(await pool.fetchval("SELECT told FROM alert WHERE cause = 'MAIL_DOWN'"))
        raise alert_channels.NotDelivered("later")

    monkeypatch.setattr(alert_channels.Mailbox, "tell", tell)
    away = await Client.connect("127.0.0.1:1", lazy=True)
    await Watcher(away, role, settings).look()
    assert hook[0].heard("MAIL_DOWN") == [("stands", 7)]
    assert seen == [["webhook"]]


async def test_two_look_one_after_the_other(
    client: Client, pool: Pool, role: Pool, hook: tuple[Hook, str], settings: Settings
) -> None:
    async with kept.leading(pool) as leads:
        assert leads
        await pool.execute("INSERT INTO alert (cause, count, told) VALUES ('X', 7, '{webhook}')")
        await Watcher(client, role, settings).look()
        assert hook[0].taken == []
    await Watcher(client, role, settings).look()
    assert hook[0].heard("X") == [("over", 7)]


def test_nobody_is_told_where_the_settings_name_nobody(stack: TestStack) -> None:
    assert alert_channels.channels(stack.settings) == ()
