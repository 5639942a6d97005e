"""The auditor reads what staff did, proves the chain and takes it along; each is a row as well."""

import asyncio
import csv
import io
import json
import re
from collections.abc import Iterator
from secrets import token_hex
from urllib.parse import quote

import pytest

from ledger import audit
from postgres import Pool
from starter.workbook import MOST_ROWS
from support.console import audit as console
from support.console import sheets
from support.verbs.audit import Format
from tests.stack import TestStack
from tests.support.console.conftest import SignedIn
from tests.workbooks import Workbook

HEAD = re.compile(r'app-code">([0-9a-f]{64})<')


async def write(pool: Pool, stack: TestStack, actor: str, *reasons: str) -> None:
    for reason in reasons:
        said = {"actor": actor, "action": "retry", "reference": "A-7K3F-92QD", "reason": reason}
        await audit.record(pool, stack.keys, **said)


async def test_the_newest_that_fit_come_first_a_page_at_a_time(
    stack: TestStack, pool: Pool, signed_in: SignedIn
) -> None:
    actor = token_hex(6)
    await write(pool, stack, actor, *(f"why-{number:02}" for number in range(52)))
    browser = await signed_in("auditor")
    first = (await browser.get(f"/audit?actor={actor}&action=retry&reference=a7k3f92qd")).text
    assert re.findall(r"why-\d\d", first) == [f"why-{number:02}" for number in range(51, 1, -1)]
    (older,) = re.findall(r'href="(/audit\?[^"]*)" rel="next"', first)
    second = (await browser.get(older.replace("&amp;", "&"))).text
    assert re.findall(r"why-\d\d", second) == ["why-01", "why-00"]
    assert 'rel="next"' not in second
    assert "Δεν βρέθηκε εγγραφή" in (await browser.get("/audit?actor=nobody&before=x")).text
    (row, *_) = await audit.page(pool, stack.keys, actor="auditor")
    assert (row.action, row.reason) == ("audit", "read")


async def test_the_chain_is_proven_and_a_kept_head_found_again(
    stack: TestStack, pool: Pool, signed_in: SignedIn
) -> None:
    browser = await signed_in("auditor")
    told = (await browser.get("/audit/verify")).text
    assert "Καμία εγγραφή δεν τροποποιήθηκε" in told
    (head,) = HEAD.findall(told)
    await write(pool, stack, "anna", "later")
    sent = f"2026-11-29 row 14 {bytes.fromhex(head).hex('-', 2)}"
    for expect in (head, f" {sent.upper()} "):
        found = (await browser.get(f"/audit/verify?expect={quote(expect)}")).text
        assert "υπάρχει στην αλυσίδα" in found
    refused = await browser.get(f"/audit/verify?expect={head[1:]}")
    assert refused.status_code == 422
    assert "Αυτό δεν είναι κορυφή" in refused.text
    assert f'value="{head[1:]}"' in refused.text
    other = (await browser.get(f"/audit/verify?expect={'0' * 64}")).text
    assert "δεν υπάρχει στην αλυσίδα" in other
    assert not HEAD.findall(other)
    rows = await audit.page(pool, stack.keys, actor="auditor", limit=3)
    assert [row.reason for row in rows] == ["verify: head not found", "read", "verify: whole"]


async def test_what_is_taken_along_is_all_of_it_and_no_formula(
    stack: TestStack, pool: Pool, signed_in: SignedIn
) -> None:
    actor = token_hex(6)
    await write(pool, stack, actor, "=HYPERLINK(1)", 'a "quoted"\nΜαρία')
    browser = await signed_in("auditor")
    answer = await browser.get("/audit/export?format=csv&since=2020-01-01")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    rows = [row for row in csv.DictReader(io.StringIO(answer.text, "")) if row["actor"] == actor]
    assert [row["reason"] for row in rows] == ["'=HYPERLINK(1)", 'a "quoted"\nΜαρία']
    answer = await browser.get("/audit/export?format=xlsx&since=2020-01-01")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.xlsx"'
    book = Workbook(answer.content)
    assert [row[5] for row in book.rows if row[2] == actor] == [
        "=HYPERLINK(1)",
        'a "quoted"\nΜαρία',
    ]
    assert not book.found("f")
    answer = await browser.get("/audit/export?format=jsonl")
    rows = [row for row in map(json.loads, answer.text.splitlines()) if row["actor"] == actor]
    assert [row["reason"] for row in rows] == ["=HYPERLINK(1)", 'a "quoted"\nΜαρία']
    (row, *_) = await audit.page(pool, stack.keys, actor="auditor")
    assert row.reason == "export: jsonl, all"
    refused = await browser.get("/audit/export?since=yesterday")
    assert refused.status_code == 422
    assert "Γράψτε μια ημέρα" in refused.text


async def test_more_rows_than_a_page_can_give_are_refused_before_they_are_read(
    stack: TestStack, pool: Pool, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(pool, stack, "auditors", "one", "two")
    browser = await signed_in("auditor")
    monkeypatch.setattr(console, "_MOST_ROWS", dict.fromkeys(Format, 1))
    for form in Format:
        refused = await browser.get(f"/audit/export?format={form}")
        assert refused.status_code == 422
        assert "πάνω από 1 εγγραφές" in refused.text
        assert (await browser.get(f"/audit/export?format={form}&since=2999-01-01")).is_success
    told = await audit.page(pool, stack.keys, actor="auditor", limit=6)
    assert not any(": all" in str(row.reason) for row in told)


async def test_a_workbook_that_nobody_waits_for_any_more_is_not_written_on() -> None:
    taken = 0

    def rows() -> Iterator[list[object]]:
        nonlocal taken
        while True:
            taken += 1
            yield [taken]

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await sheets._workbook(rows())
    before = 0
    while taken > before:
        before = taken
        await asyncio.sleep(0.2)
    assert taken < MOST_ROWS


async def test_no_other_role_reads_the_audit(signed_in: SignedIn) -> None:
    browser = await signed_in("operator")
    for path in ("/audit", "/audit/verify", "/audit/export"):
        assert (await browser.get(path)).status_code == 403


@pytest.mark.parametrize(
    ("table", "columns", "says"),
    [
        (
            "audit_sent",
            "SELECT '2026-01-01'::date, 900000000, sha256('x'), '{email}'::text[]",
            "Μια κορυφή που στάλθηκε δεν υπάρχει στην αλυσίδα: εγγραφή 900000000",
        ),
        (
            "audit_sent",
            "SELECT '2099-01-01'::date, id, hash, '{email}'::text[] FROM audit_head",
            "έχει ημερομηνία 2099-01-01, που δεν έχει έρθει",
        ),
        ("audit_start", "SELECT true, 1, ''::bytea", "Οι εγγραφές πριν από την εγγραφή 1"),
    ],
)
async def test_what_is_missing_is_told(
    pool: Pool, signed_in: SignedIn, table: str, columns: str, says: str
) -> None:
    browser = await signed_in("auditor")
    await pool.execute(f"INSERT INTO {table} {columns}")
    try:
        told = (await browser.get("/audit/verify")).text
    finally:
        await pool.execute(
            f"DELETE FROM {table}"  # noqa: S608 - as parametrized
            + (" WHERE day IN ('2026-01-01', '2099-01-01')" if table == "audit_sent" else "")
        )
    assert says in told
    assert not HEAD.findall(told)
    assert any(f"{year}-01-01" in told for year in (2026, 2099)) is (table == "audit_sent")
