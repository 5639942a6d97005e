"""Pages of a list that the ledger counts and reads, by number."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

_Row_co = TypeVar("_Row_co", covariant=True)


@dataclass(frozen=True)
class NumberedPage(Generic[_Row_co]):
    """Page `number` of `pages` with its rows, of `total` on all pages."""

    rows: Sequence[_Row_co]
    number: int
    pages: int
    total: int


class Read(Protocol[_Row_co]):
    """Reads rows of a list."""

    def __call__(self, *, limit: int, offset: int) -> Awaitable[Sequence[_Row_co]]: ...


async def numbered(
    number: int, total: int, read: Read[_Row_co], *, per_page: int
) -> NumberedPage[_Row_co]:
    """Return page `number`, or the nearest there is."""
    pages = max(-(-total // per_page), 1)
    number = min(max(number, 1), pages)
    rows = await read(limit=per_page, offset=(number - 1) * per_page) if total else []
    return NumberedPage(rows, number, pages, total)
