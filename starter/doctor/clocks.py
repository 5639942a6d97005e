"""Compares this machine's clock with another system's."""

from datetime import UTC, datetime, timedelta

from starter.doctor.finding import Finding

CLOCKS_APART = timedelta(seconds=2)


def now() -> datetime:
    return datetime.now(UTC)


def compared(whose: str, before: datetime, told: datetime, exact: timedelta) -> Finding:
    """Compare a system's time `told` with this machine's before and after the call.

    `exact` is the resolution of `told`: it may be that much too early.
    """
    apart = max(before - told - exact, told - now(), timedelta())
    about = f"this machine's and {whose} agree"
    if apart <= CLOCKS_APART:
        return Finding("clocks", about)
    return Finding(
        "clocks", about, f"they are {apart.total_seconds():.0f} s apart: let NTP set both"
    )
