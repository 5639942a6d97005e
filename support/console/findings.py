"""Serves the findings of the reconciler, and records which of them staff have settled."""

from fastapi import APIRouter, Response

from support.console.action_pages import reason_of
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import findings
from support.verbs.actions import ActionRefused
from support.verbs.finding_texts import TEXTS
from support.verbs.staff import Action
from web.view import Errors

router = APIRouter()


@router.get("/findings")
async def listed(ctx: ConsoleRequest = allowed_to(Action.FINDINGS)) -> Response:
    return await _page(ctx)


@router.post("/findings/settle")
async def settle(ctx: ConsoleRequest = allowed_to(Action.FINDINGS)) -> Response:
    form = await ctx.form()
    kind, subject = form.get("finding_kind"), form.get("subject")
    reason, errors = reason_of(ctx, form)
    if not errors:
        try:
            await findings.settle(ctx.staff_context, kind, subject, reason=reason)
        except ActionRefused as refused:
            errors = {"reason": [ctx.say(str(refused))]}
    if errors:
        return await _page(ctx, errors)
    return ctx.see("/findings", told="done")


async def _page(ctx: ConsoleRequest, errors: Errors | None = None) -> Response:
    seen = await findings.listed(ctx.staff_context, most=findings.MOST)
    return ctx.page("findings", seen=seen, texts=TEXTS, errors=errors)
