"""Finds login names of the registrar that several humans have; pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from domain.contracts.people import Person, SharedLogin
from domain.registrar.rows import Row
from domain.registrar.students import enrolled, login_name, login_names


class LoginNames:
    """Counts how many humans have each login name, as their current one or on any row."""

    def __init__(self, humans: Iterable[Sequence[Row]]) -> None:
        every = list(humans)
        self._given = Counter(login_name(enrolled(rows)) for rows in every)
        self._on_file = Counter(name for rows in every for name in login_names(rows))

    def shared(self, name: str | None) -> SharedLogin | None:
        """Return who else has a login name that is one human's current one; None if nobody."""
        if name and self._given[name] > 1:
            return SharedLogin.GIVEN
        return SharedLogin.ON_FILE if name and self._on_file[name] > 1 else None

    def marked(self, person: Person) -> Person:
        """Return one of the humans with `login_shared` and `shared_logins`."""
        return mark(person, {name: self.shared(name) for name in person.login_names})


def mark(person: Person, shared: Mapping[str, SharedLogin | None]) -> Person:
    """Return the person with `login_shared` and `shared_logins`; `shared` is by login name."""
    names = tuple(name for name in person.login_names if shared.get(name))
    today = shared.get(person.login_name or "")
    return person.model_copy(update={"login_shared": today, "shared_logins": names})
