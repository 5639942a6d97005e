"""The portal's rate limits, by browser, by address and by activation."""

from collections.abc import Sequence
from contextlib import suppress

from fastapi.responses import Response

from ledger import activations, budgets, posts
from starter.portal.portal_request import PortalRequest
from starter.portal.redirects import RedirectTo
from web import forms, limits, times
from web.limits import Purpose, RateLimited, count_refusal

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


async def page(ctx: PortalRequest, limited: RateLimited) -> Response:
    """Render the 429 page; it contains the form again if sending it later can succeed."""
    more = {}
    if isinstance(limited, TooManyAnswers):
        more["heading"], more["sentence"] = ctx.words.flood(over=limited.opens is None)
    if limited.opens is None:
        return await ctx.error(429, **more)
    headers = limits.retry_after(limited.opens, await ctx.now())
    form = None
    with suppress(forms.ForgedForm):  # Forged ones are limited too.
        form = await ctx.form()
    return await ctx.error(429, headers, not_before=ctx.clock(limited.opens), form=form, **more)


def browser(ctx: PortalRequest) -> str:
    """Return the keyed index (HMAC) of a browser, which token rotation does not change."""
    return ctx.app.keys.index("browser", forms.name_of(ctx.token or ""))


async def take_second(ctx: PortalRequest, form: forms.Form) -> budgets.Taken:
    """Count a try of a second datum before it is sent to the engine; a repeated form uses none.

    It is counted by browser and by contact and network, also for a contact not on file.
    """
    session = await ctx.active_session()
    if session.reference is None:
        raise RedirectTo("/contact")
    contacts = await activations.contacts(ctx.app.pool, session.reference)
    tried = await budgets.used(ctx.app.pool, f"{Purpose.SECOND}:{browser(ctx)}") > 0
    bounds = ctx.site.limits.second(browser(ctx), contacts, ctx.host, tried=tried)
    taken = await budgets.take(ctx.app.pool, bounds, form.submission_id)
    return budgets.Taken(min(each.left for each in taken.values()), budgets.latest(taken))


async def count_look_up(ctx: PortalRequest, reference: str, contacts: Sequence[str]) -> None:
    """Count this look-up as a miss and as a start; raises `RateLimited` beyond a limit.

    The ledger takes the miss back once it asks for a message of the activation, which needs no
    page. Under enumeration protection it stays counted, or the limit would tell who is on file.
    While a counted look-up is under way, the time to try again is near: it may be taken back.
    Starts with one of `contacts` stay counted whoever is found: each makes a workflow.
    """
    starts = ctx.site.limits.starts(contacts, ctx.host)
    bounds = [*ctx.site.limits.by_address(Purpose.MISSES, ctx.host), *starts]
    once = f"uniform:{reference}" if ctx.protects_enumeration else reference
    taken = await budgets.take(ctx.app.pool, bounds, once)
    opens = budgets.latest(taken)
    if opens is None:
        return
    count_refusal(taken)
    await ctx.app.attack_mode.give_back(reference)
    too_many_starts = any(taken[each.bucket].opens for each in starts)
    if not too_many_starts and await budgets.may_be_given_back(ctx.app.pool, taken):
        opens = min(opens, await ctx.now() + times.GIVEN_BACK)
    raise RateLimited(opens)
