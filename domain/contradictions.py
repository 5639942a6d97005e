"""Finds the attribute that shows that an entry belongs to another person; pure."""

from collections.abc import Sequence

from domain import insurance, student_codes
from domain.entry_values import BIRTH_DATE, CODES, born_of, codes_of, compared, differ
from domain.identities import Identity
from domain.match_rules import Attributes, Rule, insurance_numbers
from domain.reasons import Reason
from domain.student_codes import plain

OF_ANOTHER_FORM = Reason.OF_ANOTHER_FORM.of(CODES)
_ESI = Reason.OF_STUDENT_IDENTIFIER.of(CODES)


def contradiction(identity: Identity, rules: Sequence[Rule], entry: Attributes) -> str | None:
    """Return the attribute that shows that an entry is another person's; None without one.

    A code with the person's number and another system, or none, may be theirs, because another tool
    wrote it or the system was renamed; if the names differ, it is another person's. An ESI need not
    contain a number of the registrar, so another ESI counts as much as another birth date.
    """
    held_codes = codes_of(entry)
    otherwise = _other_facts(identity, rules, entry)
    if codes := [code for code in held_codes if code.startswith(plain(identity.scope))]:
        meant = all(map(identity.ends_with_own_number, codes)) and not identity.is_another_person(
            entry
        )
        return OF_ANOTHER_FORM if meant and not otherwise else CODES
    scopes = tuple(map(plain, student_codes.esi_scopes(identity.scope)))
    identifiers = [code for code in held_codes if code.startswith(scopes)]
    meant = not identifiers or any(map(identity.ends_with_own_number, identifiers))
    return otherwise if meant else _ESI


def several_persons(identity: Identity, rules: Sequence[Rule], entry: Attributes) -> str | None:
    """Return why an entry with codes of the person and of another student may be the other's.

    Somebody may have joined two persons' rows by mistake. The entry is the person's only if birth
    date or insurance number is the same, and neither differs.
    """
    if not identity.has_code_of_another_number(entry):
        return None
    born = identity.has_same_birth_date(entry)
    insured = [(_insured_alike(identity, rule, entry), rule.name) for rule in rules]
    for same, attribute in ((born, BIRTH_DATE), *insured):
        if same is False:
            return Reason.CONTRADICTED.of(CODES, attribute=attribute)
    if born or any(same for same, _ in insured):
        return None
    return Reason.SEVERAL_PERSONS.of(CODES)


def _other_facts(identity: Identity, rules: Sequence[Rule], entry: Attributes) -> str | None:
    if differ(born_of(entry, identity.today), identity.births):
        return BIRTH_DATE
    insured = ((rule.name, _insured_alike(identity, rule, entry)) for rule in rules)
    return next((name for name, same in insured if same is False), None)


def _insured_alike(identity: Identity, rule: Rule, entry: Attributes) -> bool | None:
    """Tell whether person and entry have the same insurance number; None if none is comparable.

    Only numbers of one scheme are comparable. One that differs counts more than one that is equal.
    """
    held = list(insurance_numbers(rule, entry))
    results = set()
    for scheme in {scheme for scheme, _ in identity.insured}:
        there = {insurance.surely(scheme, raw, identity.today) for raw in held} - {None}
        own = {number for kind, number in identity.insured if kind == scheme}
        results.add(compared(there, own))
    return False if False in results else True if True in results else None
