"""Staff see the reconciler's findings in words, and settle one with a reason."""

import asyncio
import json

from postgres import Pool
from support.verbs import findings
from support.verbs.staff import StaffRole
from tests.commandline import run
from tests.support.console.conftest import SignedIn

SUBJECT = "A-7K3F-92QD"


async def planted(pool: Pool) -> None:
    await pool.execute("DELETE FROM finding")
    await pool.execute(
        "INSERT INTO finding (kind, subject, reference, confirmed_at)"
        " VALUES ('ACCOUNT_MISSING', $1, $1, now())",
        SUBJECT,
    )


async def test_a_finding_is_told_in_words_and_settled(pool: Pool, signed_in: SignedIn) -> None:
    await planted(pool)
    browser = await signed_in(StaffRole.SUPERVISOR)
    page = await browser.get("/findings?lang=en")
    assert "the directory has no such entry" in page.text
    assert SUBJECT in page.text
    fields = {"finding_kind": "ACCOUNT_MISSING", "subject": SUBJECT}
    refused = await browser.post("/findings/settle", **fields, reason="")
    assert refused.status_code == 422
    done = await browser.post("/findings/settle", **fields, reason="rang her")
    assert done.status_code == 303
    assert await pool.fetchval("SELECT settled_at IS NOT NULL FROM finding")
    await pool.execute("DELETE FROM reconciled")
    page = await browser.get("/findings?lang=en")
    assert "They were never compared." in page.text
    assert "Nothing disagrees." not in page.text
    await pool.execute("INSERT INTO reconciled DEFAULT VALUES")
    page = await browser.get("/findings?lang=en")
    assert "Nothing disagrees." in page.text
    for kind, subject in (("X", SUBJECT), ("RUN_UNKNOWN", "\0"), ("RUN_UNKNOWN", SUBJECT)):
        await browser.get("/findings")
        fields = {"finding_kind": kind, "subject": subject}
        gone = await browser.post("/findings/settle", **fields, reason="rang")
        assert gone.status_code == 422


async def test_after_a_restore_there_are_more_than_a_page_shows(
    pool: Pool, signed_in: SignedIn
) -> None:
    await pool.execute("DELETE FROM finding")
    await pool.execute(
        "INSERT INTO finding (kind, subject, reference, confirmed_at)"
        " SELECT 'ACCOUNT_MISSING', subject, subject, now()"
        " FROM (SELECT 'A-' || generate_series(1, $1) AS subject) many",
        findings.MOST + 1,
    )
    browser = await signed_in(StaffRole.SUPERVISOR)
    page = await browser.get("/findings?lang=en")
    assert page.text.count('action="/findings/settle"') == findings.MOST
    assert f"{findings.MOST} of {findings.MOST + 1} are shown" in page.text
    told = await asyncio.to_thread(run, "support", "findings", "--json")
    assert len(json.loads(told.stdout)["findings"]) == findings.MOST + 1
    await pool.execute("DELETE FROM finding")
