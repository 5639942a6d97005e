"""Names departments, whose codes alone the ledger and Temporal's lists have.

A name is the registrar's, as an activation of the department read it; each is read once a process.
"""

import asyncio
from collections.abc import Mapping

from ledger import departments
from postgres import UNAVAILABLE
from starter.client.connect import TemporalUnavailable
from support.verbs import cases
from support.verbs.histories import UnknownReference
from support.verbs.staff import StaffContext

_MOST = 20
"""So many are read for one page; the others show their code until the next one."""


class DepartmentNames:
    """The names that one process has learned, by code and language."""

    def __init__(self) -> None:
        self._names: dict[str, Mapping[str, str]] = {}

    def name(self, code: str | None, language: str) -> str:
        """Return the department's name, else its code, else a dash."""
        return self._names.get(code or "", {}).get(language) or code or "-"

    async def learn(self, ctx: StaffContext) -> list[str]:
        """Return the codes in this person's sight that have activations in progress."""
        try:
            found = await departments.in_progress(ctx.pool, ctx.staff.departments)
        except UNAVAILABLE:
            return []
        unknown = [each for each in found if each not in self._names][:_MOST]
        told = await asyncio.gather(*(_read(ctx, found[each]) for each in unknown))
        self._names |= {
            each: names for each, names in zip(unknown, told, strict=True) if names is not None
        }
        return [*found]


async def _read(ctx: StaffContext, reference: str) -> Mapping[str, str] | None:
    try:
        return await cases.department(ctx.client, reference)
    except (TemporalUnavailable, UnknownReference):
        return None
