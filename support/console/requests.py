"""Serves the requests for help: the list of open ones, and one with its answer."""

from fastapi import APIRouter, Response

from domain.contracts.message_io import Delivery
from ledger.support_requests import Waiting
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import notes, preset_reasons, requests
from support.verbs.actions import ActionRefused
from support.verbs.colleagues import colleagues
from support.verbs.staff import Action
from translations import N_

router = APIRouter()

_DELIVERY = {
    None: N_("The answer is on its way."),
    Delivery.SENT: N_("The mail server has accepted the answer."),
    Delivery.UNDELIVERABLE: N_(
        "The mail server did not accept the answer: the mailbox does not exist, or the"
        " text was refused. The student has not received it. Close the request when there"
        " is nothing more to do."
    ),
}


@router.get("/requests")
async def listed(ctx: ConsoleRequest = allowed_to(Action.REQUESTS)) -> Response:
    await ctx.app.departments.learn(ctx.staff_context)
    return ctx.page("requests", page=await requests.waiting(ctx.staff_context, ctx.page_number))


@router.get("/requests/{number}")
async def one(number: str, ctx: ConsoleRequest = allowed_to(Action.REQUESTS)) -> Response:
    """Show the request; `reply` in the address names a ready answer to begin with."""
    return await _page(ctx, number)


@router.post("/requests/{number}/answer")
async def answer(number: str, ctx: ConsoleRequest = allowed_to(Action.REQUESTS)) -> Response:
    form = await ctx.form()
    text = form.get("text")
    try:
        await requests.answer(ctx.staff_context, number, text, submission_id=form.submission_id)
    except ActionRefused as refused:
        return await _page(ctx, number, refused, text=text)
    return ctx.see(f"/requests/{number}")


@router.post("/requests/{number}/close")
async def close(number: str, ctx: ConsoleRequest = allowed_to(Action.REQUESTS)) -> Response:
    form = await ctx.form()
    preset, reason = form.get("preset"), form.get("reason")
    why = preset_reasons.joined(Action.REQUESTS, preset, reason)
    try:
        await requests.close(
            ctx.staff_context, number, submission_id=form.submission_id, reason=why
        )
    except ActionRefused as refused:
        return await _page(ctx, number, refused, reason=reason)
    return ctx.see(f"/requests/{number}")


@router.post("/requests/{number}/note")
async def write_note(number: str, ctx: ConsoleRequest = allowed_to(Action.REQUESTS)) -> Response:
    form = await ctx.form()
    text, to = form.get("note"), form.get("note-to")
    try:
        await notes.write_on_request(
            ctx.staff_context, text, request_id=number, note_id=form.submission_id, addressee=to
        )
    except ActionRefused as refused:
        return await _page(ctx, number, refused, to=to, note=text)
    return ctx.see(f"/requests/{number}")


def _ready(ctx: ConsoleRequest, line: Waiting) -> str:
    """Return the text of the ready answer that the address names; empty for an unknown one."""
    chosen = ctx.app.replies.get(ctx.request.query_params.get("reply", ""))
    return chosen[line.language].text if chosen else ""


async def _page(
    ctx: ConsoleRequest,
    number: str,
    refused: ActionRefused | None = None,
    to: str = "",
    **typed: str,
) -> Response:
    """Show the request; what was refused is shown at its field, or alone if the form is gone."""
    staff_context = ctx.staff_context
    standing = await requests.read(staff_context, number)
    said = ctx.say(str(refused)) if refused else ""
    closing = standing.closing or ""
    at_field = refused and standing.is_open
    return ctx.page(
        "request",
        status=409 if refused and not at_field else None,
        errors={field: [said] for field in typed} if at_field else None,
        refused="" if at_field else said,
        standing=standing,
        closing=preset_reasons.translated(Action.REQUESTS, closing, ctx.say) or closing,
        delivery=ctx.say(_DELIVERY[standing.line.delivery]),
        typed={"text": _ready(ctx, standing.line)} | typed,
        replies=[(name, each[ctx.language].title) for name, each in ctx.app.replies.items()],
        may_assign=staff_context.staff.may(Action.ASSIGN),
        colleagues=await colleagues(staff_context, standing.line.department, Action.ASSIGN),
        readers_of=await colleagues(staff_context, standing.line.department, Action.REQUESTS),
        to=to,
        notes=await notes.on_request(staff_context, number),
        longest=notes.LONGEST,
        presets=preset_reasons.PRESETS[Action.REQUESTS],
    )
