"""Which page of a list is asked for."""

import re

from support.console.console_request import ConsoleRequest


def page_asked(ctx: ConsoleRequest) -> int:
    """Return the number that the address has; what is none, or a page there cannot be, is 1."""
    number = ctx.request.query_params.get("page", "")
    return int(number) if re.fullmatch("[0-9]{1,5}", number) else 1
