"""Groups rows with common names and birth date, father or contact; pure."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from itertools import combinations

from domain.registrar.one_person import Pair
from domain.registrar.row_facts import MOST_ROWS, RowFacts


def of_one_day(known: Sequence[RowFacts]) -> Iterator[list[int]]:
    """Yield rows of one name and birth date; a row with several spellings is in several lists."""
    by_day: dict[date, list[int]] = defaultdict(list)
    for at, each in enumerate(known):
        if each.born:
            by_day[each.born].append(at)
    for members in by_day.values():
        yield from _of_one_name(members, lambda at: known[at].greek, lambda at: known[at].spellings)


def of_one_father(known: Sequence[RowFacts], members: Sequence[int]) -> Iterator[list[int]]:
    yield from _of_one_name(
        members, lambda at: known[at].father.greek, lambda at: known[at].father.spellings
    )


def _of_one_name(
    members: Iterable[int],
    greek: Callable[[int], Hashable],
    spellings: Callable[[int], Iterable[Hashable]],
) -> Iterator[list[int]]:
    """Yield rows of one Greek name, and of one spelling if it belongs to one Greek name only."""
    by_greek: dict[Hashable, list[int]] = defaultdict(list)
    by_any: dict[Hashable, list[int]] = defaultdict(list)
    for at in members:
        if greek(at):
            by_greek[greek(at)].append(at)
        for spelling in spellings(at):
            by_any[spelling].append(at)
    yield from by_greek.values()
    for alike in by_any.values():
        latin_only = [at for at in alike if not greek(at)]
        one_greek = len({greek(at) for at in alike if greek(at)}) <= 1
        yield alike if latin_only and one_greek else latin_only


def of_one_contact(
    known: Sequence[RowFacts], members: Sequence[int]
) -> Iterator[tuple[str, list[int]]]:
    """Yield each contact and its rows, if the father's name is unknown in one of them."""
    if all(known[at].father.spellings for at in members):
        return
    found: dict[str, list[int]] = defaultdict(list)
    for at in members:
        for contact in known[at].contacts:
            found[contact].append(at)
    for contact, rows in found.items():
        if not all(known[at].father.spellings for at in rows):
            yield contact, rows


def of_one_person(
    known: Sequence[RowFacts],
    contacts: set[str],
    are_two: Callable[[Pair], bool] = lambda pair: pair.clearly_two,
) -> set[str]:
    """Return the contacts of which no two rows are of different persons by `are_two`."""
    held: dict[str, list[RowFacts]] = defaultdict(list)
    for each in known if contacts else ():
        for contact in each.contacts & contacts:
            held[contact].append(each)
    return {
        contact
        for contact, rows in held.items()
        if len(rows) <= MOST_ROWS
        and not any(are_two(Pair(one, other)) for one, other in combinations(rows, 2))
    }
