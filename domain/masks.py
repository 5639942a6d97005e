"""What may be shown of a contact or number: enough to know one's own, nothing to learn."""

import unicodedata

import phonenumbers

from domain.contracts.vocabulary import ContactKind

_DOTS = "•" * 7


def mobile(e164: str) -> str:
    """`+306912345678` becomes `+30 •••••••78`."""
    number = phonenumbers.parse(e164)
    return f"+{number.country_code} {_DOTS}{e164[-2:]}"


def email(address: str) -> str:
    """`nikos@gmail.com` becomes `n•••@g•••.com`."""
    local, _, domain = address.rpartition("@")
    name, _, top = domain.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••.{top}"


def contact(kind: ContactKind, value: str) -> str:
    """Mask a contact of either kind."""
    masked = {ContactKind.MOBILE: mobile, ContactKind.EMAIL: email}
    return masked[kind](value)


def insurance(number: str) -> str:
    """`01010500013` becomes `••••••••013`."""
    return f"{_DOTS}•{number[-3:]}"


def initials(name: str) -> str:
    """`Άννα Παπαδοπούλου` becomes `Α. Π.`: a capital alone has no accent."""
    return " ".join(f"{unicodedata.normalize('NFD', word)[0]}." for word in name.split())


def number(text: str) -> str:
    """Show the last two of an identifier: `2026001` becomes `•••••••01`."""
    return f"{_DOTS}{text[-2:]}"
