"""Connects to Temporal, in the same way for portal, console, workers and commands."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeAlias

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

import adapters.messaging.wiring  # noqa: F401 - registers the channels for every process
import postgres
from postgres import Pool
from security.codec import data_converter
from security.keys import KeyRing
from settings import Settings
from starter.client import refusals
from starter.client.environment import keeping_key, server
from starter.client.metrics import measured_runtime, runtime
from starter.client.traces import Tracing

Connection: TypeAlias = Client
"""The Temporal client, under a name for code that only passes it on."""

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
    """Temporal is unavailable; with `refused` it is certain that it did not accept the call.

    `why` is a sentence of `starter.client.refusals`, or empty.
    """

    def __init__(self, why: str = "", *, refused: bool = False) -> None:
        super().__init__(": ".join(filter(None, ("Temporal cannot be reached", why))))
        self.why, self.refused = why, refused


NO_ANSWER: tuple[type[Exception], ...] = (
    TemporalUnavailable,
    RPCError,
    TimeoutError,
    # What the SDK raises when a lazy connection cannot be made.
    RuntimeError,
)
"""The exceptions of a call without an answer, whether Temporal is unavailable or refuses it."""


@contextmanager
def asking(tls: TLSConfig | bool | None = None) -> Iterator[None]:
    """Translate errors of an unavailable Temporal to `TemporalUnavailable`; others pass through.

    `tls` is that of a first connection.
    """
    try:
        yield
    except RPCError as error:
        if error.status not in AWAY:
            raise
        refused = error.status is RPCStatusCode.RESOURCE_EXHAUSTED
        raise TemporalUnavailable(refusals.why(error, tls), refused=refused) from None
    except TimeoutError:
        raise TemporalUnavailable from None
    except RuntimeError as error:
        raise TemporalUnavailable(refusals.why(error, tls), refused=True) from None


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
    `traces`. Raises `TemporalUnavailable`, and `UnreadableSettings` if the configuration cannot be
    used.
    """
    config = server(settings)
    with asking(config.get("tls", False)):
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
    async with await postgres.connect(dsn, seconds=seconds) as pool, keeping_key(settings, client):
        yield keys, pool, client
    if traced:
        await traced.close()
