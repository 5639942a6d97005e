"""`activation support alerts`: the process that alerts operators, and its test."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import typer
from temporalio.client import Client

import postgres
import settings
from postgres import Pool
from security import hardening
from security.keys import KeyRing
from settings import Settings
from starter.client.connect import connect
from starter.client.environment import keeping_key
from starter.client.health import (
    Answers,
    HealthHost,
    HealthPort,
    address_of_probes,
    ledger_answers,
    probes,
    stop_signal,
    temporal_answers,
)
from starter.output import Failed, Json, show_json, tell
from starter.progress import working
from support.verbs import alert_channels, metrics
from support.verbs.alerts import Watcher
from web.service_manager import tell_ready

commands = typer.Typer()

_LEDGER_SECONDS = 3.0


@commands.command("alerts")
def serve(health_port: HealthPort = None, health_host: HealthHost = None) -> None:
    """Alert operators to everything that blocks activations, until SIGTERM."""
    probed = address_of_probes(health_port, health_host)
    config = settings.load()
    hardening.harden(config.log_level)
    asyncio.run(run(config, probed))


async def run(config: Settings, probed: tuple[str, int] | None) -> None:
    """Poll until SIGTERM or SIGINT; starts also while the ledger, Temporal or both are away.

    Raises `SharedSessions` behind a connection pooler that would break leader election.
    """
    stop = stop_signal()
    async with AsyncExitStack() as stack:
        pool = await postgres.connect(config.ledger_dsn.get_secret_value(), seconds=_LEDGER_SECONDS)
        stack.callback(pool.terminate)
        await postgres.refuse_shared_sessions(pool, "ledger_dsn")
        # It decodes no payload, so no key file is needed.
        ring = KeyRing(config.keys_dir)
        client = await connect(config, ring, lazy=True, measured=probed is not None)
        watcher = Watcher(client, pool, config)
        if probed:
            measured = partial(metrics.exposition, client, pool, config, watcher.certificates)
            served = probes(*probed, partial(_ready, client, pool), measured)
            await stack.enter_async_context(served)
        await stack.enter_async_context(keeping_key(config, client))
        for watching in (watcher.watch(), watcher.certificates.watch()):
            stack.callback(asyncio.create_task(watching).cancel)
        tell_ready()
        await stop.wait()


async def _ready(client: Client, pool: Pool) -> Answers:
    return {"ledger": await ledger_answers(pool), "temporal": await temporal_answers(client)}


@commands.command("test-alerts")
def send_test(json: Json = False) -> None:
    """Send a test by each channel of the alerts, and print the results."""
    with working("Tests are sent"):
        outcomes = asyncio.run(alert_channels.send_test(settings.load()))
    if json:
        show_json({name: {"delivered": not why, "failure": why} for name, why in outcomes.items()})
    for name, why in outcomes.items():
        if not json:
            tell(f"{name}: {f'not delivered, {why}' if why else 'delivered'}")
    if outcomes.keys() <= {alert_channels.AUDIT_MAILBOX}:
        raise Failed("The settings do not name anybody to alert.")
    if any(outcomes.values()):
        raise typer.Exit(1)
