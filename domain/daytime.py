"""The hours of the day in which the engine writes to people by itself; pure."""

from datetime import datetime, timedelta

_BEGINS, _ENDS = timedelta(hours=9), timedelta(hours=21)


def in_daytime(moment: datetime, utc_offset: timedelta | None) -> datetime:
    """Return this moment, or the next morning there if it is at night; as it is without offset."""
    if utc_offset is None:
        return moment
    local = moment + utc_offset
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if local - midnight < _BEGINS:
        return midnight + _BEGINS - utc_offset
    if local - midnight >= _ENDS:
        return midnight + timedelta(days=1) + _BEGINS - utc_offset
    return moment
