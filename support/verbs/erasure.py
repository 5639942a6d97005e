"""Erases a closed activation: first from Temporal, then from the ledger.

The ledger holds the ids of what is in Temporal, so it is erased last, and repeating an interrupted
erasure completes it. The account in the directory is not changed.
"""

import re
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, WorkflowExecutionStatus

from domain.contracts.vocabulary import (
    answer_workflow_id,
    support_workflow_id,
    withdrawal_workflow_id,
)
from domain.counting import Counting, not_counted
from domain.references import normalise
from ledger import clock, erased_list, erasure, persons
from ledger.erased_list import Erased, ErasedKind
from ledger.erasure import Traces
from ledger.traced import NobodyNamed, NumberUsedAgain, Traced, trace
from starter.client import runs
from starter.client.connect import asking
from starter.output import UserError
from support.verbs import registrar_person
from support.verbs.actions import ActionRefused
from support.verbs.histories import UnknownReference, describe
from support.verbs.registrar_person import Asked
from support.verbs.staff import Action, StaffContext
from translations import N_
from web import times

_ID = re.compile(r"[\w-]{1,255}", re.ASCII)
_AGAIN = "listed erasures, after a restore"


class UnknownPerson(UserError):
    """Neither a reference nor a number of somebody of whom the ledger has anything."""

    def __init__(self) -> None:
        super().__init__("the ledger has nothing of such a person")


class Found(NamedTuple):
    """A person's traces; not `complete` if the registrar was asked and did not answer.

    `remaining` tells by activation of others, who have a contact of the person too, until when
    Temporal keeps its history, in which this person may be; None: the activation is not over.
    """

    person: Traced
    complete: bool
    remaining: Mapping[str, datetime | None] = {}


class ErasurePreview(NamedTuple):
    """How many rows and runs would be erased, by store; `complete` as in `Found`."""

    numbers: Mapping[str, int]
    complete: bool


class _Run(NamedTuple):
    execution: WorkflowExecution
    running: bool


async def erase(ctx: StaffContext, *, reference: str, reason: str) -> None:
    """Erase the activation; idempotent. Raises `ActionRefused` while it or a withdrawal is open."""
    ctx.staff.check(Action.ERASE)
    traces = await erasure.traces(ctx.pool, reference)
    ended = await _ended_runs(ctx.client, _workflows(reference, traces))
    if not (traces or ended) or not ctx.staff.sees(traces.department if traces else None):
        raise UnknownReference
    await _list(ctx, [Erased(ErasedKind.ACTIVATION, reference)], ended)
    await ctx.record(Action.ERASE, reference, reason)
    for run in ended:
        await runs.delete(ctx.client, run.execution)
    await erasure.erase(ctx.pool, ctx.keys, reference)


async def preview(
    ctx: StaffContext, *, person: str, requests: Collection[str] = ()
) -> ErasurePreview:
    """Return by store how many rows and runs `erase_person` would delete or empty.

    Raises as it does.
    """
    ctx.staff.check(Action.ERASE)
    found, complete, _ = await traced(ctx, person, requests)
    ended = await _ended_runs(ctx.client, await workflows(ctx, found))
    held = await persons.held(ctx.pool, ctx.keys, found)
    numbers = {table: len(rows) for table, rows in held.items() if rows and table != "audit"}
    return ErasurePreview(numbers | {"runs in Temporal": len(ended)}, complete)


async def erase_person(
    ctx: StaffContext, *, person: str, reason: str, requests: Collection[str] = ()
) -> Found:
    """Erase all activations of a person, and their requests for help without one; idempotent.

    `requests` are theirs although others have the contact too. Nothing is erased while an
    activation or a withdrawal is open. Raises `UnknownPerson` without any trace.
    """
    ctx.staff.check(Action.ERASE)
    found, complete, _ = await traced(ctx, person, requests)
    remaining = await _remaining(ctx.client, found.others)
    ended = await _ended_runs(ctx.client, await workflows(ctx, found))
    named = {
        ErasedKind.ACTIVATION: found.references,
        ErasedKind.PERSON: found.keys,
        ErasedKind.REQUEST: found.requests,
    }
    await _list(ctx, [Erased(kind, each) for kind in named for each in named[kind]], ended)
    await ctx.record_each(Action.ERASE, found.references or [None], reason)
    for run in ended:
        await runs.delete(ctx.client, run.execution)
    await erasure.forget_requests(ctx.pool, found.requests)
    for reference in found.references:
        await erasure.erase(ctx.pool, ctx.keys, reference)
    await erasure.forget(ctx.pool, ctx.keys, found.keys)
    return Found(found, complete, remaining)


async def erase_again(
    ctx: StaffContext,
    erased: Mapping[Erased, datetime],
    *,
    counted: Counting = not_counted,
) -> None:
    """Erase what is listed where a restore of ledger or Temporal brought it back; idempotent.

    What is open again is ended: it was over when it was erased.
    """
    ctx.staff.check(Action.ERASE)
    references = [each.name for each in erased if each.kind is ErasedKind.ACTIVATION]
    await ctx.record_each(Action.ERASE, references or [None], _AGAIN)
    names = {each.name for each in erased if each.kind is ErasedKind.WORKFLOW}
    names.update(references)
    for done, name in enumerate(sorted(names)):
        counted(done, len(names))
        for run in [run async for run in _runs(ctx.client, name)]:
            await runs.delete(ctx.client, run.execution)
    async with ctx.pool.acquire() as connection, connection.transaction():
        for each, at in erased.items():
            await erased_list.erase_again(connection, ctx.keys, each, at)


