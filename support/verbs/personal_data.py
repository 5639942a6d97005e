"""Exports everything that ledger and Temporal hold on one person, without codes and passwords."""

import json
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Any

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload

from ledger import persons, used_again
from support.verbs import payloads
from support.verbs.erasure import traced, workflows
from support.verbs.histories import UnknownReference, describe, events_of
from support.verbs.staff import Action, StaffContext

_ROWS_OF_OTHERS = ("alike", "apart")
NOT_ASKED = (
    "The registrar did not answer: what is stored under another number or contact of the person may"
    " be missing. Repeat this when it answers."
)


async def export(
    ctx: StaffContext, *, person: str, reason: str, requests: Collection[str] = ()
) -> dict[str, Any]:
    """Return all of it, after a row of the audit for each activation; raises `NotAllowed`.

    Records of other persons, who have the same contact, are left out of the histories; their
    requests for help too, unless they are among `requests`.
    """
    ctx.staff.check(Action.EXPORT)
    found, complete, _ = await traced(ctx, person, requests)
    await ctx.record_each(Action.EXPORT, found.references or [None], reason)
    told = await persons.held(ctx.pool, ctx.keys, found)
    own = set(found.keys)
    for reference in found.references:
        own.update(await used_again.noted(ctx.pool, reference))
    histories: dict[str, list[Any]] = {}
    for name in await workflows(ctx, found):
        with suppress(UnknownReference):
            histories[name] = without_others(await _history(ctx, name), own)
    return {
        "registrar": "asked" if complete else NOT_ASKED,
        "undecided_requests": found.undecided,
        "requests_without_effect": found.without_effect(requests),
        "ledger": told,
        "temporal": histories,
    }


def without_others(value: Any, keys: Collection[str]) -> Any:
    """Return a decoded payload without the registrar's rows of persons who have none of the keys.

    Rows of others who may be the same human are left out of the person's own record.
    """
    if isinstance(value, list):
        return [without_others(each, keys) for each in value if not _is_anothers(each, keys)]
    if isinstance(value, dict):
        return {
            name: without_others(each, keys)
            for name, each in value.items()
            if name not in _ROWS_OF_OTHERS and not _is_anothers(each, keys)
        }
    return value


def _is_anothers(value: Any, keys: Collection[str]) -> bool:
    if not isinstance(value, dict) or value.get("kind") != "person":
        return False
    return {value["person_key"], *value.get("other_keys", ())}.isdisjoint(keys)


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
