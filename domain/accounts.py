"""Decides which directory entry belongs to a person, by the university's match rules; pure.

The engine's own attribute comes first: an entry with one of the person's codes is theirs. Other
entries are recognised by `Rule`s. One certain rule is enough to assign the entry to the person; any
other match is decided by support staff, so that nobody gets a second entry. An entry with another
person's code, birth date or insurance number is never assigned without a decision of staff.
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
"""The rule for an entry with a username that the ledger has for the person."""


class Password(StrEnum):
    """Whether an entry has a password; `hidden`: the engine may not read that."""

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
    """Result for a person: no entry, their own without or with a password, or another's."""

    FREE = "free"
    RESERVED_BY_SAME = "reserved_by_same_person"
    OWNED_BY_SAME = "owned_by_same_person"
    ANOTHERS = "anothers"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True)
class Judgement(Generic[E]):
    """Outcome with its entries: `own` are certainly the person's; several are a conflict.

    `why` names the rule that matched, or the rule or attribute that prevents a match, without
    personal data. `doubtful` are the entries that `why` is about; with `of_alike` they belong to
    others who may be the same human.
    """

    outcome: Outcome
    own: tuple[E, ...] = ()
    why: str | None = None
    doubtful: tuple[E, ...] = ()
    of_alike: bool = False


def judge(identity: Identity, rules: Sequence[Rule], entries: Sequence[E]) -> Judgement[E]:
    """Return the outcome for a person; entries that no rule matches are ignored."""
    classified = [(_classify(identity, rules, entry.attributes), entry) for entry in entries]
    own, refused, doubtful = (
        [(str(why), entry) for (owner, why), entry in classified if owner is wanted]
        for wanted in (_Owner.PERSON, _Owner.ANOTHER, _Owner.DOUBTFUL)
    )
    if len(own) > 1:
        return _judgement(Outcome.CANNOT_TELL, Reason.SEVERAL_ENTRIES, own, own=own)
    if own:
        ((rule_name, entry),) = own
        free = entry.password is Password.NONE
        outcome = Outcome.RESERVED_BY_SAME if free else Outcome.OWNED_BY_SAME
        return Judgement(outcome, (entry,), rule_name)
    if refused:
        return _judgement(Outcome.ANOTHERS, Reason.ANOTHERS, refused)
    if doubtful:
        return _judgement(Outcome.CANNOT_TELL, Reason.NOT_CERTAIN, doubtful)
    return _of_alike(identity, rules, entries)


def _of_alike(identity: Identity, rules: Sequence[Rule], entries: Sequence[E]) -> Judgement[E]:
    """Return CANNOT_TELL if a person who may be the same human has an entry, or may have one."""
    theirs = judge(identity.alike, rules, entries) if identity.alike else Judgement(Outcome.FREE)
    if theirs.outcome in (Outcome.FREE, Outcome.ANOTHERS):
        return Judgement(Outcome.FREE)
    found = [(str(theirs.why), entry) for entry in theirs.own or theirs.doubtful]
    return replace(_judgement(Outcome.CANNOT_TELL, Reason.OF_ALIKE, found), of_alike=True)


def _judgement(
    outcome: Outcome,
    what: Reason,
    found: Sequence[tuple[str, E]],
    own: Sequence[tuple[str, E]] = (),
) -> Judgement[E]:
    names = ", ".join(dict.fromkeys(name for name, _ in found))
    entries = tuple(entry for _, entry in found)
    return Judgement(outcome, tuple(entry for _, entry in own), what.of(names), entries)


class _Owner(Enum):
    PERSON = auto()
    ANOTHER = auto()
    DOUBTFUL = auto()
    IGNORED = auto()


def _classify(
    identity: Identity, rules: Sequence[Rule], entry: Attributes
) -> tuple[_Owner, str | None]:
    """Return whose an entry is, and why.

    A fact that contradicts a certain match makes the entry another person's, and a conflict; a code
    of another person always does. With another birth date or insurance number, an entry is doubtful
    if it has the person's student number or a former login name, and ignored if it has only their
    mailbox, which families share. An entry with a username that the ledger has for the person is
    doubtful whatever contradicts it.
    """
    if identity.owns(entry):
        return _of_own_code(identity, rules, entry)
    matching = [rule for rule in rules if identity.matches(rule, entry)]
    if identity.has_known_username(entry):
        matching.append(BY_NAME)
    against = contradiction(identity, rules, entry)
    if against == OF_ANOTHER_FORM and matching:
        return _Owner.DOUBTFUL, against
    if not matching:
        return _resembling(identity, rules, entry, against)
    matching.sort(key=lambda rule: (not rule.certain, rule.of_a_mailbox))
    if against is None:
        return _uncontradicted(identity, matching, entry)
    return _contradicted(identity, matching, entry, against)


