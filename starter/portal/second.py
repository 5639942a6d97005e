"""Rate limits the tries of the second datum, which allows one more message.

Each try is counted before it is sent to the engine, by browser and by contact and address block,
whether the contact is on file or not.
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
"""No second datum was given, so no try is used."""
WINDOW = timedelta(days=1)


async def take(ctx: PortalRequest, form: Form) -> Taken:
    """Use one of the tries; a repeated form uses none."""
    session = await ctx.active_session()
    if session.reference is None:
        raise RedirectTo("/contact")
    browser, address = limits.browser(ctx), limits.address(ctx, block)
    contacts = await activations.contacts(ctx.app.pool, session.reference)
    counted = buckets(browser, contacts, address)
    return await budgets.take_once(
        ctx.app.pool, form.submission_id, counted, limit=TRIES, window=WINDOW
    )


def buckets(browser: str, contacts: list[str], address: str) -> list[str]:
    """Return the buckets in which a try is counted."""
    return [f"second:{browser}", *(f"second:{contact}:{address}" for contact in contacts)]
