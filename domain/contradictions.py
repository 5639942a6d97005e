"""Which attribute of an entry says that it is somebody else's than a person's; pure."""

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


def several_persons(identity: Identity, rules: Sequence[Rule], entry: Attributes) -> str | None:
    """Return why an entry with the person's code may be another's, whose code it has as well.

    Two rows may have been joined by mistake, as of namesakes. Birth date or insurance number must
    be the same, and neither may differ.
    """
    if not identity.has_code_of_another_number(entry):
        return None
    born = identity.is_born_alike(entry)
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
    """Whether person and entry have an insurance number in common; None where none can be compared.

    Numbers of two kinds cannot; where those of one kind differ, another kind in common is nothing.
    """
    held = list(insurance_numbers(rule, entry))
    told = set()
    for scheme in {scheme for scheme, _ in identity.insured}:
        there = {insurance.surely(scheme, raw, identity.today) for raw in held} - {None}
        own = {number for kind, number in identity.insured if kind == scheme}
        told.add(compared(there, own))
    return False if False in told else True if True in told else None