def _of_own_code(
    identity: Identity, rules: Sequence[Rule], entry: Attributes
) -> tuple[_Owner, str]:
    if identity.may_be_of_earlier_owner(entry):
        return _Owner.DOUBTFUL, NUMBER_USED_AGAIN
    if why := several_persons(identity, rules, entry):
        return _Owner.DOUBTFUL, why
    return _Owner.PERSON, CODES


def _resembling(
    identity: Identity, rules: Sequence[Rule], entry: Attributes, against: str | None
) -> tuple[_Owner, str | None]:
    """Classify an entry that has at most the person's number or code in another form.

    Numbers of two students may differ only in form, so any contradicting fact, also another name,
    makes the entry the other student's.
    """
    if against not in (None, OF_ANOTHER_FORM) or identity.is_another_person(entry):
        return _Owner.IGNORED, None
    if identity.has_code_of_another_form(entry):
        return _Owner.DOUBTFUL, OF_ANOTHER_FORM
    for rule in rules:
        if identity.matches_other_form(rule, entry):
            return _Owner.DOUBTFUL, Reason.OF_ANOTHER_FORM.of(rule.name)
    return _Owner.IGNORED, None


def _uncontradicted(
    identity: Identity, matching: Sequence[Rule], entry: Attributes
) -> tuple[_Owner, str | None]:
    """Classify an entry without contradicting facts; `matching` has the most certain rule first.

    Names are compared if the number or a former login name may now be another person's, as a number
    without its system or a family's mailbox may be.
    """
    first = matching[0]
    if not first.certain:
        if _is_somebody_elses(identity, matching, entry):
            return _Owner.IGNORED, None
        return _Owner.DOUBTFUL, first.name
    certain = (rule for rule in matching if rule.certain)
    sure = [rule for rule in certain if not _is_by_shared_login(identity, rule, entry)]
    if sure:
        return _certain(identity, sure, entry)
    return _Owner.DOUBTFUL, Reason.OF_SHARED_LOGIN.of(first.name)


def _certain(
    identity: Identity, matching: Sequence[Rule], entry: Attributes
) -> tuple[_Owner, str | None]:
    first, current = matching[0], identity.with_current_login_only()
    if any(_is_given_now(current, rule, entry) for rule in matching):
        return _Owner.PERSON, first.name
    if not identity.is_of_earlier_owner(entry):
        return _Owner.PERSON, first.name
    if "number" in first.placeholders:
        return _Owner.DOUBTFUL, Reason.NUMBER_USED_AGAIN.of(first.name)
    return _Owner.DOUBTFUL, Reason.CONTRADICTED.of(first.name, attribute=NAME)


def _is_by_shared_login(identity: Identity, rule: Rule, entry: Attributes) -> bool:
    """Tell whether the match uses only login names that another human has too."""
    by_login = rule is not BY_NAME and rule.of_a_login_name and bool(identity.shared_logins)
    return by_login and not identity.with_own_logins_only().matches(rule, entry)


def _is_given_now(current: Identity, rule: Rule, entry: Attributes) -> bool:
    """Tell whether a match uses an insurance number, today's login name, or the ledger."""
    if rule is BY_NAME or "insurance_number" in rule.placeholders:
        return True
    return "login_name" in rule.placeholders and current.matches(rule, entry)


def _is_somebody_elses(identity: Identity, matching: Sequence[Rule], entry: Attributes) -> bool:
    """Tell whether only a number without system, or a mailbox, matches, and the names differ."""
    is_weak = all(rule.of_a_number for rule in matching) or matching[0].of_a_mailbox
    return is_weak and identity.is_another_person(entry)


def _contradicted(
    identity: Identity, matching: Sequence[Rule], entry: Attributes, against: str
) -> tuple[_Owner, str | None]:
    """Classify an entry that a fact contradicts; `matching` has the most certain rule first."""
    current = identity.with_current_login_only()
    for rule in matching:
        if rule.certain and current.matches(rule, entry):
            return _Owner.ANOTHER, Reason.CONTRADICTED.of(rule.name, attribute=against)
    ignored = against == CODES or matching[0].of_a_mailbox
    if (
        ignored or _is_somebody_elses(identity, matching, entry)
    ) and not identity.has_known_username(entry):
        return _Owner.IGNORED, None
    return _Owner.DOUBTFUL, Reason.CONTRADICTED.of(matching[0].name, attribute=against)
