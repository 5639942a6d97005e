"""Staff see the campaigns of their departments with what became of them, and stop one."""

import html
import re
from collections.abc import Sequence
from datetime import time, timedelta

from fastapi import FastAPI

from adapters.messaging.port import WIRINGS
from domain.campaigns import NotInvited, QuietHours
from domain.contracts.channels import Channel
from domain.contracts.vocabulary import Language
from domain.receipts import Receipt
from ledger import audit, campaigns, invitations, receipts
from ledger.campaigns import CampaignPlan
from postgres import Pool
from support.verbs import campaign_texts
from support.verbs.staff import StaffRole
from tests.stack import TestStack
from tests.support.console.conftest import SignedIn

QUIET = QuietHours(time(21), time(9))


async def planted(
    pool: Pool, stack: TestStack, name: str, departments: Sequence[str] = ("401",)
) -> None:
    await pool.execute("DELETE FROM invitation WHERE campaign = $1", name)
    await pool.execute("DELETE FROM campaign WHERE id = $1", name)
    plan = CampaignPlan(departments, ["sms"], 60, QUIET, timedelta(7), 9)
    await campaigns.create(pool, name, plan)
    of = departments[-1]
    students = [(f"{name} {n}", f"SIS/{n}", of) for n in range(3)]
    await invitations.add(pool, stack.keys, name, students)
    await campaigns.start(pool, name, apart=timedelta(60), total=1_000_000)
    (first, *_) = await pool.fetch("SELECT id FROM invitation WHERE campaign = $1", name)
    await invitations.skip(pool, first["id"], NotInvited.ACTIVE)


async def test_what_became_of_messages_is_shown_with_their_receipts(
    pool: Pool, stack: TestStack, signed_in: SignedIn
) -> None:
    await planted(pool, stack, "c0ffee01")
    sent = "UPDATE invitation SET state = 'sent', message_index = id WHERE campaign = 'c0ffee01'"
    (index, *_) = await pool.fetch(f"{sent} AND state = 'planned' RETURNING message_index")
    await receipts.record(pool, index["message_index"], Receipt.FAILED)
    browser = await signed_in(StaffRole.SUPERVISOR)
    page = await browser.get("/campaigns?lang=en")
    assert cells(page.text)["of these: not delivered, refused"] == "1"
    assert cells(page.text)["of these: no delivery receipt yet"] == "1"


def cells(page: str) -> dict[str, str]:
    """Return the lines of the tables, by their first cell."""
    found = re.findall(r"<td[^>]*>([^<]*)</td>\s*<td[^>]*>([^<]*)</td>", page)
    return {html.unescape(name): number for name, number in found}


async def test_a_campaign_is_shown_in_words_and_stopped_with_a_reason(
    pool: Pool, stack: TestStack, app: FastAPI, signed_in: SignedIn
) -> None:
    await planted(pool, stack, "c0ffee00")
    app.state.context.departments._names["401"] = {"en": "Informatics"}
    browser = await signed_in(StaffRole.SUPERVISOR)
    page = await browser.get("/campaigns?lang=en")
    assert "Campaign c0ffee00: in progress" in page.text
    assert "not sent: has an account by now" in page.text
    assert "Departments: Informatics. Prepared" in page.text
    assert "to be sent" in page.text
    assert "Parts of SMS: 0 of 9. Days from an invitation to its one reminder: 7." in page.text
    assert "SIS/" not in page.text
    refused = await browser.post("/campaigns/stop", campaign="c0ffee00", reason="")
    assert refused.status_code == 422
    await browser.get("/campaigns")
    unknown = await browser.post("/campaigns/stop", campaign="nothing", reason="wrong one")
    assert unknown.status_code == 422
    await browser.get("/campaigns")
    # Nothing but the ledger is needed.
    done = await browser.post("/campaigns/stop", campaign="c0ffee00", reason="wrong text")
    assert done.status_code == 303
    page = await browser.get("/campaigns?lang=en")
    assert "Campaign c0ffee00: stopped by staff" in page.text
    assert "not sent: the campaign was stopped before" in page.text
    (row, *_) = await audit.page(pool, stack.keys, action="campaign_stop", limit=1)
    assert row.reason == "stop c0ffee00: wrong text"


async def test_a_missing_reason_is_told_in_the_form_of_its_campaign(
    pool: Pool, stack: TestStack, signed_in: SignedIn
) -> None:
    for name in ("c0ffee05", "c0ffee06"):
        await planted(pool, stack, name)
    await campaigns.stop(pool, "c0ffee06")
    await planted(pool, stack, "c0ffee07")
    browser = await signed_in(StaffRole.SUPERVISOR)
    await browser.get("/campaigns?lang=en")
    page = (await browser.post("/campaigns/stop", campaign="c0ffee05", reason="")).text
    newest, own = (page.index(f'value="{name}"') for name in ("c0ffee07", "c0ffee05"))
    assert 'href="#reason"' in page
    assert page.count('id="reason"') == 1
    assert newest < own < page.index('id="reason-error"') < page.index('id="reason"')


async def test_a_secretariat_sees_its_departments_campaigns_and_texts_and_stops_none(
    pool: Pool, stack: TestStack, signed_in: SignedIn
) -> None:
    await planted(pool, stack, "c0ffee02")
    await planted(pool, stack, "c0ffee03", ["404"])
    await planted(pool, stack, "c0ffee04", ["401", "404"])
    browser = await signed_in(StaffRole.SECRETARIAT)
    page = (await browser.get("/campaigns?lang=en")).text
    own, shared = page.index("Campaign c0ffee02"), page.index("Campaign c0ffee04")
    assert "c0ffee03" not in page
    # A token of the page may have these digits.
    assert not re.search(r"(?<![\w-])404(?![\w-])", page)
    assert "to be sent" in page[own:]
    assert "It also invites students of departments that you do not see" in page[shared:own]
    assert "to be sent" not in page[shared:own]
    assert "/campaigns/stop" not in page
    refused = await browser.post("/campaigns/stop", campaign="c0ffee02", reason="mine")
    assert refused.status_code == 403
    texts = html.unescape((await browser.get("/campaigns/preview?lang=en")).text)
    for language in Language:
        for name in campaign_texts.TEXTS:
            letter = WIRINGS[Channel.EMAIL].writer(stack.settings)(name, language, reference=None)
            assert letter.subject in texts
            assert letter.text.splitlines()[0] in texts
