"""Serves the page that verifies a caller: it answers yes or no, and stores nothing typed."""

from fastapi import APIRouter
from fastapi.responses import Response

from domain.registrar.caller import Said
from domain.registrar.diagnosis import TypedContacts
from support.console.action_pages import reference_of
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import caller
from support.verbs.caller import ANSWERS, CallerAnswer, CallerQuestion, Told, UnreadableField
from support.verbs.staff import Action
from web.view import Errors

router = APIRouter()

_FIELDS = ("mobile", "email", "birth_date", "student_number", "father_name")


@router.get("/caller")
async def form(ctx: ConsoleRequest = allowed_to(Action.CALLER)) -> Response:
    return _page(ctx, None)


@router.get("/case/{raw}/caller")
async def form_of_case(raw: str, ctx: ConsoleRequest = allowed_to(Action.CALLER)) -> Response:
    return _page(ctx, reference_of(raw))


@router.post("/caller")
async def ask(ctx: ConsoleRequest = allowed_to(Action.CALLER)) -> Response:
    return await _answer(ctx, None)


@router.post("/case/{raw}/caller")
async def ask_of_case(raw: str, ctx: ConsoleRequest = allowed_to(Action.CALLER)) -> Response:
    return await _answer(ctx, reference_of(raw))


async def _answer(ctx: ConsoleRequest, reference: str | None) -> Response:
    form = await ctx.form()
    typed = {name: form.get(name) for name in _FIELDS}
    question = CallerQuestion(
        said=Said(typed["birth_date"], typed["student_number"], typed["father_name"]),
        contact=TypedContacts() if reference else TypedContacts(typed["mobile"], typed["email"]),
        reference=reference,
    )
    try:
        told = await caller.ask(ctx.staff_context, question, form.submission_id)
    except UnreadableField as wrong:
        errors = {wrong.field: [ctx.say(str(wrong))]}
        return _page(ctx, reference, typed=typed, errors=errors)
    return _page(
        ctx, reference, told=told, status=503 if told.answer is CallerAnswer.AWAY else None
    )


def _page(
    ctx: ConsoleRequest,
    reference: str | None,
    *,
    typed: dict[str, str] | None = None,
    told: Told | None = None,
    errors: Errors | None = None,
    status: int | None = None,
) -> Response:
    return ctx.page(
        "caller",
        status=status,
        errors=errors,
        reference=reference,
        typed=typed or {},
        told=told,
        own_limit=ctx.staff_context.settings.console.caller_questions_per_day,
        sentence=ctx.say(ANSWERS[told.answer]) if told else "",
    )
