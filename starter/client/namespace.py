"""Prepares Temporal's namespace: creates it when told, registers the search attributes, and waits.

What is there is left as it is: retention is set only when told, archival and all else never.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from starter.client.refusals import NO_NAMESPACE, is_no_namespace
from workflows.search_attributes import DEPARTMENT, REASON, SINCE, STEP

SEARCH_ATTRIBUTES = {
    key.name: IndexedValueType.ValueType(key.indexed_value_type)
    for key in (STEP, REASON, DEPARTMENT, SINCE)
}
_PATIENCE = 90.0
"""Seconds; Temporal's servers read namespaces and search attributes again every ten."""
_PAUSE = 0.5
_NOT_FOR_US = frozenset({RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED})
_QUERIES = {
    name: f"{name} < '2026-01-01T00:00:00Z'" if name == SINCE.name else f"{name} = 'x'"
    for name in SEARCH_ATTRIBUTES
}


class Unprepared(Exception):
    """The namespace cannot be used; the text says in one line what to do."""


async def make_ready(
    client: Client,
    retention: timedelta,
    *,
    create: bool = False,
    set_retention: bool = False,
    say: Callable[[str], object] = lambda _: None,
) -> None:
    """Say what was done or was there; idempotent, also when two run at once.

    `retention` is given to a namespace that is created, and to another only with `set_retention`.
    Raises `Unprepared`, and RPCError as any call.
    """
    name, kept = f"namespace {client.namespace}", await find_retention(client)
    if kept is None:
        if not create:
            raise Unprepared(f"{name}: {NO_NAMESPACE}")
        await _create(client, retention)
        say(f"{name}: created, keeps closed histories for {retention.days} days")
    elif set_retention and kept != retention:
        await _set_retention(client, retention)
        say(f"{name}: keeps closed histories for {retention.days} days now, not {kept.days}")
    else:
        say(f"{name}: was there, keeps closed histories for {kept.days} days")
    # Another run of this command, or of anything else, may have created it a moment ago.
    await _until(lambda: _can_ask(client), f"{name} cannot be used")
    added = await _add_attributes(client)
    await _until(lambda: _can_ask(client, *_QUERIES), "the search attributes cannot be used")
    was_there = [name for name in SEARCH_ATTRIBUTES if name not in added]
    for what, names in (("added", added), ("was there", was_there)):
        if names:
            say(f"search attributes: {what}: {', '.join(names)}")


async def find_retention(client: Client) -> timedelta | None:
    """Return how long the namespace keeps closed histories; None if there is no namespace."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        described = await client.workflow_service.describe_namespace(request)
    except RPCError as error:
        if is_no_namespace(error):
            return None
        raise
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


async def missing_attributes(client: Client) -> list[str]:
    """Return the search attributes that are missing or of another type.

    Where clients may not list them, as in Temporal Cloud, those that no query may name.
    """
    known = await _known_attributes(client)
    if known is not None:
        return [name for name, kind in SEARCH_ATTRIBUTES.items() if known.get(name) != kind]
    return [name for name in _QUERIES if not await _can_ask(client, name)]


async def _create(client: Client, retention: timedelta) -> None:
    request = RegisterNamespaceRequest(namespace=client.namespace)
    request.workflow_execution_retention_period.FromTimedelta(retention)
    try:
        await client.workflow_service.register_namespace(request)
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:
            return
        if error.status not in _NOT_FOR_US:
            raise
        raise Unprepared(
            "this client may not create a namespace, as in Temporal Cloud: create it there, by its"
            f" web page or tcld namespace create, with a retention of {retention.days} days, and"
            " run this again without --create-namespace"
        ) from None


async def _set_retention(client: Client, retention: timedelta) -> None:
    request = UpdateNamespaceRequest(namespace=client.namespace)
    request.config.workflow_execution_retention_ttl.FromTimedelta(retention)
    try:
        await client.workflow_service.update_namespace(request)
    except RPCError as error:
        if error.status not in _NOT_FOR_US:
            raise
        raise Unprepared(
            "this client may not set the retention, as in Temporal Cloud: set it there, by its web"
            f" page or tcld namespace retention set --retention-days {retention.days}"
        ) from None


async def _add_attributes(client: Client) -> list[str]:
    """Register what is missing, and return it."""
    missing = await missing_attributes(client)
    if not missing:
        return []
    kinds = {name: SEARCH_ATTRIBUTES[name] for name in missing}
    known = await _known_attributes(client) or {}
    if other := [name for name in missing if known.get(name, kinds[name]) != kinds[name]]:
        raise Unprepared(
            f"there are search attributes of another type than {_listed(other)}, which Temporal"
            " does not change: if nothing else uses them, remove them by temporal operator"
            " search-attribute remove, and run this again"
        )
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=kinds)
    try:
        await client.operator_service.add_search_attributes(request)
    except RPCError as error:
        if error.status in _NOT_FOR_US:
            raise Unprepared(
                f"search attributes are missing: {_listed(missing)}. This client may not add any,"
                " as in Temporal Cloud: add them there, by its web page or tcld namespace"
                " search-attributes add, and run this again"
            ) from None
        if await missing_attributes(client):
            raise Unprepared(
                f"Temporal does not add the search attributes {_listed(missing)}: {error.message}"
            ) from None
        return []  # Another run of this command has added them.
    return missing


async def _known_attributes(client: Client) -> Mapping[str, IndexedValueType.ValueType] | None:
    """Return the search attributes and their types; None where clients may not list them."""
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        return (await client.operator_service.list_search_attributes(request)).custom_attributes
    except RPCError as error:
        if error.status not in _NOT_FOR_US:
            raise
        return None


async def _can_ask(client: Client, *names: str) -> bool:
    """Tell whether runs of the namespace can be counted, by these attributes."""
    try:
        await client.count_workflows(" AND ".join(_QUERIES[name] for name in names))
    except RPCError as error:
        if error.status in (RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.NOT_FOUND):
            return False
        raise
    return True


async def _until(met: Callable[[], Awaitable[bool]], otherwise: str) -> None:
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while not await met():
        if asyncio.get_running_loop().time() > deadline:
            raise Unprepared(f"{otherwise} after {_PATIENCE:.0f} seconds: run this again")
        await asyncio.sleep(_PAUSE)


def _listed(names: list[str]) -> str:
    """Return attributes with their types, as tcld takes them."""
    kinds = {name: IndexedValueType.Name(SEARCH_ATTRIBUTES[name]) for name in names}
    words = {name: kind.removeprefix("INDEXED_VALUE_TYPE_").title() for name, kind in kinds.items()}
    return ", ".join(f"{name}={word}" for name, word in words.items())
