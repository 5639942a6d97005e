"""How long until another message may be asked for, in the words and the seconds of its page."""

import math
from datetime import datetime
from typing import NamedTuple

from starter.portal.portal_request import PortalRequest

_TOLD_IN_SECONDS = 120


class ResendWait(NamedTuple):
    """`seconds` to count down, a script's only measure; the time of day, and about how long."""

    seconds: int
    time: str
    about: str


def until(ctx: PortalRequest, opens: datetime | None, now: datetime) -> ResendWait | None:
    """Return the wait until this time; None where the message may be asked for now."""
    if opens is None or opens <= now:
        return None
    left = opens - now
    seconds = math.ceil(left.total_seconds())
    time = ctx.clock(opens, seconds=seconds <= _TOLD_IN_SECONDS)
    return ResendWait(seconds, time, ctx.words.within(left))
