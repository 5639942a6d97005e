"""Which entry of the directory is a person's own, by rules that each university sets; pure.

The engine's own attribute always decides first: an entry with one of a person's codes is theirs.
Entries made by other means are recognised by `Rule`s. A certain rule is enough to take an entry
for the person's; any other makes a case for support, so that nobody gets a second entry. An entry
with another person's code, birth date or insurance number is never taken without support's word.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from typing import Generic, Protocol, TypeVar

from domain.contradictions import OF_ANOTHER_FORM, contradiction, several_persons
from domain.entry_values import CODES, NAME
from domain.identities import Identity
from domain.match_rules import Attributes, Rule
from domain.reasons import Reason

NUMBER_USED_AGAIN = Reason.NUMBER_USED_AGAIN.of(CODES)
BY_NAME = Rule(attributes={"uid": "{login_name}"}, certain=True)
"""How an entry counts whose username the ledger knows as the person's."""


class Password(StrEnum):
    """Whether an entry has a password. `hidden`: it cannot be seen whether it has."""

    NONE = "none"
    SET = "set"
    HIDDEN = "hidden"


class AnyEntry(Protocol):
    @property
    def attributes(self) -> Attributes: ...

    @property
    def password(self) -> Password: ...


E = TypeVar("E", bound=AnyEntry)


class Outcome(StrEnum):
    """Whose the account is: nobody's yet, the same person's without or with a password, or not."""

    FREE = "free"
    RESERVED_BY_SAME = "reserved_by_same_person"
    OWNED_BY_SAME = "owned_by_same_person"
    ANOTHERS = "anothers"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True)
class Judgement(Generic[E]):
    """`own` are the entries that are certainly the person's: one, or several in a conflict.

    `why` names rules and attributes and nobody's data: the rule that matched, or what keeps the
    entry from being taken for the person's. `doubtful` are the entries that this is about, and
    `of_alike` tells that they are of others who may be the same human.
    """

    outcome: Outcome
    own: tuple[E, ...] = ()
    why: str | None = None
    doubtful: tuple[E, ...] = ()
    of_alike: bool = False


def judge(identity: Identity, rules: Sequence[Rule], entries: Sequence[E]) -> Judgement[E]:
    """Tell whose account it is; an entry that no rule matches is left out."""
    placed = [(_placed(identity, rules, entry.attributes), entry) for entry in entries]
    own, refused, doubtful = (
        [(str(why), entry) for (place, why), entry in placed if place is wanted]
        for wanted in (_Place.OWN, _Place.ANOTHERS, _Place.DOUBTFUL)
    )
    if len(own) > 1:
        return _told(Outcome.CANNOT_TELL, Reason.SEVERAL_ENTRIES, own, own=own)
    if own:
        ((rule_name, entry),) = own
        free = entry.password is Password.NONE
        outcome = Outcome.RESERVED_BY_SAME if free else Outcome.OWNED_BY_SAME
        return Judgement(outcome, (entry,), rule_name)
    if refused:
        return _told(Outcome.ANOTHERS, Reason.ANOTHERS, refused)
    if doubtful:
        return _told(Outcome.CANNOT_TELL, Reason.NOT_CERTAIN, doubtful)
    return _of_alike(identity, rules, entries)


def _of_alike(identity: Identity, rules: Sequence[Rule], entries: Sequence[E]) -> Judgement[E]:
    """Tell whether somebody who may be the same human has an entry, or may have one."""
    theirs = judge(identity.alike, rules, entries) if identity.alike else Judgement(Outcome.FREE)
    if theirs.outcome in (Outcome.FREE, Outcome.ANOTHERS):
        return Judgement(Outcome.FREE)
    found = [(str(theirs.why), entry) for entry in theirs.own or theirs.doubtful]
    told = _told(Outcome.CANNOT_TELL, Reason.OF_ALIKE, found)
    return replace(told, of_alike=True)


def _told(
    outcome: Outcome,
    what: Reason,
    found: Sequence[tuple[str, E]],
    own: Sequence[tuple[str, E]] = (),
) -> Judgement[E]:
    names = ", ".join(dict.fromkeys(name for name, _ in found))
    entries = tuple(entry for _, entry in found)
    return Judgement(outcome, tuple(entry for _, entry in own), what.of(names), entries)


class _Place(Enum):
    OWN = auto()
    ANOTHERS = auto()
    DOUBTFUL = auto()
    LEFT_OUT = auto()


def _placed(
    identity: Identity, rules: Sequence[Rule], entry: Attributes
) -> tuple[_Place, str | None]:
    """Tell of one entry whose it is, and why.

    What contradicts a match that is certain makes the entry another's, who stands in the way. A
    code of another person's says so for good. Another birth date or insurance number beside the
    person's own student number, or under a name that was once theirs, is for support; beside a
    mailbox, which families share, the entry is somebody else's. Whatever contradicts a name that
    the ledger knows as the person's is for support.
    """
    if identity.owns(entry):
        return _of_own_code(identity, rules, entry)
    matching = [rule for rule in rules if identity.matches(rule, entry)]
    if identity.is_known_by_name(entry):
        matching.append(BY_NAME)
    against = contradiction(identity, rules, entry)
    if against == OF_ANOTHER_FORM and matching:
        return _Place.DOUBTFUL, against
    if not matching:
        return _resembling(identity, rules, entry, against)
    matching.sort(key=lambda rule: (not rule.certain, rule.of_a_mailbox))
    if against is None:
        return _uncontradicted(identity, matching, entry)
    return _contradicted(identity, matching, entry, against)


