"""Routes for whoever got a message that they had not asked for: they stop its activation.

The mark and the code of the message name it; no session is needed. A wrong code and an unknown mark
get the same answer, at the same time, and a wrong code counts as a try of the code wherever the
mark is right. So the form tells nobody which contact is on file, and is no way to guess codes.
"""

from fastapi import APIRouter
from fastapi.responses import Response

from domain import pins, references
from domain.contracts.submissions import NotMeSubmission
from domain.rules import InvalidInput
from domain.text import note
from starter.portal.portal_request import CurrentRequest, PortalRequest
from starter.portal.stop_service import StopOutcome
from translations import N_
from web import times
from web.limits import Purpose
from web.view import Errors

router = APIRouter()

_NO_MARK = N_("Type the reference in the message: A- and four letters or digits, as in A-7K3F")
_UNKNOWN = N_(
    "No activation in progress has this reference and this six-digit code"
    " (pin). Check both in the message"
)


@router.get("/not-me")
async def not_me(ctx: CurrentRequest) -> Response:
    query = ctx.request.query_params
    told = next((each.name.lower() for each in StopOutcome if each.name.lower() in query), None)
    mark = references.mark(query.get("mark", ""))
    return ctx.page("not-me", told=told, typed=f"A-{mark}" if mark else "")


@router.post("/not-me")
async def stop(ctx: CurrentRequest) -> Response:
    form = await ctx.form()
    typed, code = note(form.get("mark")), ""
    mark = references.mark(typed)
    errors = {} if mark else {"mark": [ctx.words.say(_NO_MARK)]}
    try:
        code = pins.read(form.get("pin"))
    except InvalidInput as invalid:
        errors["pin"] = [ctx.words.rule(invalid.rule)]
    if mark is None or errors:
        return _page(ctx, typed, errors)
    await ctx.site.limits.take(ctx.site.limits.by_address(Purpose.NOT_ME, ctx.host))
    submission = NotMeSubmission(
        submission_id=form.submission_id, received_at=await ctx.now(), pin=code
    )
    with ctx.time.handing_in():
        told = await ctx.app.stops.stop(mark, submission, ctx.time.left)
    received = told is StopOutcome.RECEIVED
    await ctx.time.not_before(times.RECEIVED_SECONDS if received else times.ANSWERED_SECONDS)
    if told is StopOutcome.UNKNOWN:
        return _page(ctx, typed, {"mark": [ctx.words.say(_UNKNOWN)]})
    return ctx.redirect(f"/not-me?{told.name.lower()}")


def _page(ctx: PortalRequest, typed: str, errors: Errors) -> Response:
    return ctx.page("not-me", told=None, typed=typed, errors=errors)
