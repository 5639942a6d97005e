"""The sign-in page: one message for a wrong name and a wrong password, and a limit of tries."""

import math
from contextlib import suppress
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from ledger import audit, budgets, clock
from support.console.seat import SIGN_IN, Seat, SignedOut, empty_seat
from support.verbs.signin import DirectoryAway, NoRole
from translations import N_
from web.limits import network

router = APIRouter()

AnySeat = Annotated[Seat, Depends(empty_seat)]
_WINDOW = timedelta(minutes=15)
_WRONG = N_("The name or the password is wrong")
_AWAY = N_(
    "The directory does not answer, so nobody can be told apart now. Operators sign in with their"
    " own accounts, and the command line works."
)


@router.get(SIGN_IN)
async def sign_in(seat: AnySeat) -> Response:
    onward = _inside(seat.request.query_params.get("next", ""))
    if seat.followed:
        return seat.see(SIGN_IN, next=onward)
    with suppress(SignedOut):
        await seat.sit()
        return seat.see(onward)
    return seat.page("signin", next=onward)


@router.post(SIGN_IN)
async def signed_in(seat: AnySeat) -> Response:
    form = await seat.form()
    name, onward = form.get("name").strip(), _inside(form.get("next"))
    if opens := await _too_often(seat, name):
        return opens
    try:
        staff = await seat.parts.sign_in.staff(name, form.get("password"))
    except DirectoryAway:
        return _again(seat, name, onward, _AWAY, 503)
    except NoRole as nobody:
        await _note(seat, nobody.name, "sign_in_refused")
        return _again(seat, name, onward, str(nobody))
    if staff is None:
        return _again(seat, name, onward, _WRONG)
    await _note(seat, staff.name, "sign_in")
    await seat.end()
    await seat.begin(staff)
    return seat.see(onward)


@router.post("/sign-out")
async def sign_out(seat: AnySeat) -> Response:
    await seat.form()
    await seat.end()
    response = seat.see(SIGN_IN)
    # Not "cookies": behind https that would end sessions all over the registered domain.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _inside(path: str) -> str:
    """Return a path of our own, whatever was asked for."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def _again(seat: Seat, name: str, onward: str, error: str, status: int = 422) -> Response:
    errors = {"name": [seat.say(error)]} if status != 503 else {}  # noqa: PLR2004 - away
    return seat.page(
        "signin", status=status, errors=errors, name=name, next=onward, away=seat.say(error)
    )


async def _note(seat: Seat, name: str, action: str) -> None:
    await audit.record(
        seat.parts.pool, seat.parts.keys, actor=name, action=action, reference=None, reason=""
    )


async def _too_often(seat: Seat, name: str) -> Response | None:
    """Count this try for its name and its address; past a limit, return the page that says so."""
    keys, console = seat.parts.keys, seat.parts.settings.console
    client = seat.request.client
    address = keys.index("address", network(client.host if client else ""))
    for bucket, limit in (
        (f"sign-in:{keys.index('staff', name.lower())}", console.sign_ins_per_name),
        (f"sign-in:{address}", console.sign_ins_per_address),
    ):
        opens = await budgets.take(seat.parts.pool, bucket, limit=limit, window=_WINDOW)
        if opens:
            wait = opens - await clock.now(seat.parts.pool)
            headers = {"Retry-After": str(math.ceil(wait.total_seconds()))}
            not_before = seat.parts.views.clock(opens, seat.language)
            return seat.error(429, headers, not_before=not_before)
    return None
