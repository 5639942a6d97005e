"""Exports everything that ledger and Temporal hold on one person, without codes and passwords."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload

from domain.contracts.vocabulary import answer_workflow_id, support_workflow_id
from ledger import persons
from support.verbs import payloads
from support.verbs.erasure import traced
from support.verbs.histories import UnknownReference, describe, events_of
from support.verbs.staff import Action, StaffContext

NOT_ASKED = (
    "The registrar did not answer: what is stored under another number or contact of the person may"
    " be missing. Repeat this when it answers."
)


async def export(ctx: StaffContext, *, person: str, reason: str) -> dict[str, Any]:
    """Return all of it, after a row of the audit for each activation; raises `NotAllowed`."""
    ctx.staff.check(Action.EXPORT)
    found, complete = await traced(ctx, person)
    await ctx.record_each(Action.EXPORT, found.references or [None], reason)
    told = await persons.held(ctx.pool, ctx.keys, found)
    asked = [each["id"] for each in told["support_request"]]
    names = [*found.references, *map(support_workflow_id, asked), *map(answer_workflow_id, asked)]
    histories: dict[str, list[Any]] = {}
    for name in names:
        with suppress(UnknownReference):
            histories[name] = await _history(ctx, name)
    return {
        "registrar": "asked" if complete else NOT_ASKED,
        "ledger": told,
        "temporal": histories,
    }


async def _history(ctx: StaffContext, name: str) -> list[Any]:
    events, _ = await events_of(ctx.client, await describe(ctx.client, name))
    boxes = [box for event in events for box in _payloads(event)]
    clear = await payloads.decode(ctx, boxes)
    values = [json.loads(each.data) for each in clear if each.data]
    return [each for each in values if each is not None]


def _payloads(message: Message) -> Iterator[Payload]:
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if not field.is_repeated:
            yield from _payloads(value)
        else:
            for each in value.values() if hasattr(value, "values") else value:
                if isinstance(each, Message):
                    yield from _payloads(each)
