"""Asks the registrar whether another human has a person's login name too."""

from collections.abc import Callable

from adapters.registrar.port import Registrar, SharedByMany
from domain.contracts.people import Person, SharedLogin
from domain.registrar.humans import humans
from domain.registrar.login_names import LoginNames, mark
from domain.registrar.rows import Row, enrolment
from domain.usernames import unusable
from settings import Settings


async def marked(
    registrar: Registrar, person: Person, index: Callable[[str], str], settings: Settings
) -> Person:
    """Return the person with `login_shared` and `shared_logins`; `index` makes persons' keys.

    Names that cannot be usernames are skipped. Raises `adapters.errors.AdapterError` if the
    registrar does not answer.
    """

    def is_another(row: Row) -> bool:
        return index(enrolment(row)) not in person.keys

    region, own = settings.registrar.phone_region, settings.institution.mail_domains
    shared: dict[str, SharedLogin | None] = {}
    for name in person.login_names:
        if unusable(name):
            continue
        try:
            rows = await registrar.by_login_name(name, is_another)
            shared[name] = LoginNames(humans(rows, region, own)).shared(name)
        except SharedByMany:
            shared[name] = SharedLogin.GIVEN
    return mark(person, shared)
