"""The handbook opens for everybody at the desk, in both languages, also with the ledger away."""

import pytest
from markupsafe import escape
from temporalio.client import Client

import postgres
from domain.contracts.vocabulary import Language, WaitReason
from settings import Settings
from support.console.app import assemble, create
from support.console.handbook import sections
from support.verbs.alerts import NO_WORKER, TASK_FAILS, TEMPORAL_DOWN
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.support.console.conftest import HOST, SignedIn

NOBODY_LISTENS = "postgresql://nobody@127.0.0.1:1/ledger"


@pytest.mark.parametrize(
    ("language", "told"),
    [("el", "Ο κατάλογος λογαριασμών δεν απαντά"), ("en", "The directory of accounts does not")],
)
async def test_every_reason_has_its_place_on_the_page(
    browser: Browser, language: str, told: str
) -> None:
    page = await browser.get(f"/handbook?lang={language}")
    assert page.status_code == 200
    assert told in page.text
    for reason in (*WaitReason, NO_WORKER, TEMPORAL_DOWN, TASK_FAILS):
        assert page.text.count(f'id="{reason}"') == 1
        assert f'href="#{reason}"' in page.text


@pytest.mark.parametrize("language", Language)
async def test_a_cause_is_named_as_in_a_case_and_leads_to_its_section(
    browser: Browser, language: Language
) -> None:
    titles = {each.anchor: each.title for each in sections(language)}
    page = await browser.get(f"/handbook?lang={language}")
    calls = page.text.partition('<section id="CALLS"')[2].partition("</section>")[0]
    assert "{" not in calls
    for cause in (WaitReason.PIN_LOCKED, WaitReason.WAITING_PIN, WaitReason.INSURANCE_CONFLICT):
        link = f'<a class="govuk-link" href="#{cause}">{escape(titles[cause])}</a>'
        assert f"{link} (<code>{cause}</code>)" in calls


async def test_who_is_signed_in_keeps_the_menu(signed_in: SignedIn) -> None:
    page = await (await signed_in("helpdesk")).get("/handbook")
    assert page.status_code == 200
    assert 'href="/queue"' in page.text


async def test_it_is_there_when_the_ledger_is_not(
    stack: TestStack, settings: Settings, client: Client
) -> None:
    async with await postgres.connect(NOBODY_LISTENS) as away:
        browser = Browser(create(assemble(settings, stack.keys, away, client)), HOST)
        browser.http.cookies.set("desk", "somebody's")
        page = await browser.get("/handbook")
    assert page.status_code == 200
    assert 'id="LEDGER_DOWN"' in page.text
