"""The one connection to Temporal, made the same way by portal, console, workers and commands."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import TypeAlias

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RPCError, RPCStatusCode

import adapters.messaging.wiring  # noqa: F401 - registers the channels for every process
from security.codec import data_converter
from security.keys import KeyRing
from settings import Settings, UnreadableSettings
from workflows.search_attributes import DEPARTMENT, REASON, SINCE, STEP

Connection: TypeAlias = Client
"""What speaks to Temporal; pages only hand it on."""

SEARCH_ATTRIBUTES = {key.name: key.indexed_value_type for key in (STEP, REASON, DEPARTMENT, SINCE)}
RETENTION = timedelta(days=30)
DESK = "support-desk"
"""As whom staff connect: a history tells by it a code they asked for from a student's."""
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
        # Said by a standby cluster, as PostgreSQL says 25006, and of a run that is not ready yet.
        RPCStatusCode.FAILED_PRECONDITION,
    }
)
"""What Temporal, or a proxy before it, answers when it is away, full, ill or not the active one.

It is what the SDK itself tries again, and three more. All else is ours to mend.
"""


class TemporalUnavailable(Exception):
    """Temporal cannot be reached; only where `refused` is it certain that it took nothing."""

    def __init__(self, text: str = "Temporal cannot be reached", *, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


NO_ANSWER: tuple[type[Exception], ...] = (
    TemporalUnavailable,
    RPCError,
    TimeoutError,
    # The SDK raises nothing finer from a connection that was never made.
    RuntimeError,
)
"""What a call raises that brings no answer, be Temporal away or be it refusing us."""


@contextmanager
def asking() -> Iterator[None]:
    """Raise `TemporalUnavailable` where Temporal is away; errors of our own pass through."""
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
    """Read which server Temporal's configuration names; raises `UnreadableSettings` for none."""
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
) -> Client:
    """Connect by Temporal's own environment configuration; `lazy` connects at the first call.

    `identity` is what histories call who came by this connection; `answers` is for workers, who
    use the epoch of whoever called them. Raises `TemporalUnavailable`.
    """
    config = server(settings)
    with asking():
        return await Client.connect(
            **config,
            data_converter=data_converter(keys, answers=answers),
            lazy=lazy,
            identity=identity,
            runtime=_runtime(),
        )


@cache
def _runtime() -> Runtime:
    """Let the SDK's core speak through our logging, which redacts, instead of to the terminal."""
    levels = TelemetryFilter(core_level="WARN", other_level="ERROR")
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    return Runtime(
        telemetry=TelemetryConfig(logging=LoggingConfig(filter=levels, forwarding=forwarding))
    )


async def prepare_namespace(client: Client) -> list[str]:
    """Register the search attributes and the retention; returns the attributes that were new."""
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
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=namespace)
    )
    missing = {
        name: IndexedValueType.ValueType(kind)
        for name, kind in SEARCH_ATTRIBUTES.items()
        if name not in known.custom_attributes
    }
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=namespace, search_attributes=missing)
        )
    return [*missing]


async def missing_attributes(client: Client) -> list[str]:
    """Return the search attributes that are not there, or of another type."""
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return [
        name
        for name, kind in SEARCH_ATTRIBUTES.items()
        if known.custom_attributes.get(name, None) != IndexedValueType.ValueType(kind)
    ]
