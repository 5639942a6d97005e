"""Finds the mail provider that a student probably meant, of an address with a slip in its domain.

It only suggests: an unusual domain may be right. What is known as real is never doubted.
"""

from collections.abc import Collection
from difflib import get_close_matches

from domain import contacts

PROVIDERS = frozenset(
    {
        *("gmail.com", "hotmail.com", "hotmail.gr", "yahoo.com", "yahoo.gr", "outlook.com"),
        *("outlook.com.gr", "live.com", "windowslive.com", "msn.com", "icloud.com", "aol.com"),
        *("protonmail.com", "proton.me", "otenet.gr", "forthnet.gr", "cytanet.com.cy"),
    }
)
"""Those that students in Greece and Cyprus use, so that a domain near them may be a slip."""
_REAL = frozenset(
    {
        *("mail.com", "mail.gr", "mail.ru", "email.com", "email.gr", "ymail.com", "gmx.com"),
        *("googlemail.com", "rocketmail.com", "fastmail.com", "hushmail.com", "zoho.com"),
        *("hotmail.co.uk", "hotmail.de", "hotmail.fr", "hotmail.it", "hotmail.es"),
        *("yahoo.co.uk", "yahoo.co.in", "yahoo.de", "yahoo.fr", "yahoo.it", "yahoo.es", "yahoo.ca"),
        *("outlook.de", "outlook.fr", "outlook.es", "outlook.it", "outlook.com.cy", "live.gr"),
        *("live.co.uk", "live.nl", "live.se", "live.fr", "live.it", "mac.com", "me.com", "pm.me"),
        *("proton.com", "protonmail.ch", "cyta.gr", "cytanet.gr", "tutanota.com", "hol.gr"),
    }
)
"""Domains near a provider's that exist themselves."""
_OFTEN = {"gmail.gr": "gmail.com", "gmail.com.gr": "gmail.com", "icloud.gr": "icloud.com"}
"""Slips that have too little in common with what is meant to be found as near it."""
_LIKENESS = 0.85
"""Of 1: one or two slips in a domain of usual length; `uoi.gr` is not taken for `uop.gr`."""


def meant(address: str, own: Collection[str] = ()) -> str | None:
    """Return the address that this normalised one may be a slip of; None without a doubt.

    `own` are domains of the institution, where an address may be meant too.
    """
    local, _, domain = address.rpartition("@")
    known = PROVIDERS.union(own)
    if domain in known or domain in _REAL or contacts.is_at(address, own):
        return None
    near = get_close_matches(domain, known, n=1, cutoff=_LIKENESS)
    found = _OFTEN.get(domain) or (near[0] if near else None)
    return f"{local}@{found}" if found else None
