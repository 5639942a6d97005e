"""Serves the engine's health, the pause of new activations, and the figures of the week."""

from fastapi import APIRouter, Response

from support.console import sheets
from support.console.action_pages import reason_of
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import funnel, operations, second_factor
from support.verbs import pause as pausing
from support.verbs.actions import ActionRefused
from support.verbs.staff import Action
from translations import N_
from web.view import Errors

router = APIRouter()

_OWN = N_("Your own second factor is reset by another operator, or by the command.")

STAGES = {
    "started": N_("Started"),
    "proven": N_("Right code"),
    "agreed": N_("Agreed"),
    "active": N_("Active"),
}


@router.get("/operations")
async def show(ctx: ConsoleRequest = allowed_to(Action.OPERATE)) -> Response:
    return await _page(ctx)


@router.post("/operations/pause")
async def pause(ctx: ConsoleRequest = allowed_to(Action.OPERATE)) -> Response:
    form = await ctx.form()
    reason, errors = reason_of(ctx, form)
    typed = {name: form.get(name) for name in ("el", "en")}
    if not errors:
        try:
            await pausing.pause(ctx.staff_context, reason=reason, **typed)
        except ActionRefused as refused:
            errors = {"el": [ctx.say(str(refused))]}
    if errors:
        return await _page(ctx, errors, typed | {"reason": reason})
    return ctx.see("/operations", told="paused")


@router.post("/operations/resume")
async def resume(ctx: ConsoleRequest = allowed_to(Action.OPERATE)) -> Response:
    form = await ctx.form()
    reason, errors = reason_of(ctx, form)
    if errors:
        return await _page(ctx, errors)
    await pausing.resume(ctx.staff_context, reason=reason)
    return ctx.see("/operations", told="resumed")


@router.post("/operations/second-factor")
async def reset_second_factor(ctx: ConsoleRequest = allowed_to(Action.SECOND_FACTOR)) -> Response:
    form = await ctx.form()
    name = form.get("name").strip()
    reason, errors = reason_of(ctx, form, "reset_reason")
    if name.lower() == ctx.staff_context.staff.name.lower():
        errors = {"name": [ctx.say(_OWN)]}
    if not errors:
        try:
            await second_factor.reset(ctx.staff_context, name, reason)
        except ActionRefused as refused:
            errors = {"name": [ctx.say(str(refused))]}
    if errors:
        return await _page(ctx, errors, {"name": name, "reset_reason": reason})
    return ctx.see("/operations", told="second_factor")


async def _page(
    ctx: ConsoleRequest, errors: Errors | None = None, typed: dict[str, str] | None = None
) -> Response:
    return ctx.page(
        "operations",
        state=await operations.state(ctx.staff_context),
        parts=operations.LABELS,
        channels=operations.CHANNELS,
        typed=typed or {},
        errors=errors,
    )


@router.get("/funnel")
async def figures(ctx: ConsoleRequest = allowed_to(Action.FUNNEL)) -> Response:
    seen = await funnel.week(ctx.staff_context)
    stages = {stage: ctx.say(text) for stage, text in STAGES.items()}
    return ctx.page("funnel", seen=seen, stages=stages)


@router.get("/funnel/export")
async def export(ctx: ConsoleRequest = allowed_to(Action.FUNNEL)) -> Response:
    rows = funnel.table(await funnel.week(ctx.staff_context))
    return await sheets.download(ctx, "funnel", rows)
