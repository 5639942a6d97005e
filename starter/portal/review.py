"""Routes of the review: «Συμφωνώ», another insurance number, a dispute and its withdrawal."""

import re
from collections.abc import Collection
from enum import StrEnum
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.responses import Response

from domain import text
from domain.contracts.submissions import (
    ConsentSubmission,
    DisputeSubmission,
    RetypeInsuranceSubmission,
    WithdrawSubmission,
)
from domain.contracts.views import Verdict
from domain.contracts.vocabulary import Choice, Detail, WaitReason
from starter import page_contexts, page_state
from starter.page_state import PageState
from starter.portal.portal_request import CurrentRequest, PortalRequest
from starter.portal.redirects import RedirectTo
from starter.portal.submissions import onward, stamp, stamp_untyped, submit
from translations import N_
from web.forms import Form
from web.view import Errors

router = APIRouter()

LONGEST_NOTE = 1000
_LONG_NOTE = N_("The note can have at most %(n)s characters")
_STALE = N_("Your details changed meanwhile. Read them again before you agree")
_HASH = re.compile(r"[0-9a-f]{64}")
Known = TypeVar("Known", bound=StrEnum)


@router.get("/review")
async def review(ctx: CurrentRequest) -> Response:
    state = await ctx.state_on("/review")
    return ctx.page(page_contexts.review(state), state=state)


@router.get("/review/wrong")
async def wrong(ctx: CurrentRequest) -> Response:
    state = await ctx.state_on("/review")
    if state.wait_reason is WaitReason.DATA_DISPUTED:
        return ctx.redirect("/review")
    return _dispute_page(ctx, state)


@router.post("/review")
async def decided(ctx: CurrentRequest) -> Response:
    form = await ctx.form()
    match form.get("decision"):
        case "agree":
            return await _agree(ctx, form)
        case "dispute":
            return await _dispute(ctx, form)
        case "withdraw":
            withdrawn = WithdrawSubmission(**await stamp_untyped(ctx, form))
            return await onward(ctx, await submit(ctx, "withdraw", withdrawn))
    raise RedirectTo("/review")


@router.post("/review/insurance")
async def number_taken_back(ctx: CurrentRequest) -> Response:
    form = await ctx.form()
    again = RetypeInsuranceSubmission(**await stamp_untyped(ctx, form))
    return await onward(ctx, await submit(ctx, "retype_insurance", again))


async def _agree(ctx: PortalRequest, form: Form) -> Response:
    chosen, shown = _parse_ticked(Choice, form.all("choice")), form.get("shown_hash")
    errors = {}
    if chosen is None:
        errors["choice"] = [ctx.words.say(N_("Choose only from what this page offers"))]
    elif not _HASH.fullmatch(shown):
        errors["agree"] = [ctx.words.say(_STALE)]
    if errors or chosen is None:
        state = await ctx.state_on("/review")
        return ctx.page("review", state=state, errors=errors, chosen=chosen or ())
    submission = ConsentSubmission(
        **await stamp(ctx, form), shown_hash=shown, choices=chosen, language=ctx.language
    )
    answer = await submit(ctx, "give_consent", submission)
    if answer.verdict is Verdict.STALE and answer.progress.review:
        state = page_state.of(answer.progress)
        errors = {"agree": [ctx.words.say(_STALE)]}
        return ctx.page("review", state=state, errors=errors, chosen=chosen)
    return await onward(ctx, answer, rotates=True)


async def _dispute(ctx: PortalRequest, form: Form) -> Response:
    details, note = _parse_ticked(Detail, form.all("wrong")), text.note(form.get("note"))
    errors = {}
    if not details:
        errors["wrong"] = [ctx.words.say(N_("Choose which of the details are wrong"))]
    if len(note) > LONGEST_NOTE:
        errors["note"] = [ctx.words.say(_LONG_NOTE, n=LONGEST_NOTE)]
    if errors or not details:
        state = await ctx.state_on("/review")
        return _dispute_page(ctx, state, errors, wrong=details or (), note=note)
    submission = DisputeSubmission(**await stamp(ctx, form), wrong=details, note=note)
    answer = await submit(ctx, "dispute", submission)
    return await onward(ctx, answer)


def _dispute_page(
    ctx: PortalRequest, state: PageState, errors: Errors | None = None, **typed: Any
) -> Response:
    return ctx.page("dispute", state=state, errors=errors, longest=LONGEST_NOTE, **typed)


def _parse_ticked(vocabulary: type[Known], given: Collection[str]) -> tuple[Known, ...] | None:
    """Return the ticked members in the vocabulary's order; None if a value is not in it."""
    if not set(given) <= {each.value for each in vocabulary}:
        return None
    return tuple(each for each in vocabulary if each in given)
