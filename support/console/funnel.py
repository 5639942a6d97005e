"""Serves the week's figures: a chart of how far students come, and its table as an export."""

from fastapi import APIRouter
from fastapi.responses import Response

from starter import spreadsheet
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import funnel
from support.verbs.staff import Action
from translations import N_

router = APIRouter()

STAGES = {
    "started": N_("Started"),
    "proven": N_("Code was right"),
    "agreed": N_("Agreed"),
    "active": N_("Active"),
}


@router.get("/funnel")
async def page(ctx: ConsoleRequest = allowed_to(Action.FUNNEL)) -> Response:
    seen = await funnel.week(ctx.staff_context)
    stages = {stage: ctx.say(text) for stage, text in STAGES.items()}
    return ctx.page("funnel", seen=seen, stages=stages)


@router.get("/funnel/export")
async def export(ctx: ConsoleRequest = allowed_to(Action.FUNNEL)) -> Response:
    rows = funnel.table(await funnel.week(ctx.staff_context))
    named = {"Content-Disposition": 'attachment; filename="funnel.csv"'}
    text = "".join(map(spreadsheet.line, rows))
    return Response(text, media_type="text/csv; charset=utf-8", headers=named)
