"""Looks of an open code page for news, which ask no worker while there are none.

The page's script sends the mark of what it shows as `If-None-Match`. The mark has the length of the
run's history and the wait reason, both from Temporal's own record, what became of the message, by
its number, and when the code expires.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from fastapi.responses import Response

from domain.contracts.vocabulary import Step
from domain.receipts import Received
from starter import page_state
from starter.client.activations import RecordedState
from starter.page_state import PageState
from starter.portal.portal_request import PortalRequest


@dataclass(frozen=True)
class Look:
    """One look: the mark that the page has, and the record read before anything else."""

    seen: str
    recorded: RecordedState
    now: datetime
    receipt: str = ""

    @property
    def tells_nothing_new(self) -> bool:
        mark, receipt, expires = _parts(self.seen)
        over = expires.isdecimal() and int(expires) <= self.now.timestamp()
        told = receipt == self.receipt
        return self.recorded.step is Step.PIN and mark == self._mark and told and not over

    def unchanged(self) -> Response:
        return Response(status_code=304, headers={"ETag": self.seen})

    def mark(self, response: Response, state: PageState, received: Received | None) -> None:
        """Give a page that was rendered after this record its mark."""
        view = state.progress.pin if state.progress else None
        receipt = _receipt(view.send_no if view else None, received)
        expires = view.expires_at if view else None
        later = expires and expires > self.now and int(expires.timestamp())
        response.headers["ETag"] = f'"{self._mark} {receipt} {later or ""}"'

    @property
    def _mark(self) -> str:
        return f"{self.recorded.events} {self.recorded.wait_reason or ''}"


async def look(ctx: PortalRequest) -> Look | None:
    """Return the look that this request is; None for a page that a person opens.

    Under enumeration protection there is no news: the page would differ by what was found.
    """
    seen = ctx.request.headers.get("if-none-match")
    if seen is None or ctx.protects_enumeration:
        return None
    session = await ctx.active_session()
    if session.reference is None:
        return None
    recorded = await page_state.find_recorded(ctx.app.engine, session.reference)
    if recorded is None:
        return None
    number = _parts(seen)[1].partition(".")[0]
    send_no = int(number) if re.fullmatch("[0-9]{1,6}", number) else None
    received = await ctx.app.receipts.of(session.reference, send_no)
    return Look(seen, recorded, await ctx.now(), _receipt(send_no, received))


def _parts(mark: str) -> tuple[str, str, str]:
    """Return the parts of a mark: the record, the receipt and the time of expiry."""
    rest, _, expires = mark.removeprefix("W/").strip('"').rpartition(" ")
    recorded, _, receipt = rest.rpartition(" ")
    return recorded, receipt, expires


def _receipt(send_no: int | None, received: Received | None) -> str:
    """Return what a mark has of a message: its number, and what became of it."""
    return "" if send_no is None else f"{send_no}.{received.state if received else ''}"
