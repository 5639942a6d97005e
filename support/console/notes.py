"""Serves the form for a note on a case, and marks notes to oneself as read."""

from fastapi import APIRouter, Response

from support.console.action_pages import reference_of
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import notes
from support.verbs.actions import ActionRefused
from support.verbs.colleagues import colleagues
from support.verbs.staff import Action
from web.view import Errors

router = APIRouter()


@router.get("/case/{raw}/note", name="note_page")
async def note_page(raw: str, ctx: ConsoleRequest = allowed_to(Action.NOTE)) -> Response:
    return await _page(ctx, reference_of(raw))


@router.post("/case/{raw}/note", name="note")
async def write(raw: str, ctx: ConsoleRequest = allowed_to(Action.NOTE)) -> Response:
    reference, form = reference_of(raw), await ctx.form()
    text, to = form.get("text"), form.get("to")
    try:
        await notes.write(
            ctx.staff_context, text, reference=reference, note_id=form.submission_id, addressee=to
        )
    except ActionRefused as wrong:
        return await _page(ctx, reference, {"text": [ctx.say(str(wrong))]}, text, to)
    return ctx.see(f"/case/{reference}", told="done")


async def _page(
    ctx: ConsoleRequest, reference: str, errors: Errors | None = None, text: str = "", to: str = ""
) -> Response:
    staff_context = ctx.staff_context
    department = await notes.department(staff_context, reference)
    staff_context.check_sight(department)
    return ctx.page(
        "note",
        reference=reference,
        colleagues=await colleagues(staff_context, department, Action.NOTE),
        longest=notes.LONGEST,
        errors=errors,
        text=text,
        to=to,
    )


@router.post("/notes/{note_id}/read")
async def read(note_id: str, ctx: ConsoleRequest = allowed_to(Action.NOTE)) -> Response:
    form = await ctx.form()
    await notes.mark_read(ctx.staff_context, note_id)
    return ctx.see("/mine" if form.get("back") == "/mine" else "/queue")
