"""The second datum that lets another message go: each try counts before it reaches anybody.

It counts by browser, and by contact and block of addresses, whether the contact is on file or not.
"""

from datetime import timedelta

from ledger import activations, budgets
from ledger.budgets import Taken
from starter.portal import limits
from starter.portal.portal_request import PortalRequest
from starter.portal.redirects import RedirectTo
from web.forms import Form
from web.limits import block

TRIES = 3
NOT_ASKED = Taken(0)
"""Nothing was answered, and nothing is used up."""
WINDOW = timedelta(days=1)


async def take(ctx: PortalRequest, form: Form) -> Taken:
    """Use one of the tries; the same form once more uses none."""
    session = await ctx.active_session()
    if session.reference is None:
        raise RedirectTo("/contact")
    browser, address = limits.browser(ctx), limits.address(ctx, block)
    contacts = await activations.contacts(ctx.app.pool, session.reference)
    return await budgets.take_once(
        ctx.app.pool,
        form.submission_id,
        buckets(browser, contacts, address),
        limit=TRIES,
        window=WINDOW,
    )


def buckets(browser: str, contacts: list[str], address: str) -> list[str]:
    """Return what a try is counted by."""
    return [f"second:{browser}", *(f"second:{contact}:{address}" for contact in contacts)]
