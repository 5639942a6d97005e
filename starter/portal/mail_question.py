"""Asks about an e-mail whose domain looks like a slip, and takes the answer.

It is asked before anything is looked up, of what was typed alone, so that it tells nobody which
contact is on file. Nothing is changed unless the student says so.
"""

from collections.abc import Collection
from typing import NamedTuple

from domain import mail_typos
from web.forms import Form


class MailQuestion(NamedTuple):
    """The address as typed, normalised, and the one that may be meant."""

    typed: str
    meant: str


def settle(
    form: Form, address: str | None, own: Collection[str] = ()
) -> tuple[str | None, MailQuestion | None]:
    """Return the address to use and, instead of using it, what has to be asked first."""
    meant = mail_typos.meant(address, own) if address else None
    if address is None or meant is None:
        return address, None
    if form.get("asked") != address:
        return address, MailQuestion(address, meant)
    return (meant if form.get("meant") == "yes" else address), None
