"""Groups the registrar's rows into humans; pure.

Rows are one human when they share a valid insurance number and two of surname, first name and birth
date agree, unless birth date and father's name both differ; of one birth date and other first names
they are twins, under a number that may be a parent's. Rows without a number join by names, birth
date and father's name; where a father's name is unknown they must also share a contact. What is
unknown is no fact: it agrees with nothing. Names are compared in both alphabets, transcribed. A
father's name that is abbreviated is unknown, but contradicts one that begins otherwise. A contact
that rows of other names or birth dates have too is a family's or an office's, and joins nobody.

A number on the rows of humans who are not one is left to those of them whose birth date it begins
with, or else to those who have more rows with it than all others together; where that tells of
nobody, or of several, it is nobody's. Rows that it joins stay joined, whoever else has it by
mistake. A row that fits two humans joins neither. The order of the rows does not matter.

Humans that are not joined may be one all the same: of one birth date and first name, and of one
father or one contact, as where an insurance number was corrected or a surname changed; or of one
insurance number that nobody can be said to have, or that begins with the birth date of both, where
the first names resemble each other. Nothing of one is given to another, but who may have an account
already gets none without support's word.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from itertools import combinations, product
from typing import NamedTuple

from activities.rows import Row, birth_date, insurance_of, text
from domain import insurance
from domain.contacts import emails_on_file, is_at, is_of_nobody, mobiles_on_file
from domain.elot743 import ascii_fold
from domain.memo import remembering

MOST_SHARING = 20
"""Persons who may have one contact; what more have is a secretariat's own, or a placeholder."""
MOST_ROWS = 10 * MOST_SHARING
"""Rows that may hold one contact; who has it may be enrolled more than once."""
_FACTS_THAT_AGREE = 2
_ANYHOW = ""
_PLACEHOLDER = re.compile(r".*(\d)\1{6}")
# A letter alone, a word that ends with a dot, or one that a slash cuts short: Γ., ΓΕΩΡΓ., ΚΩΝ/ΝΟΣ.
_ABBREVIATED = re.compile(r"(?<![\w'’])[^\W\d_](?![\w'’])|\w\.(?!\w)|\w/\w")


class _Name(NamedTuple):
    """One name from the columns of both alphabets, transcribed."""

    greek: str
    latin: str
    greek_words: frozenset[str] = frozenset()
    latin_words: frozenset[str] = frozenset()

    @property
    def spellings(self) -> set[str]:
        return {self.greek, self.latin} - {""}

    def agrees(self, other: "_Name") -> bool:
        """Compare the Greek where there is Greek: the Latin may be a copy of another row's."""
        if self.greek and other.greek:
            return self.greek == other.greek
        return not self.spellings.isdisjoint(other.spellings)

    def may_be(self, other: "_Name") -> bool:
        """Whether one is unknown, or they resemble each other, as in another case or spelling."""
        if not (self.spellings and other.spellings):
            return True
        return any(get_close_matches(each, other.spellings) for each in self.spellings)

    def contradicts(self, other: "_Name") -> bool:
        """Whether both are known and neither is the other, cut short or with a name more."""
        if not (self.spellings and other.spellings) or self.agrees(other):
            return False
        if self.greek and other.greek:
            return not _is_part(self.greek_words, other.greek_words)
        every = product(
            (self.greek_words, self.latin_words), (other.greek_words, other.latin_words)
        )
        return not any(one and two and _is_part(one, two) for one, two in every)


