"""Compares this machine's clock with another system's."""

from datetime import UTC, datetime, timedelta

from adapters.findings import Finding

CLOCKS_APART = timedelta(seconds=2)


def now() -> datetime:
    return datetime.now(UTC)


def compare(whose: str, before: datetime, measured: datetime, exact: timedelta) -> Finding:
    """Compare a system's time `measured` with this machine's before and after the call.

    `exact` is the resolution of `measured`: it may be that much too early.
    """
    apart = max(before - measured - exact, measured - now(), timedelta())
    about = f"this machine's and {whose} agree"
    if apart <= CLOCKS_APART:
        return Finding("clocks", about)
    return Finding(
        "clocks", about, f"they are {apart.total_seconds():.0f} s apart: let NTP set both"
    )
