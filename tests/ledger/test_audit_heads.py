"""Sent heads find what the ledger alone cannot; an old beginning is cut behind one and no else.

Each attack has the whole database in its hands and lacks the keys and what was received elsewhere.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from ledger import audit, audit_chain, audit_heads, erasure, forecast, retention
from ledger.audit_chain import CannotCut
from ledger.audit_hashes import row_hash, seal
from ledger.audit_heads import SentHead
from ledger.migrate import migrate
from postgres import Pool, connect
from security.keys import KeyRing
from security.purposes import User
from settings.rules import Retention
from tests.ledger.conftest import database
from tests.stack import TestStack

DAY = date(2026, 11, 20)
ROWS_A_DAY = 4
DAYS = 5
ALL = DAYS * ROWS_A_DAY
DAYS_KEPT = Retention().audit_days
TERM = timedelta(DAYS_KEPT)
UNLOCK = "ALTER TABLE audit DISABLE TRIGGER USER"
LOCK = "ALTER TABLE audit ENABLE TRIGGER USER"
REWIND = (
    "DELETE FROM audit WHERE id > {row}",
    "UPDATE audit_head SET id = {row}, hash = '\\x{hash}', seal = '\\x{seal}'",
)


class Ledger:
    """A ledger with some days of audit, of which the heads were sent; `seals` are those it had."""

    def __init__(self, dsn: str, pool: Pool, keys: KeyRing) -> None:
        self.dsn, self.pool, self.keys = dsn, pool, keys
        self.sent: list[SentHead] = []
        self.seals: dict[int, tuple[str, str]] = {}

    async def write(self, rows: int = 1, action: str = "retry") -> None:
        for _ in range(rows):
            said = {"actor": "anna", "action": action, "reference": "A-7K3F-92QD"}
            await audit.record(self.pool, self.keys, reason="why", **said)
        head = await self.pool.fetchrow("SELECT * FROM audit_head")
        assert head
        self.seals[head["id"]] = (head["hash"].hex(), head["seal"].hex())

    async def send(self, day: date) -> SentHead:
        taken = await audit_heads.of_day(self.pool, day)
        assert taken
        await audit_heads.told(self.pool, day, "email")
        self.sent.append(taken[0])
        return taken[0]

    async def attack(self, *statements: str) -> None:
        for statement in (UNLOCK, *statements, LOCK):
            await self.pool.execute(statement)

    def rewound(self, row: int) -> list[str]:
        """Return the statements that bring back chain and genuine head as of this row."""
        hashed, sealed = self.seals[row]
        return [each.format(row=row, hash=hashed, seal=sealed) for each in REWIND]

    async def verify(self, heads: Sequence[SentHead] | None = None) -> audit_chain.Chain:
        return await audit_chain.verify(self.pool, self.keys, datetime.now(UTC), heads=heads)

    async def beginning(self, heads: Sequence[SentHead] | None = None) -> SentHead | None:
        return await audit_heads.beginning(self.pool, datetime.now(UTC) - TERM, heads)

    async def age(self, days: int, rows: str = "true") -> None:
        """Make rows older, and the chain right again, as if they had been written then."""
        await self.attack(
            f"UPDATE audit SET at = at - interval '{days} days' WHERE {rows}"  # noqa: S608 - ours
        )
        previous = b""
        for row in await self.pool.fetch("SELECT * FROM audit ORDER BY id"):
            hashed = row_hash(self.keys, previous, row)
            await self.attack(
                f"UPDATE audit SET hash = '\\x{hashed.hex()}' WHERE id = {row['id']}",  # noqa: S608 - ours
                f"UPDATE audit_sent SET hash = '\\x{hashed.hex()}' WHERE id = {row['id']}",  # noqa: S608 - ours
            )
            previous = hashed
            sealed = seal(self.keys, row["id"], hashed)
            self.seals[row["id"]] = (hashed.hex(), sealed.hex())
        await self.pool.execute("UPDATE audit_head SET hash = $1, seal = $2", previous, sealed)
        self.sent = await audit_heads.sent(self.pool)

    async def cut(self, heads: Sequence[SentHead] | None = None) -> int | None:
        chain, before = await audit_chain.verify_to_cut(
            self.pool, self.keys, datetime.now(UTC), TERM, heads
        )
        if before is None:
            return None
        await self.cut_before(before, chain.first)
        return before.id

    async def cut_before(self, before: SentHead, first: int = 1, note: str = "") -> int:
        return await audit_chain.cut(
            self.pool, self.keys, actor="anna", first=first, before=before, note=note
        )


@pytest.fixture
async def ledger(stack: TestStack) -> AsyncIterator[Ledger]:
    async with database(stack) as dsn:
        await migrate(dsn, prefix="activation_")
        async with await connect(dsn, seconds=20) as pool:
            made = Ledger(dsn, pool, stack.keys)
            for number in range(DAYS):
                await made.write(ROWS_A_DAY)
                await made.send(DAY + timedelta(number))
            yield made


def test_a_head_is_read_again_wherever_it_was_kept() -> None:
    head = SentHead(DAY, 1_234_567, bytes(range(32)))
    other = SentHead(DAY, 7, b"\xff" * 32)
    letter = f"Φύλαξέ το.\n> {head}\n".replace("0203-", "0203-=\n").replace("row 1", "row=\r\n 1")
    assert audit_heads.read(f"{letter}\n{{'head': '{other}'}} {other}") == [other, head]
    encoded = base64.encodebytes(letter.encode() * 3).decode()
    kept = f"MIME-Version: 1.0\n\n{encoded}\n--=abc\n\n{encoded[:-1]}".replace("\n", "\r\n")
    assert audit_heads.read(f"{kept}\n{other}\nword\nwords\n") == [other, head]
    assert audit_heads.read(str(head)[:-1]) == []
    assert audit_heads.read(f"{head}0") == []
    assert audit_heads.read("2026-02-31 row 1 " + "-".join(["0000"] * 16)) == []
    assert audit_heads.read("") == []


async def test_an_untouched_chain_has_every_head_that_was_sent(ledger: Ledger) -> None:
    await ledger.write()
    for heads in (None, ledger.sent, ledger.sent[:2]):
        chain = await ledger.verify(heads)
        assert (chain.whole, chain.missing, chain.first) == (True, (), 1)
        assert chain.newest == (heads or ledger.sent)[-1]
    assert (await ledger.verify([])).newest is None


async def test_the_first_who_asks_takes_the_days_head_and_a_day_without_rows_has_one(
    ledger: Ledger,
) -> None:
    today = DAY + timedelta(DAYS)
    both = await asyncio.gather(*(audit_heads.of_day(ledger.pool, today) for _ in range(8)))
    await ledger.write()
    assert {taken[0] for taken in both if taken} == {
        SentHead(today, ALL, ledger.sent[-1].hash),
    }
    assert await audit_heads.of_day(ledger.pool, today) == both[0]
    # The clock went back: that day has a head, and keeps it.
    earlier = await audit_heads.of_day(ledger.pool, DAY)
    assert earlier
    assert earlier[0] == ledger.sent[0]
    assert (await ledger.verify()).whole


async def test_before_the_first_row_no_head_is_taken(empty: str) -> None:
    await migrate(empty)
    async with await connect(empty) as pool:
        assert await audit_heads.of_day(pool, DAY) is None
        assert not await audit_heads.is_behind(pool)
        assert await audit_heads.sent(pool) == []
        assert await audit_heads.beginning(pool, datetime.now(UTC)) is None


@pytest.mark.parametrize("row", [ALL - 1, ALL - ROWS_A_DAY, 1])
async def test_a_chain_that_was_rewound_with_its_genuine_head_misses_the_newest(
    ledger: Ledger, row: int
) -> None:
    ledger.seals[row] = ledger.seals.get(row) or await _seal_of(ledger, row)
    await ledger.attack(*ledger.rewound(row))
    for heads in (None, ledger.sent):
        chain = await ledger.verify(heads)
        assert chain.bad is None  # The ledger alone shows nothing.
        assert not chain.whole
        assert chain.missing[-1] == ledger.sent[-1]
    assert await audit_heads.is_behind(ledger.pool)
    # Work went on, over the row that was sent.
    await ledger.write(ALL)
    for heads in (None, ledger.sent):
        chain = await ledger.verify(heads)
        assert (chain.bad, chain.whole) == (None, False)
        assert ledger.sent[-1] in chain.missing


async def _seal_of(ledger: Ledger, row: int) -> tuple[str, str]:
    """Return what somebody who copied the head at that time would have."""
    hashed = await ledger.pool.fetchval("SELECT hash FROM audit WHERE id = $1", row)
    return hashed.hex(), seal(ledger.keys, row, hashed).hex()


async def test_with_the_table_of_heads_rewritten_only_those_received_find_it(
    ledger: Ledger,
) -> None:
    row = ALL - ROWS_A_DAY
    await ledger.attack(*ledger.rewound(row), f"DELETE FROM audit_sent WHERE id > {row}")  # noqa: S608 - ours
    told = await ledger.verify()
    assert told.whole
    assert told.newest == ledger.sent[-2]
    assert (await ledger.verify(ledger.sent)).missing == (ledger.sent[-1],)
    await ledger.attack("DELETE FROM audit_sent")
    assert (await ledger.verify()).newest is None
    assert not (await ledger.verify(ledger.sent)).whole


async def test_an_emptied_audit_misses_every_head(ledger: Ledger) -> None:
    await ledger.attack("DELETE FROM audit", "DELETE FROM audit_head")
    chain = await ledger.verify()
    assert (chain.bad, chain.rows, len(chain.missing)) == (None, 0, DAYS)
    assert await audit_heads.is_behind(ledger.pool)


async def test_a_head_that_no_row_can_have_is_not_taken(ledger: Ledger) -> None:
    await ledger.pool.execute("UPDATE audit_head SET id = id + 1, hash = 'somebody''s words'")
    assert await audit_heads.of_day(ledger.pool, DAY + timedelta(50)) is None


async def test_old_rows_are_cut_behind_a_sent_head_and_the_rest_is_whole(ledger: Ledger) -> None:
    assert await ledger.cut() is None
    await ledger.age(DAYS_KEPT + 1, "id <= 10")
    terms = Retention(audit_days=DAYS_KEPT)
    assert (await forecast.forecast(ledger.pool, terms))["audit"].now == 10
    assert await ledger.cut() == 2 * ROWS_A_DAY
    for heads in (None, ledger.sent, ledger.sent[2:]):
        chain = await ledger.verify(heads)
        assert (chain.bad, chain.loose, chain.missing) == (None, False, ())
        assert (chain.first, chain.rows) == (8, ALL - 7 + 1)
    assert [each.id for each in await audit_heads.sent(ledger.pool)] == [8, 12, 16, 20]
    # A head of rows that are gone was compared with nothing.
    assert (await ledger.verify(ledger.sent[:1])).newest is None
    (report,) = [row for row in await retention.last(ledger.pool) if row.rule == "audit"]
    assert report.gone == 7
    (said,) = await audit.page(ledger.pool, ledger.keys, action=audit.CUT)
    assert said.reason == "before row 8"
    # Work goes on, the next one continues from there, and each finds what it should.
    await ledger.write(3)
    assert (await ledger.verify()).whole
    await erasure.erase(ledger.pool, ledger.keys, "A-7K3F-92QD")
    assert (await ledger.verify()).whole


async def test_a_second_cut_goes_on_from_the_first(ledger: Ledger) -> None:
    await ledger.age(DAYS_KEPT + 1, "id <= 10")
    assert await ledger.cut() == 8
    await ledger.attack("UPDATE audit SET at = at - interval '9 years' WHERE id < 16")
    assert await ledger.beginning() == ledger.sent[3]
    with pytest.raises(CannotCut):  # These rows were changed: row 16 alone still fits.
        await ledger.cut_before(ledger.sent[2], first=8)
    await ledger.cut()
    chain = await ledger.verify(ledger.sent[3:])
    assert (chain.first, chain.whole) == (16, True)


async def test_only_heads_of_the_file_are_a_beginning_where_one_is_given(ledger: Ledger) -> None:
    await ledger.age(DAYS_KEPT + 1, "id <= 16")
    assert await ledger.cut([]) is None
    assert await ledger.cut([ledger.sent[1], ledger.sent[4]]) == ledger.sent[1].id
    assert (await ledger.verify(ledger.sent)).whole


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (7, "no head of that row was sent"),
        (16, "its rows are too young"),
        (12, "nobody took the head"),
    ],
)
async def test_the_owners_function_cuts_nowhere_else(
    ledger: Ledger, stack: TestStack, before: int, why: str
) -> None:
    await ledger.age(DAYS_KEPT + 1, "id <= 12")
    await ledger.pool.execute("UPDATE audit_sent SET told = '{}' WHERE id = 12")
    dsn = (
        stack.ledger_dsn_of(User.COMMANDS).rpartition("/")[0] + f"/{ledger.dsn.rpartition('/')[2]}"
    )
    hashed = await ledger.pool.fetchval("SELECT hash FROM audit WHERE id = $1", before)
    head = SentHead(DAY, before, hashed)
    async with await connect(dsn) as commands:
        with pytest.raises(asyncpg.RaiseError, match="behind a head"):
            await commands.execute("SELECT cut_audit($1, '')", before)
        with pytest.raises(asyncpg.RaiseError):
            await audit_chain.cut(commands, ledger.keys, actor="anna", first=1, before=head)
    assert (await ledger.verify()).rows == ALL, why


async def test_the_commands_cut_and_nobody_else(ledger: Ledger, stack: TestStack) -> None:
    await ledger.age(DAYS_KEPT + 1, "id <= 10")
    name = ledger.dsn.rpartition("/")[2]
    for user in User:
        dsn = stack.ledger_dsn_of(user).rpartition("/")[0] + f"/{name}"
        async with await connect(dsn) as pool:
            if user is User.COMMANDS:
                now = datetime.now(UTC)
                _, head = await audit_chain.verify_to_cut(pool, ledger.keys, now, TERM)
                assert head == ledger.sent[1]
                gone = await audit_chain.cut(pool, ledger.keys, actor="anna", first=1, before=head)
                assert gone == 7
                assert (await audit_chain.verify(pool, ledger.keys, now)).whole
            else:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await pool.execute("SELECT cut_audit(8, '')")
            for statement in ("DELETE FROM audit", "UPDATE audit_start SET id = 9"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await pool.execute(statement)


async def test_the_owner_deletes_no_row_by_mistake(ledger: Ledger) -> None:
    await ledger.age(DAYS_KEPT + 1, "id <= 10")
    await ledger.cut()
    for statement in (
        "DELETE FROM audit WHERE id = 8",
        "DELETE FROM audit",
        "UPDATE audit SET actor = 'x'",
        "TRUNCATE audit",
    ):
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await ledger.pool.execute(statement)


BEGIN_AT = (
    "INSERT INTO audit_start (id, previous) SELECT {first}, hash FROM audit WHERE id = {first} - 1"
    " ON CONFLICT (one) DO UPDATE SET id = EXCLUDED.id, previous = EXCLUDED.previous"
)


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(["DELETE FROM audit WHERE id < 12"], id="without a beginning"),
        pytest.param(
            [BEGIN_AT.format(first=12), "DELETE FROM audit WHERE id < 12"], id="behind a sent head"
        ),
        pytest.param(
            [
                BEGIN_AT.format(first=11),
                "DELETE FROM audit WHERE id < 11",
                "INSERT INTO audit_sent SELECT '2020-1-1', id, hash, '{x}' FROM audit WHERE id=11",
            ],
            id="behind a head that was made up",
        ),
        pytest.param(["DELETE FROM audit WHERE id BETWEEN 9 AND 11"], id="in the middle"),
        pytest.param(["DELETE FROM audit_start"], id="the beginning taken away"),
        pytest.param(["DELETE FROM audit_sent WHERE id = 8"], id="its head taken away"),
        pytest.param(["UPDATE audit_start SET previous = '\\x00'"], id="another row before it"),
        pytest.param(["DELETE FROM audit WHERE id = 8"], id="the first row taken away"),
        pytest.param(["DELETE FROM audit WHERE action = 'audit_cut'"], id="what says it was cut"),
    ],
)
async def test_a_cut_that_is_not_the_engines_is_found(
    ledger: Ledger, attack: Sequence[str]
) -> None:
    await ledger.age(DAYS_KEPT + 1, "id <= 10")
    await ledger.cut()
    await ledger.write(2)
    assert (await ledger.verify()).whole
    await ledger.attack(*attack)
    assert not (await ledger.verify()).whole
    await ledger.write(2)
    assert not (await ledger.verify()).whole


async def test_a_first_cut_that_is_not_the_engines_is_found(ledger: Ledger) -> None:
    await ledger.attack(BEGIN_AT.format(first=8), "DELETE FROM audit WHERE id < 8")
    chain = await ledger.verify()
    assert (chain.bad, chain.loose, chain.whole) == (None, True, False)
    # Nor does it help that one of staff types the words of such a row as a reason.
    said = {"actor": "eve", "action": "note", "reference": "A", "reason": "before row 8"}
    await audit.record(ledger.pool, ledger.keys, **said)
    assert (await ledger.verify()).loose


async def test_everything_taken_away_behind_a_genuine_head_is_found(ledger: Ledger) -> None:
    await ledger.attack(
        f"INSERT INTO audit_start SELECT true, id + 1, hash FROM audit WHERE id = {ALL}",  # noqa: S608 - ours
        "DELETE FROM audit",
        "DELETE FROM audit_sent",
    )
    chain = await ledger.verify()
    assert (chain.rows, chain.bad, chain.loose) == (0, None, True)


async def test_a_chain_that_lost_its_head_can_be_cut_where_it_began_anew(ledger: Ledger) -> None:
    await ledger.attack("DELETE FROM audit_head")
    await ledger.write()
    head = await ledger.send(DAY + timedelta(DAYS))
    assert (await ledger.verify()).bad == head.id
    await ledger.pool.execute(UNLOCK)
    await ledger.pool.execute(
        "UPDATE audit SET at = at - interval '9 years' WHERE id < $1", head.id
    )
    await ledger.pool.execute(LOCK)
    await ledger.cut_before(head, note="x")
    chain = await ledger.verify([head])
    assert (chain.first, chain.whole) == (head.id, True)
    with pytest.raises(CannotCut):
        await ledger.cut_before(replace(head, id=head.id + 50), first=head.id)


async def test_rows_are_written_while_it_is_cut(ledger: Ledger) -> None:
    await ledger.age(DAYS_KEPT + 1, "id <= 16")
    await asyncio.gather(ledger.cut(), *(ledger.write() for _ in range(20)))
    chain = await ledger.verify()
    assert (chain.first, chain.whole) == (16, True)
