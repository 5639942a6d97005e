"""Serves the staff's actions: a page that explains the effect, then the action and its result."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from fastapi import APIRouter, HTTPException, Response

from domain.contracts.channels import Channel
from domain.contracts.vocabulary import Choice, WaitReason
from domain.references import normalise
from security import log_context
from starter.output import Failed
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import (
    actions,
    cases,
    erasure,
    preset_reasons,
    reopen,
    typed_insurance,
    unlock_send,
    withdrawal,
)
from support.verbs import retry_all as retry_all_of
from support.verbs.staff import Action, StaffContext
from translations import N_
from web import times
from web.forms import Form, wish
from web.view import Errors

router = APIRouter()

Verb = Callable[[StaffContext, str, str, Form], Awaitable[bool]]
_LONGEST_REASON = 500
_NO_REASON = N_("Write the reason, for the audit")
UNLOCK_SEND = "unlock_send"
"""The page of two actions in one."""
_LONG_REASON = N_("Write at most %(n)d characters")
_LABELS: Mapping[str, str] = {Channel.SMS: N_("SMS"), Channel.EMAIL: N_("E-mail")}


def reference_of(raw: str) -> str:
    """Return the normalised reference of a URL; raises 404."""
    reference = normalise(raw)
    if reference is None:
        raise HTTPException(404)
    log_context.about(reference)
    return reference


def reason_of(
    ctx: ConsoleRequest, form: Form, field: str = "reason", *, action: Action | None = None
) -> tuple[str, dict[str, list[str]]]:
    """Return the reason, and its validation errors; an `action` may have chosen ones."""
    reason = " ".join(form.get(field).split())
    if action:
        reason = preset_reasons.joined(action, form.get("preset"), reason)
    if not reason:
        return reason, {field: [ctx.say(_NO_REASON)]}
    if len(reason) > _LONGEST_REASON:
        return reason, {field: [ctx.say(_LONG_REASON) % {"n": _LONGEST_REASON}]}
    return reason, {}


# --- one activation --------------------------------------------------------------------------


async def _submit(
    action: Action, staff_context: StaffContext, reference: str, reason: str, form: Form
) -> bool:
    return await actions.submit(
        staff_context,
        action,
        reference=reference,
        reason=reason,
        channel=_channel(form),
        submission_id=wish(form.submission_id, await staff_context.now()),
    )


def _channel(form: Form) -> Channel:
    """Return the chosen channel; the first one if the form has none."""
    name = form.get("channel")
    return Channel(name) if name in Channel.all() else Channel.SMS


def _channels(ctx: ConsoleRequest) -> list[tuple[Channel, str]]:
    return [(each, ctx.say(_LABELS.get(each, each.label))) for each in Channel.all()]


async def _withdraw(staff_context: StaffContext, reference: str, reason: str, form: Form) -> bool:
    choices = [choice for choice in Choice if choice in form.all("choice")]
    await withdrawal.withdraw(staff_context, choices, reference=reference, reason=reason)
    return True


async def _erase(staff_context: StaffContext, reference: str, reason: str, _: Form) -> bool:
    await erasure.erase(staff_context, reference=reference, reason=reason)
    return True


async def _reopen(staff_context: StaffContext, reference: str, reason: str, _: Form) -> bool:
    await reopen.reopen(staff_context, reference=reference, reason=reason)
    return True


async def _take_back(staff_context: StaffContext, reference: str, reason: str, form: Form) -> bool:
    wished = wish(form.submission_id, await staff_context.now())
    return await typed_insurance.take_back(
        staff_context, reference=reference, reason=reason, submission_id=wished
    )


_VERBS: Mapping[Action, Verb] = {
    **{action: partial(_submit, action) for action in actions.SUBMISSIONS},
    Action.INSURANCE: _take_back,
    Action.REOPEN: _reopen,
    Action.WITHDRAW: _withdraw,
    Action.ERASE: _erase,
}


def _add(action: Action, verb: Verb) -> None:
    """Add the two routes of one action: its page, and its form."""
    path = f"/case/{{raw}}/{action}"
    back = "/queue" if action is Action.ERASE else "/case/{}"

    @router.get(path, name=f"{action}_page")
    async def page(raw: str, ctx: ConsoleRequest = allowed_to(action)) -> Response:
        return _page(ctx, action, reference_of(raw))

    @router.post(path, name=action)
    async def do(raw: str, ctx: ConsoleRequest = allowed_to(action)) -> Response:
        reference = reference_of(raw)
        form = await ctx.form()
        reason, errors = reason_of(ctx, form, action=action)
        if errors:
            return _page(ctx, action, reference, errors=errors, form=form)
        at_once = await verb(ctx.staff_context, reference, reason, form)
        return ctx.see(back.format(reference), told="done" if at_once else "taken")


def _page(
    ctx: ConsoleRequest,
    action: Action,
    reference: str | None,
    *,
    errors: Errors | None = None,
    form: Form | None = None,
    cause: WaitReason | None = None,
    count: int = 0,
    unlocks: bool = False,
) -> Response:
    usual = preset_reasons.PRESETS.get(action, ())
    first = usual[0] if action in preset_reasons.CHOSEN_FIRST else ""
    return ctx.page(
        "action",
        reference=reference,
        action=action,
        label=ctx.say(unlock_send.LABEL if unlocks else actions.LABELS[action]),
        effect=ctx.say(unlock_send.EFFECT if unlocks else actions.EFFECTS[action]),
        errors=errors,
        reason=form.get("reason") if form else "",
        presets=usual,
        preset=form.get("preset") if form else first,
        channels=_channels(ctx) if action is Action.RESEND or unlocks else (),
        choices=tuple(Choice) if action is Action.WITHDRAW else (),
        cause=cause,
        count=count,
    )


for _action, _verb in _VERBS.items():
    _add(_action, _verb)


@router.get(f"/case/{{raw}}/{UNLOCK_SEND}")
async def unlock_send_page(raw: str, ctx: ConsoleRequest = allowed_to(Action.UNLOCK)) -> Response:
    return _page(ctx, Action.UNLOCK, reference_of(raw), unlocks=True)


@router.post(f"/case/{{raw}}/{UNLOCK_SEND}")
async def unlock_and_send(raw: str, ctx: ConsoleRequest = allowed_to(Action.UNLOCK)) -> Response:
    reference, form = reference_of(raw), await ctx.form()
    reason, errors = reason_of(ctx, form, action=Action.UNLOCK)
    if errors:
        return _page(ctx, Action.UNLOCK, reference, errors=errors, form=form, unlocks=True)
    done = await unlock_send.unlock_and_send(
        ctx.staff_context,
        reference=reference,
        reason=reason,
        channel=_channel(form),
        submission_id=wish(form.submission_id, await ctx.staff_context.now()),
    )
    return ctx.see(f"/case/{reference}", told=done)


# --- all of one cause ------------------------------------------------------------------------


@router.get("/retry-all/{cause}")
async def retry_all_page(
    cause: str, ctx: ConsoleRequest = allowed_to(Action.RETRY_ALL)
) -> Response:
    return await _of_cause(ctx, _known(cause))


@router.post("/retry-all/{cause}")
async def retry_all(cause: str, ctx: ConsoleRequest = allowed_to(Action.RETRY_ALL)) -> Response:
    """Start the workflow that retries them, and return at once, because it takes long."""
    form = await ctx.form()
    reason, errors = reason_of(ctx, form, action=Action.RETRY_ALL)
    if errors:
        return await _of_cause(ctx, _known(cause), errors=errors, form=form)
    batch = wish(form.submission_id, await ctx.staff_context.now())
    try:
        await retry_all_of.retry_all(
            ctx.staff_context, _known(cause), reason=reason, over=times.BATCH_SECONDS, batch=batch
        )
    except Failed:
        raise HTTPException(404) from None
    return ctx.see("/queue", told="waking")


def _known(cause: str) -> WaitReason:
    if cause not in set(WaitReason) - cases.EACH_BY_ITSELF:
        raise HTTPException(404)
    return WaitReason(cause)


async def _of_cause(
    ctx: ConsoleRequest,
    cause: WaitReason,
    *,
    errors: Errors | None = None,
    form: Form | None = None,
) -> Response:
    try:
        count = len(await retry_all_of.retriable(ctx.staff_context, cause))
    except Failed:
        raise HTTPException(404) from None
    return _page(ctx, Action.RETRY_ALL, None, errors=errors, form=form, cause=cause, count=count)
