"""The password: one's own choice or a suggested one, judged here, sealed before it goes anywhere.

A suggestion comes back as its number; the password itself stays in the ledger, with the view of
the page that showed it.
"""

import asyncio
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from domain import passwords, personal
from domain.contracts.submissions import PasswordSubmission
from domain.contracts.vocabulary import Step
from domain.suggestions import suggest
from ledger import passwords as sealed_passwords
from ledger import suggestions
from postgres import NO_RESULT
from security import sealing
from starter.portal.answers import onward, stamp, submit
from starter.portal.places import Place
from starter.portal.visit import AnyVisit, Visit
from web import forms
from web.forms import Form
from web.view import Errors

router = APIRouter()

_SUGGESTED = 3
_JUDGING = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judging")
"""To judge takes up to 30 ms, which no other request shall wait for, and one at a time."""


@router.get("/password")
async def password(visit: AnyVisit) -> Response:
    return await _password_page(visit, await visit.place_on("/password"))


@router.post("/password")
async def password_chosen(visit: AnyVisit) -> Response:
    form = await visit.form()
    if form.all("suggestion") or form.get("suggested"):
        return await _take_suggestion(visit, form)
    place = await visit.place_on("/password")
    chosen = form.get("password")
    broken = await asyncio.get_running_loop().run_in_executor(
        _JUDGING,
        passwords.judge,
        chosen,
        _context(place),
        _institution(visit),
        visit.parts.settings.institution.common_words,
    )
    if broken:
        errors = {"password": visit.words.rules(broken)}
        offered = await _offered(visit, form)
        return await _password_page(visit, place, errors, offered)
    return await _seal(visit, form, place, chosen)


async def _take_suggestion(visit: Visit, form: Form) -> Response:
    parts, page = visit.parts, _view_of_page(visit, form.get("form"))
    # Read before the place: whose second click finds it gone has moved on, and is sent there.
    offered = await _offered(visit, form)
    place = await visit.place_on("/password")
    numbered = {str(number): text for number, text in enumerate(offered, 1)}
    chosen = numbered.get(form.get("suggestion"))
    if chosen is None:
        words = visit.words
        wrong = words.not_offered() if form.get("suggestion") else words.none_chosen()
        errors = {"suggestion": [wrong]}
        return await _password_page(visit, place, errors, offered)
    response = await _seal(visit, form, place, chosen)
    with suppress(*NO_RESULT):  # The password is handed in; what was offered expires by itself.
        await suggestions.forget(parts.pool, parts.keys, page=page)
    return response


async def _seal(visit: Visit, form: Form, place: Place, chosen: str) -> Response:
    parts = visit.parts
    await sealed_passwords.put(
        parts.pool,
        reference=place.reference,
        sealed_id=form.submission_id,
        sealed=sealing.seal(parts.keys, place.reference, chosen),
        ttl=timedelta(hours=parts.settings.sealed_password_hours),
    )
    submission = PasswordSubmission(**await stamp(visit, form), sealed_id=form.submission_id)
    answer = await submit(visit, "submit_password", submission)
    return await onward(visit, answer, leaves={Step.PROVISIONING})


async def _offered(visit: Visit, form: Form) -> Sequence[str]:
    """Return what the page offered that this form was sent from, if that holds yet."""
    page = _view_of_page(visit, form.get("form"))
    return await suggestions.offered(visit.parts.pool, visit.parts.keys, page=page)


async def _password_page(
    visit: Visit, place: Place, errors: Errors | None = None, offered: Sequence[str] = ()
) -> Response:
    """Show the page with its suggestions, those from before an error; they hold for this view."""
    parts, context = visit.parts, (*_context(place), *_institution(visit))
    offered = offered or [
        suggest(visit.language, secrets.randbelow, context) for _ in range(_SUGGESTED)
    ]
    page = _view_of_page(visit, visit.form_token)
    await suggestions.offer(parts.pool, parts.keys, page=page, suggestions=offered)
    refusal = place.progress.password_refusal if place.progress else None
    return visit.page(
        "password",
        place=place,
        errors=errors,
        refusal=visit.words.refusal(refusal) if refusal else None,
        minimum=passwords.MIN_LENGTH,
        maximum=passwords.MAX_LENGTH,
        suggestions=offered,
    )


def _view_of_page(visit: Visit, form_token: str) -> str:
    """Name one view of the page in one browser."""
    return f"{forms.name_of(visit.token or '')}\0{form_token}"


def _context(place: Place) -> Sequence[str]:
    """Return the student's own names and numbers, as far as the engine tells them."""
    return place.progress.password_context if place.progress else ()


def _institution(visit: Visit) -> Sequence[str]:
    institution = visit.parts.settings.institution
    names = (institution.name_el, institution.name_en, institution.domain.split(".")[0])
    return personal.without(names, institution.plain_words)
