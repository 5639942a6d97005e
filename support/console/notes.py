"""The page on which staff add a note to a case."""

from fastapi import APIRouter
from fastapi.responses import Response

from support.console.action_pages import reference_of
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import notes
from support.verbs.actions import ActRefused
from support.verbs.staff import Action
from web.view import Errors

router = APIRouter()


@router.get("/case/{raw}/note", name="note_page")
async def page(raw: str, ctx: ConsoleRequest = allowed_to(Action.NOTE)) -> Response:
    return _page(ctx, reference_of(raw))


@router.post("/case/{raw}/note", name="note")
async def write(raw: str, ctx: ConsoleRequest = allowed_to(Action.NOTE)) -> Response:
    reference = reference_of(raw)
    form = await ctx.form()
    text = form.get("text")
    try:
        await notes.write(ctx.staff_context, text, reference=reference, note_id=form.submission_id)
    except ActRefused as wrong:
        return _page(ctx, reference, errors={"text": [ctx.say(str(wrong))]}, text=text)
    return ctx.see(f"/case/{reference}", told="done")


def _page(
    ctx: ConsoleRequest, reference: str, *, errors: Errors | None = None, text: str = ""
) -> Response:
    return ctx.page("note", reference=reference, longest=notes.LONGEST, errors=errors, text=text)
