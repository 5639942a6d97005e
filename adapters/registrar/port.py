"""What the engine asks of a registrar; another kind of registrar is another class of this form."""

from collections.abc import Callable
from typing import Protocol

from domain.registrar.rows import Row
from domain.registrar.students import ContactQuery


class SharedByMany(Exception):
    """A contact is on file for more persons than a contact of somebody's own can be."""


class Registrar(Protocol):
    """Each question brings every row of the people it finds, with the columns of `settings.Column`.

    What is no value, such as a dash, may stand there as it is: `domain.registrar.rows` reads it.
    Raises `adapters.errors.AdapterError` where there is no answer.
    """

    async def by_contact(self, typed: ContactQuery) -> list[Row]:
        """Return the people who have a typed contact on file; raises `SharedByMany`."""

    async def by_insurance(self, number: str) -> list[Row]: ...

    async def by_number(self, number: str) -> list[Row]:
        """Find a student number as people write it, alone or as `system/number`."""

    async def by_login_name(self, name: str) -> list[Row]:
        """Return the people one of whose rows, live or not, has a login name in small letters.

        Raises `SharedByMany`.
        """

    async def by_surname(
        self, prefix: str, most: int, before: Callable[[Row], bool]
    ) -> tuple[list[Row], bool]:
        """Return the people of the first `most` rows by name, and whether there are more.

        Rows that `before` picks come before all others.
        """

    async def everybody(self) -> list[Row]:
        """Return every row there is, once; this may take minutes."""