def _of_own_code(
    identity: Identity, rules: Sequence[Rule], entry: Attributes
) -> tuple[_Place, str]:
    if identity.may_be_of_who_had_the_number(entry):
        return _Place.DOUBTFUL, NUMBER_USED_AGAIN
    if why := several_persons(identity, rules, entry):
        return _Place.DOUBTFUL, why
    return _Place.OWN, CODES


def _resembling(
    identity: Identity, rules: Sequence[Rule], entry: Attributes, against: str | None
) -> tuple[_Place, str | None]:
    """Tell of an entry that has a number or code of the person's in another form, at most.

    Two students may have numbers that differ in nothing else: whatever contradicts, their names
    too, makes it the other's.
    """
    if against not in (None, OF_ANOTHER_FORM) or identity.is_somebody_else(entry):
        return _Place.LEFT_OUT, None
    if identity.has_code_of_another_form(entry):
        return _Place.DOUBTFUL, OF_ANOTHER_FORM
    for rule in rules:
        if identity.matches_otherwise(rule, entry):
            return _Place.DOUBTFUL, Reason.OF_ANOTHER_FORM.of(rule.name)
    return _Place.LEFT_OUT, None


def _uncontradicted(
    identity: Identity, matching: Sequence[Rule], entry: Attributes
) -> tuple[_Place, str | None]:
    """Tell of an entry that rules match, the most certain first, and that has no other facts.

    Names are asked for where the number, or a name that was once the person's, may have gone to
    somebody else: in another system too, or with the mailbox of a family.
    """
    first = matching[0]
    if not first.certain:
        if _is_somebody_elses(identity, matching, entry):
            return _Place.LEFT_OUT, None
        return _Place.DOUBTFUL, first.name
    certain = (rule for rule in matching if rule.certain)
    sure = [rule for rule in certain if not _is_by_shared_login(identity, rule, entry)]
    if sure:
        return _certain(identity, sure, entry)
    return _Place.DOUBTFUL, Reason.OF_SHARED_LOGIN.of(first.name)


def _certain(
    identity: Identity, matching: Sequence[Rule], entry: Attributes
) -> tuple[_Place, str | None]:
    first, current = matching[0], identity.currently()
    if any(_is_given_now(current, rule, entry) for rule in matching):
        return _Place.OWN, first.name
    if not identity.is_of_who_had_the_number(entry):
        return _Place.OWN, first.name
    if "number" in first.placeholders:
        return _Place.DOUBTFUL, Reason.NUMBER_USED_AGAIN.of(first.name)
    return _Place.DOUBTFUL, Reason.CONTRADICTED.of(first.name, attribute=NAME)


def _is_by_shared_login(identity: Identity, rule: Rule, entry: Attributes) -> bool:
    """Whether a match is by nothing but login names that another human has as well."""
    by_login = rule is not BY_NAME and rule.of_a_login_name and bool(identity.shared_logins)
    return by_login and not identity.by_own_logins().matches(rule, entry)


def _is_given_now(current: Identity, rule: Rule, entry: Attributes) -> bool:
    """Whether a certain match is by an insurance number, a login name of today, or the ledger."""
    if rule is BY_NAME or "insurance_number" in rule.placeholders:
        return True
    return "login_name" in rule.placeholders and current.matches(rule, entry)


def _is_somebody_elses(identity: Identity, matching: Sequence[Rule], entry: Attributes) -> bool:
    """Whether only a number without its system, or a mailbox, speaks for it, and the names do not.

    Whose birth date is the same may have other names by now.
    """
    alone = (all(rule.of_a_number for rule in matching), matching[0].of_a_mailbox)
    return any(alone) and identity.is_somebody_else(entry)


def _contradicted(
    identity: Identity, matching: Sequence[Rule], entry: Attributes, against: str
) -> tuple[_Place, str | None]:
    """Tell of an entry that rules match, the most certain first, and a fact contradicts."""
    current = identity.currently()
    for rule in matching:
        if rule.certain and current.matches(rule, entry):
            return _Place.ANOTHERS, Reason.CONTRADICTED.of(rule.name, attribute=against)
    left_out = against == CODES or matching[0].of_a_mailbox
    if (
        left_out or _is_somebody_elses(identity, matching, entry)
    ) and not identity.is_known_by_name(entry):
        return _Place.LEFT_OUT, None
    return _Place.DOUBTFUL, Reason.CONTRADICTED.of(matching[0].name, attribute=against)
