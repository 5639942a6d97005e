"""Checks usernames, and generates a person's candidates in order of preference; pure.

Names are ASCII and short enough for every system that reads the directory. A candidate that is too
long is skipped, because truncated names look like mistakes.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import product
from string import Formatter

from domain.elot743 import ascii_fold
from domain.reasons import Reason
from domain.rules import Unfit

_ALLOWED = re.compile(r"[a-z][a-z0-9.]{2,19}")
_WORD = r"[a-z0-9_][a-z0-9_-]*"
_WRITABLE = re.compile(rf"{_WORD}(\.{_WORD})*(@{_WORD}(\.{_WORD})+)?")
"""Names that need no escaping in a DN, a search filter or an e-mail address."""
_LONGEST = 64
_SYSTEM_NAMES = (
    "abuse admin administrator anonymous backup daemon guest help hostmaster info ldap mail "
    "mailer.daemon nobody no.reply noreply office operator postmaster registrar root secretary "
    "security service support system test user usenet webmaster www"
)
_RESERVED = frozenset(_SYSTEM_NAMES.split())
_NUMBER_PREFIX = "st"
_PLACEHOLDERS = frozenset({"first", "first1", "last", "number"})


def is_valid(name: str) -> bool:
    """Tell whether a name may be given to a student, in the directory and as e-mail address."""
    spelled = _ALLOWED.fullmatch(name) and ".." not in name and not name.endswith(".")
    return bool(spelled) and name not in _RESERVED


def unusable(name: str, reserved: Collection[str] = ()) -> Reason | None:
    """Return why the registrar's login name cannot be used; None if it can.

    It may have forms that this module does not generate: underscores, only digits, an address with
    `@`, one letter, or up to 64 characters.
    """
    refused = _RESERVED | {each.casefold() for each in reserved}
    if name in refused or name.partition("@")[0] in refused:
        return Reason.LOGIN_RESERVED
    writable = len(name) <= _LONGEST and _WRITABLE.fullmatch(name)
    return None if writable else Reason.LOGIN_MALFORMED


def refusal(login_name: str | None, reserved: Collection[str], *, shared: bool) -> Reason | None:
    """Return why staff must decide about the registrar's login name; None if it is usable or none.

    `shared`: another enrolled student has it as well.
    """
    if not login_name:
        return None
    return unusable(login_name, reserved) or (Reason.LOGIN_SHARED if shared else None)


def address(name: str, domain: str) -> str | None:
    """Return the e-mail address of a username; None if it names another domain."""
    _, at, there = name.partition("@")
    if not at:
        return f"{name}@{domain}"
    return name if f".{there}".endswith(f".{domain.lower()}") else None


def check_pattern(pattern: str) -> str:
    """Return the pattern; raises `Unfit` unless it can be filled for every student."""
    fields = list(Formatter().parse(pattern))
    if any(spec or conversion for _, _, spec, conversion in fields):
        raise Unfit("a placeholder is a name in braces and nothing more")
    unknown = {name for _, name, _, _ in fields if name is not None} - _PLACEHOLDERS
    if unknown:
        raise Unfit(f"no such placeholder; there are {', '.join(sorted(_PLACEHOLDERS))}")
    return pattern


def candidates(
    first_latin: str,
    last_latin: str,
    number: str,
    patterns: Sequence[str],
    reserved: Collection[str] = (),
) -> list[str]:
    """Return the usernames by these patterns in order; without a name only those of the number."""
    refused = {name.casefold() for name in reserved}
    names = dict.fromkeys(
        pattern.format_map(fields)
        for pattern, fields in product(patterns, _spellings(first_latin, last_latin, number))
        if all(fields[field] for field in re.findall(r"{(\w+)}", pattern))
    )
    return [name for name in names if is_valid(name) and name not in refused]


def _spellings(first: str, last: str, number: str) -> Iterator[dict[str, str]]:
    """Yield the placeholders' values: a double surname joined, then only its first part."""
    firsts, lasts = _parts(first), _parts(last)
    digits = "".join(_parts(number))
    for surname in dict.fromkeys(("".join(lasts), lasts[0] if lasts else "")):
        given = firsts[0] if firsts else ""
        yield {
            "first": given,
            "first1": given[:1],
            "last": surname,
            "number": _NUMBER_PREFIX + digits if digits[:1].isdigit() else digits,
        }


def _parts(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", ascii_fold(text).replace("'", "").lower())
