"""Groups the registrar's rows into humans; pure.

Rows are one human if they share a valid insurance number and two of surname, first name and birth
date agree, unless birth date and father's name both differ. With one birth date and different first
names they are twins, under a number that may be a parent's (`number_owners`). Rows without a number
are joined by names, birth date and father's name; if a father's name is unknown they must also
share a contact. A contact of rows with different names or birth dates is a family's or an office's,
and joins no rows. A row that fits two humans is joined to neither. The order of rows is irrelevant.

Humans that are not joined may still be one ("alike"): two of surname, first name and birth date
agree and the third is not contradicted, or only the surname, father's name or contact has changed,
or more has changed under one insurance number. They share no data, but a human who may already have
an account gets none until support staff confirm it.
"""

from collections import defaultdict
from collections.abc import (
    Callable,
    Collection,
    Container,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from itertools import combinations
from typing import NamedTuple

from domain.memo import remembering
from domain.registrar.number_owners import Groups, join_by_number
from domain.registrar.one_person import ANYHOW, UNDATED, Pair
from domain.registrar.row_clusters import of_one_contact, of_one_day, of_one_father, of_one_person
from domain.registrar.row_facts import MOST_ROWS, RowFacts
from domain.registrar.row_names import Name
from domain.registrar.row_pairs import compared_by
from domain.registrar.rows import Row, enrolment

MOST_FITTING = 5
"""Maximum of birth dates that a row without one may fit; a row that fits more is passed over."""


class Grouped(NamedTuple):
    """The rows of one human; `alike` are the rows of others who may be the same human.

    `passed_over` are rows without a birth date that fit too many humans to be compared.
    """

    rows: list[Row]
    alike: list[Row]
    passed_over: list[Row]


def humans(rows: Iterable[Row], region: str, own: Collection[str] = ()) -> list[list[Row]]:
    return [each.rows for each in people(rows, region, own)]


@remembering()
def people(rows: Iterable[Row], region: str, own: Collection[str] = ()) -> list[Grouped]:
    """Return the rows of each human; mailboxes at the university's `own` domains join no rows.

    All rows with a contact decide whose it is, so `rows` must include all that `deciding` names.
    """
    at = _grouped(rows, region, own)
    return [
        Grouped(
            [each.row for each in members],
            [each.row for other in sorted(at.near[lead]) for each in at.found[other]],
            [each.row for each in members if enrolment(each.row) in at.passed_over],
        )
        for lead, members in at.found.items()
    ]


class _Grouping(NamedTuple):
    """Rows and their humans by first row; `near` are the humans that may be the same one."""

    known: list[RowFacts]
    groups: Groups
    found: Mapping[int, Sequence[RowFacts]]
    near: Mapping[int, set[int]]
    passed_over: set[str]


def _grouped(rows: Iterable[Row], region: str, own: Collection[str]) -> _Grouping:
    known = [RowFacts(row, region, own) for row in rows]
    groups = Groups(known)
    numbered = join_by_number(known, groups)
    alike = [members for members in of_one_day(known) if len(members) > 1]
    certain = [cluster for members in alike for cluster in of_one_father(known, members)]
    undecided = _join_certain(certain, groups, numbered)
    likely = [found for members in alike for found in of_one_contact(known, members)]
    _join_consistent(likely, known, groups, numbered, undecided)
    found: dict[int, list[RowFacts]] = defaultdict(list)
    for at, each in enumerate(known):
        found[groups.of(at)].append(each)
    return _Grouping(known, groups, found, *_nearly_one(known, groups, found))


class Deciding(NamedTuple):
    """The rows and contacts that decide the grouping of some humans."""

    rows: list[Row]
    contacts: set[str]


@remembering()
def deciding(
    rows: Iterable[Row], of: Container[str], region: str, own: Collection[str] = ()
) -> Deciding:
    """Return the rows and contacts that decide the grouping of these enrolments' humans.

    These are their rows, those of others who may be the same humans, and all rows of every human
    with the name and birth date of one of those, because the owners of their numbers decide which
    of them are joined.
    """
    rows = list(rows)
    known, groups, _, near, _ = _grouped(rows, region, own)
    asked = {groups.of(at) for at, row in enumerate(rows) if enrolment(row) in of}
    asked |= {other for lead in asked for other in near[lead]}
    alike = [*of_one_day(known)]
    for members in alike:
        groups.join(members)
    leads = {groups.of(lead) for lead in asked}
    contacts = {
        contact
        for members in alike
        if members and groups.of(members[0]) in leads
        for contact, found in of_one_contact(known, members)
        if len(found) > 1
    }
    for one, other in _pairs_to_compare(known):
        if not leads.isdisjoint((groups.of(one), groups.of(other))):
            contacts |= Pair(known[one], known[other]).grounds - {ANYHOW, UNDATED}
    return Deciding([row for at, row in enumerate(rows) if groups.of(at) in leads], contacts)


def _join_certain(clusters: Iterable[list[int]], groups: Groups, numbered: set[int]) -> set[int]:
    """Join each cluster to its one human with a number; return those that fit several."""
    clusters = list(clusters)
    for cluster in clusters:
        groups.join([at for at in cluster if at not in numbered])
    fits: dict[int, set[int]] = defaultdict(set)
    for cluster in clusters:
        humans_there = {groups.of(at) for at in cluster if at in numbered}
        for at in cluster:
            if at not in numbered:
                fits[groups.of(at)] |= humans_there
    for at, human in fits.items():
        if len(human) == 1:
            groups.join([at, *human])
    return {at for at, human in fits.items() if len(human) > 1}


def _join_consistent(
    clusters: Sequence[tuple[str, list[int]]],
    known: Sequence[RowFacts],
    groups: Groups,
    numbered: set[int],
    undecided: set[int],
) -> None:
    """Join rows by contacts of one person, unless that connects two numbers or two fathers.

    The connection is tested over all contacts, so that an additional row, which can only show that
    a contact is of several persons, never causes a join.
    """
    leads = [groups.of(at) for at in range(len(known))]
    joined = [
        (contact, [leads[at] for at in cluster if leads[at] not in undecided])
        for contact, cluster in clusters
    ]
    together = Groups(known)
    for _, cluster in joined:
        together.join(cluster)
    hanging: dict[int, list[int]] = defaultdict(list)
    for at, lead in enumerate(leads):
        hanging[together.of(lead)].append(at)
    one = {
        lead
        for lead, members in hanging.items()
        if len({leads[at] for at in members if at in numbered}) <= 1
        and _may_have_one_father([known[at] for at in members])
    }
    sure = of_one_person(known, {contact for contact, cluster in joined if len(cluster) > 1})
    for contact, cluster in joined:
        if contact in sure and cluster and together.of(cluster[0]) in one:
            groups.join(cluster)


def _may_have_one_father(
    rows: Sequence[RowFacts], is_one: Callable[[Name, Name], bool] = Name.agrees
) -> bool:
    """Tell whether no father's name contradicts another; an abbreviated one by its first letter."""
    fathers = {each.father for each in rows if each.father.spellings}
    begins = {
        (frozenset(each.father_begins), bool(each.father.spellings))
        for each in rows
        if each.father_begins
    }
    return all(is_one(one, other) for one, other in combinations(fathers, 2)) and not any(
        one.isdisjoint(other)
        for (one, in_full), (other, other_in_full) in combinations(begins, 2)
        if not (in_full and other_in_full)
    )


def _nearly_one(
    known: Sequence[RowFacts], groups: Groups, found: Mapping[int, Sequence[RowFacts]]
) -> tuple[dict[int, set[int]], set[str]]:
    """Return which humans may be one, by first rows, and the enrolments that are passed over."""
    likely = {
        (one, other): by
        for one, other in _pairs_to_compare(known)
        if (by := Pair(known[one], known[other]).grounds)
    }
    many = _fitting_many(known, [pair for pair, by in likely.items() if UNDATED in by])
    contacts = {each for by in likely.values() for each in by}
    sure = {ANYHOW} | of_one_person(known, contacts, lambda pair: pair.unlike)
    near: dict[int, set[int]] = defaultdict(set)
    for pair, by in likely.items():
        one, other = map(groups.of, pair)
        if one == other or not (by & sure or (UNDATED in by and many.isdisjoint(pair))):
            continue
        rows = [*found[one], *found[other]]
        fathers_may_differ = Pair(known[pair[0]], known[pair[1]]).fathers_may_differ
        if fathers_may_differ or _may_have_one_father(rows, Name.may_be_one_father):
            near[one].add(other)
            near[other].add(one)
    return near, {enrolment(known[at].row) for at in many}


def _fitting_many(known: Sequence[RowFacts], pairs: Iterable[tuple[int, int]]) -> set[int]:
    """Return the rows without a birth date that fit rows of more than `MOST_FITTING` dates."""
    fitting: dict[int, set[Hashable]] = defaultdict(set)
    for pair in pairs:
        for at, other in (pair, pair[::-1]):
            if not known[at].born:
                fitting[at].add(known[other].born or enrolment(known[other].row))
    return {at for at, each in fitting.items() if len(each) > MOST_FITTING}


def _pairs_to_compare(known: Sequence[RowFacts]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of rows that have enough in common to be compared."""
    undated = {names for each in known if not each.born for names in each.spellings}
    meeting: dict[Hashable, list[int]] = defaultdict(list)
    for at, each in enumerate(known):
        for fact in {*compared_by(each), *(each.spellings & undated)}:
            meeting[fact].append(at)
    for members in meeting.values():
        if len(members) <= MOST_ROWS:
            yield from combinations(members, 2)
