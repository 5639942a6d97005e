"""A system is written down in few places; what its outage means is derived from its name."""

import re
from pathlib import Path

from domain.contracts.systems import CHANNEL_OUTAGES, FAILED_SYSTEMS, OTHER_OUTAGES, OUTAGES
from domain.contracts.vocabulary import FailureType, System, WaitReason

ROOT = Path(__file__).parents[2]
ROOMS = (
    "activities",
    "adapters",
    "domain",
    "ledger",
    "recognition",
    "starter",
    "support",
    "web",
    "workflows",
)
VOCABULARY = "domain/contracts/vocabulary.py"
TABLES = {
    VOCABULARY: "its name, its failure type and its wait reason",
    "domain/contracts/channels.py": "the outage of each built-in channel",
    "domain/contracts/systems.py": "which activities use it",
    "workflows/steps.py": "the steps that wait for it",
    "starter/wording.py": "the student's words for it",
    "support/verbs/system_texts.py": "staff's words for it",
}
"""Where the systems are listed, and so where a new one may have to be added."""
_NAMED = re.compile(
    rf"\b(?:System|FailureType|WaitReason)\.({'|'.join(each.name for each in System)})(?:_DOWN)?\b"
)
_LISTED = 3


def test_every_failure_but_a_wrong_configuration_is_one_systems_outage() -> None:
    assert {*FailureType} - {*FAILED_SYSTEMS} == {FailureType.CONFIGURATION}
    assert {*System} - {*FAILED_SYSTEMS.values()} == {System.TEMPORAL}
    assert len({*FAILED_SYSTEMS.values()}) == len(FAILED_SYSTEMS)


def test_every_wait_for_a_system_is_one_systems_outage() -> None:
    down = {reason for reason in WaitReason if reason.endswith("_DOWN")}
    assert CHANNEL_OUTAGES | OTHER_OUTAGES == {*OUTAGES.values()} == down
    assert {OUTAGES[system] for system in FAILED_SYSTEMS.values()} == {
        WaitReason(failure) for failure in FAILED_SYSTEMS
    }
    assert {
        WaitReason.SMS_DOWN,
        WaitReason.MAIL_DOWN,
        WaitReason.MESSAGES_DOWN,
    } == CHANNEL_OUTAGES


def test_few_files_list_the_systems() -> None:
    listing = {
        str(file.relative_to(ROOT))
        for room in ROOMS
        for file in (ROOT / room).rglob("*.py")
        if len({*_NAMED.findall(file.read_text("utf-8"))}) >= _LISTED
    }
    assert listing | {VOCABULARY} == {*TABLES}
    assert len(TABLES) <= 6
