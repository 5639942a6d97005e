"""What students wrote to support: the open ones, and one with its answer."""

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from domain.contracts.requests import Delivery
from support.console.labels import Labels
from support.console.paging import page_asked
from support.console.seat import Seat, at
from support.verbs import requests
from support.verbs.actions import Refused
from support.verbs.requests import UnknownRequest
from support.verbs.staff import Action
from translations import N_

router = APIRouter()

_DELIVERY = {
    None: N_("The answer is on its way."),
    Delivery.SENT: N_("The mail server has taken the answer."),
    Delivery.UNDELIVERABLE: N_(
        "The mailbox does not exist, so the student has not got the answer. Close the request"
        " when there is nothing more to do."
    ),
}


@router.get("/requests")
async def listed(seat: Seat = at(Action.REQUESTS)) -> Response:
    page = await requests.waiting(seat.desk, page_asked(seat))
    return seat.page("requests", page=page, labels=Labels(seat.language))


@router.get("/requests/{number}")
async def one(number: str, seat: Seat = at(Action.REQUESTS)) -> Response:
    return await _page(seat, number)


@router.post("/requests/{number}/answer")
async def answer(number: str, seat: Seat = at(Action.REQUESTS)) -> Response:
    form = await seat.form()
    text = form.get("text")
    try:
        await requests.answer(seat.desk, number, text, submission_id=form.submission_id)
    except UnknownRequest:
        raise HTTPException(404) from None
    except Refused as refused:
        return await _page(seat, number, "text", str(refused), text=text)
    return seat.see(f"/requests/{number}")


@router.post("/requests/{number}/close")
async def close(number: str, seat: Seat = at(Action.REQUESTS)) -> Response:
    form = await seat.form()
    reason = form.get("reason")
    try:
        await requests.close(seat.desk, number, submission_id=form.submission_id, reason=reason)
    except UnknownRequest:
        raise HTTPException(404) from None
    except Refused as refused:
        return await _page(seat, number, "reason", str(refused), reason=reason)
    return seat.see(f"/requests/{number}")


async def _page(
    seat: Seat, number: str, field: str = "", refused: str = "", *, text: str = "", reason: str = ""
) -> Response:
    """Show the request; a refusal stands at its field, or alone when there are no fields left."""
    try:
        standing = await requests.read(seat.desk, number)
    except UnknownRequest:
        raise HTTPException(404) from None
    said = seat.say(refused) if refused else ""
    at_field = refused and standing.is_open
    return seat.page(
        "request",
        status=409 if refused else 200,
        errors={field: [said]} if at_field else None,
        refused="" if at_field else said,
        standing=standing,
        labels=Labels(seat.language),
        delivery=seat.say(_DELIVERY[standing.line.delivery]),
        text=text,
        reason=reason,
    )
