"""Routes for the insurance number that the registrar lacks: AMKA, European card or foreign."""

from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import Response

from domain import insurance as numbers
from domain.contracts.submissions import InsuranceSubmission
from domain.rules import InvalidInput
from starter.portal.portal_request import CurrentRequest, PortalRequest
from starter.portal.submissions import onward, stamp, submit
from translations import N_
from web import countries
from web.forms import Form

router = APIRouter()

_FIRST = ("CY",)
_NO_SCHEME = N_("Choose a country, or the European Health Insurance Card")


@router.get("/insurance")
async def amka(ctx: CurrentRequest) -> Response:
    return ctx.page("insurance", state=await ctx.state_on("/insurance"))


@router.post("/insurance")
async def amka_given(ctx: CurrentRequest) -> Response:
    form = await ctx.form()
    try:
        checked = _check(numbers.AMKA, form)
    except InvalidInput as invalid:
        state = await ctx.state_on("/insurance")
        errors = {"number": [ctx.words.rule(invalid.rule)]}
        return ctx.page("insurance", state=state, errors=errors)
    return await _record(ctx, form, numbers.AMKA, checked)


@router.get("/insurance/other")
async def other(ctx: CurrentRequest) -> Response:
    state = await ctx.state_on("/insurance")
    return ctx.page("insurance-other", state=state, schemes=countries.listed(ctx.language, _FIRST))


@router.post("/insurance/other")
async def other_given(ctx: CurrentRequest) -> Response:
    """Accept a number of a European card or another country; Greece redirects to the AMKA."""
    form = await ctx.form()
    scheme = form.get("scheme")
    if scheme == numbers.AMKA:
        return ctx.redirect("/insurance")
    errors = {}
    if scheme not in (numbers.EHIC, *countries.CODES):
        errors["scheme"] = [ctx.words.say(_NO_SCHEME)]
    try:
        checked = _check(scheme, form)
    except InvalidInput as invalid:
        errors["number"] = [ctx.words.rule(invalid.rule)]
    if not errors:
        return await _record(ctx, form, scheme, checked)
    state = await ctx.state_on("/insurance")
    schemes = countries.listed(ctx.language, _FIRST)
    return ctx.page("insurance-other", state=state, errors=errors, schemes=schemes, scheme=scheme)


def _check(scheme: str, form: Form) -> numbers.Checked:
    return numbers.check(scheme, form.get("number"), datetime.now(UTC).date())


async def _record(
    ctx: PortalRequest, form: Form, scheme: str, checked: numbers.Checked
) -> Response:
    number, warnings = checked
    submission = InsuranceSubmission(
        **await stamp(ctx, form), scheme=scheme, number=number, warnings=warnings
    )
    answer = await submit(ctx, "submit_insurance", submission)
    return await onward(ctx, answer)
