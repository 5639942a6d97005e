"""Each disagreement of ledger, directory and Temporal is found as what it is, and nothing else."""

import pytest

from domain.findings import (
    MENDED,
    NEEDS_NOBODY,
    EntryFacts,
    FindingKind,
    LedgerFacts,
    RunState,
    of_entry,
    of_run,
    renamed,
)

OWN = EntryFacts(frozenset({"own", "former"}), made_here=True, active=True)
KNOWN = LedgerFacts(owner="own", consented=True)


@pytest.mark.parametrize(
    ("entry", "known", "found"),
    [
        (OWN, KNOWN, ()),
        (OWN, KNOWN._replace(owner="former"), ()),
        (OWN, LedgerFacts(), (FindingKind.NAME_UNRESERVED, FindingKind.CONSENT_MISSING)),
        (OWN, KNOWN._replace(owner=None), (FindingKind.NAME_UNRESERVED,)),
        (OWN, KNOWN._replace(consented=False), (FindingKind.CONSENT_MISSING,)),
        (OWN, KNOWN._replace(owner="other"), (FindingKind.NAME_OF_ANOTHER,)),
        (OWN, KNOWN._replace(owner="other", made=True), ()),
        (OWN._replace(persons=frozenset()), KNOWN._replace(owner="other"), ()),
        (OWN._replace(active=False), KNOWN._replace(consented=False), ()),
        (OWN._replace(active=False), LedgerFacts(), (FindingKind.NAME_UNRESERVED,)),
        (OWN, LedgerFacts(live=True), (FindingKind.CONSENT_MISSING,)),
        (OWN, LedgerFacts(live=True, consented=True), ()),
        (OWN, KNOWN._replace(owner="other", live=True), ()),
        (OWN._replace(active=False), LedgerFacts(live=True), ()),
        (OWN, LedgerFacts(concealed=True), ()),
        (OWN._replace(made_here=False), LedgerFacts(), ()),
    ],
)
def test_an_entry_is_judged_by_what_the_ledger_knows(
    entry: EntryFacts, known: LedgerFacts, found: tuple[FindingKind, ...]
) -> None:
    assert of_entry(entry, known) == found


@pytest.mark.parametrize(
    ("run", "found"),
    [
        (RunState(finishing=False, known=True, ended=False), None),
        (RunState(finishing=False, known=True, ended=True), FindingKind.RUN_GOES_ON),
        (RunState(finishing=True, known=True, ended=True), None),
        (RunState(finishing=False, known=False, ended=False), FindingKind.RUN_UNKNOWN),
    ],
)
def test_an_open_run_is_judged_by_the_activation(run: RunState, found: FindingKind | None) -> None:
    assert of_run(run) is found


def test_an_account_under_another_name_was_renamed_or_is_a_second_one() -> None:
    assert renamed("old", ["new", "old"], ["new", "old"]) is None
    assert renamed("old", ["new"], ["new"]) is FindingKind.ENTRY_RENAMED
    assert renamed("old", ["new"], ["new", "old"]) is FindingKind.SECOND_ENTRY


def test_what_is_mended_needs_nobody() -> None:
    assert MENDED < NEEDS_NOBODY < {*FindingKind}
