"""Provides the sample student of previews, who does not exist, at any step of an activation."""

from datetime import UTC, datetime, timedelta

from domain import consent, personal
from domain.contracts.channels import Channel
from domain.contracts.people import Enrolment, Person
from domain.contracts.views import IdentifyView, PinView, Progress
from domain.contracts.vocabulary import Question, Step, WaitReason
from starter.page_state import NAMED, PageState, of

REFERENCE = "A-7K3F-92QD"
USERNAME = "mpapadopoulou"
_MINUTE = timedelta(minutes=1)


def person() -> Person:
    return Person(
        person_key="preview",
        enrolments=(
            Enrolment(
                system_id="1",
                registration_id="2026001",
                department_id="1",
                department_el="Πληροφορικής",
                department_en="Informatics",
            ),
        ),
        first_name_el="Μαρία",
        last_name_el="Παπαδοπούλου",
        first_name_latin="Maria",
        last_name_latin="Papadopoulou",
        birth_date=None,
        citizenship="GR",
        login_name=None,
        insurance_scheme=None,
        insurance_number=None,
        mobile="+306912345678",
        email="maria@mail.example",
        sms_to="+306912345678",
        email_to=None,
    )


def at(step: Step, reason: WaitReason | None = None, **more: object) -> PageState:
    """Return the state of the sample student's activation as a worker would tell it."""
    now = datetime.now(UTC)
    student = person()
    progress = Progress(
        reference=REFERENCE,
        step=step,
        wait_reason=reason,
        since=now,
        needs_insurance=True,
        pin=PinView(
            channel=Channel.SMS,
            destination="+30 •••••••78",
            tries_left=5,
            expires_at=now + 10 * _MINUTE,
            resend_at=now + _MINUTE,
            other_channels=(Channel.EMAIL,),
        ),
        identify=IdentifyView(question=Question.BIRTH_DATE, tries_left=3)
        if step is Step.IDENTIFY
        else None,
        review=consent.review(student, USERNAME, "1"),
        password_context=tuple(personal.known_of(student, USERNAME)),
        username=USERNAME if step in NAMED else None,
    )
    return of(progress.model_copy(update=more))
