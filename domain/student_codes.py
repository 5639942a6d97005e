"""Variants of a student's `schacPersonalUniqueCode` that other tools write into entries; pure.

The attribute moved from one URN namespace to another, and a European Student Identifier (ESI) has
the number under the university's domain or, where a country numbers all its students, under the
country. Codes are compared in lower case and not percent-encoded.
"""

from collections.abc import Iterator, Sequence
from string import ascii_letters, digits
from urllib.parse import quote, unquote

from domain.match_rules import folded
from domain.student_numbers import other_forms

_NAMESPACE = "urn:schac:personalUniqueCode:"
_NEVER_QUOTED = frozenset(f"{ascii_letters}{digits}_.-~")
_FORMER = "urn:mace:terena.org:schac:personalUniqueCode:"


def plain(code: str) -> str:
    """Return a code normalised for comparison, in the current namespace."""
    read = folded(unquote(code))
    former = folded(_FORMER)
    return folded(_NAMESPACE) + read.removeprefix(former) if read.startswith(former) else read


def esi_scopes(scope: str) -> tuple[str, ...]:
    """Return the ESI prefixes of the university whose codes have the prefix `scope`.

    The first is by the specification, the others by its drafts.
    """
    country, domain = _parts(scope)
    scopes = (f"int:esi:{domain}:", f"{country}:esi:{domain}:", f"int:esi:{country}:{domain}:")
    return tuple(_NAMESPACE + each for each in scopes)


def written(codes: Sequence[str], scope: str) -> tuple[str, ...]:
    """Return every form in which other tools write these codes, also without the system.

    Other spellings of the number are included only with the system.
    """
    country, _ = _parts(scope)
    national = (f"{_NAMESPACE}int:{kind}:{country}:" for kind in ("esi", "studentID"))
    scopes = (scope, *esi_scopes(scope), *national)
    forms = [*codes, *(each + code.rpartition(":")[2] for code in codes for each in scopes)]
    same_number = [name for form in forms for name in _encodings(form)]
    return tuple(dict.fromkeys((*same_number, *_respelled_numbers(codes))))


def _respelled_numbers(codes: Sequence[str]) -> Iterator[str]:
    for code in codes:
        head, _, number = code.rpartition(":")
        for form in other_forms(unquote(number)):
            yield f"{head}:{form}"
            if not _NEVER_QUOTED.issuperset(form):
                yield f"{head}:{quote(form, safe='')}"


def _encodings(code: str) -> Iterator[str]:
    former = _FORMER + code.removeprefix(_NAMESPACE)
    yield from (code, unquote(code), former, unquote(former))


def _parts(scope: str) -> list[str]:
    """Return country and domain of a university."""
    return scope.split(":")[-3:-1]
