"""Solves a ticket of the bot barrier as the page's script does."""

from hashlib import pbkdf2_hmac

from starter.portal.tickets import ITERATIONS


def number_of(ticket: str, target: str, tries: int) -> str:
    """Return the number that gives the target, of so many there are."""
    for number in map(str, range(tries)):
        given = pbkdf2_hmac("sha256", ticket.encode(), number.encode(), ITERATIONS, 16)
        if given.hex() == target:
            return number
    raise ValueError("no number gives the target")