def _is_part(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether the words of one name are among those of the other; Γ. may be any with a gamma."""
    fewer, more = sorted((one, other), key=len)
    return all(any(_is_word(word, each) for each in more) for word in fewer)


def _is_word(one: str, other: str) -> bool:
    if "." in one + other:
        return one.startswith(other.rstrip(".")) or other.startswith(one.rstrip("."))
    return one == other


def _words(name: str) -> frozenset[str]:
    """Return a name's words transcribed; one that is cut short ends with a dot."""
    found = set()
    for word in re.findall(r"[^\s-]+", unicodedata.normalize("NFC", name)):
        cut = bool(_ABBREVIATED.search(word))
        found.add(transcribed(word.partition("/")[0]) + "." * cut)
    return frozenset(found - {"", "."})


def _name(row: Row, name: str) -> _Name:
    greek, latin = text(row, f"{name}el"), text(row, f"{name}en")
    return _Name(transcribed(greek), transcribed(latin), _words(greek), _words(latin))


def _fathers(row: Row) -> list[str]:
    columns = ("fatherfirstnameel", "fatherfirstnameen")
    return [unicodedata.normalize("NFC", text(row, column)) for column in columns]


def _father(row: Row) -> _Name:
    found = _fathers(row)
    greek, latin = ("" if _ABBREVIATED.search(each) else transcribed(each) for each in found)
    return _Name(greek, latin)


def fathers(row: Row) -> set[str]:
    """Return the father's name transcribed, as each column spells it; none where abbreviated."""
    return _father(row).spellings


class _Known:
    """What a row tells of its human, in the form that is compared."""

    def __init__(self, row: Row, region: str, own: Collection[str]) -> None:
        self.row = row
        self.number = insurance_of(row)
        self.born = birth_date(row)
        self.last, self.first = _name(row, "lastname"), _name(row, "firstname")
        self.father = _father(row)
        self.father_begins = {each[0] for each in map(transcribed, _fathers(row)) if each}
        self._region, self._own = region, own

    @cached_property
    def contacts(self) -> set[str]:
        """Return the row's contacts that can be somebody's own."""
        mobiles = mobiles_on_file(self.row.get("mobilephone"), self._region)
        theirs = {mobile for mobile in mobiles if not _PLACEHOLDER.fullmatch(mobile)}
        emails = emails_on_file(self.row.get("extemail"))
        return theirs.union(
            each for each in emails if not (is_at(each, self._own) or is_of_nobody(each))
        )

    @property
    def compared_by(self) -> set[Hashable]:
        """Return facts of which rows have one in common that are near."""
        facts: set[Hashable] = {(self.born, each) for each in self.first.spellings if self.born}
        return facts | {self.number} if self.number else facts

    def is_near_by(self, other: "_Known") -> set[str]:
        """Return what tells that this may be the same human; of contacts only one person's do."""
        numbered = self.number and self.number == other.number
        if numbered and (self.agrees(other) or self._is_respelled_in(other)):
            return {_ANYHOW}
        if not (self.born == other.born is not None and self.first.agrees(other.first)):
            return set()
        if self.father.agrees(other.father) and not self._is_called_and_numbered_unlike(other):
            return {_ANYHOW}
        return self.contacts & other.contacts

    def _is_respelled_in(self, other: "_Known") -> bool:
        """Whether first names resemble each other, under a number that begins with their date.

        Twins may be called so as well, and one have the other's number.
        """
        return (
            self.is_born_as_numbered
            and self.born == other.born
            and self.last.agrees(other.last)
            and self.first.may_be(other.first)
        )

    def _is_called_and_numbered_unlike(self, other: "_Known") -> bool:
        schemes = {each.number[0] for each in (self, other) if each.number}
        numbers = {each.number for each in (self, other) if each.number}
        return len(numbers) > len(schemes) and self.last.contradicts(other.last)

    @property
    def greek(self) -> tuple[str, str] | None:
        return (self.last.greek, self.first.greek) if self.last.greek and self.first.greek else None

    @property
    def spellings(self) -> set[tuple[str, str]]:
        return {*product(self.last.spellings, self.first.spellings)}

    def agrees(self, other: "_Known") -> bool:
        """Whether two of three facts agree: a surname may change, or a date be mistyped.

        A namesake has another birth date and another father.
        """
        same_born = bool(self.born) and self.born == other.born
        if self.is_twin_of(other) or (not same_born and not self.father.may_be(other.father)):
            return False
        names = self.last.agrees(other.last) + self.first.agrees(other.first)
        return names + same_born >= _FACTS_THAT_AGREE

    def is_twin_of(self, other: "_Known") -> bool:
        """Whether the first names contradict on one birth date: no slip, as far as can be told."""
        return self.born == other.born is not None and self.first.contradicts(other.first)

    @property
    def is_born_as_numbered(self) -> bool:
        """Whether the number begins with the row's birth date, as an AMKA does."""
        scheme, number = self.number or ("", "")
        return (
            scheme == insurance.AMKA
            and self.born is not None
            and not insurance.birth_warnings(scheme, number, self.born)
        )

    def differs(self, other: "_Known") -> bool:
        """Whether this is clearly somebody else: of another first name, birth date or surname.

        A surname changes, and with the number in common any one fact may.
        """
        if self.number and self.number == other.number and self.agrees(other):
            return False
        if self.first.contradicts(other.first):
            return True
        if self.born and other.born and self.born != other.born:
            return True
        married = self.first.agrees(other.first) and self.born == other.born is not None
        return self.last.contradicts(other.last) and not married


class _Groups:
    """Disjoint sets of rows; the first members of sets stand for them."""

    def __init__(self, rows: Sequence[_Known]) -> None:
        self._leads = list(range(len(rows)))

    def of(self, row: int) -> int:
        while self._leads[row] != row:
            row = self._leads[row]
        return row

    def join(self, rows: Iterable[int]) -> None:
        leads = sorted({self.of(row) for row in rows})
        for lead in leads:
            self._leads[lead] = leads[0]


class Grouped(NamedTuple):
    """The rows of one human; `alike` are the rows of others who may be the same human."""

    rows: list[Row]
    alike: list[Row]


def humans(rows: Iterable[Row], region: str, own: Collection[str] = ()) -> list[list[Row]]:
    return [each.rows for each in people(rows, region, own)]


@remembering()
def people(rows: Iterable[Row], region: str, own: Collection[str] = ()) -> list[Grouped]:
    """Return the rows of each human; a mailbox at domains of the university's `own` joins nobody.

    Whose a contact is, every row tells that has it: all rows that hold one of `deciding` belong in.
    """
    known = [_Known(row, region, own) for row in rows]
    groups = _Groups(known)
    numbered = _join_by_number(known, groups)
    alike = [members for members in _alike(known) if len(members) > 1]
    certain = [cluster for members in alike for cluster in _of_one_father(known, members)]
    undecided = _join_certain(certain, groups, numbered)
    likely = [found for members in alike for found in _of_one_contact(known, members)]
    _join_consistent(likely, known, groups, numbered, undecided)
    found: dict[int, list[_Known]] = defaultdict(list)
    for at, each in enumerate(known):
        found[groups.of(at)].append(each)
    near = _nearly_one(known, groups, found)
    return [
        Grouped(
            [each.row for each in members],
            [each.row for other in sorted(near[lead]) for each in found[other]],
        )
        for lead, members in found.items()
    ]


def deciding(rows: Iterable[Row], region: str, own: Collection[str] = ()) -> set[str]:
    """Return the contacts by which some of these rows may be one human."""
    known = [_Known(row, region, own) for row in rows]
    return {
        contact
        for members in _alike(known)
        for contact, found in _of_one_contact(known, members)
        if len(found) > 1
    }


def _join_by_number(known: list[_Known], groups: _Groups) -> set[int]:
    """Join who shares a number, and return whose it is; from all others it is taken away."""
    sharing: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, each in enumerate(known):
        if each.number:
            sharing[each.number].append(at)
    numbered = set()
    for members in sharing.values():
        found = _of_one_number(known, members)
        for human in found:
            groups.join(human)
        by_date = [human for human in found if any(known[at].is_born_as_numbered for at in human)]
        owners = by_date or found
        owner = owners[0] if len(owners) == 1 else []
        numbered.update(owner)
        for at in set(members).difference(owner):
            known[at].row = {**known[at].row, "ssn": None}
    return numbered


def _of_one_number(known: Sequence[_Known], members: list[int]) -> list[list[int]]:
    """Return the rows of each human to whom a number may belong.

    Those are the rows that agree, where they are more than all others together; of the others, rows
    with the birth date that the number begins with.
    """
    agreeing = _agreeing(known, members)
    most = [human for human in agreeing if 2 * len(human) > len(members)]
    left = [at for at in members if not most or at not in most[0]]
    return most + _agreeing(known, [at for at in left if known[at].is_born_as_numbered])


def _agreeing(known: Sequence[_Known], members: list[int]) -> list[list[int]]:
    """Return rows of one number by whom they agree with; a row that fits twins is by itself."""
    if not 1 < len(members) <= MOST_ROWS:
        return [[at] for at in members]
    fits = {at: [other for other in members if known[at].agrees(known[other])] for at in members}
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


def _has_twins(rows: Sequence[_Known]) -> bool:
    return any(one.is_twin_of(other) for one, other in combinations(rows, 2))


def _alike(known: Sequence[_Known]) -> Iterator[list[int]]:
    """Yield rows of one name and birth date; one of several spellings is in several lists."""
    by_day: dict[date, list[int]] = defaultdict(list)
    for at, each in enumerate(known):
        if each.born:
            by_day[each.born].append(at)
    for members in by_day.values():
        yield from _of_one_name(members, lambda at: known[at].greek, lambda at: known[at].spellings)


def _of_one_father(known: Sequence[_Known], members: Sequence[int]) -> Iterator[list[int]]:
    yield from _of_one_name(
        members, lambda at: known[at].father.greek, lambda at: known[at].father.spellings
    )


def _of_one_name(
    members: Iterable[int],
    greek: Callable[[int], Hashable],
    spellings: Callable[[int], Iterable[Hashable]],
) -> Iterator[list[int]]:
    """Yield rows of one Greek name; and of one spelling, where it is of one Greek name only."""
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


def _of_one_contact(
    known: Sequence[_Known], members: Sequence[int]
) -> Iterator[tuple[str, list[int]]]:
    """Yield each contact and who has it, where the father of one of them is unknown."""
    if all(known[at].father.spellings for at in members):
        return
    found: dict[str, list[int]] = defaultdict(list)
    for at in members:
        for contact in known[at].contacts:
            found[contact].append(at)
    for contact, rows in found.items():
        if not all(known[at].father.spellings for at in rows):
            yield contact, rows


def _of_one_person(known: Sequence[_Known], contacts: set[str]) -> set[str]:
    """Return those of the contacts of which no row says that they are of several persons."""
    held: dict[str, list[_Known]] = defaultdict(list)
    for each in known if contacts else ():
        for contact in each.contacts & contacts:
            held[contact].append(each)
    return {
        contact
        for contact, rows in held.items()
        if len(rows) <= MOST_ROWS
        and not any(one.differs(other) for one, other in combinations(rows, 2))
    }


def _join_certain(clusters: Iterable[list[int]], groups: _Groups, numbered: set[int]) -> set[int]:
    """Join each cluster, and who has a number with it; return who fits several numbers' humans."""
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
    known: Sequence[_Known],
    groups: _Groups,
    numbered: set[int],
    undecided: set[int],
) -> None:
    """Join whom a contact of one person joins, unless two numbers or two fathers hang together.

    For that every contact counts: a row more may take from a contact that it is one person's, and
    must not join anybody by it.
    """
    leads = [groups.of(at) for at in range(len(known))]
    joined = [
        (contact, [leads[at] for at in cluster if leads[at] not in undecided])
        for contact, cluster in clusters
    ]
    together = _Groups(known)
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
    sure = _of_one_person(known, {contact for contact, cluster in joined if len(cluster) > 1})
    for contact, cluster in joined:
        if contact in sure and cluster and together.of(cluster[0]) in one:
            groups.join(cluster)


