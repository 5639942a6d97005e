"""Builds the details shown before «Συμφωνώ», and the hash that ties the consent to them.

The hash covers every other field of the view; a page that shows less, or a record of another
consent, does not match.
"""

import hashlib
import json
from collections.abc import Collection, Sequence

from domain import masks
from domain.contracts.people import Person
from domain.contracts.views import InsuranceView, ReviewView, StudyView
from domain.contracts.vocabulary import Choice


def review(
    person: Person, username: str, terms_version: str, insurance: InsuranceView | None = None
) -> ReviewView:
    """Return a person's verified details as shown, with their hash."""
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
        insurance=insurance,
        shown_hash="",
    )
    return view.model_copy(update={"shown_hash": shown_hash(view)})


def paired_studies(
    now: Sequence[StudyView], before: Sequence[StudyView]
) -> list[tuple[StudyView | None, StudyView | None]]:
    """Pair each study with what it was before, by its student number, in today's order.

    One that was added has no partner, nor have those at the end, which are gone. Two systems may
    give a person one number twice: then those that are alike are one.
    """
    left, was = list(before), dict[int, StudyView]()
    for same in (_are_alike, _have_one_number):
        for at, study in enumerate(now):
            found = next((each for each in left if at not in was and same(each, study)), None)
            if found:
                was[at] = found
                left.remove(found)
    added_or_kept = [(study, was.get(at)) for at, study in enumerate(now)]
    return [*added_or_kept, *((None, each) for each in left)]


def _are_alike(one: StudyView, other: StudyView) -> bool:
    return one == other


def _have_one_number(one: StudyView, other: StudyView) -> bool:
    return one.student_number == other.student_number


def shown_hash(view: ReviewView) -> str:
    """Return the SHA-256 of a view's fields but the hash itself, as canonical JSON."""
    fields = view.model_dump(mode="json", exclude={"shown_hash"})
    if view.insurance is None:
        # Consents of version 1.0, and pages that were open then, have hashes without it.
        del fields["insurance"]
    canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def kept(view: ReviewView, choices: Collection[Choice]) -> tuple[Choice, ...]:
    """Return the choices that this view offered, because a forged form may name others."""
    contacts = {Choice.RECOVERY_EMAIL: view.email, Choice.RECOVERY_MOBILE: view.mobile}
    return tuple(choice for choice in choices if contacts.get(choice, True))
