"""Masks contacts and numbers so that owners recognise them and others learn nothing."""

import unicodedata

import phonenumbers

from domain.contracts.vocabulary import ContactKind

_DOTS = "•" * 7


def mobile(e164: str) -> str:
    """Mask a mobile: `+306912345678` becomes `+30 •••••••78`."""
    number = phonenumbers.parse(e164)
    return f"+{number.country_code} {_DOTS}{e164[-2:]}"


def email(address: str) -> str:
    """Mask an e-mail: `nikos@gmail.com` becomes `n•••@g•••.com`."""
    local, _, domain = address.rpartition("@")
    name, _, top = domain.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••.{top}"


def contact(kind: ContactKind, value: str) -> str:
    """Mask a contact of either kind."""
    masked = {ContactKind.MOBILE: mobile, ContactKind.EMAIL: email}
    return masked[kind](value)


def insurance(number: str) -> str:
    """Mask an insurance number: `01010500013` becomes `••••••••013`."""
    return f"{_DOTS}•{number[-3:]}"


def initials(name: str) -> str:
    """Return initials without accents: `Άννα Παπαδοπούλου` becomes `Α. Π.`."""
    return " ".join(f"{unicodedata.normalize('NFD', word)[0]}." for word in name.split())


def number(text: str) -> str:
    """Mask an identifier but its last two characters: `2026001` becomes `•••••••01`."""
    return f"{_DOTS}{text[-2:]}"
