"""The eight calls: each one's way begins on the handbook's page and takes three clicks at most."""

import re

import pytest
from fastapi import FastAPI
from temporalio.client import Client
from temporalio.common import SearchAttributePair

from domain.contracts.vocabulary import Language, Step, WaitReason
from ledger import activations
from settings import Settings
from support.verbs import actions, unlock_send
from support.verbs.staff import Action
from tests.support.console.conftest import SignedIn
from tests.support.console.test_queue import left_alone, listed
from translations import translator
from workflows.search_attributes import REASON, STEP

WAYS = {
    1: ["/registrar"],
    2: ["/search", actions.LABELS[Action.RETRY]],
    3: [unlock_send.LABEL],
    4: ["/search", "/registrar", actions.LABELS[Action.REREAD], "portal"],
    7: ["/registrar", actions.LABELS[Action.RESEND]],
    8: ["portal"],
    9: ["password_reset", "support_email"],
    10: ["/search", actions.LABELS[Action.INSURANCE], "portal"],
}
"""What each of the eight calls names, by its number: pages, actions and addresses to say."""


@pytest.mark.parametrize("language", Language)
async def test_each_call_names_its_pages_and_says_the_institutions_addresses(
    signed_in: SignedIn, settings: Settings, language: Language
) -> None:
    helpdesk = await signed_in("helpdesk")
    page = (await helpdesk.get(f"/handbook?lang={language}")).text
    assert "{" not in page.partition("<main")[2]
    _, *told = re.split(r'<p class="govuk-body" id="call-\d+">', page)
    assert page.count('href="#call-') == len(told)
    addresses = {
        "portal": settings.portal.public_url,
        "password_reset": settings.institution.password_reset_url,
        "support_email": settings.institution.support_email,
    }
    for number, named in WAYS.items():
        call = told[number - 1].partition("</section>")[0]
        assert re.search("[«“]|&quot;", call), number
        for each in named:
            if each.startswith("/"):
                assert f'href="{each}"' in call, (number, each)
                assert (await helpdesk.get(each)).status_code == 200
            else:
                wanted = addresses.get(each) or translator(language).gettext(each)
                assert wanted in call, (number, each)


async def test_from_the_handbook_a_code_is_sent_with_three_clicks(
    app: FastAPI, signed_in: SignedIn, client: Client
) -> None:
    """The search, the case's button, and the button of its page, where a reason is chosen."""
    context = app.state.context
    reference = await left_alone(
        client,
        SearchAttributePair(STEP, Step.PIN),
        SearchAttributePair(REASON, WaitReason.WAITING_PIN),
    )
    await activations.begin(
        context.pool,
        context.keys,
        reference=reference,
        language=Language.EL,
        mobile="+306912345678",
        email=None,
    )
    await listed(client, [reference], f"{STEP.name} = '{Step.PIN}'")
    helpdesk = await signed_in("helpdesk")
    assert 'action="/search"' in (await helpdesk.get("/handbook")).text
    found = await helpdesk.post("/search", term=reference.lower())
    case = (await helpdesk.get(found.headers["location"])).text
    (button,) = re.findall(r'href="(/case/[^"]+/resend)"', case)
    page = (await helpdesk.get(button)).text
    (chosen,) = re.findall(r'<input [^>]*name="preset"[^>]*value="([^"]+)"[^>]* checked', page)
    sent = await helpdesk.post(button, preset=chosen, channel="email")
    assert sent.headers["location"] == f"/case/{reference}?told=taken"
    await client.get_workflow_handle(reference).terminate()
