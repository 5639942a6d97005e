"""The portal's rate limits, by browser, by address and by activation."""

from collections.abc import Callable
from datetime import timedelta

from fastapi.responses import Response

from ledger import activations, budgets, posts
from starter.portal.portal_request import PortalRequest
from starter.portal.redirects import RedirectTo
from web import forms, limits
from web.limits import RateLimited, block, network

SECOND_TRIES = 3
"""Tries of a second datum, which allows one more message, a day."""
SECOND_WINDOW = timedelta(days=1)
NOT_ASKED = budgets.Taken(0)
"""No second datum was given, so no try is used."""


class TooManyAnswers(RateLimited):
    """One activation was sent more submissions than the limit."""


async def admit(ctx: PortalRequest, reference: str, submission_id: str) -> None:
    """Count a submission for this activation; raises `TooManyAnswers` beyond a limit."""
    refuse(await posts.take(ctx.app.pool, reference, submission_id))


def refuse(spent: posts.PostsSpent | None) -> None:
    """Raise `TooManyAnswers` for this limit; None is no limit."""
    if spent:
        raise TooManyAnswers(spent.opens)


async def take(ctx: PortalRequest, bucket: str, *, limit: int, minutes: int) -> None:
    """Count one request in the bucket; raises `RateLimited` beyond the limit."""
    await limits.take(ctx.app.pool, bucket, limit=limit, window=timedelta(minutes=minutes))


async def page(ctx: PortalRequest, limited: RateLimited) -> Response:
    """Render the 429 page; it contains the form again if sending it later can succeed."""
    more = {}
    if isinstance(limited, TooManyAnswers):
        more["heading"], more["sentence"] = ctx.words.flood(over=limited.opens is None)
    if limited.opens is None:
        return await ctx.error(429, **more)
    headers = limits.retry_after(limited.opens, await ctx.now())
    form = await ctx.form()
    return await ctx.error(429, headers, not_before=ctx.clock(limited.opens), form=form, **more)


def by_address(ctx: PortalRequest, purpose: str) -> str:
    """Return the bucket of one household: the IPv4 address, or the /64 of an IPv6 address."""
    return f"{purpose}:{address(ctx, network)}"


def address(ctx: PortalRequest, of: Callable[[str], str]) -> str:
    """Return the keyed index (HMAC) of the client's address, reduced by `of` to a network."""
    client = ctx.request.client
    return ctx.app.keys.index("address", of(client.host if client else ""))


def browser(ctx: PortalRequest) -> str:
    """Return the keyed index (HMAC) of a browser, which token rotation does not change."""
    return ctx.app.keys.index("browser", forms.name_of(ctx.token or ""))


async def take_second(ctx: PortalRequest, form: forms.Form) -> budgets.Taken:
    """Count a try of a second datum before it is sent to the engine; a repeated form uses none.

    It is counted by browser and by contact and address block, also for a contact not on file.
    """
    session = await ctx.active_session()
    if session.reference is None:
        raise RedirectTo("/contact")
    contacts = await activations.contacts(ctx.app.pool, session.reference)
    buckets = second_buckets(browser(ctx), contacts, address(ctx, block))
    return await budgets.take_once(
        ctx.app.pool, form.submission_id, buckets, limit=SECOND_TRIES, window=SECOND_WINDOW
    )


def second_buckets(browser: str, contacts: list[str], address: str) -> list[str]:
    return [f"second:{browser}", *(f"second:{contact}:{address}" for contact in contacts)]
