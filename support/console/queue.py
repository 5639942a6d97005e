"""Serves the queue's overview, its lists, and the search."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from domain.contracts.vocabulary import Step
from support.console.console_request import ConsoleRequest, allowed_to
from support.console.labels import AGES
from support.verbs import ages, assignments, groups, list_names, lists, notes, queue, requests
from support.verbs import search as searching
from support.verbs.filters import Assigned, Filter, Older
from support.verbs.groups import Group
from support.verbs.lists import Sort
from support.verbs.staff import Action
from support.verbs.windows import Place
from workflows import steps
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
        notes=await notes.unread(staff_context, ctx.page_number),
        now=await staff_context.now(),
        Group=Group,
        retriable=queue.retriable(staff_context, seen),
        asked=await requests.open_count(staff_context)
        if staff_context.staff.may(Action.REQUESTS)
        else None,
    )


@router.get("/list")
async def listed(ctx: ConsoleRequest = allowed_to(Action.QUEUE)) -> Response:
    """Show one page of a group; invalid parameters are ignored."""
    asked, staff_context = ctx.request.query_params, ctx.staff_context
    group = _chosen(asked.get("group"), Group) or Group.STUCK
    sort = _chosen(asked.get("sort"), Sort) or Sort.SINCE
    descending = asked.get("order") == "descending"
    cause = queue.known_cause(asked.get("cause"))
    codes = await ctx.app.departments.learn(staff_context)
    held = (
        _chosen(asked.get("assigned"), Assigned) if staff_context.staff.may(Action.ASSIGN) else None
    )
    narrowed = Filter(
        step=_chosen(asked.get("step"), Step),
        department=next((each for each in codes if each == asked.get("department")), None),
        older=_chosen(asked.get("older"), Older),
    )
    page = await lists.page(
        staff_context,
        group,
        cause=cause,
        sort=sort,
        descending=descending,
        place=_place(asked),
        narrowed=await assignments.narrowed_to(staff_context, held, narrowed),
    )
    if not page.is_whole and sort is not Sort.SINCE:
        sort, descending = Sort.SINCE, False
    named = asked.get("names") == "1" and staff_context.staff.may(Action.SEARCH)

    def address(
        sort: Sort = sort, descending: bool = descending, **moments: datetime | None
    ) -> str:
        query = {"group": group, "cause": cause, **_query(narrowed), "assigned": held}
        query |= {"names": "1" if named else None, "sort": sort}
        query |= {"order": "descending" if descending else None}
        query |= {name: moment.isoformat() for name, moment in moments.items() if moment}
        return f"/list?{urlencode({name: value for name, value in query.items() if value})}"

    return ctx.page(
        "list",
        page=page,
        group=group,
        cause=cause,
        narrowed=narrowed,
        is_narrowed=named or held or any(_query(narrowed).values()),
        may_assign=staff_context.staff.may(Action.ASSIGN),
        narrowed_to=held,
        Assigned=Assigned,
        names=await list_names.who(staff_context, page.rows) if named else None,
        may_name=staff_context.staff.may(Action.SEARCH),
        codes=codes,
        causes=groups.causes(group) if group is not Group.FINISHED else [],
        steps=[step for step in Step if step not in steps.ENDS],
        sort=sort,
        descending=descending,
        address=address,
        Sort=Sort,
        Group=Group,
        Older=Older,
        **await row_context(ctx),
    )


async def row_context(ctx: ConsoleRequest) -> dict[str, Any]:
    """Return what the rows of a table of activations are drawn with."""
    return {
        "cause_of": queue.cause_of,
        "age_of": ages.age,
        "now": await ctx.staff_context.now(),
        "AGES": AGES,
    }


def _query(narrowed: Filter) -> dict[str, str | None]:
    return {
        "step": narrowed.step,
        "department": narrowed.department,
        "older": narrowed.older,
    }


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
    await ctx.app.departments.learn(ctx.staff_context)
    return ctx.page("search", found=found, **await row_context(ctx))


def _chosen(given: str | None, kind: type[_Word]) -> _Word | None:
    return kind(given) if given in list(kind) else None


def _place(asked: Mapping[str, str]) -> Place | None:
    """Return the place in a list that an address names; None for the beginning."""
    for name in ("before", "after"):
        with suppress(ValueError):
            moment = datetime.fromisoformat(asked.get(name, ""))
            if moment.tzinfo and moment.year in _YEARS:
                return Place(whole_millisecond(moment.astimezone(UTC)), back=name == "before")
    return None
