"""Readiness checks behind /readyz, and the server of a process's probes and metrics."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Annotated, Protocol
from weakref import WeakSet

import structlog
import typer
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from ledger import key_checks, migrate
from ledger.refusals import passed_over, refuses
from postgres import NO_RESULT, Pool
from security.keys import KeyRing
from settings.pages import Console, Portal
from starter.client import refusals
from starter.client.connect import NO_ANSWER, TemporalUnavailable, asking
from starter.client.metrics import CONTENT_TYPE, exposition
from starter.client.namespace import missing_attributes
from starter.output import Failed
from web import times
from web.serving import PromptProtocol

log = structlog.get_logger(__name__)

_STOP_WITHIN = 3
"""Seconds of graceful shutdown for a running probe."""

_HAVE_ATTRIBUTES: WeakSet[Client] = WeakSet()

HealthPort = Annotated[
    int | None, typer.Option(help="Serve /healthz, /readyz and /metrics on this port.")
]
HealthHost = Annotated[
    str | None, typer.Option(help="Its address, with --health-port; default: 127.0.0.1.")
]
Answers = dict[str, bool | list[str]]
Ready = Callable[[], Awaitable[Answers]]
Metrics = Callable[[], Awaitable[bytes]]


class PortTaken(Exception):
    """No port for the probes; the text says in one line what to do."""


def address_of_probes(port: int | None, host: str | None) -> tuple[str, int] | None:
    """Return where these options of a command serve the probes; None: nowhere."""
    if host and not port:
        raise Failed("--health-host goes with --health-port: without a port nothing is served")
    return (host or "127.0.0.1", port) if port else None


async def temporal_answers(client: Client) -> bool:
    """Tell whether Temporal answers for our namespace; a cause that is known is logged."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        async with asyncio.timeout(times.READY.total_seconds()):
            await client.workflow_service.describe_namespace(request, timeout=times.READY)
    except NO_ANSWER as error:
        if cause := refusals.why(error, client.service_client.config.tls or False):
            log.warning("Temporal does not serve this process", cause=cause)
        return False
    return True


async def temporal_ready(client: Client) -> bool:
    """Tell whether Temporal answers and has our search attributes, which are checked once."""
    if not await temporal_answers(client):
        return False
    if client not in _HAVE_ATTRIBUTES:
        try:
            with asking():
                async with asyncio.timeout(times.READY.total_seconds()):
                    if await missing_attributes(client):
                        return False
        except TemporalUnavailable:
            return False
        except RPCError:
            pass  # Without the right to list them the attributes are taken as present.
        _HAVE_ATTRIBUTES.add(client)
    return True


async def ledger_answers(pool: Pool) -> bool:
    try:
        async with asyncio.timeout(times.READY.total_seconds()):
            return bool(await pool.fetchval("SELECT 1"))
    except NO_RESULT as error:
        refuses(error)
        return False


async def ledger_fits(pool: Pool, keys: KeyRing) -> Answers:
    """Return what is wrong in the ledger (schema or keys); empty also if it does not answer."""
    wrong: Answers = {}
    with passed_over():
        async with asyncio.timeout(times.READY.total_seconds()):
            if await migrate.missing(pool):
                wrong["schema"] = False
            if other := await key_checks.other(pool, keys.checks()):
                wrong |= {"keys": False, "other_keys": [*other]}
    return wrong


@asynccontextmanager
async def probes(
    host: str, port: int, ready: Ready, measured: Metrics, *, processes: int = 1
) -> AsyncIterator[None]:
    """Serve /healthz, /readyz and /metrics apart from any pages.

    Each of several processes takes the first free port from `port` on.
    """

    async def readyz(_: Request) -> Response:
        return readiness(await ready())

    async def metrics(_: Request) -> Response:
        return Response(await measured(), media_type=CONTENT_TYPE)

    routes = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
    app = Starlette(routes=[Route(path, page) for path, page in routes.items()])
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            http=PromptProtocol,
            timeout_graceful_shutdown=_STOP_WITHIN,
        )
    )
    with _listening(host, range(port, port + processes)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


def _listening(host: str, ports: range) -> socket.socket:
    """Listen on the first free one of these ports; raises `PortTaken`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in ports:
        with suppress(OSError):
            return socket.create_server((host, port), family=family)
    raise PortTaken(
        f"cannot listen on {host}, port {ports[0]}: correct --health-port or health_port"
    )


@asynccontextmanager
async def page_probes(
    listen: Portal | Console, keys: KeyRing, pool: Pool, client: Client, *, processes: int = 1
) -> AsyncIterator[None]:
    """Serve probes and metrics of a process with pages, if it has a `health_port`."""
    if listen.health_port is None:
        yield
        return
    ready = partial(_ready, pool, keys, partial(temporal_ready, client))
    measured = partial(exposition, keys)
    async with probes(listen.health_host, listen.health_port, ready, measured, processes=processes):
        yield


def stop_signal() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set from now on."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


class Probed(Protocol):
    """The context of an application that has the probes."""

    pool: Pool
    keys: KeyRing
    health: Callable[[], Awaitable[bool]]


async def healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Return 200 if ledger and Temporal answer and the keys match, else 503 with each result.

    It has no page time limit, which would answer a probe with an HTML page.
    """
    context: Probed = request.app.state.context
    return readiness(await _ready(context.pool, context.keys, context.health))


async def _ready(pool: Pool, keys: KeyRing, health: Callable[[], Awaitable[bool]]) -> Answers:
    ledger, temporal, fits = await asyncio.gather(
        ledger_answers(pool), health(), ledger_fits(pool, keys)
    )
    return {"ledger": ledger, "temporal": temporal, **fits}


PROBES = (Route("/healthz", healthz), Route("/readyz", readyz))


def readiness(answers: Answers) -> Response:
    """Return 200 or 503 with each check's result by name; `other_keys` names key files."""
    return JSONResponse(answers, 200 if all(answers.values()) else 503)


class _Server(uvicorn.Server):
    """Does not install signal handlers, which belong to the process that runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
