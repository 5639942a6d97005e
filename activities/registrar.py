"""Activity that finds the persons with a typed mobile or e-mail in the registrar."""

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

from temporalio import activity

from activities.errors import guarded
from activities.registered import Activities
from adapters.registrar.port import Registrar, SharedByMany
from domain.contracts.people import FindStudent, Person, StudentsFound
from domain.contracts.vocabulary import ActivityName, FailureType
from domain.memo import remembering
from domain.registrar.row_facts import MOST_SHARING
from domain.registrar.students import ContactQuery, holders, persons
from postgres import UNAVAILABLE
from recognition.login_names import marked
from security.keys import KeyRing
from settings import Settings


class RegistrarActivities(Activities):
    def __init__(self, *, registrar: Registrar, keys: KeyRing, settings: Settings) -> None:
        self._registrar = registrar
        self._index = partial(keys.index, "person")
        self._whole = settings
        self._settings = settings.registrar
        self._own = settings.institution.mail_domains

    @activity.defn(name=ActivityName.FIND_STUDENT)
    async def find_student(self, request: FindStudent) -> StudentsFound:
        """Return the persons with a typed contact; a contact of too many persons is ignored."""
        typed = ContactQuery(request.mobile, request.email, self._settings.phone_region, self._own)
        # The same names are transcribed for each search of the rows around.
        with remembering(), guarded(FailureType.REGISTRAR_DOWN, UNAVAILABLE):
            found = await few_with(self._registrar, typed, self._index)
            too_many = found is None
            if too_many and typed.mobile and typed.email:
                for alone in (replace(typed, email=None), replace(typed, mobile=None)):
                    found = found or await few_with(self._registrar, alone, self._index)
            persons = [
                await marked(self._registrar, each, self._index, self._whole)
                for each in found or ()
            ]
        return StudentsFound(
            persons=tuple(persons),
            too_many=too_many and not found,
            short=activity.info().is_local,
        )

    async def somebody_else_has(self, scheme: str, number: str, keys: Collection[str]) -> bool:
        """Whether the number is in other students' rows and in none of this person's."""
        with guarded(FailureType.REGISTRAR_DOWN, UNAVAILABLE):
            rows = await self._registrar.by_insurance(number)
            found = holders(
                rows,
                (scheme, number),
                self._settings.phone_region,
                self._index,
                self._own,
            )
        return bool(found) and found.isdisjoint(keys)


async def few_with(
    registrar: Registrar, typed: ContactQuery, index: Callable[[str], str], beyond: int = 0
) -> list[Person] | None:
    """Return the persons with a typed contact; None when there are too many.

    Returns nobody unless more than `beyond` rows have it, and then reads less.
    """
    try:
        rows = await registrar.by_contact(typed, beyond)
    except SharedByMany:
        return None
    found = persons(rows, typed, index)
    return found if len(found) <= MOST_SHARING else None
