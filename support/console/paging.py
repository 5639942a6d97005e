"""Which page of a list is asked for."""

import re

from support.console.seat import Seat


def page_asked(seat: Seat) -> int:
    """Return the number that the address has; what is none, or a page there cannot be, is 1."""
    number = seat.request.query_params.get("page", "")
    return int(number) if re.fullmatch("[0-9]{1,5}", number) else 1
