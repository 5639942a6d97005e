"""Each day's head of the audit goes to the webhook and by mail, once each, until they have it."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs
from temporalio.client import Client
from typer.testing import CliRunner, Result

from domain.contracts.vocabulary import Language
from ledger import audit, audit_heads
from ledger.migrate import migrate
from postgres import Pool, connect
from security.keys import KeyRing
from security.purposes import User
from security.redaction import redact
from settings import Settings
from starter.output import Failed
from support.commands.main import commands
from support.verbs.alerts import Watcher
from support.verbs.head_letters import BEHIND, HEAD, UNSENT, HeadLetters
from tests.adapters.messaging.test_mail import Relay, relay
from tests.ledger.conftest import database
from tests.stack import TestStack
from tests.support.verbs.test_alert_channels import NOWHERE, Scene
from tests.support.verbs.test_alerts import MAILBOX, Hook, hook

__all__ = ["hook", "relay"]

AUDITOR = "auditor@university.example"


@pytest.fixture
def scene(stack: TestStack, hook: tuple[Hook, str], relay: Relay, tmp_path: Path) -> Scene:
    return Scene(stack, hook, relay, tmp_path)


@pytest.fixture
async def dsn(stack: TestStack) -> AsyncIterator[str]:
    async with database(stack) as made:
        await migrate(made, prefix="activation_")
        yield made


@pytest.fixture
async def own(dsn: str, stack: TestStack) -> AsyncIterator[Pool]:
    """Give a ledger of its own with one row in its audit."""
    async with await connect(dsn) as pool:
        await write(pool, stack.keys)
        yield pool


async def write(pool: Pool, keys: KeyRing, rows: int = 1) -> None:
    for _ in range(rows):
        said = {"actor": "anna", "action": "retry", "reference": "A-7K3F-92QD", "reason": "why"}
        await audit.record(pool, keys, **said)


def posted(scene: Scene) -> list[dict[str, Any]]:
    return [told for told in scene.server.taken if told["cause"] == HEAD]


def mailed(scene: Scene) -> list[str]:
    """Return the texts of the letters with a head, as they came."""
    texts = [letter.get_content() for letter in scene.relay.taken]
    return [text for text in texts if audit_heads.read(text)]


def today(zone: str = "UTC") -> str:
    return datetime.now(ZoneInfo(zone)).date().isoformat()


async def look(pool: Pool, settings: Settings) -> None:
    """Look as the process of alerts does, without Temporal."""
    away = await Client.connect(NOWHERE, lazy=True)
    await Watcher(away, pool, settings).look()


async def test_a_head_goes_to_each_channel_once_over_restarts_and_later_rows(
    own: Pool, scene: Scene, stack: TestStack
) -> None:
    with capture_logs() as logs:
        await look(own, scene.settings)
        await write(own, stack.keys)
        await look(own, scene.settings)
    (told,), (letter,) = posted(scene), mailed(scene)
    (head,) = await audit_heads.sent(own)
    assert (head.id, told["row"], told["day"]) == (1, 1, head.day.isoformat())
    zone = stack.settings.institution.timezone
    assert head.day == datetime.now(UTC).astimezone(zone).date()
    assert audit_heads.read(letter) == audit_heads.read(told["head"]) == [head]
    logged = [redact(None, "", dict(line)) for line in logs if line["event"] == "audit head"]
    assert len(logged) == 2  # A process that starts writes it again.
    assert audit_heads.read(json.dumps(logged)) == [head]
    assert await own.fetchval("SELECT told FROM audit_sent") == ["webhook", "email"]


async def test_of_several_processes_one_sends(own: Pool, scene: Scene) -> None:
    scene.server.lasts = 0.3
    await asyncio.gather(*(look(own, scene.settings) for _ in range(4)))
    await look(own, scene.settings)
    assert (len(posted(scene)), len(mailed(scene))) == (1, 1)


async def test_what_is_not_taken_is_told_and_sent_again_until_it_is(
    own: Pool, scene: Scene
) -> None:
    scene.server.status = "500 Internal Server Error"
    for _ in range(3):
        await look(own, scene.settings)
    assert len(mailed(scene)) == 1
    assert await own.fetchval("SELECT told FROM audit_sent") == ["email"]
    standing = "SELECT cause FROM alert WHERE gone_at IS NULL"
    assert f"{UNSENT} webhook" in {row[0] for row in await own.fetch(standing)}
    assert [each for each in scene.letters() if f"{UNSENT} webhook" in each]
    scene.mend()
    await look(own, scene.settings)
    await look(own, scene.settings)
    assert len(posted(scene)) == 1
    assert f"{UNSENT} webhook" not in {row[0] for row in await own.fetch(standing)}
    assert len([each for each in scene.letters() if f"{UNSENT} webhook" in each]) == 2


async def test_a_head_that_no_channel_takes_is_no_sent_head(own: Pool, scene: Scene) -> None:
    scene.server.status, scene.relay.rcpt = "401 Unauthorized", "550 5.1.1 no such user"
    found = await HeadLetters(scene.settings).send(own)
    assert found == {f"{UNSENT} webhook": 1, f"{UNSENT} email": 1}
    assert await audit_heads.sent(own) == []
    silent = scene.elsewhere(alerts__webhook_url="")
    silent.alerts.email = ""
    with capture_logs() as logs:
        assert await HeadLetters(silent).send(own) == {}
    assert [line["event"] for line in logs] == ["audit head"]
    assert await audit_heads.sent(own) == []


async def test_the_auditors_mailbox_takes_heads_and_no_alerts(own: Pool, scene: Scene) -> None:
    await look(own, scene.elsewhere(alerts__audit_email=AUDITOR))
    to = {str(letter["To"]): audit_heads.read(letter.get_content()) for letter in scene.relay.taken}
    assert set(to) == {AUDITOR, MAILBOX}
    assert to[AUDITOR]
    assert not to[MAILBOX]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
async def test_the_day_is_the_institutions(own: Pool, scene: Scene, zone: str) -> None:
    """These two have never the same day."""
    settings = scene.elsewhere(institution__timezone=ZoneInfo(zone))
    days = {today(zone)}
    await HeadLetters(settings).send(own)
    days.add(today(zone))
    (told,) = posted(scene)
    assert told["day"] in days


async def test_before_the_first_row_nothing_is_sent(dsn: str, scene: Scene) -> None:
    async with await connect(dsn) as pool:
        assert await HeadLetters(scene.settings).send(pool) == {}
    assert (posted(scene), scene.relay.taken) == ([], [])


@pytest.mark.parametrize(
    "attack",
    [
        ["UPDATE audit_head SET id = 1, hash = sha256('another')"],
        ["DELETE FROM audit_head"],
        ["UPDATE audit_head SET hash = sha256('another')"],
    ],
)
async def test_an_audit_that_ends_before_a_sent_head_is_told_at_once(
    own: Pool, scene: Scene, stack: TestStack, attack: list[str]
) -> None:
    await write(own, stack.keys, 3)
    await look(own, scene.settings)
    await write(own, stack.keys)
    await look(own, scene.settings)
    assert scene.server.heard(BEHIND) == []
    for statement in ["UPDATE audit_head SET id = 4", *attack]:
        await own.execute(statement)
    await look(own, scene.settings)
    assert scene.server.heard(BEHIND) == [("stands", 1)]


async def test_the_process_of_alerts_needs_no_more_than_its_role(
    own: Pool, dsn: str, scene: Scene, stack: TestStack
) -> None:
    del own
    role = stack.ledger_dsn_of(User.ALERTS).rpartition("/")[0] + f"/{dsn.rpartition('/')[2]}"
    async with await connect(role) as pool:
        await look(pool, scene.settings)
        await look(pool, scene.settings)
    assert (len(posted(scene)), len(mailed(scene))) == (1, 1)


async def support(*words: str) -> Result:
    """Run the command as a person does, where no loop runs."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(commands, [*words]))


