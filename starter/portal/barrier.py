"""The bot barrier before the look-up of a contact: work for the browser, or a wait without scripts.

The form is answered with a page that has it again with a ticket for this browser and contact. The
page's script finds the ticket's number and sends the form by itself. Without a script the ticket is
worth a look-up once it is some seconds old, and only so many of these are admitted. The ledger
counts each ticket once, before its number is looked at, so that it serves one look-up and a number
cannot be guessed by trying.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from fastapi.responses import Response

from ledger import budgets
from ledger.budgets import Bound
from starter.portal import tickets
from starter.portal.portal_request import PortalRequest
from web import forms, limits
from web.forms import Form


async def refusal(
    ctx: PortalRequest, form: Form, read: Mapping[str, str | None]
) -> Response | None:
    """Return None if this look-up may begin, or the page that asks for work or a wait first."""
    if not await _stands(ctx):
        return None
    ticket, number, now = form.get("ticket"), form.get("number_found"), await ctx.now()
    subject = _subject(ctx, read)
    issued = ctx.app.tickets.issued(ticket, subject, now)
    if issued is None:
        return new_ticket(ctx, form, subject, now, again=bool(number))
    waited_at = issued + timedelta(seconds=ctx.app.settings.portal.barrier_wait_seconds)
    if not number and now < waited_at:
        return _page(ctx, form, ticket, now, waited_at, early=True)
    use = Bound(f"ticket:{tickets.name_of(ticket)}", 1, tickets.LIFE)
    waits = [] if number else ctx.site.limits.waits(ctx.host)
    taken = await budgets.take(ctx.app.pool, [use, *waits], form.submission_id)
    if taken[use.bucket].opens or (number and not ctx.app.tickets.is_solved(ticket, number)):
        return new_ticket(ctx, form, subject, now, again=True)
    opens = budgets.latest(taken)
    if opens is None:
        return None
    return _page(ctx, form, ticket, now, opens, spent=True)


async def _stands(ctx: PortalRequest) -> bool:
    setting = ctx.app.settings.portal.barrier
    return setting == "always" or (setting == "in_attack" and await ctx.app.attack_mode.active())


def _subject(ctx: PortalRequest, read: Mapping[str, str | None]) -> str:
    """Return for whom and what a ticket is: a look-up of these contacts by this browser."""
    name = forms.name_of(ctx.token or "")
    return "\0".join(("contact", name, read.get("mobile") or "", read.get("email") or ""))


def new_ticket(
    ctx: PortalRequest, form: Form, subject: str, now: datetime, *, again: bool
) -> Response:
    wait = timedelta(seconds=ctx.app.settings.portal.barrier_wait_seconds)
    ticket = ctx.app.tickets.issue(subject, now)
    return _page(ctx, form, ticket, now, now + wait, again=again)


def _page(
    ctx: PortalRequest,
    form: Form,
    ticket: str,
    now: datetime,
    opens: datetime,
    *,
    again: bool = False,
    early: bool = False,
    spent: bool = False,
) -> Response:
    """Render the page; `opens` is from when the form may be sent without work."""
    left = limits.retry_after(opens, now)
    return ctx.page(
        "barrier",
        status=429 if spent else 422,
        headers=left if spent else None,
        form=ctx.kept(form),
        ticket=ticket,
        target=ctx.app.tickets.target(ticket),
        tries=ctx.app.tickets.tries,
        iterations=tickets.ITERATIONS,
        seconds=left["Retry-After"],
        opens=ctx.clock(opens, seconds=True),
        again=again,
        early=early,
        spent=spent,
    )
