"""Finds the owner of an insurance number that is on several rows; pure.

A number on rows of different humans belongs to the one whose birth date it begins with, or else to
the one with more than half of the rows; if there is none, or more than one, it belongs to nobody.
If two humans have it, it joins the rows of each; if more have it, it may be a placeholder, and
joins only the rows of those to whom it may belong.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

from domain.registrar.row_facts import MOST_ROWS, RowFacts
from domain.registrar.row_pairs import PairEvidence

_OWNER_AND_ANOTHER = 2


class Groups:
    """Disjoint sets of rows (union-find); a set is represented by its first member."""

    def __init__(self, rows: Sequence[RowFacts]) -> None:
        self._leads = list(range(len(rows)))

    def of(self, row: int) -> int:
        while self._leads[row] != row:
            row = self._leads[row]
        return row

    def join(self, rows: Iterable[int]) -> None:
        leads = sorted({self.of(row) for row in rows})
        for lead in leads:
            self._leads[lead] = leads[0]


def join_by_number(known: list[RowFacts], groups: Groups) -> set[int]:
    """Join rows that share a number; return its owners' rows, and remove it from all others."""
    sharing: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, each in enumerate(known):
        if each.number:
            sharing[each.number].append(at)
    numbered = set()
    for members in sharing.values():
        agreeing = _agreeing(known, members)
        found = _of_one_number(known, members, agreeing)
        of_both = agreeing if len(agreeing) <= _OWNER_AND_ANOTHER else []
        for human in (*found, *of_both):
            groups.join(human)
        by_date = [human for human in found if any(known[at].is_born_as_numbered for at in human)]
        owners = by_date or found
        owner = owners[0] if len(owners) == 1 else []
        numbered.update(owner)
        for at in set(members).difference(owner):
            known[at].row = {**known[at].row, "ssn": None}
    return numbered


def _of_one_number(
    known: Sequence[RowFacts], members: list[int], agreeing: list[list[int]]
) -> list[list[int]]:
    """Return the rows of each human to whom a number may belong.

    These are agreeing rows that are more than half of all, and among the others the rows with the
    birth date that the number begins with.
    """
    most = [human for human in agreeing if 2 * len(human) > len(members)]
    left = [at for at in members if not most or at not in most[0]]
    return most + _agreeing(known, [at for at in left if known[at].is_born_as_numbered])


def _agreeing(known: Sequence[RowFacts], members: list[int]) -> list[list[int]]:
    """Group rows of one number that agree; a row that fits twins forms a group of its own."""
    if not 1 < len(members) <= MOST_ROWS:
        return [[at] for at in members]
    fits = {
        at: [other for other in members if PairEvidence(known[at], known[other]).two_facts_of_one]
        for at in members
    }
    torn = [at for at in members if _has_twins([known[other] for other in fits[at]])]
    found = [[at] for at in torn]
    left = [at for at in members if at not in torn]
    while left:
        human = [left.pop(0)]
        for at in human:
            human += [other for other in left if other in fits[at]]
            left = [other for other in left if other not in human]
        parted = _has_twins([known[at] for at in human])
        found += [[at] for at in human] if parted else [human]
    return found


def _has_twins(rows: Sequence[RowFacts]) -> bool:
    return any(PairEvidence(one, other).twins for one, other in combinations(rows, 2))
