"""Reads the pagination parameter of a list."""

import re

from support.console.console_request import ConsoleRequest


def page_asked(ctx: ConsoleRequest) -> int:
    """Return the page number in the URL; 1 if it is missing or invalid."""
    number = ctx.request.query_params.get("page", "")
    return int(number) if re.fullmatch("[0-9]{1,5}", number) else 1
