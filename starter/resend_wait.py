"""How long until another message may be asked for, in the words and the seconds of its page."""

import math
from datetime import datetime
from typing import NamedTuple, Protocol

from starter.wording import Wording

_TOLD_IN_SECONDS = 120


class PageTexts(Protocol):
    """The texts and times of one page, in its language."""

    @property
    def words(self) -> Wording: ...

    def clock(self, moment: datetime, *, seconds: bool = False) -> str:
        """Format the time from which something is allowed, rounded up to a minute or second."""


class ResendWait(NamedTuple):
    """`seconds` to count down, a script's only measure; the time of day, and about how long."""

    seconds: int
    time: str
    about: str


def until(texts: PageTexts, opens: datetime | None, now: datetime) -> ResendWait | None:
    """Return the wait until this time; None where the message may be asked for now."""
    if opens is None or opens <= now:
        return None
    left = opens - now
    seconds = math.ceil(left.total_seconds())
    time = texts.clock(opens, seconds=seconds <= _TOLD_IN_SECONDS)
    return ResendWait(seconds, time, texts.words.within(left))
