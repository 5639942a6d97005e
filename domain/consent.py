"""What the student is shown before «Συμφωνώ», and the hash that ties the consent to it.

The hash covers every field of the view but itself; a page that shows less, or a record made for
something else, does not match.
"""

import hashlib
import json
from collections.abc import Collection

from domain import masks
from domain.contracts.people import Person
from domain.contracts.views import ReviewView, StudyView
from domain.contracts.vocabulary import Choice


def review(person: Person, username: str, terms_version: str) -> ReviewView:
    """Lay out the verified details of a person, with the hash of exactly these."""
    view = ReviewView(
        name_el=f"{person.first_name_el} {person.last_name_el}".strip(),
        name_latin=f"{person.first_name_latin} {person.last_name_latin}".strip(),
        studies=tuple(
            StudyView(
                student_number=enrolment.registration_id,
                department_el=enrolment.department_el,
                department_en=enrolment.department_en,
            )
            for enrolment in person.enrolments
        ),
        username=username,
        terms_version=terms_version,
        email=masks.email(person.email) if person.email else None,
        mobile=masks.mobile(person.mobile) if person.mobile else None,
        shown_hash="",
    )
    return view.model_copy(update={"shown_hash": shown_hash(view)})


def shown_hash(view: ReviewView) -> str:
    """Hash a view's fields, its own hash left out, as canonical JSON."""
    fields = view.model_dump(mode="json", exclude={"shown_hash"})
    canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def kept(view: ReviewView, choices: Collection[Choice]) -> tuple[Choice, ...]:
    """Return the choices that this view offered; a forged form may name others."""
    contacts = {Choice.RECOVERY_EMAIL: view.email, Choice.RECOVERY_MOBILE: view.mobile}
    return tuple(choice for choice in choices if contacts.get(choice, True))
