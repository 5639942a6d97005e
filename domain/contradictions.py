"""Which attribute of an entry says that it is somebody else's than a person's; pure."""

from collections.abc import Sequence

from domain import insurance, student_codes
from domain.entry_values import BIRTH_DATE, CODES, born_of, codes_of, differ
from domain.identities import Identity
from domain.match_rules import Attributes, Rule, insurance_numbers
from domain.reasons import Reason
from domain.student_codes import plain

OF_ANOTHER_FORM = Reason.OF_ANOTHER_FORM.of(CODES)
_ESI = Reason.OF_STUDENT_IDENTIFIER.of(CODES)


def contradiction(identity: Identity, rules: Sequence[Rule], entry: Attributes) -> str | None:
    """Return the attribute that says that this entry is somebody else's.

    A code with the person's number and another system, or none, may be theirs: another tool wrote
    it, or the system changed its name; where the names are another's, so is the code. An ESI may
    hold what is no number of the registrar's: one that is not the person's weighs as much as
    another birth date.
    """
    held_codes = codes_of(entry)
    otherwise = _other_facts(identity, rules, entry)
    if codes := [code for code in held_codes if code.startswith(plain(identity.scope))]:
        meant = all(map(identity.may_be_meant, codes)) and not identity.is_somebody_else(entry)
        return OF_ANOTHER_FORM if meant and not otherwise else CODES
    scopes = tuple(map(plain, student_codes.esi_scopes(identity.scope)))
    identifiers = [code for code in held_codes if code.startswith(scopes)]
    meant = not identifiers or any(map(identity.may_be_meant, identifiers))
    return otherwise if meant else _ESI


def _other_facts(identity: Identity, rules: Sequence[Rule], entry: Attributes) -> str | None:
    if differ(born_of(entry, identity.today), identity.births):
        return BIRTH_DATE
    return next((rule.name for rule in rules if _insured_otherwise(identity, rule, entry)), None)


def _insured_otherwise(identity: Identity, rule: Rule, entry: Attributes) -> bool:
    """Whether person and entry have insurance numbers of one kind, and none in common."""
    held = list(insurance_numbers(rule, entry))
    for scheme in {scheme for scheme, _ in identity.insured}:
        there = {insurance.surely(scheme, raw, identity.today) for raw in held} - {None}
        if differ(there, {number for kind, number in identity.insured if kind == scheme}):
            return True
    return False
