"""Serves the page of the engine's health, and pauses and resumes new activations."""

from fastapi import APIRouter
from fastapi.responses import Response

from support.console.action_pages import reason_of
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import operations
from support.verbs import pause as pausing
from support.verbs.actions import ActRefused
from support.verbs.staff import Action
from web.view import Errors

router = APIRouter()


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
        except ActRefused as refused:
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
