"""Looks at one case: Temporal's part and the ledger's, each also without the other."""

import asyncio
from dataclasses import replace

from domain.contracts.vocabulary import Step, WaitReason
from ledger import activations, audit, messages, notes, posts
from ledger.activations import ActivationRow
from postgres import UNAVAILABLE
from starter import pages
from starter.client.connect import TemporalUnavailable
from support.verbs import cases, queue, timeline
from support.verbs.cases import Case, CaseState
from support.verbs.histories import UnknownReference
from support.verbs.staff import Action
from support.verbs.staff_context import StaffContext
from support.verbs.timeline import Event

_MOST_ACTS = 200


async def load_case(ctx: StaffContext, reference: str, *, unnoted: bool = False) -> Case:
    """Return a case, once the look is in the audit; raises `UnknownReference`.

    So it does for another department's case, which must look the same. `unnoted`: the command
    line may look while the ledger is away, and with it the audit.
    """
    ctx.staff.check(Action.CASE)
    seen, noted = await asyncio.gather(_temporals(ctx, reference), _ledgers(ctx, reference))
    case = _together(seen, noted)
    if not ctx.staff.sees(case.standing.department):
        raise UnknownReference
    try:
        await ctx.record(Action.CASE, reference)
    except UNAVAILABLE:
        if not unnoted:
            raise
    return case


async def _temporals(ctx: StaffContext, reference: str) -> Case | TemporalUnavailable | None:
    try:
        return await cases.case(ctx.client, reference)
    except UnknownReference:
        return None
    except TemporalUnavailable as away:
        return away


async def _ledgers(
    ctx: StaffContext, reference: str
) -> tuple[ActivationRow | None, list[Event], bool] | None:
    try:
        rows, sent, acts, written, spent = await asyncio.gather(
            activations.noted(ctx.pool, [reference]),
            messages.of(ctx.pool, reference),
            audit.page(ctx.pool, ctx.keys, reference=reference, limit=_MOST_ACTS),
            notes.of(ctx.pool, ctx.keys, reference),
            posts.spent(ctx.pool, reference),
        )
    except UNAVAILABLE:
        return None
    events = list(timeline.of_ledger(sent, acts, written))
    return rows.get(reference), events, spent is not None


def _together(
    seen: Case | TemporalUnavailable | None,
    told: tuple[ActivationRow | None, list[Event], bool] | None,
) -> Case:
    noted, events, spent = told or (None, [], False)
    # Temporal deletes by and by what was erased; none of it is shown meanwhile.
    if isinstance(seen, Case) and not (noted and noted.erased):
        if told is None:
            return replace(seen, missing=(*seen.missing, "ledger"))
        # Who did it and why is in the audit; that it came in need not be said again.
        own = [
            event
            for event in seen.timeline
            if not (event.what == "submitted" and event.who is timeline.Who.STAFF)
        ]
        line = replace(seen.standing, spent=spent)
        return replace(seen, standing=line, timeline=tuple(timeline.fold([*own, *events])))
    away = isinstance(seen, TemporalUnavailable)
    if noted is None:
        if isinstance(seen, TemporalUnavailable):
            raise seen
        raise UnknownReference
    begun = [Event(noted.started_at, "started", who=timeline.Who.STUDENT)]
    if noted.ended_at:
        begun.append(Event(noted.ended_at, "ended"))
    line = queue.of_ledger(noted, state=CaseState.UNSEEN if away else CaseState.FORGOTTEN)
    return Case(
        standing=line,
        masked={},
        timeline=tuple(timeline.fold([*begun, *events])),
        missing=("temporal",) if away and not noted.erased else (),
        in_temporal=away and not noted.erased,
    )


def page_of(ctx: StaffContext, case: Case) -> tuple[Step, WaitReason | None, str] | None:
    """Return as what step and reason, on which page, the student sees it now, if workers answer.

    None where nobody can tell, or there is nothing to see.
    """
    line = case.standing
    if not case.in_temporal or line.state in {CaseState.UNSEEN, CaseState.ERASED}:
        return None
    step, reason = line.step, line.wait_reason
    if line.state is CaseState.CUT_OFF:
        step, reason = Step.CANCELLED, None
    uniform = ctx.settings.portal.disclosure == "uniform"
    if uniform and pages.concealed(step, reason, proved=_proved(case)):
        step, reason = Step.PIN, WaitReason.WAITING_PIN
    if step is Step.REVIEW and reason is None:
        return step, reason, "/progress"  # The username is being found.
    return step, reason, pages.path(step, reason)


def _proved(case: Case) -> bool:
    """Tell whether a code has proved the contact: what comes after that is known, or happened."""
    stood = (event.detail or "" for event in case.timeline if event.what == "stands")
    after = any(each.partition(" ")[0] in pages.AFTER_PROOF for each in stood)
    return after or case.standing.department is not None
