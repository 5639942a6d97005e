"""Each event of a timeline is called by its own name, whichever vocabulary its word is of."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from domain.contracts.staff import StaffSubmission
from domain.contracts.vocabulary import FailureType, Language, Step, WaitReason
from ledger.audit import REFUSED
from support.console.audit_texts import ACTIONS, CODES
from support.console.labels import Labels
from support.console.operations import STAGES
from support.verbs.actions import LABELS, SUBMISSIONS, SUBMITTED_AS
from support.verbs.alert_channels import NO_MAILBOX
from support.verbs.caller import CallerAnswer
from support.verbs.staff import Action
from support.verbs.timeline import STAFF_SUBMISSIONS, Event, Who, fold
from tests.channels import more_channels, third_channel
from tests.handlers import MODELS
from translations import translator
from workflows import steps

NOW = datetime(2026, 11, 28, tzinfo=UTC)
LANGUAGES = [Labels(language) for language in Language]


def came_in(name: str, who: Who) -> Event:
    return Event(NOW, "submitted", name, who)


def noted(action: str) -> Event:
    return Event(NOW, action, "anna: asked", Who.STAFF, audited=True)


def test_the_doors_of_staff_are_those_whose_model_is_theirs() -> None:
    theirs = {name for name, model in MODELS.items() if issubclass(model, StaffSubmission)}
    assert theirs == STAFF_SUBMISSIONS
    assert set(SUBMITTED_AS.values()) == STAFF_SUBMISSIONS
    assert {SUBMITTED_AS[action]: SUBMISSIONS[action] for action in SUBMISSIONS} == {
        name: MODELS[name] for name in SUBMITTED_AS.values()
    }


@pytest.mark.parametrize("labels", LANGUAGES)
def test_every_door_has_a_name_of_its_own(labels: Labels) -> None:
    students = {
        name: labels.event(came_in(name, Who.STUDENT)) for name in {*MODELS} - STAFF_SUBMISSIONS
    }
    staffs = {name: labels.event(came_in(name, Who.STAFF)) for name in SUBMITTED_AS.values()}
    assert len({*students.values()}) == len(students)
    assert len({*staffs.values()}) == len(staffs)
    assert not {*students} & {*students.values()}
    assert not {*staffs} & {*staffs.values()}
    assert not {*students.values()} & {*staffs.values()}


def test_an_act_is_no_door_even_where_both_have_one_word() -> None:
    labels = Labels(Language.EN)
    assert labels.event(came_in("withdraw", Who.STUDENT)) == "Withdrew that"
    assert labels.event(noted("withdraw")) == "Withdraw the consent (anna: asked)"
    assert labels.event(came_in("resend_pin", Who.STUDENT)) == ("Asked for a six-digit code (pin)")
    assert labels.event(came_in("send_code", Who.STAFF)) == ("Send a six-digit code (pin)")


@pytest.mark.parametrize("labels", LANGUAGES)
@pytest.mark.parametrize("action", sorted({*LABELS}))
def test_every_act_of_staff_has_its_own_name_in_the_audit(labels: Labels, action: Action) -> None:
    others = [labels.event(noted(other)) for other in LABELS if other is not action]
    assert labels.event(noted(action)) not in others
    refused = Event(NOW, REFUSED, f"anna: {action}", Who.STAFF, audited=True)
    assert labels.event(refused) not in {labels.event(noted(action)), action}


def test_an_act_that_is_called_like_a_word_of_ours_is_told_as_the_act() -> None:
    word = Event(NOW, "ended", None, Who.STAFF)
    act = Event(NOW, "ended", None, Who.STAFF, audited=True)
    assert fold([word, act]) == [word, act]
    assert len({Labels(Language.EN).event(event) for event in (word, act)}) == 2


@pytest.mark.parametrize("answer", CallerAnswer)
def test_what_was_asked_about_a_caller_is_told_in_greek(answer: CallerAnswer) -> None:
    asked = f"άννα: birth_date, student_number, father_name: {answer}"
    event = Event(NOW, Action.CALLER, asked, Who.STAFF, audited=True)
    assert not re.search("[A-Za-z]", Labels(Language.EL).event(event))


@pytest.mark.parametrize("labels", LANGUAGES)
def test_every_act_that_is_recorded_has_its_own_name(labels: Labels) -> None:
    named = {action: labels.action(action) for action in ACTIONS}
    assert {*Action} - {Action.QUEUE, Action.FUNNEL} <= set(named)
    assert len({*named.values()}) == len(named)


@pytest.mark.parametrize("language", Language)
def test_a_count_of_students_is_worded_otherwise_than_one_of_them(language: Language) -> None:
    labels = Labels(language)
    ones = {labels.event(came_in(name, Who.STUDENT)) for name in MODELS} | {*map(labels.step, Step)}
    assert ones.isdisjoint(map(translator(language).gettext, STAGES.values()))


@pytest.mark.parametrize(
    ("action", "reason"),
    [(action, word.replace("#", "7")) for action, words in CODES.items() for word in words]
    + [
        (REFUSED, Action.ERASE),
        (Action.CALLER, "birth_date, father_name: not_confirmed"),
        (Action.AUDIT, "verify: row 12 does not fit"),
        (Action.SEARCH, "mobile, names"),
        (Action.RETRY_ALL, f"{WaitReason.DIRECTORY_DOWN}: ξανά"),
        (Action.OPERATE, "pause: ο κατάλογος"),
        (Action.REQUESTS, "2025 close: βλ. 3"),
    ],
)
def test_no_code_stands_in_the_audit_in_greek(action: str, reason: str) -> None:
    assert not re.search(
        "[A-Za-z_]", re.sub("(?i)email|user name", "", Labels(Language.EL).why(action, reason))
    )
    assert "7" not in reason or "7" in Labels(Language.EN).why(action, reason)


@pytest.mark.parametrize("failure", [*FailureType, "MAIL_DOWN: SMTP 451", NO_MAILBOX])
def test_what_failed_is_told_in_greek_before_its_code(failure: str) -> None:
    told = Labels(Language.EL).failure(failure)
    code = failure.isupper() or ":" in failure
    assert re.search("[α-ωά-ώ]{4}", told.partition("(")[0])
    assert told.endswith(f"({failure})") is code


@pytest.mark.parametrize("written", ["read, paused", "100 % pause: resume", "whole"])
def test_what_staff_wrote_stays_as_it_is(written: str) -> None:
    labels = Labels(Language.EL)
    assert labels.why(Action.CANCEL, written) == written
    assert labels.why(Action.OPERATE, f"resume: {written}").endswith(f": {written}")


@pytest.mark.parametrize(("step", "reasons"), steps.REASONS.items())
def test_where_who_asks_for_help_stood_is_told_in_greek(
    step: Step, reasons: Iterable[WaitReason | None]
) -> None:
    for stands in (step, *(f"{step} {reason}" for reason in reasons if reason)):
        told = Labels(Language.EL).standing(stands)
        assert not any(part.isascii() for part in told.split(" - "))


@pytest.mark.parametrize("language", LANGUAGES, ids=str)
def test_a_message_by_any_channel_is_named(language: Labels) -> None:
    """Also one by a channel that is not registered any more."""

    def named(channel: str) -> str:
        return language.event(Event(NOW, "message", f"pin {channel} sent", Who.ENGINE))

    with more_channels():
        third = third_channel().FOLDER
        assert third.label in named(third)
    assert "pigeon" in named("pigeon")
    assert len({named(channel) for channel in ("sms", "email", "pigeon")}) == 3
