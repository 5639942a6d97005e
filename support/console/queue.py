"""The queue and its lists."""

from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response

from support.console.act import TOLD
from support.console.labels import Labels
from support.console.paging import page_asked
from support.console.seat import Seat, at
from support.verbs import queue, requests
from support.verbs.queue import Group, Sort
from support.verbs.staff import Action

router = APIRouter()

_Word = TypeVar("_Word", bound=StrEnum)


@router.get("/queue")
async def overview(seat: Seat = at(Action.QUEUE)) -> Response:
    desk = seat.desk
    seen = await queue.overview(desk)
    return seat.page(
        "queue",
        seen=seen,
        labels=Labels(seat.language),
        Group=Group,
        retriable=queue.retriable(desk, seen),
        asked=await requests.open_count(desk) if desk.staff.may(Action.REQUESTS) else None,
        told=TOLD.get(seat.request.query_params.get("told", "")),
    )


@router.get("/list")
async def listed(seat: Seat = at(Action.QUEUE)) -> Response:
    """Show one page of a group; words that no link of ours has count as none."""
    asked = seat.request.query_params
    group = _word(asked.get("group"), Group.STUCK)
    sort = _word(asked.get("sort"), Sort.SINCE)
    descending = asked.get("order") == "descending"
    cause = asked.get("cause")
    page = await queue.page(
        seat.desk,
        group,
        cause=cause,
        sort=sort,
        descending=descending,
        number=page_asked(seat),
    )

    def address(sort: Sort = sort, descending: bool = descending, number: int = 1) -> str:
        query = {"group": group, "sort": sort, "page": number}
        query |= {"cause": cause} if cause else {}
        query |= {"order": "descending"} if descending else {}
        return f"/list?{urlencode(query)}"

    return seat.page(
        "list",
        page=page,
        group=group,
        cause=cause,
        sort=sort,
        descending=descending,
        address=address,
        labels=Labels(seat.language),
        cause_of=queue.cause_of,
        Sort=Sort,
    )


def _word(given: str | None, usual: _Word) -> _Word:
    kind = type(usual)
    return kind(given) if given in list(kind) else usual