async def _list(ctx: StaffContext, erased: Iterable[Erased], ended: Iterable[_Run]) -> None:
    """List outside the ledger what is about to be erased, for the next restore."""
    path = ctx.settings.erasures_file
    if path is None:
        return
    names = sorted({run.execution.workflow_id for run in ended})
    runs_too = (Erased(ErasedKind.WORKFLOW, name) for name in names)
    try:
        erased_list.append(path, await clock.now(ctx.pool), [*erased, *runs_too])
    except OSError:
        raise ActionRefused(
            N_("The list of erasures cannot be written (erasures_file): nothing was erased.")
        ) from None


async def traced(ctx: StaffContext, person: str, requests: Collection[str] = ()) -> Found:
    """Find a person by a reference or a number; raises `UnknownPerson` or `ActionRefused`.

    The registrar tells the other numbers of a person. Without its answer those are known that the
    ledger has of an account or an import.
    """
    try:
        asked = Asked() if normalise(person) else await registrar_person.on_file(ctx, person)
        found = await trace(
            ctx.pool,
            ctx.keys,
            person,
            region=ctx.settings.registrar.phone_region,
            on_file=asked.on_file,
            decided=requests,
        )
    except NumberUsedAgain:
        raise ActionRefused(
            N_("This number was another person's before: give the reference of an activation.")
        ) from None
    except NobodyNamed:
        raise ActionRefused(
            N_(
                "This activation does not show whose it is, and its contact is also a"
                " known person's: give the student's number, or the reference of another"
                " activation."
            )
        ) from None
    if ctx.staff.departments is not None or not await persons.known(ctx.pool, found):
        raise UnknownPerson
    return Found(found, asked.answered)


async def _remaining(client: Client, references: Iterable[str]) -> dict[str, datetime | None]:
    """Return until when Temporal keeps the histories of these activations, those that it has."""
    found: dict[str, datetime | None] = {}
    for reference in references:
        with suppress(UnknownReference):
            found[reference] = (await describe(client, reference)).close_time
    if found:
        request = DescribeNamespaceRequest(namespace=client.namespace)
        with asking():
            namespace = await client.workflow_service.describe_namespace(
                request, timeout=times.CONSOLE_RPC
            )
        kept = namespace.config.workflow_execution_retention_ttl.ToTimedelta()
        return {each: at + kept if at else None for each, at in found.items()}
    return found


async def workflows(ctx: StaffContext, found: Traced) -> list[str]:
    """Return the ids of the person's workflows."""
    names = [support_workflow_id(each) for each in found.requests]
    names += [answer_workflow_id(each) for each in found.requests]
    for reference in found.references:
        names += _workflows(reference, await erasure.traces(ctx.pool, reference))
    return names


def _workflows(reference: str, traces: Traces | None) -> list[str]:
    if traces is None:
        return [reference]
    return [
        reference,
        *map(support_workflow_id, traces.requests),
        *map(answer_workflow_id, traces.requests),
        *(withdrawal_workflow_id(reference, each) for each in traces.consents),
    ]


async def _ended_runs(client: Client, names: Iterable[str]) -> list[_Run]:
    """Return every run of these workflows; raises `ActionRefused` while one is open.

    Letters that are under way do not count: their deletion ends them. A stranger could otherwise
    prevent an erasure by a request for help that no mail server takes.
    """
    runs = [run for name in names async for run in _runs(client, name)]
    if any(run.running and not _is_letter(run) for run in runs):
        raise ActionRefused(N_("The activation, or a withdrawal of it, is still in progress."))
    return runs


def _is_letter(run: _Run) -> bool:
    letters = support_workflow_id(""), answer_workflow_id("")
    return run.execution.workflow_id.startswith(letters)


async def _runs(client: Client, workflow_id: str) -> AsyncIterator[_Run]:
    """Yield the newest run, which visibility may not list yet, and the runs before it.

    What is no id of a workflow, in a row that the engine has not written, has none.
    """
    if not _ID.fullmatch(workflow_id):
        return
    newest = None
    with suppress(UnknownReference):
        newest = await describe(client, workflow_id)
    if newest:
        running = newest.status is WorkflowExecutionStatus.RUNNING
        yield _Run(WorkflowExecution(workflow_id=newest.id, run_id=newest.run_id), running)
    with asking():
        listed = client.list_workflows(
            f"WorkflowId = '{workflow_id}'", rpc_timeout=times.CONSOLE_RPC
        )
        known = [execution async for execution in listed]
    for older in known:
        if newest is None or older.run_id != newest.run_id:
            execution = WorkflowExecution(workflow_id=workflow_id, run_id=older.run_id)
            yield _Run(execution, running=False)
