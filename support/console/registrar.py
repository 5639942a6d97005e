"""Serves the registrar check, and the page that verifies a caller.

Both show their result on the page of their form: nothing typed is in an address or stored.
"""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Response

from domain.registrar.caller import Said
from domain.registrar.diagnosis import Diagnosis, TypedContacts
from support.console.action_pages import reference_of
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import caller, objections, registrar, registrar_texts
from support.verbs.actions import ActionRefused
from support.verbs.caller import ANSWERS, CallerAnswer, CallerQuestion, Told, UnreadableField
from support.verbs.reason_texts import reason
from support.verbs.staff import Action
from web.forms import Form
from web.view import Errors

router = APIRouter()

_CALLER_FIELDS = ("mobile", "email", "birth_date", "student_number", "father_name")
_KEPT = ("number", "name", "mobile", "email")


@router.get("/registrar")
async def registrar_form(ctx: ConsoleRequest = allowed_to(Action.REGISTRAR)) -> Response:
    return _registrar_page(ctx, {})


@router.post("/registrar")
async def check(ctx: ConsoleRequest = allowed_to(Action.REGISTRAR)) -> Response:
    form = await ctx.form()
    # An insurance number is never shown again.
    typed = {name: form.get(name) for name in _KEPT}
    try:
        found = await registrar.check(ctx.staff_context, _question(form))
    except ActionRefused as refused:
        return _registrar_page(ctx, typed, errors={"number": [ctx.say(str(refused))]})
    away = found.outcome is Diagnosis.REGISTRAR_AWAY
    return _registrar_page(ctx, typed, found=found, status=503 if away else None)


def _question(form: Form) -> registrar.RegistrarQuestion:
    return registrar.RegistrarQuestion(
        number=form.get("number"),
        name=form.get("name"),
        insurance=form.get("insurance"),
        typed=TypedContacts(form.get("mobile"), form.get("email")),
        case=reference_of(form.get("case")) if form.get("case") else None,
    )


def _registrar_page(
    ctx: ConsoleRequest,
    typed: dict[str, str],
    *,
    found: registrar.Check | None = None,
    errors: Errors | None = None,
    status: int | None = None,
) -> Response:
    return ctx.page(
        "registrar",
        status=status,
        errors=errors,
        typed=typed,
        found=found,
        sentences=registrar_texts.sentences(found) if found else {},
        may_uninvite=ctx.staff_context.staff.may(Action.OBJECTION),
        missed_days=ctx.staff_context.settings.retention.misses_days,
        why=reason(found.why, ctx.language) if found and found.why else "",
        account=ctx.say(registrar_texts.ACCOUNTS[found.account]) if found else "",
        misses=[registrar_texts.miss(each, ctx.language) for each in found.misses] if found else [],
        contact=lambda on_file: registrar_texts.contact(on_file, ctx.language),
        lacks=lambda row: registrar_texts.lacks(row, ctx.language),
    )


@router.post("/registrar/uninvite")
async def uninvite(ctx: ConsoleRequest = allowed_to(Action.OBJECTION)) -> Response:
    return await _wish(ctx, objections.note, "uninvited")


@router.post("/registrar/invite")
async def invite(ctx: ConsoleRequest = allowed_to(Action.OBJECTION)) -> Response:
    return await _wish(ctx, objections.take_back, "invited")


async def _wish(ctx: ConsoleRequest, act: Callable[..., Awaitable[object]], told: str) -> Response:
    number = (await ctx.form()).get("number")
    try:
        await act(ctx.staff_context, number=number)
    except ActionRefused as refused:
        errors = {"number": [ctx.say(str(refused))]}
        return _registrar_page(ctx, {"number": number}, errors=errors)
    return ctx.see("/registrar", told=told)


@router.get("/caller")
@router.get("/case/{raw}/caller")
async def caller_form(
    raw: str | None = None, ctx: ConsoleRequest = allowed_to(Action.CALLER)
) -> Response:
    return _caller_page(ctx, reference_of(raw) if raw else None)


@router.post("/caller")
@router.post("/case/{raw}/caller")
async def ask_caller(
    raw: str | None = None, ctx: ConsoleRequest = allowed_to(Action.CALLER)
) -> Response:
    reference = reference_of(raw) if raw else None
    form = await ctx.form()
    typed = {name: form.get(name) for name in _CALLER_FIELDS}
    question = CallerQuestion(
        said=Said(typed["birth_date"], typed["student_number"], typed["father_name"]),
        contact=TypedContacts() if reference else TypedContacts(typed["mobile"], typed["email"]),
        reference=reference,
    )
    try:
        told = await caller.ask(ctx.staff_context, question, form.submission_id)
    except UnreadableField as wrong:
        errors = {wrong.field: [ctx.say(str(wrong))]}
        return _caller_page(ctx, reference, typed=typed, errors=errors)
    return _caller_page(
        ctx, reference, told=told, status=503 if told.answer is CallerAnswer.AWAY else None
    )


def _caller_page(
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
        own_limit=ctx.staff_context.settings.limits.caller_questions_per_staff,
        sentence=ctx.say(ANSWERS[told.answer]) if told else "",
    )
