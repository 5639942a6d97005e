"""Serves the page of one case: why it waits, what the student sees, and the possible actions."""

from collections.abc import Mapping
from functools import partial
from urllib.parse import quote

from fastapi import APIRouter, Response

from domain.contracts.vocabulary import Step, WaitReason
from support.console.action_pages import UNLOCK_SEND, reference_of
from support.console.console_request import ConsoleRequest, allowed_to
from support.console.handbook import to_say
from support.console.labels import Labels
from support.verbs import actions, unlock_send
from support.verbs.alerts import TASK_FAILS, TEMPORAL_DOWN
from support.verbs.cases import Case, CaseState, CaseSummary
from support.verbs.load_case import load_case, page_of
from support.verbs.reason_texts import reason
from support.verbs.sentences import sentence
from support.verbs.staff import Action
from translations import N_, translator

router = APIRouter()

HEADINGS: Mapping[str, str] = {
    "/progress": N_("One moment"),
    "/pin": N_("Type the six-digit code (pin)"),
    "/identify": N_("One more question"),
    "/insurance": N_("Social security number (AMKA)"),
    "/review": N_("Check your details"),
    "/password": N_("Choose a password"),
    "/done": N_("Your account is active"),
    "/contact": N_("No student was found with these details"),
}
_ENDED: Mapping[Step, str] = {
    Step.ALREADY_ACTIVE: N_("You already have an account"),
    Step.EXPIRED: N_("This activation has expired"),
    Step.CANCELLED: N_("This activation was cancelled"),
}
_SECTIONS: Mapping[CaseState | None, str] = {
    CaseState.FAILING: TASK_FAILS,
    CaseState.UNSEEN: TEMPORAL_DOWN,
}
"""The handbook's sections for states that are no wait reason."""
_FACTS: Mapping[str, str] = {
    "mobile": N_("Mobile"),
    "email": N_("E-mail"),
    "name": N_("Name"),
    "student_number": N_("Student number"),
    "disputed": N_("What the student says is wrong"),
    "note": N_("What the student writes about it"),
    "match": N_("What speaks for or against the directory's entry"),
}


@router.get("/case/{raw}")
async def show(raw: str, ctx: ConsoleRequest = allowed_to(Action.CASE)) -> Response:
    reference = reference_of(raw)
    case = await load_case(ctx.staff_context, reference, again=ctx.by_itself)
    line = case.standing
    labels = Labels(ctx.language)
    masked = dict(case.masked)
    if "disputed" in masked:
        masked["disputed"] = labels.details(masked["disputed"])
    if "match" in masked:
        masked["match"] = reason(masked["match"], ctx.language)
    told_at = partial(ctx.site.views.clock, language=ctx.language, seconds=True)
    cause = _SECTIONS.get(line.state, line.wait_reason)
    return ctx.page(
        "case",
        case=case,
        sentence=sentence(line, translator(ctx.language), told_at),
        seen=_seen(ctx, case),
        facts=[(ctx.say(_FACTS[name]), value) for name, value in masked.items()],
        actions=_offered(ctx, line),
        handbook=cause,
        say_this=to_say(cause, ctx.language),
        asks=line.state not in {CaseState.ERASED, CaseState.FORGOTTEN, CaseState.UNSEEN}
        and ctx.staff_context.staff.may(Action.CALLER),
        assigns=line.state not in {CaseState.ERASED, CaseState.UNSEEN}
        and ctx.staff_context.staff.may(Action.ASSIGN),
        looks=ctx.staff_context.staff.may(Action.PAGE),
        known="student_number" in masked and ctx.staff_context.staff.may(Action.REGISTRAR),
        temporal=_temporal(ctx, case),
    )


def _seen(ctx: ConsoleRequest, case: Case) -> tuple[str, str] | None:
    """Return path and heading of the student's page; None as in `page_of`."""
    page = page_of(ctx.staff_context, case)
    if page is None:
        return None
    step, reason, path = page
    return path, ctx.say(_heading(step, reason, path))


def _heading(step: Step, reason: WaitReason | None, path: str) -> str:
    if step in _ENDED:
        return _ENDED[step]
    if step is Step.NEEDS_SUPPORT:
        return N_("Support is helping with your activation")
    if path == "/progress" and reason:
        return N_("There is a delay")
    if reason is WaitReason.DATA_DISPUTED:
        return N_("Your details are being corrected")
    if reason is WaitReason.PIN_LOCKED:
        return N_("Too many wrong codes")
    return HEADINGS[path]


def _offered(ctx: ConsoleRequest, line: CaseSummary) -> list[tuple[str, str]]:
    """Return path and name of each action that is possible now and allowed to this person."""
    if line.state is CaseState.UNSEEN:
        offered = frozenset({Action.NOTE})
    elif line.state is CaseState.ERASED:
        offered = frozenset({Action.ERASE})
    elif line.state in {CaseState.FORGOTTEN, CaseState.CUT_OFF}:
        offered = actions.OVER
    else:
        offered = actions.possible(
            line.step,
            line.wait_reason,
            spent=line.spent,
            closed=line.closed_until is not None,
            typed=line.typed,
        )
    mine: list[tuple[str, str]] = [
        (action, label)
        for action, label in actions.LABELS.items()
        if action in offered and ctx.staff_context.staff.may(action)
    ]
    if line.wait_reason is WaitReason.PIN_LOCKED and ctx.staff_context.staff.may(Action.UNLOCK):
        mine.insert(0, (UNLOCK_SEND, unlock_send.LABEL))
    return [(f"/case/{line.reference}/{path}", ctx.say(label)) for path, label in mine]


def _temporal(ctx: ConsoleRequest, case: Case) -> str | None:
    url = ctx.app.settings.console.temporal_ui_url.rstrip("/")
    namespace = quote(ctx.staff_context.client.namespace, safe="")
    reference = case.standing.reference
    return f"{url}/namespaces/{namespace}/workflows/{reference}" if url else None
