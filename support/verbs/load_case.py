"""Loads one case from Temporal and the ledger; either one may be away."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.contracts.vocabulary import Step, WaitReason
from domain.receipts import Received
from ledger import (
    activations,
    assignments,
    audit,
    insurance,
    messages,
    notes,
    posts,
    receipts,
    unasked,
)
from ledger.messages import Sending
from postgres import UNAVAILABLE
from starter import pages
from starter.client.connect import TemporalUnavailable
from support.verbs import cases, queue, timeline
from support.verbs.cases import Case, CaseState
from support.verbs.histories import UnknownReference
from support.verbs.staff import Action, StaffContext

_MOST_AUDITED = 200
_TYPED = "submit_insurance"
_ONE_LOOK = timedelta(hours=1)


class _Noted(NamedTuple):
    """What the ledger has of a case."""

    row: activations.ActivationRow | None = None
    events: list[timeline.Event] = []  # noqa: RUF012 - never changed
    spent: bool = False
    closed_until: datetime | None = None
    assignee: str | None = None
    typed: bool = False


async def load_case(
    ctx: StaffContext,
    reference: str,
    *,
    unnoted: bool = False,
    again: bool = False,
    action: Action = Action.CASE,
) -> Case:
    """Write the audit row, then return the case; raises `UnknownReference`.

    A case of another department raises the same error, against enumeration. `unnoted` lets the
    command line read a case without audit row while the ledger is away. A page that looks `again`
    by itself needs no further row within the hour of this person's last one. `action` is why it is
    read.
    """
    ctx.staff.check(action)
    seen, noted = await asyncio.gather(_temporals(ctx, reference), _ledgers(ctx, reference))
    case = _together(seen, noted)
    ctx.check_sight(case.standing.department)
    try:
        if not (again and await _looked_lately(ctx, reference)):
            await ctx.record(action, reference)
    except UNAVAILABLE:
        if not unnoted:
            raise
    return case


async def _looked_lately(ctx: StaffContext, reference: str) -> bool:
    rows = await audit.page(
        ctx.pool,
        ctx.keys,
        actor=ctx.staff.name,
        action=Action.CASE,
        reference=reference,
        limit=1,
    )
    return bool(rows) and rows[0].at > await ctx.now() - _ONE_LOOK


async def _temporals(ctx: StaffContext, reference: str) -> Case | TemporalUnavailable | None:
    try:
        return await cases.case(ctx.client, reference)
    except UnknownReference:
        return None
    except TemporalUnavailable as away:
        return away


async def _ledgers(ctx: StaffContext, reference: str) -> _Noted | None:
    try:
        (
            (sent, told),
            rows,
            audited,
            written,
            assigned,
            (spent, closed_until, typed),
        ) = await asyncio.gather(
            _sent(ctx, reference),
            activations.noted(ctx.pool, [reference]),
            audit.page(
                ctx.pool,
                ctx.keys,
                reference=reference,
                limit=_MOST_AUDITED,
                without=timeline.VIEWS,
            ),
            notes.of(ctx.pool, ctx.keys, reference),
            assignments.of(ctx.pool, [reference]),
            asyncio.gather(
                posts.spent(ctx.pool, reference),
                unasked.closed_until(ctx.pool, reference),
                insurance.is_stored(ctx.pool, reference),
            ),
        )
    except UNAVAILABLE:
        return None
    events = list(timeline.of_ledger(sent, told, audited, written))
    held, noted = assigned.get(reference), rows.get(reference)
    assignee = held.assignee if held else None
    return _Noted(noted, events, spent is not None, closed_until, assignee, typed)


async def _sent(ctx: StaffContext, reference: str) -> tuple[list[Sending], Mapping[str, Received]]:
    """Return the messages with their receipts, which are found by the messages."""
    sent = await messages.of(ctx.pool, reference)
    return sent, await receipts.of(ctx.pool, ctx.keys, [each.key for each in sent])


def _together(seen: Case | TemporalUnavailable | None, told: _Noted | None) -> Case:
    noted, events, spent, closed_until, assignee, stored = told or _Noted()
    # Temporal deletes asynchronously: an erased case is hidden until that is done.
    if isinstance(seen, Case) and not (noted and noted.erased):
        if told is None:
            return replace(seen, missing=(*seen.missing, "ledger"))
        # The audit row says who did it and why, so the workflow's own event would repeat it.
        own = [
            event
            for event in seen.timeline
            if not (event.what == "submitted" and event.who is timeline.Who.STAFF)
        ]
        line = replace(
            seen.standing,
            spent=spent,
            closed_until=closed_until,
            assignee=assignee,
            typed=stored or _typed(seen),
        )
        return replace(seen, standing=line, timeline=tuple(timeline.fold([*own, *events])))
    away = isinstance(seen, TemporalUnavailable)
    if noted is None:
        if isinstance(seen, TemporalUnavailable):
            raise seen
        raise UnknownReference
    begun = [timeline.Event(noted.started_at, "started", who=timeline.Who.STUDENT)]
    if noted.ended_at:
        begun.append(timeline.Event(noted.ended_at, "ended"))
    line = queue.of_ledger(noted, state=CaseState.UNSEEN if away else CaseState.FORGOTTEN)
    return Case(
        standing=replace(line, closed_until=closed_until),
        masked={},
        timeline=tuple(timeline.fold([*begun, *events])),
        missing=("temporal",) if away and not noted.erased else (),
        in_temporal=away and not noted.erased,
    )


def _typed(seen: Case) -> bool:
    """Whether the student may have typed an insurance number that no consent has stored yet."""
    if not seen.standing.is_open:
        return False
    typed = (event.what == "submitted" and event.detail == _TYPED for event in seen.timeline)
    return bool(seen.missing) or any(typed)


def page_of(ctx: StaffContext, case: Case) -> tuple[Step, WaitReason | None, str] | None:
    """Return the step, the reason and the page path that the student sees while workers run.

    None when it is not known, or there is no page.
    """
    line = case.standing
    if not case.in_temporal or line.state in {CaseState.UNSEEN, CaseState.ERASED}:
        return None
    step, reason = line.step, line.wait_reason
    if line.state is CaseState.CUT_OFF:
        step, reason = Step.CANCELLED, None
    uniform = ctx.settings.portal.disclosure == "uniform"
    if uniform and pages.concealed(step, reason, proved=proved(case)):
        step, reason = Step.PIN, WaitReason.WAITING_PIN
    if step is Step.REVIEW and reason is None:
        return step, reason, "/progress"  # The username is being found.
    return step, reason, pages.path(step, reason)


def proved(case: Case) -> bool:
    """Whether a code has verified the contact: a later fact is known, or a later event happened."""
    stood = (event.detail or "" for event in case.timeline if event.what == "stands")
    after = any(each.partition(" ")[0] in pages.AFTER_PROOF for each in stood)
    return after or case.standing.department is not None
