"""Serves the campaigns with their texts and what became of their invitations, and stops one."""

from fastapi import APIRouter, Response

from domain.contracts.vocabulary import Language
from support.console.action_pages import reason_of
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import campaign_texts, campaigns
from support.verbs.actions import ActionRefused
from support.verbs.staff import Action
from web.view import Errors

router = APIRouter()
_MOST = 10


@router.get("/campaigns")
async def listed(ctx: ConsoleRequest = allowed_to(Action.CAMPAIGN)) -> Response:
    return await _page(ctx)


@router.get("/campaigns/preview")
async def preview(ctx: ConsoleRequest = allowed_to(Action.CAMPAIGN)) -> Response:
    texts = campaign_texts.previews(ctx.app.settings, Language)
    return ctx.page("campaign_texts", texts=list(texts), first=campaign_texts.TEXTS[0])


@router.post("/campaigns/stop")
async def stop(ctx: ConsoleRequest = allowed_to(Action.CAMPAIGN_STOP)) -> Response:
    form = await ctx.form()
    reason, errors = reason_of(ctx, form)
    if not errors:
        try:
            await campaigns.stop(ctx.staff_context, form.get("campaign"), reason=reason)
        except ActionRefused as refused:
            errors = {"reason": [ctx.say(str(refused))]}
    if errors:
        return await _page(ctx, errors, form.get("campaign"))
    return ctx.see("/campaigns", told="done")


async def _page(ctx: ConsoleRequest, errors: Errors | None = None, asked: str = "") -> Response:
    """Show the campaigns, with the errors in the form of the one that was asked for."""
    staff = ctx.staff_context
    await ctx.app.departments.learn(staff)
    return ctx.page(
        "campaigns",
        seen=await campaigns.newest_seen(staff, _MOST),
        may_stop=staff.staff.may(Action.CAMPAIGN_STOP),
        texts=campaign_texts,
        errors=errors,
        asked=asked,
    )
