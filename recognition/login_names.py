"""Asks the registrar whether a person's login name is another human's too."""

from adapters.registrar.port import Registrar, SharedByMany
from domain.contracts.people import Person, SharedLogin
from domain.registrar.humans import humans
from domain.registrar.login_names import LoginNames
from domain.usernames import unusable
from settings import Settings


async def marked(registrar: Registrar, person: Person, settings: Settings) -> Person:
    """Return the person with `login_shared`; a name that nobody is given is not asked about.

    Raises `adapters.errors.AdapterError` where the registrar does not answer.
    """
    name = person.login_name
    if not name or unusable(name, settings.usernames.reserved):
        return person
    try:
        rows = await registrar.by_login_name(name)
    except SharedByMany:
        return person.model_copy(update={"login_shared": SharedLogin.GIVEN})
    region, own = settings.registrar.phone_region, settings.institution.mail_domains
    return LoginNames(humans(rows, region, own)).marked(person)
