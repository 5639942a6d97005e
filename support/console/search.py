"""The search: what is typed goes in the body, and its results are shown at once, not led to."""

from fastapi import APIRouter
from fastapi.responses import Response

from support.console.labels import Labels
from support.console.seat import Seat, at
from support.verbs import queue
from support.verbs import search as searching
from support.verbs.staff import Action

router = APIRouter()


@router.get("/search")
async def form(seat: Seat = at(Action.SEARCH)) -> Response:
    return seat.page("search", found=None)


@router.post("/search")
async def search(seat: Seat = at(Action.SEARCH)) -> Response:
    typed = (await seat.form()).get("term")
    found = await searching.search(seat.desk, typed)
    labels = Labels(seat.language)
    return seat.page("search", found=found, labels=labels, cause_of=queue.cause_of)
