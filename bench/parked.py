"""Starts many activations that wait for their code, as the portal does but without a browser.

Each is a running workflow of a student in the registrar: it looked them up, sent the code by e-mail
and stands at the step of the code with its search attributes.
"""

import asyncio
import random
import secrets
from collections.abc import Sequence

from demo.crowd import World, invent
from demo.students import Row
from domain.contacts import emails_on_file
from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import Step
from domain.references import from_digest
from ledger import activations
from starter.client.connect import TemporalUnavailable
from support.commands.terminal import staff_context
from support.verbs.cases import OPEN
from support.verbs.staff import StaffContext
from workflows.search_attributes import STEP

_AT_ONCE = 8
_BATCH = 100
_PATIENCE_SECONDS = 600.0
_AT_THE_CODE = f"{OPEN} AND {STEP.name} = '{Step.PIN}'"


def fill(world: World, wanted: int) -> None:
    """Start activations until so many wait for their code."""
    known = world.enrolled()
    draw = random.Random(known)  # noqa: S311 - invented people need no secrecy
    lacking = wanted - asyncio.run(_parked())
    rows = [invent(n, draw) for n in range(known + 1, known + lacking + 1)]
    if rows:
        world.enrol(rows)
        asyncio.run(_start_all(rows, wanted))


async def _parked() -> int:
    async with staff_context() as opened:
        return await parked(opened)


async def _start_all(rows: Sequence[Row], wanted: int) -> None:
    async with staff_context() as opened:
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(row: Row) -> None:
            async with turns:
                await _start(opened, row)

        for at in range(0, len(rows), _BATCH):
            batch = rows[at : at + _BATCH]
            await asyncio.gather(*map(one, batch))
            # Batch by batch, so that the worker is never far behind.
            await _until_parked(opened, wanted - len(rows) + at + len(batch))


async def _start(opened: StaffContext, row: Row) -> None:
    reference = from_digest(secrets.token_bytes(5))
    start = ActivationStart(reference=reference, email=emails_on_file(row["extemail"])[0])
    await activations.begin(
        opened.pool,
        opened.keys,
        reference=reference,
        language=start.language,
        mobile=None,
        email=start.email,
    )
    while True:
        try:
            await opened.activations.start(start)
        except TemporalUnavailable:  # On a busy machine; a start is idempotent.
            await asyncio.sleep(1)
        else:
            return


async def _until_parked(opened: StaffContext, wanted: int) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while await parked(opened) < wanted:  # noqa: ASYNC110 - Temporal counts
            await asyncio.sleep(0.3)


async def parked(opened: StaffContext) -> int:
    """Return how many activations wait for their code."""
    return (await opened.client.count_workflows(_AT_THE_CODE)).count


async def some_parked(opened: StaffContext, count: int) -> list[str]:
    """Return the references of some that wait for their code, drawn from all of them."""
    found = [each.id async for each in opened.client.list_workflows(_AT_THE_CODE, page_size=1000)]
    return random.Random(1).sample(found, min(count, len(found)))  # noqa: S311 - as above