def _may_have_one_father(rows: Sequence[_Known]) -> bool:
    """Whether no father's name contradicts another, each told in full or by how it begins."""
    fathers = {each.father for each in rows if each.father.spellings}
    begins = {frozenset(each.father_begins) for each in rows if each.father_begins}
    return all(one.agrees(other) for one, other in combinations(fathers, 2)) and not any(
        one.isdisjoint(other) for one, other in combinations(begins, 2)
    )


def _nearly_one(
    known: Sequence[_Known], groups: _Groups, found: Mapping[int, Sequence[_Known]]
) -> dict[int, set[int]]:
    """Tell by their first rows which humans may be one, though nothing joins them."""
    meeting: dict[Hashable, list[int]] = defaultdict(list)
    for at, each in enumerate(known):
        for fact in each.compared_by:
            meeting[fact].append(at)
    likely = [
        (groups.of(one), groups.of(other), by)
        for members in meeting.values()
        if len(members) <= MOST_ROWS
        for one, other in combinations(members, 2)
        if groups.of(one) != groups.of(other) and (by := known[one].is_near_by(known[other]))
    ]
    sure = {_ANYHOW} | _of_one_person(known, {each for *_, by in likely for each in by})
    near: dict[int, set[int]] = defaultdict(set)
    for one, other, by in likely:
        if by & sure and _may_have_one_father([*found[one], *found[other]]):
            near[one].add(other)
            near[other].add(one)
    return near


def transcribed(name: str) -> str:
    """Return the letters and digits of a name, transcribed; empty where it has no letter."""
    folded = re.sub(r"[^a-z0-9]", "", ascii_fold(name).lower())
    return folded if re.search("[a-z]", folded) else ""
