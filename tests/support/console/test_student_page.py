"""Staff see the page that the student has now: all of it, and nothing on it works."""

import re
from datetime import UTC, datetime

import pytest
from temporalio.client import Client

from domain.contracts.vocabulary import Language, Step, WaitReason
from postgres import Pool
from settings import Settings
from starter import page_state
from starter.client.activations import Activations
from starter.page_state import PageState, conceal
from support.console.student_page import _drawn
from support.verbs.student_page import StudentPage, _masked
from tests.server import working
from tests.starter.client.test_activations import waits_for_its_pin
from tests.starter.portal.conftest import check_html
from tests.starter.portal.engine import SHOWN, at
from tests.support.console.conftest import SignedIn
from tests.support.console.test_case import begun_on_file
from tests.workflows.engine import World
from web.view import Views
from workflows.steps import REASONS

__all__ = ["begun_on_file"]

PLACES = [(step, reason) for step in Step for reason in sorted(REASONS[step], key=str)]
TYPED = {"mobile": "+30 •••••••78"}
WORKS = re.compile(
    r'<form|href=|name="|value="|<script|http-equiv|data-|autofocus|onclick', re.IGNORECASE
)


def test_no_student_number_is_whole_also_where_it_has_changed(settings: Settings) -> None:
    progress = at(Step.REVIEW, WaitReason.WAITING_CONSENT)
    assert progress.review
    number = "2019777"
    (study, *more) = progress.review.studies
    earlier = (study.model_copy(update={"student_number": number}), *more)
    before = progress.review.model_copy(update={"studies": earlier, "name_el": "Μαρία Πρώτη"})
    told = progress.model_copy(update={"review_before": before})
    state, now = page_state.of(_masked(told)), datetime.now(UTC)
    shown = str(
        _drawn(Views(settings.institution, "pages"), StudentPage(state, Language.EN, now, TYPED))
    )
    assert "Μαρία Πρώτη" in shown
    for whole in (number, study.student_number):
        assert whole not in shown


@pytest.mark.parametrize("language", Language)
def test_every_page_is_shown_whole_and_nothing_on_it_works(
    settings: Settings, language: Language
) -> None:
    views, now = Views(settings.institution, "pages"), datetime.now(UTC)
    for step, reason in PLACES:
        progress = at(step, reason)
        states = [
            page_state.of(progress.model_copy(update=dict(_masked(progress)))),
            PageState("A-7K3F-92QD", step, reason, recorded_since=now),
        ]
        for state in (*states, *(conceal(each, proved=False) for each in states)):
            shown = str(_drawn(views, StudentPage(state, language, now, TYPED)))
            assert "<h1" in shown, state
            assert WORKS.search(shown) is None, WORKS.search(shown)
            for study in SHOWN.studies:
                assert study.student_number not in shown
            check_html(
                f"<!DOCTYPE html><html><head><title>x</title></head><body>{shown}</body></html>"
            )


async def test_a_page_is_shown_in_the_students_language_with_names_and_the_look_is_audited(
    signed_in: SignedIn,
    client: Client,
    world: World,
    begun_on_file: str,
    *,
    pool: Pool,
) -> None:
    reference, activations = begun_on_file, Activations(client)
    browser = await signed_in("helpdesk")
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        case = await browser.get(f"/case/{reference}?lang=en")
        assert f'href="/case/{reference}/page"' in case.text
        page = await browser.get(f"/case/{reference}/page?lang=en")
    assert page.status_code == 200
    assert "What the student sees now" in page.text
    assert "Γράψτε τον εξαψήφιο κωδικό (pin)" in page.text
    assert "+30 •••••••78" in page.text
    assert "6912345678" not in page.text
    rows = await pool.fetch("SELECT action FROM audit WHERE reference = $1 ORDER BY id", reference)
    assert [row["action"] for row in rows] == ["case", "page"]
    await client.get_workflow_handle(reference).terminate()
    after = await browser.get(f"/case/{reference}/page")
    assert "Η ενεργοποίηση ακυρώθηκε" in after.text
    viewer = await signed_in("viewer")
    assert "/page" not in (await viewer.get(f"/case/{reference}")).text
    assert (await viewer.get(f"/case/{reference}/page")).status_code == 403
    assert (await browser.get("/case/A-0000-0000/page")).status_code == 404
