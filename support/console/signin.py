"""Serves the pages that need no sign-in: the sign-in itself, and the handbook.

The sign-in has one message against enumeration of names, and a rate limit of attempts.
"""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from adapters.errors import AdapterError
from postgres import UNAVAILABLE
from support.console import provider, second_factor
from support.console.console_request import (
    MENU,
    SIGN_IN,
    ConsoleRequest,
    SignedOut,
    anyone,
    inside,
    opened,
)
from support.console.handbook import GUIDES, calls, filled, sections
from support.console.sign_in_audit import note_failure, note_refusal
from support.console.sign_in_limits import SignInLimits
from support.verbs.second_factor import is_required
from support.verbs.signin import NoRole
from translations import N_
from web.limits import RateLimited

router = APIRouter()

AnyoneRequest = Annotated[ConsoleRequest, Depends(anyone)]
_WRONG = N_("The name or the password is wrong")
_AWAY = N_(
    "The directory does not answer, so staff cannot sign in now. Operators sign in with"
    " their own accounts, and the command line works."
)


@router.get(SIGN_IN)
async def sign_in(ctx: AnyoneRequest) -> Response:
    onward = inside(ctx.request.query_params.get("next", ""))
    if ctx.followed:
        return ctx.see(SIGN_IN, next=onward)
    with suppress(SignedOut):
        await ctx.load_staff()
        return ctx.see(onward)
    return ctx.page("signin", next=onward)


@router.post(SIGN_IN)
async def signed_in(ctx: AnyoneRequest) -> Response:
    form = await ctx.form()
    name, onward = form.get("name").strip(), inside(form.get("next"))
    limits = SignInLimits(ctx, name)
    try:
        await limits.count()
        staff = await ctx.app.sign_in.staff(name, form.get("password"))
    except RateLimited:
        await note_failure(ctx, limits)
        raise
    except AdapterError:
        return _again(ctx, name, onward, _AWAY, 503)
    except NoRole as nobody:
        await limits.forget()
        await note_refusal(ctx, nobody.name, "sign_in_refused")
        return _again(ctx, name, onward, str(nobody))
    if staff is None:
        await note_failure(ctx, limits)
        return _again(ctx, name, onward, _WRONG)
    await limits.forget()
    if is_required(ctx.app.settings.console.second_factor, staff):
        return await second_factor.begin(ctx, staff, onward)
    await second_factor.complete(ctx, staff)
    response = ctx.see(onward)
    await limits.remember(response)
    return response


@router.post("/sign-out")
async def sign_out(ctx: AnyoneRequest) -> Response:
    await ctx.form()
    name = ""
    with suppress(SignedOut):
        name = (await ctx.load_staff()).name
    await ctx.end()
    there = await provider.sign_out_address(ctx, name)
    # A redirect of a form to another site is against our own Content-Security-Policy.
    response = ctx.with_cookies(opened(there)) if there else ctx.see(SIGN_IN)
    # Not "cookies": that would clear the cookies of the whole registrable domain.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@router.get("/handbook")
async def handbook(ctx: AnyoneRequest) -> Response:
    """Show the handbook, which is read during an outage too: without ledger and sign-in."""
    with suppress(SignedOut, *UNAVAILABLE):
        await ctx.load_staff()
    pages = {ctx.say(name).casefold(): path for path, name, _ in MENU}
    # The only name that the Greek handbook inflects.
    pages["έλεγχο μητρώου"] = "/registrar"
    titles = {each.anchor: each.title for each in sections(ctx.language)}
    told = [filled(each, ctx.app.settings, pages, titles) for each in sections(ctx.language)]
    return ctx.page("handbook", sections=told, calls=calls(told[0]), guides=GUIDES)


def _again(ctx: ConsoleRequest, name: str, onward: str, error: str, status: int = 422) -> Response:
    errors = {"name": [ctx.say(error)]} if status != 503 else {}  # noqa: PLR2004 - away
    return ctx.page(
        "signin", status=status, errors=errors, name=name, next=onward, away=ctx.say(error)
    )
