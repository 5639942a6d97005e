"""Serves the page of the engine's health, and pauses and resumes new activations."""

from fastapi import APIRouter
from fastapi.responses import Response

from support.console.action_pages import reason_of
from support.console.console_request import ConsoleRequest, allowed_to
from support.console.labels import Labels
from support.verbs import operations
from support.verbs import pause as pausing
from support.verbs.actions import ActRefused
from support.verbs.staff import Action
from translations import N_
from web.view import Errors

router = APIRouter()

_TOLD = {
    "paused": N_("New activations are paused"),
    "resumed": N_("New activations begin again"),
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
    told = ctx.request.query_params.get("told", "")
    return ctx.page(
        "operations",
        state=await operations.state(ctx.staff_context),
        labels=operations.LABELS,
        channels=operations.CHANNELS,
        causes=Labels(ctx.language),
        told=_TOLD.get(told),
        typed=typed or {},
        errors=errors,
    )
