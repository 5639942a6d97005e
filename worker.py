"""Wiring only: settings, connection, workers, and a graceful stop.

One process serves all task queues, or with `--only` the queues of one role, so that each role can
run with credentials of its own.
"""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

import structlog
import typer
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

import settings as configuration
from activities.accounts import DirectoryActivities
from activities.desk import DeskActivities
from activities.insurance import InsuranceActivities
from activities.messages import MessagingActivities
from activities.pins import PinActivities
from activities.records import LedgerActivities
from activities.registrar import RegistrarActivities, reader
from domain.contracts.vocabulary import TaskQueue
from ledger import pool
from ledger.pool import Pool
from security import redaction
from security.keys import KeyRing
from settings import Settings
from starter.connect import connect
from workflows.activation import Activation
from workflows.sandbox import sandbox
from workflows.support_request import SupportRequest

_GRACE = timedelta(seconds=30)
_STICKY = timedelta(seconds=2)
_CACHED = 2000


class Role(StrEnum):
    MAIN = "main"
    MESSAGING = "messaging"
    DIRECTORY = "directory"


commands = typer.Typer()
log = structlog.get_logger("worker")


@commands.callback(invoke_without_command=True)
def worker(
    only: Annotated[Role | None, typer.Option(help="Serve the queues of one role only.")] = None,
) -> None:
    """Run the workflows and activities until told to stop."""
    config = configuration.load()
    redaction.configure(config.log_level)
    asyncio.run(run(config, [only] if only else list(Role)))


async def run(config: Settings, roles: list[Role]) -> None:
    """Serve these roles until SIGTERM or SIGINT; running activities may finish."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Installed before connecting, so that a worker which cannot connect still stops.
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    keys = KeyRing(config.keys_dir)
    async with AsyncExitStack() as stack:
        client = await connect(config, keys)
        ledger = await stack.enter_async_context(
            await pool.connect(config.ledger_dsn.get_secret_value())
        )
        registrar = await stack.enter_async_context(await reader(config.registrar))
        parts = Parts(client, ledger, registrar, keys, config, stack)
        for role in roles:
            for one in _WORKERS[role](parts):
                await stack.enter_async_context(one)
        log.info("worker ready", queue=",".join(roles))
        await stop.wait()
        log.info("worker stopping")


@dataclass(frozen=True)
class Parts:
    """What every role is wired from; what a role opens is closed by `stack`, workers first."""

    client: Client
    ledger: Pool
    registrar: Pool
    keys: KeyRing
    config: Settings
    stack: AsyncExitStack


def _main(parts: Parts) -> list[Worker]:
    registrar = RegistrarActivities(pool=parts.registrar, keys=parts.keys, settings=parts.config)
    pins = PinActivities(keys=parts.keys)
    records = LedgerActivities(pool=parts.ledger, keys=parts.keys, settings=parts.config)
    insured = InsuranceActivities(pool=parts.ledger, keys=parts.keys, registrar=registrar)
    return [
        _worker(
            parts.client,
            TaskQueue.MAIN,
            [*registrar.all(), *pins.all(), *records.all(), *insured.all()],
            workflows=[Activation, SupportRequest],
            workflow_runner=sandbox(),
            max_cached_workflows=_CACHED,
            sticky_queue_schedule_to_start_timeout=_STICKY,
        )
    ]


def _messaging(parts: Parts) -> list[Worker]:
    messages = MessagingActivities(pool=parts.ledger, keys=parts.keys, settings=parts.config)
    parts.stack.push_async_callback(messages.close)
    desk = DeskActivities(pool=parts.ledger, keys=parts.keys, settings=parts.config)
    pace = parts.config.sms.per_second
    return [
        _worker(
            parts.client,
            TaskQueue.SMS,
            messages.all(),
            max_task_queue_activities_per_second=pace,
        ),
        _worker(parts.client, TaskQueue.MAIL, [*messages.all(), *desk.all()]),
    ]


def _directory(parts: Parts) -> list[Worker]:
    accounts = DirectoryActivities(pool=parts.ledger, keys=parts.keys, settings=parts.config)
    parts.stack.push_async_callback(accounts.close)
    return [_worker(parts.client, TaskQueue.DIRECTORY, accounts.all())]


_WORKERS = {Role.MAIN: _main, Role.MESSAGING: _messaging, Role.DIRECTORY: _directory}


def _worker(
    client: Client, queue: TaskQueue, activities: list[Callable[..., Any]], **options: Any
) -> Worker:
    return Worker(
        client,
        task_queue=queue,
        activities=activities,
        graceful_shutdown_timeout=_GRACE,
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        **options,
    )
