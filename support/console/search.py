"""Serves the search: input is sent in the body, and the POST itself returns the results."""

from fastapi import APIRouter
from fastapi.responses import Response

from support.console.console_request import ConsoleRequest, allowed_to
from support.console.labels import Labels
from support.verbs import queue
from support.verbs import search as searching
from support.verbs.staff import Action

router = APIRouter()


@router.get("/search")
async def form(ctx: ConsoleRequest = allowed_to(Action.SEARCH)) -> Response:
    return ctx.page("search", found=None)


@router.post("/search")
async def search(ctx: ConsoleRequest = allowed_to(Action.SEARCH)) -> Response:
    typed = (await ctx.form()).get("term")
    found = await searching.search(ctx.staff_context, typed)
    labels = Labels(ctx.language)
    return ctx.page("search", found=found, labels=labels, cause_of=queue.cause_of)
