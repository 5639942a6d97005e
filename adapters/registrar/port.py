"""Defines the registrar's port; another kind of registrar is another class of this protocol."""

from collections.abc import AsyncGenerator, Callable
from typing import Protocol

from domain.registrar.rows import Row
from domain.registrar.students import ContactQuery


class SharedByMany(Exception):
    """A contact is on file for more persons than can share a personal contact."""


class Registrar(Protocol):
    """Each method returns all rows of the people it finds, with the columns of `Column`.

    Values that mean nothing, such as a dash, may be left in: `domain.registrar.rows` reads them.
    Raises `adapters.errors.AdapterError` if there is no answer.
    """

    async def check_settings(self) -> None:
        """Raise an error that says in one line what to do if answers would not be reliable.

        While the registrar is away, nothing is raised.
        """

    async def by_contact(self, typed: ContactQuery, beyond: int = 0) -> list[Row]:
        """Return the people with a typed contact on file; raises `SharedByMany`.

        Returns nothing unless more than `beyond` rows have it.
        """

    async def by_insurance(self, number: str) -> list[Row]: ...

    async def by_number(self, *numbers: str) -> list[Row]:
        """Find student numbers in any spelling, each alone or as `system/number`."""

    async def by_login_name(self, name: str, others: Callable[[Row], bool]) -> list[Row]:
        """Find a lower-case login name in rows, live or not; raises `SharedByMany`.

        Returns nothing unless one of the rows with this name is of `others`.
        """

    async def by_surname(
        self, prefix: str, most: int, before: Callable[[Row], bool]
    ) -> tuple[list[Row], bool]:
        """Return the people of the first `most` rows, sorted by `before`, then by name.

        Also returns whether there are more.
        """

    def batches(self, department: str | None = None) -> AsyncGenerator[list[Row]]:
        """Yield every row of a department, or of all, once and some at a time."""
        ...

    async def crowded(self, most: int) -> set[str]:
        """Return the contacts, normalised, that more than `most` live rows have."""
