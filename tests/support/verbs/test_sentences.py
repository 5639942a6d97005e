"""Every place an activation can stand at has its sentence, and says who must act."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.contracts.vocabulary import Language, Step, WaitReason
from support.verbs import timeline
from support.verbs.cases import CaseState, CaseSummary
from support.verbs.sentences import sentence
from support.verbs.timeline import Event, Who
from translations import translator
from workflows import steps

NOW = datetime.now(UTC)
PLACES = [(step, reason) for step, reasons in steps.REASONS.items() for reason in reasons]


def clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"


def said(line: CaseSummary, language: Language = Language.EN) -> str:
    return sentence(line, translator(language), clock)


@pytest.mark.parametrize("language", Language)
def test_every_place_and_state_is_said_with_the_time_since(language: Language) -> None:
    for step, reason in PLACES:
        for state in CaseState:
            line = CaseSummary("A-7K3F-92QD", step, reason, NOW, None, None, state=state)
            told = said(line, language)
            assert clock(NOW) in told
            assert "%(" not in told


def test_a_failing_part_is_said_with_the_next_try_and_its_number() -> None:
    next_try = NOW + timedelta(hours=1)
    line = CaseSummary(
        "A", Step.PROVISIONING, WaitReason.DIRECTORY_DOWN, NOW, next_try, None, attempt=6
    )
    told = said(line)
    assert "The directory does not answer" in told
    assert "nobody has to act" in told
    assert f"Next try at {clock(next_try)}, try number 6." in told


def test_a_lock_says_when_it_opens_and_a_past_try_is_not_promised() -> None:
    opens = NOW + timedelta(minutes=50)
    locked = CaseSummary("A", Step.PIN, WaitReason.PIN_LOCKED, NOW, opens, None)
    assert f"The lock ends at {clock(opens)}." in said(locked)
    past = CaseSummary("A", Step.LOOKUP, None, NOW, NOW - timedelta(seconds=9), None)
    assert "Next try" not in said(past)


def test_who_must_act_is_said() -> None:
    turn = CaseSummary("A", Step.PASSWORD, WaitReason.WAITING_PASSWORD, NOW, None, None)
    assert "the student's turn" in said(turn)
    idle = CaseSummary("A", Step.PROVISIONING, None, NOW, None, None, unattended=True)
    assert "operators must check that workers run" in said(idle)


def test_repetitions_are_folded_into_the_last_of_them() -> None:
    failed = [
        Event(NOW + timedelta(seconds=at), "failed", "send_pin SMS_DOWN", times=2)
        for at in range(3)
    ]
    typed = Event(NOW + timedelta(seconds=9), "submitted", "submit_pin", Who.STUDENT)
    (folded, last) = timeline.fold([typed, *failed])
    assert folded.as_dict() == {
        "at": failed[-1].at,
        "what": "failed",
        "detail": "6 x send_pin SMS_DOWN",
    }
    assert last.as_dict()["detail"] == "submit_pin"
