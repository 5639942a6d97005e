"""In which forms a student's code may stand in an entry, whatever tool wrote it; pure.

`schacPersonalUniqueCode` moved from one URN namespace to another, and a European Student Identifier
(ESI) holds the number under the university's domain or, where a country numbers all its students,
under the country. Codes are compared in lower case and not percent-encoded.
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
    """Return a code in the form in which codes are compared, under the namespace of today."""
    read = folded(unquote(code))
    former = folded(_FORMER)
    return folded(_NAMESPACE) + read.removeprefix(former) if read.startswith(former) else read


def esi_scopes(scope: str) -> tuple[str, ...]:
    """Return how the ESIs of the university begin whose codes begin with `scope`.

    The first is that of the specification, the others are of its drafts.
    """
    country, domain = _parts(scope)
    scopes = (f"int:esi:{domain}:", f"{country}:esi:{domain}:", f"int:esi:{country}:{domain}:")
    return tuple(_NAMESPACE + each for each in scopes)


def written(codes: Sequence[str], scope: str) -> tuple[str, ...]:
    """Return every form in which other tools write these codes, also without the system.

    A number that is written otherwise is looked for under its system alone.
    """
    country, _ = _parts(scope)
    national = (f"{_NAMESPACE}int:{kind}:{country}:" for kind in ("esi", "studentID"))
    scopes = (scope, *esi_scopes(scope), *national)
    forms = [*codes, *(each + code.rpartition(":")[2] for code in codes for each in scopes)]
    whole = [name for form in forms for name in _as_written(form)]
    return tuple(dict.fromkeys((*whole, *_otherwise(codes))))


def _otherwise(codes: Sequence[str]) -> Iterator[str]:
    for code in codes:
        head, _, number = code.rpartition(":")
        for form in other_forms(unquote(number)):
            yield f"{head}:{form}"
            if not _NEVER_QUOTED.issuperset(form):
                yield f"{head}:{quote(form, safe='')}"


def _as_written(code: str) -> Iterator[str]:
    former = _FORMER + code.removeprefix(_NAMESPACE)
    yield from (code, unquote(code), former, unquote(former))


def _parts(scope: str) -> list[str]:
    """Return country and domain of a university."""
    return scope.split(":")[-3:-1]
