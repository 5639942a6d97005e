"""The verified details: «Συμφωνώ», or what is wrong with them, and taking that back."""

import re
from collections.abc import Collection
from enum import StrEnum
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.responses import Response

from domain import text
from domain.contracts.submissions import ConsentSubmission, DisputeSubmission, WithdrawSubmission
from domain.contracts.views import Verdict
from domain.contracts.vocabulary import Choice, Detail, Step, WaitReason
from starter.portal import places
from starter.portal.answers import onward, stamp, submit, wish
from starter.portal.places import Place
from starter.portal.visit import AnyVisit, Elsewhere, Visit
from web.forms import Form
from web.view import Errors

router = APIRouter()

LONGEST_NOTE = 1000
_HASH = re.compile(r"[0-9a-f]{64}")
Known = TypeVar("Known", bound=StrEnum)


@router.get("/review")
async def review(visit: AnyVisit) -> Response:
    place = await visit.place_on("/review")
    if place.wait_reason is WaitReason.DATA_DISPUTED:
        return visit.page("disputed", place=place)
    return visit.page("review", place=place)


@router.get("/review/wrong")
async def wrong(visit: AnyVisit) -> Response:
    place = await visit.place_on("/review")
    if place.wait_reason is WaitReason.DATA_DISPUTED:
        return visit.see("/review")
    return _dispute_page(visit, place)


@router.post("/review")
async def decided(visit: AnyVisit) -> Response:
    form = await visit.form()
    match form.get("decision"):
        case "agree":
            return await _agree(visit, form)
        case "dispute":
            return await _dispute(visit, form)
        case "withdraw":
            answer = await submit(visit, "withdraw", WithdrawSubmission(**await wish(visit, form)))
            return await onward(visit, answer, leaves=())
    raise Elsewhere("/review")


async def _agree(visit: Visit, form: Form) -> Response:
    chosen, shown = _known(Choice, form.all("choice")), form.get("shown_hash")
    if chosen is None:
        return await _review_page(visit, {"choice": [visit.words.unknown_choice()]})
    if not _HASH.fullmatch(shown):
        return await _review_page(visit, {"agree": [visit.words.stale()]}, chosen)
    submission = ConsentSubmission(
        **await stamp(visit, form), shown_hash=shown, choices=chosen, language=visit.language
    )
    answer = await submit(visit, "give_consent", submission)
    if answer.verdict is Verdict.STALE and answer.progress.review:
        place = places.of(answer.progress)
        errors = {"agree": [visit.words.stale()]}
        return visit.page("review", place=place, errors=errors, chosen=chosen)
    await visit.rotate()
    return await onward(visit, answer, leaves={Step.REVIEW})


async def _dispute(visit: Visit, form: Form) -> Response:
    details, note = _known(Detail, form.all("wrong")), text.note(form.get("note"))
    errors = {}
    if not details:
        errors["wrong"] = [visit.words.which_details()]
    if len(note) > LONGEST_NOTE:
        errors["note"] = [visit.words.long_note(LONGEST_NOTE)]
    if errors or not details:
        place = await visit.place_on("/review")
        return _dispute_page(visit, place, errors, wrong=details or (), note=note)
    submission = DisputeSubmission(**await stamp(visit, form), wrong=details, note=note)
    answer = await submit(visit, "dispute", submission)
    return await onward(visit, answer, leaves=())


async def _review_page(visit: Visit, errors: Errors, chosen: Collection[Choice] = ()) -> Response:
    place = await visit.place_on("/review")
    return visit.page("review", place=place, errors=errors, chosen=chosen)


def _dispute_page(
    visit: Visit, place: Place, errors: Errors | None = None, **typed: Any
) -> Response:
    return visit.page("dispute", place=place, errors=errors, longest=LONGEST_NOTE, **typed)


def _known(vocabulary: type[Known], given: Collection[str]) -> tuple[Known, ...] | None:
    """Return what was ticked, in the vocabulary's order; None when something is not in it."""
    if not set(given) <= {each.value for each in vocabulary}:
        return None
    return tuple(each for each in vocabulary if each in given)
