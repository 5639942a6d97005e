"""The insurance number the registrar lacks: the AMKA, a European card or another country's."""

from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import Response

from domain import insurance as numbers
from domain.contracts.submissions import InsuranceSubmission
from domain.contracts.vocabulary import Step
from domain.rules import InvalidInput
from starter.portal.answers import onward, stamp, submit
from starter.portal.visit import AnyVisit, Visit
from web import countries
from web.forms import Form

router = APIRouter()

_FIRST = ("CY",)


@router.get("/insurance")
async def amka(visit: AnyVisit) -> Response:
    return visit.page("insurance", place=await visit.place_on("/insurance"))


@router.post("/insurance")
async def amka_given(visit: AnyVisit) -> Response:
    form = await visit.form()
    try:
        checked = _check(numbers.AMKA, form)
    except InvalidInput as invalid:
        place = await visit.place_on("/insurance")
        errors = {"number": [visit.words.rule(invalid.rule)]}
        return visit.page("insurance", place=place, errors=errors)
    return await _record(visit, form, numbers.AMKA, checked)


@router.get("/insurance/other")
async def other(visit: AnyVisit) -> Response:
    place = await visit.place_on("/insurance")
    return visit.page(
        "insurance-other", place=place, schemes=countries.listed(visit.language, _FIRST)
    )


@router.post("/insurance/other")
async def other_given(visit: AnyVisit) -> Response:
    """Take a number of another country; Greece itself has the AMKA."""
    form = await visit.form()
    scheme = form.get("scheme")
    if scheme == numbers.AMKA:
        return visit.see("/insurance")
    errors = {}
    if scheme not in (numbers.EHIC, *countries.CODES):
        errors["scheme"] = [visit.words.scheme()]
    try:
        checked = _check(scheme, form)
    except InvalidInput as invalid:
        errors["number"] = [visit.words.rule(invalid.rule)]
    if not errors:
        return await _record(visit, form, scheme, checked)
    place = await visit.place_on("/insurance")
    schemes = countries.listed(visit.language, _FIRST)
    return visit.page("insurance-other", place=place, errors=errors, schemes=schemes, scheme=scheme)


def _check(scheme: str, form: Form) -> numbers.Checked:
    return numbers.check(scheme, form.get("number"), datetime.now(UTC).date())


async def _record(visit: Visit, form: Form, scheme: str, checked: numbers.Checked) -> Response:
    number, warnings = checked
    submission = InsuranceSubmission(
        **await stamp(visit, form), scheme=scheme, number=number, warnings=warnings
    )
    answer = await submit(visit, "submit_insurance", submission)
    return await onward(visit, answer, leaves={Step.INSURANCE})
