"""Finds what the student's page shows now, for staff who may see names; no session is touched."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain import masks
from domain.contracts.views import Progress, ReviewView
from domain.contracts.vocabulary import Language
from domain.receipts import Received
from ledger import messages, receipts
from ledger.refusals import passed_over
from starter import page_state
from starter.client.activations import Activations
from starter.page_state import PageState
from support.verbs.cases import Case
from support.verbs.load_case import load_case, proved
from support.verbs.staff import Action, StaffContext

_REVIEWS = ("review", "review_before")


@dataclass(frozen=True)
class StudentPage:
    """What a student's page is drawn from; `state` None: there is no page, or it is not known.

    `typed` are the masked contacts that were typed, `receipt` is what became of the newest message.
    """

    state: PageState | None
    language: Language
    now: datetime
    typed: Mapping[str, str]
    receipt: Received | None = None


async def look(ctx: StaffContext, reference: str) -> StudentPage:
    """Write the audit row, then return the page; raises as `load_case`."""
    case = await load_case(ctx, reference, action=Action.PAGE)
    now, line = await ctx.now(), case.standing
    typed = {name: case.masked[name] for name in ("mobile", "email") if name in case.masked}
    state = await _state(ctx, case) if case.in_temporal else None
    receipt = await _receipt(ctx, state) if state else None
    language = line.language or ctx.settings.institution.default_language
    return StudentPage(state, language, now, typed, receipt)


async def _state(ctx: StaffContext, case: Case) -> PageState | None:
    state = await page_state.find(Activations(ctx.client), case.standing.reference)
    if state.step is None:
        return None
    if ctx.settings.portal.disclosure == "uniform":
        state = page_state.conceal(state, proved=proved(case))
    return replace(state, progress=state.progress and _masked(state.progress))


def _masked(progress: Progress) -> Progress:
    """Return the state without what staff do not see: student numbers and words of the password."""
    views = {name: _without_numbers(getattr(progress, name)) for name in _REVIEWS}
    return progress.model_copy(update={**views, "password_context": ()})


def _without_numbers(review: ReviewView | None) -> ReviewView | None:
    if review is None:
        return None
    studies = tuple(
        each.model_copy(update={"student_number": masks.number(each.student_number)})
        for each in review.studies
    )
    return review.model_copy(update={"studies": studies, "shown_hash": ""})


async def _receipt(ctx: StaffContext, state: PageState) -> Received | None:
    view = state.progress.pin if state.progress else None
    if view is None or view.send_no is None:
        return None
    key = messages.pin_key(state.reference, view.send_no)
    with passed_over():
        return (await receipts.of(ctx.pool, ctx.keys, [key])).get(key)
    return None
