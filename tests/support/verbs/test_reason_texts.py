"""Why an entry is somebody's is told in the reader's language, whatever it names."""

import re

import pytest

from domain.contracts.vocabulary import Language
from domain.reasons import Reason
from support.verbs.reason_texts import TEXTS, reason

NAMES = "employeeNumber+schacDateOfBirth"
KEPT = [each.of(NAMES, attribute="schacDateOfBirth", code=65) for each in Reason]
TOGETHER = [
    outer.of(inner)
    for outer in (Reason.NOT_CERTAIN, Reason.ANOTHERS, Reason.SEVERAL_PERSONS)
    for inner in (
        Reason.CONTRADICTED.of("uid", attribute="mail"),
        Reason.OF_ANOTHER_FORM.of("schacPersonalUniqueCode"),
        Reason.CONTRADICTED.of("uid", attribute=Reason.OF_STUDENT_IDENTIFIER.of("mail")),
        "uid, mail, " + Reason.CONTRADICTED.of(NAMES, attribute="uid+mail"),
    )
]
CODES = r"(uid|mail|loginname|\d+|employeeNumber|schac\w+)"


def test_every_reason_has_its_text() -> None:
    assert set(TEXTS) == set(Reason)


@pytest.mark.parametrize("kept", KEPT + TOGETHER)
def test_a_reason_has_no_english_in_greek_and_names_what_it_named(kept: str) -> None:
    told = reason(kept, Language.EL)
    assert re.findall("[A-Za-z]+", re.sub(CODES, "", told)) == []
    assert sorted(re.findall(CODES, told)) == sorted(re.findall(CODES, kept))


def test_what_an_older_version_kept_is_told() -> None:
    """These stand in histories to the letter."""
    assert reason("not certain: employeeNumber contradicted by schacDateOfBirth", "el") == (
        "δεν είναι βέβαιο ποιου είναι η εγγραφή: συμφωνεί: employeeNumber,"
        " αντιβαίνει: schacDateOfBirth"
    )
    assert reason("several entries: uid", "en") == "several entries may be the student's: uid"
    assert reason("uid", "el") == "uid"
    assert reason("a rule of old times", "el") == "a rule of old times"
    assert reason("", "el") == ""
