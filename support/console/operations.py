"""How the engine does, and the switch that pauses new activations."""

from fastapi import APIRouter
from fastapi.responses import Response

from support.console.act import reason_of
from support.console.labels import Labels
from support.console.seat import Seat, at
from support.verbs import operations
from support.verbs import pause as pausing
from support.verbs.actions import Refused
from support.verbs.staff import Action
from translations import N_
from web.view import Errors

router = APIRouter()

_TOLD = {
    "paused": N_("New activations are paused"),
    "resumed": N_("New activations begin again"),
}


@router.get("/operations")
async def show(seat: Seat = at(Action.OPERATE)) -> Response:
    return await _page(seat)


@router.post("/operations/pause")
async def pause(seat: Seat = at(Action.OPERATE)) -> Response:
    form = await seat.form()
    reason, errors = reason_of(seat, form)
    typed = {name: form.get(name) for name in ("el", "en")}
    if not errors:
        try:
            await pausing.pause(seat.desk, reason=reason, **typed)
        except Refused as refused:
            errors = {"el": [seat.say(str(refused))]}
    if errors:
        return await _page(seat, errors, typed | {"reason": reason})
    return seat.see("/operations", told="paused")


@router.post("/operations/resume")
async def resume(seat: Seat = at(Action.OPERATE)) -> Response:
    form = await seat.form()
    reason, errors = reason_of(seat, form)
    if errors:
        return await _page(seat, errors)
    await pausing.resume(seat.desk, reason=reason)
    return seat.see("/operations", told="resumed")


async def _page(
    seat: Seat, errors: Errors | None = None, typed: dict[str, str] | None = None
) -> Response:
    told = seat.request.query_params.get("told", "")
    return seat.page(
        "operations",
        state=await operations.state(seat.desk),
        labels=operations.LABELS,
        channels=operations.CHANNELS,
        causes=Labels(seat.language),
        told=_TOLD.get(told),
        typed=typed or {},
        errors=errors,
    )
