"""Which registrar the engine works with; another kind of registrar takes its place here alone."""

from collections.abc import AsyncIterator, Collection
from contextlib import aclosing, asynccontextmanager

from adapters.errors import AdapterError
from adapters.findings import Findings
from adapters.registrar import view, view_check
from adapters.registrar.port import Registrar
from domain.registrar.rows import Row
from settings.systems import RegistrarSettings


@asynccontextmanager
async def registrar_of(
    settings: RegistrarSettings, own: Collection[str] = ()
) -> AsyncIterator[Registrar]:
    """Open the registrar that the settings name; `own` are the university's mail domains.

    Raises `adapters.errors.AdapterError` where it cannot be reached.
    """
    pool = await view.reader(settings)
    try:
        yield view.View(pool, settings, own)
    finally:
        # Closing a pool waits for its server, which may hang.
        pool.terminate()


async def everybody(settings: RegistrarSettings) -> list[Row]:
    """Return every row of the registrar; raises as `registrar_of`."""
    async with registrar_of(settings) as registrar, aclosing(registrar.batches()) as batches:
        return [row async for batch in batches for row in batch]


def address(settings: RegistrarSettings) -> str:
    """Return the address of the registrar's server, with the password."""
    return settings.dsn.get_secret_value()


def checks(settings: RegistrarSettings) -> Findings:
    """Return what `activation doctor` checks of the registrar."""
    return view_check.check(settings)


def explain(error: AdapterError) -> str:
    """Return one line about an error of the registrar that names the setting to check."""
    return view.explain(error)
