"""Serves the queue's overview, its lists, and the search."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import lists, queue, requests
from support.verbs import search as searching
from support.verbs.groups import Group
from support.verbs.lists import Sort
from support.verbs.staff import Action
from support.verbs.windows import Place
from workflows.search_attributes import whole_millisecond

router = APIRouter()

_Word = TypeVar("_Word", bound=StrEnum)
_YEARS = range(2000, 2200)


@router.get("/queue")
async def overview(ctx: ConsoleRequest = allowed_to(Action.QUEUE)) -> Response:
    staff_context = ctx.staff_context
    seen = await queue.overview(staff_context)
    return ctx.page(
        "queue",
        seen=seen,
        Group=Group,
        retriable=queue.retriable(staff_context, seen),
        asked=await requests.open_count(staff_context)
        if staff_context.staff.may(Action.REQUESTS)
        else None,
    )


@router.get("/list")
async def listed(ctx: ConsoleRequest = allowed_to(Action.QUEUE)) -> Response:
    """Show one page of a group; invalid parameters are ignored."""
    asked = ctx.request.query_params
    group = _word(asked.get("group"), Group.STUCK)
    sort = _word(asked.get("sort"), Sort.SINCE)
    descending = asked.get("order") == "descending"
    cause = queue.known_cause(asked.get("cause"))
    page = await lists.page(
        ctx.staff_context,
        group,
        cause=cause,
        sort=sort,
        descending=descending,
        place=_place(asked),
    )
    if not page.is_whole and sort is not Sort.SINCE:
        sort, descending = Sort.SINCE, False

    def address(
        sort: Sort = sort, descending: bool = descending, **moments: datetime | None
    ) -> str:
        query = {"group": str(group), "sort": str(sort)}
        query |= {"cause": cause} if cause else {}
        query |= {"order": "descending"} if descending else {}
        query |= {name: moment.isoformat() for name, moment in moments.items() if moment}
        return f"/list?{urlencode(query)}"

    return ctx.page(
        "list",
        page=page,
        group=group,
        cause=cause,
        sort=sort,
        descending=descending,
        address=address,
        cause_of=queue.cause_of,
        Sort=Sort,
    )


@router.get("/search")
async def search_form(ctx: ConsoleRequest = allowed_to(Action.SEARCH)) -> Response:
    return ctx.page("search", found=None)


@router.post("/search")
async def search(ctx: ConsoleRequest = allowed_to(Action.SEARCH)) -> Response:
    """Open the case of a single hit, else show the hits; what was typed is in no address."""
    typed = (await ctx.form()).get("term")
    found = await searching.search(ctx.staff_context, typed, opens=True)
    if found.alone:
        return ctx.see(f"/case/{found.alone}")
    return ctx.page("search", found=found, cause_of=queue.cause_of)


def _word(given: str | None, usual: _Word) -> _Word:
    kind = type(usual)
    return kind(given) if given in list(kind) else usual


def _place(asked: Mapping[str, str]) -> Place | None:
    """Return the place in a list that an address names; None for the beginning."""
    for name in ("before", "after"):
        with suppress(ValueError):
            moment = datetime.fromisoformat(asked.get(name, ""))
            if moment.tzinfo and moment.year in _YEARS:
                return Place(whole_millisecond(moment.astimezone(UTC)), back=name == "before")
    return None
