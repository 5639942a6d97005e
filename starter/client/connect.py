"""Connects to Temporal, in the same way for portal, console, workers and commands."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import TypeAlias

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.service import RPCError, RPCStatusCode

import adapters.messaging.wiring  # noqa: F401 - registers the channels for every process
import postgres
from postgres import Pool
from security.codec import data_converter
from security.keys import KeyRing
from settings import Settings, UnreadableSettings
from starter.client.metrics import measured_runtime, runtime
from starter.client.traces import Tracing
from workflows.search_attributes import DEPARTMENT, REASON, SINCE, STEP

Connection: TypeAlias = Client
"""The Temporal client, under a name for code that only passes it on."""

SEARCH_ATTRIBUTES = {
    key.name: IndexedValueType.ValueType(key.indexed_value_type)
    for key in (STEP, REASON, DEPARTMENT, SINCE)
}
RETENTION = timedelta(days=30)
DESK = "support-desk"
"""The client identity of staff: histories tell by it their requests from the students'."""
AWAY = frozenset(
    {
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.ABORTED,
        RPCStatusCode.INTERNAL,
        RPCStatusCode.UNKNOWN,
        RPCStatusCode.DATA_LOSS,
        RPCStatusCode.OUT_OF_RANGE,
        # From a standby cluster (as PostgreSQL's 25006), and of a run that is not ready yet.
        RPCStatusCode.FAILED_PRECONDITION,
    }
)
"""The codes of Temporal, or a proxy, when it is unavailable, overloaded or not the active cluster.

These are the codes that the SDK retries, and three more. All others are errors on our side.
"""


class TemporalUnavailable(Exception):
    """Temporal is unavailable; with `refused` it is certain that it did not accept the call."""

    def __init__(self, text: str = "Temporal cannot be reached", *, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


NO_ANSWER: tuple[type[Exception], ...] = (
    TemporalUnavailable,
    RPCError,
    TimeoutError,
    # What the SDK raises when a lazy connection cannot be made.
    RuntimeError,
)
"""The exceptions of a call without an answer, whether Temporal is unavailable or refuses it."""


@contextmanager
def asking() -> Iterator[None]:
    """Translate errors of an unavailable Temporal to `TemporalUnavailable`; others pass through."""
    try:
        yield
    except RPCError as error:
        if error.status not in AWAY:
            raise
        refused = error.status is RPCStatusCode.RESOURCE_EXHAUSTED
        raise TemporalUnavailable(refused=refused) from None
    except TimeoutError:
        raise TemporalUnavailable from None
    except RuntimeError:
        raise TemporalUnavailable(refused=True) from None


def server(settings: Settings) -> ClientConnectConfig:
    """Return the server of Temporal's configuration; raises `UnreadableSettings` without one."""
    file = settings.temporal_config_file
    config = ClientConfig.load_client_connect_config(config_file=str(file) if file else None)
    if not config.get("target_host"):
        raise UnreadableSettings(
            "TEMPORAL_ADDRESS is not set, nor an address in Temporal's own file"
        )
    config.setdefault("namespace", settings.temporal_namespace)
    return config


async def connect(
    settings: Settings,
    keys: KeyRing,
    *,
    lazy: bool = False,
    identity: str | None = None,
    answers: bool = False,
    measured: bool = False,
    traced: Tracing | None = None,
) -> Client:
    """Connect by Temporal's own environment configuration; `lazy` connects at the first call.

    `identity` is this client's name in histories; `answers` is for workers, which encrypt with the
    key epoch of the caller; `measured` for processes with `metrics`; `traced` for those with
    `traces`. Raises `TemporalUnavailable`.
    """
    config = server(settings)
    with asking():
        return await Client.connect(
            **config,
            data_converter=data_converter(keys, answers=answers),
            lazy=lazy,
            identity=identity,
            interceptors=traced.interceptors if traced else (),
            runtime=measured_runtime()[0] if measured else runtime(),
        )


@asynccontextmanager
async def connections(
    settings: Settings,
    *,
    seconds: float,
    measured: bool,
    identity: str | None = None,
    traced: Tracing | None = None,
) -> AsyncIterator[tuple[KeyRing, Pool, Client]]:
    """Yield keys, ledger and Temporal's client of a process that serves pages.

    Both connect at the first call, so that the process starts while they are away. `seconds` is the
    time-out of a call to the ledger; the others are as for `connect`.
    """
    keys = KeyRing(settings.keys_dir)
    client = await connect(
        settings, keys, lazy=True, identity=identity, measured=measured, traced=traced
    )
    dsn = settings.ledger_dsn.get_secret_value()
    async with await postgres.connect(dsn, seconds=seconds) as pool:
        yield keys, pool, client
    if traced:
        await traced.close()


async def prepare_namespace(client: Client) -> list[str]:
    """Register the search attributes and the retention; returns the newly added attributes."""
    namespace = client.namespace
    try:
        register = RegisterNamespaceRequest(namespace=namespace)
        register.workflow_execution_retention_period.FromTimedelta(RETENTION)
        await client.workflow_service.register_namespace(register)
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
    update = UpdateNamespaceRequest(namespace=namespace)
    update.config.workflow_execution_retention_ttl.FromTimedelta(RETENTION)
    await client.workflow_service.update_namespace(update)
    known = await _known_attributes(client)
    missing = {name: kind for name, kind in SEARCH_ATTRIBUTES.items() if name not in known}
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=namespace, search_attributes=missing)
        )
    return [*missing]


async def missing_attributes(client: Client) -> list[str]:
    """Return the search attributes that are missing or of another type."""
    known = await _known_attributes(client)
    return [name for name, kind in SEARCH_ATTRIBUTES.items() if known.get(name) != kind]


async def _known_attributes(client: Client) -> Mapping[str, IndexedValueType.ValueType]:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    return (await client.operator_service.list_search_attributes(request)).custom_attributes