@pytest.fixture
async def received(
    own: Pool, dsn: str, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return the letters that were received, as files; the commands use that ledger."""
    changed = {"ledger_dsn": type(scene.settings.ledger_dsn)(dsn)}
    settings = scene.settings.model_copy(update=changed)
    monkeypatch.setattr("settings.load", lambda: settings)
    await look(own, settings)
    kept = tmp_path / "letters"
    kept.write_bytes(b"\nFrom engine\n".join(each.as_bytes() for each in scene.relay.taken))
    return kept


async def test_verify_compares_with_what_was_received_and_says_so(
    own: Pool, received: Path, scene: Scene, stack: TestStack, tmp_path: Path
) -> None:
    (head,) = await audit_heads.sent(own)
    plain = await support("audit", "verify")
    assert plain.exit_code == 0, plain.exception
    assert "of the ledger, which can be rewritten with the audit: give others" in plain.stdout
    assert str(head) in plain.stdout
    hooked = tmp_path / "hooked"
    hooked.write_text("\n".join(map(json.dumps, scene.server.taken)))
    for file in (received, hooked):
        done = await support("audit", "verify", "--heads", str(file))
        assert done.exit_code == 0, done.exception
        assert f"Compared with the heads of the file. The newest: {head}" in done.stdout
    told = json.loads((await support("audit", "verify", "--heads", str(received), "--json")).stdout)
    assert (told["heads"], told["newest"], told["missing"]) == ("file", str(head), [])
    nothing = tmp_path / "nothing"
    nothing.write_text("no head")
    refused = await support("audit", "verify", "--heads", str(nothing))
    assert isinstance(refused.exception, Failed)
    assert "holds no head" in str(refused.exception)
    # Somebody begins the chain, and the table of heads, anew.
    for statement in (
        "ALTER TABLE audit DISABLE TRIGGER USER",
        *("DELETE FROM audit", "DELETE FROM audit_head", "DELETE FROM audit_sent"),
    ):
        await own.execute(statement)
    await write(own, stack.keys, 4)
    assert (await support("audit", "verify")).exit_code == 0
    found = await support("audit", "verify", "--heads", str(received))
    assert found.exit_code == 1
    assert f"row 1, whose head was sent on {head.day}, is not in the chain" in str(found.exception)
    found = await support("audit", "verify", "--heads", str(received), "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["missing"] == [str(head)]
    cut = await support("audit", "cut", "--heads", str(received))
    assert "nothing was cut: row 1," in str(cut.exception)
    rows = await audit.page(own, stack.keys, limit=2)
    assert rows[0].reason == "verify: head not found"


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
@pytest.mark.parametrize("language", Language)
async def test_letters_are_read_as_mail_programs_keep_them(
    own: Pool, scene: Scene, tmp_path: Path, language: Language, encoding: str
) -> None:
    await look(own, scene.elsewhere(institution__default_language=language))
    (head,) = await audit_heads.sent(own)
    (letter,) = (each for each in scene.relay.taken if str(head.day) in str(each["Subject"]))
    letter.set_content(letter.get_content(), cte=encoding)
    kept = tmp_path / "kept"
    kept.write_bytes(b"From engine\r\n" + letter.as_bytes())
    with kept.open(encoding="utf-8") as file:
        assert audit_heads.read(file.read()) == [head]


async def test_the_command_cuts_what_is_old_and_no_broken_chain_unless_told(
    own: Pool, received: Path, stack: TestStack
) -> None:
    del received
    none = await support("audit", "cut", "--json")
    assert json.loads(none.stdout) == {"gone": 0}
    await age(own, stack.keys)
    expired = await support("audit", "cut")
    assert isinstance(expired.exception, Failed)
    assert "row 1 was changed" in str(expired.exception)
    done = await support("audit", "cut", "--although-broken")
    assert done.exit_code == 0, done.exception
    assert done.stdout == "Rows deleted: 4.\n"
    (row,) = await audit.page(own, stack.keys, action=audit.CUT)
    assert row.reason == "before row 5, row 1 does not fit"
    assert (await support("audit", "verify")).exit_code == 0
    assert "begins with row 5" in (await support("audit", "verify")).stdout
    again = await support("audit", "cut")
    assert again.stdout == "Rows deleted: 0.\n"


AHEAD = """
CREATE SCHEMA wrong;
CREATE FUNCTION wrong.now() RETURNS timestamptz LANGUAGE sql
    AS $$ SELECT pg_catalog.now() + interval '4 years' $$;
DO $$ BEGIN
    EXECUTE format(
        'ALTER DATABASE %I SET search_path = wrong, pg_catalog, public', current_database()
    );
END $$;
"""


async def test_nothing_is_cut_by_a_clock_that_is_wrong(
    own: Pool, received: Path, stack: TestStack
) -> None:
    del received
    await age(own, stack.keys, "2 years")
    await own.execute(AHEAD)
    refused = await support("audit", "cut", "--although-broken")
    assert "nothing was cut: the clocks" in str(refused.exception)
    assert await own.fetchval("SELECT count(*) FROM audit WHERE id < 5") == 4


async def age(pool: Pool, keys: KeyRing, by: str = "9 years") -> None:
    """Make four rows old, which breaks them, and send the head of the fifth."""
    await write(pool, keys, 4)
    for statement in (
        "INSERT INTO audit_sent SELECT '2026-11-01', id, hash, '{email}' FROM audit_head",
        "ALTER TABLE audit DISABLE TRIGGER USER",
        f"UPDATE audit SET at = at - interval '{by}' WHERE id < 5",  # noqa: S608 - ours
        "ALTER TABLE audit ENABLE TRIGGER USER",
    ):
        await pool.execute(statement)
