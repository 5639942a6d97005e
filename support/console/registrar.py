"""Serves the registrar check: a form with its result on the same page, and no input in a URL."""

from fastapi import APIRouter
from fastapi.responses import Response

from domain.registrar.diagnosis import Diagnosis, TypedContacts
from support.console.action_pages import reference_of
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import registrar, registrar_texts
from support.verbs.actions import ActRefused
from support.verbs.reason_texts import reason
from support.verbs.registrar import Check, RegistrarQuestion
from support.verbs.staff import Action
from web.forms import Form
from web.view import Errors

router = APIRouter()

_KEPT = ("number", "name", "mobile", "email")


@router.get("/registrar")
async def ask(ctx: ConsoleRequest = allowed_to(Action.REGISTRAR)) -> Response:
    return _page(ctx, {})


@router.post("/registrar")
async def answer(ctx: ConsoleRequest = allowed_to(Action.REGISTRAR)) -> Response:
    form = await ctx.form()
    # An insurance number is never shown again.
    typed = {name: form.get(name) for name in _KEPT}
    try:
        found = await registrar.check(ctx.staff_context, _question(form))
    except ActRefused as refused:
        return _page(ctx, typed, errors={"number": [ctx.say(str(refused))]})
    away = found.outcome is Diagnosis.REGISTRAR_AWAY
    return _page(ctx, typed, found=found, status=503 if away else None)


def _question(form: Form) -> RegistrarQuestion:
    return RegistrarQuestion(
        number=form.get("number"),
        name=form.get("name"),
        insurance=form.get("insurance"),
        typed=TypedContacts(form.get("mobile"), form.get("email")),
        case=reference_of(form.get("case")) if form.get("case") else None,
    )


def _page(
    ctx: ConsoleRequest,
    typed: dict[str, str],
    *,
    found: Check | None = None,
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
        why=reason(found.why, ctx.language) if found and found.why else "",
        account=ctx.say(registrar_texts.ACCOUNTS[found.account]) if found else "",
        misses=[registrar_texts.miss(each, ctx.language) for each in found.misses] if found else [],
        contact=lambda on_file: registrar_texts.contact(on_file, ctx.language),
        lacks=lambda row: registrar_texts.lacks(row, ctx.language),
    )
