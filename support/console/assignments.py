"""Serves the assignment of activations and requests for help, and each one's own cases."""

from fastapi import APIRouter, Response

from support.console.action_pages import reference_of
from support.console.console_request import ConsoleRequest, allowed_to
from support.console.queue import row_context
from support.verbs import assignments, notes
from support.verbs.actions import ActionRefused
from support.verbs.colleagues import colleagues
from support.verbs.staff import Action
from web.view import Errors

router = APIRouter()


@router.get("/mine")
async def mine(ctx: ConsoleRequest = allowed_to(Action.ASSIGN)) -> Response:
    await ctx.app.departments.learn(ctx.staff_context)
    seen = await assignments.mine(ctx.staff_context, ctx.page_number)
    return ctx.page("mine", seen=seen, **await row_context(ctx))


@router.get("/case/{raw}/assign")
async def assign_page(raw: str, ctx: ConsoleRequest = allowed_to(Action.ASSIGN)) -> Response:
    return await _page(ctx, reference_of(raw))


@router.post("/case/{raw}/assign")
async def assign(raw: str, ctx: ConsoleRequest = allowed_to(Action.ASSIGN)) -> Response:
    """Assign the case, and write the note to whom it is assigned, if there is one."""
    reference, form = reference_of(raw), await ctx.form()
    to, text, field = form.get("to"), form.get("text"), "to"
    try:
        await assignments.assign(ctx.staff_context, reference, to=to, was=form.get("was"))
        field = "text"
        if text.strip():
            await notes.write(
                ctx.staff_context,
                text,
                reference=reference,
                note_id=form.submission_id,
                addressee=to,
            )
    except ActionRefused as refused:
        return await _page(ctx, reference, {field: [ctx.say(str(refused))]}, text)
    return ctx.see(f"/case/{reference}", told="done")


async def _page(
    ctx: ConsoleRequest, reference: str, errors: Errors | None = None, text: str = ""
) -> Response:
    staff_context = ctx.staff_context
    department, assignee = await assignments.now(staff_context, reference)
    return ctx.page(
        "assign",
        reference=reference,
        colleagues=await colleagues(staff_context, department, Action.ASSIGN),
        assignee=assignee,
        longest=notes.LONGEST,
        errors=errors,
        text=text,
    )


@router.post("/requests/{number}/assign")
async def assign_request(number: str, ctx: ConsoleRequest = allowed_to(Action.ASSIGN)) -> Response:
    form = await ctx.form()
    await assignments.assign_request(
        ctx.staff_context, number, to=form.get("to"), was=form.get("was")
    )
    return ctx.see(f"/requests/{number}")
