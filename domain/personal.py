"""Finds personal data of the owner in a password: names, username, numbers.

A name counts by each of its words of at least four letters, except words that are in every name of
a university. A number counts by any six consecutive digits, or in full if it is shorter, however
the password groups its digits. The password page states the same rules.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from domain.contracts.people import Person
from domain.elot743 import ascii_fold

SHORTEST_WORD = 4
DIGITS_IN_A_ROW = 6
_SHORTEST_NUMBER = 4
_IN_EVERY_NAME = (
    "academy anoichto anoikto anotati anotato applied college diethnes ekpaidefsis ekpaideftiko "
    "elliniko epistimon ethniko europe european faculty from geoponiko greece greek hellenic "
    "idrima idryma institute institution international national open panepistimiako panepistimio "
    "panepistimiou polytechneio polytechnic polytechniki public scholi school science sciences "
    "state stin ston studies technical technologiko technologies technology tmima university with"
)
_STOP_WORDS = frozenset(_IN_EVERY_NAME.split())


def known_of(person: Person, username: str, typed: Sequence[str | None] = ()) -> tuple[str, ...]:
    """Return the names and numbers of a person; `typed` adds numbers the registrar may lack."""
    written = (
        person.first_name_el,
        person.last_name_el,
        person.first_name_latin,
        person.last_name_latin,
        username,
        person.login_name,
        person.mobile,
        person.sms_to,
        person.insurance_number,
        *(each.registration_id for each in (*person.enrolments, *person.former)),
        *typed,
        *(_writings(person.birth_date) if person.birth_date else ()),
    )
    return tuple(dict.fromkeys(text for text in written if text))


def without(names: Iterable[str], plain: Iterable[str]) -> tuple[str, ...]:
    """Return names without the `plain` words, which passwords may contain."""
    left_out = set(words(plain))
    return tuple(
        " ".join(word for word in name.split() if left_out.isdisjoint(words([word])))
        for name in names
    )


def contained(password: str, context: Sequence[str]) -> bool:
    """Tell whether the password contains a word or a number of the context."""
    typed = ascii_fold(password).lower()
    return any(word in typed for word in words(context)) or any(
        _has_number(password, text) for text in context
    )


def words(context: Iterable[str]) -> list[str]:
    """Return the words of the context that are forbidden, in lower-case Latin letters."""
    found = {word for text in context for word in _words(ascii_fold(text).lower())}
    return sorted(word for word in found - _STOP_WORDS if len(word) >= SHORTEST_WORD)


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text, and the parts of words with signs in them."""
    for word in text.split():
        yield from re.findall(r"[a-z]+", word)
        if re.search(r"[a-z]", word):
            yield word
            yield re.sub(r"[^a-z0-9]", "", word)


def _has_number(password: str, text: str) -> bool:
    number = _digits(text)
    if len(number) < DIGITS_IN_A_ROW:
        return len(number) >= _SHORTEST_NUMBER and number in password
    typed = _digits(password)
    return any(
        number[at : at + DIGITS_IN_A_ROW] in typed
        for at in range(len(number) - DIGITS_IN_A_ROW + 1)
    )


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _writings(day: date) -> tuple[str, ...]:
    """Return the usual digit sequences of a date; separators do not matter."""
    forms = ("%d%m%Y", "%m%d%Y", "%Y%m%d", "%d%m%y", "%m%d%y", "%y%m%d")
    unpadded = (f"{day.day}{day.month}{day.year}", f"{day.year}{day.month}{day.day}")
    return (*map(day.strftime, forms), *unpadded)
