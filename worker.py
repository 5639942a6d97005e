"""Wires a worker process: settings, connection, workers, health probes and graceful shutdown.

One process serves all task queues, or with `--only` those of one role, so that each role can run
with its own credentials.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property, partial
from typing import Annotated, Any

import structlog
import typer
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

import postgres
import settings as configuration
from activities.accounts import DirectoryActivities
from activities.choosing import ChoosingActivities
from activities.comparing_runs import RunActivities
from activities.desk import DeskActivities, OutboxActivities
from activities.fencing import fence
from activities.insurance import InsuranceActivities
from activities.inviting import InvitingActivities
from activities.messages import MessagingActivities
from activities.pins import PinActivities
from activities.reconciling import ReconcileActivities
from activities.records import LedgerActivities
from activities.registered import Activities
from activities.registrar import RegistrarActivities
from activities.reports import ReportActivities
from activities.sweep import SweepActivities
from activities.watch import watched
from adapters.directory.port import Directory
from adapters.directory.wiring import directory_of
from adapters.messaging.port import wirings
from adapters.registrar.port import Registrar
from adapters.registrar.wiring import registrar_of
from domain.contracts.channels import Channel
from domain.contracts.vocabulary import TaskQueue
from ledger import key_checks
from postgres import Pool
from security import hardening
from security.keys import KeyRing
from security.purposes import User
from settings import Settings
from starter.client import runs, versions
from starter.client.connect import TemporalUnavailable, connect
from starter.client.environment import keeping_key
from starter.client.health import (
    Answers,
    HealthHost,
    HealthPort,
    address_of_probes,
    ledger_answers,
    ledger_fits,
    probes,
    stop_signal,
    temporal_answers,
    temporal_ready,
)
from starter.client.metrics import exposition
from starter.client.outbox import keep_duties
from starter.client.traces import Tracing, tracing
from support.verbs import stuck_report
from web.service_manager import tell_ready
from workflows.activation import Activation
from workflows.campaign import Campaign
from workflows.outbox import Outbox
from workflows.reconcile import Reconcile
from workflows.retry_batch import Retry
from workflows.stuck_report import StuckReport
from workflows.support_request import SupportAnswer, SupportRequest
from workflows.sweep import Sweep
from workflows.withdrawal import Withdrawal

WORKFLOWS = (
    Activation,
    SupportRequest,
    SupportAnswer,
    Withdrawal,
    Retry,
    Outbox,
    Sweep,
    StuckReport,
    Reconcile,
    Campaign,
)
_GRACE = timedelta(seconds=30)
_STICKY = timedelta(seconds=2)
_CACHED = 2000
_LOOK_AGAIN = 3


class WorkerRole(StrEnum):
    MAIN = "main"
    MESSAGING = "messaging"
    DIRECTORY = "directory"


commands = typer.Typer()
log = structlog.get_logger("worker")


@commands.callback(invoke_without_command=True)
def worker(
    only: Annotated[
        WorkerRole | None, typer.Option(help="Serve the queues of one role only.")
    ] = None,
    health_port: HealthPort = None,
    health_host: HealthHost = None,
) -> None:
    """Run the workflows and activities until told to stop."""
    probed = address_of_probes(health_port, health_host)
    config = configuration.load()
    hardening.harden(config.log_level)
    # The log has of these what is allowed, in fields of its own.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False
    asyncio.run(run(config, [only] if only else list(WorkerRole), probed))


async def run(config: Settings, roles: list[WorkerRole], probed: tuple[str, int] | None) -> None:
    """Serve these roles until SIGTERM or SIGINT; running activities may finish."""
    stop = stop_signal()  # Before connecting, so that a worker which cannot connect still stops.
    keys = KeyRing(config.keys_dir)
    keys.require(*map(User, roles))
    workers: list[Worker] = []
    async with AsyncExitStack() as stack:
        ledger = await postgres.connect(config.ledger_dsn.get_secret_value())
        await key_checks.compare(ledger, keys.checks())
        await postgres.refuse_shared_sessions(ledger, "ledger_dsn")
        # No activity runs any more, and a graceful close could hang with the server.
        stack.callback(ledger.terminate)
        domains = config.institution.mail_domains
        registrar = await stack.enter_async_context(registrar_of(config.registrar, domains))
        if WorkerRole.MAIN in roles:
            await registrar.check_settings()
        if probed:
            ready = partial(_ready, ledger, keys, workers)
            served = probes(*probed, ready, partial(exposition, keys))
            await stack.enter_async_context(served)
        if traced := tracing(config, "worker"):
            stack.push_async_callback(traced.close)
        client = await _connected(config, keys, stop, measured=bool(probed), traced=traced)
        if client is None:
            return
        await stack.enter_async_context(keeping_key(config, client))
        client = await stack.enter_async_context(watched(client, ledger))
        directory = None
        if WorkerRole.DIRECTORY in roles:
            directory = directory_of(config.directory, fence)
            stack.push_async_callback(directory.close)
        given = Dependencies(client, ledger, registrar, keys, config, stack, directory)
        workers += [one for role in roles for one in _WORKERS[role](given)]
        for one in workers:
            await stack.enter_async_context(one)
        if WorkerRole.MAIN in roles:
            duties = keep_duties(client, config.institution.timezone)
            stack.callback(asyncio.create_task(duties).cancel)
        log.info("worker serves", queue=",".join(roles))
        tell_ready()
        await stop.wait()
        log.info("worker stopping")
        # Concurrently, so that the whole shutdown takes one grace period.
        await asyncio.gather(*(one.shutdown() for one in workers))


async def _connected(
    config: Settings,
    keys: KeyRing,
    stop: asyncio.Event,
    *,
    measured: bool,
    traced: Tracing | None,
) -> Client | None:
    """Connect, with retries until Temporal answers; return None if stopped before."""
    while not stop.is_set():
        cause = None
        try:
            client = await connect(config, keys, answers=True, measured=measured, traced=traced)
            if await temporal_answers(client):
                return client
        except TemporalUnavailable as error:
            cause = str(error)
        log.warning("worker waits for Temporal", cause=cause)
        tell_ready()  # It has started: nothing but Temporal is missing.
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _LOOK_AGAIN)
    return None


async def _ready(ledger: Pool, keys: KeyRing, workers: list[Worker]) -> Answers:
    """Check that Temporal and ledger answer, all workers run, and the keys match the ledger's."""
    return await ledger_fits(ledger, keys) | {
        "ledger": await ledger_answers(ledger),
        "temporal": bool(workers) and await temporal_ready(workers[0].client),
        "queues": bool(workers) and all(one.is_running for one in workers),
    }


@dataclass(frozen=True)
class Dependencies:
    """The dependencies of every role; `stack` closes what a role opens, workers first.

    `directory` is None without the directory's role.
    """

    client: Client
    ledger: Pool
    registrar: Registrar
    keys: KeyRing
    config: Settings
    stack: AsyncExitStack
    directory: Directory | None = None

    @cached_property
    def accounts(self) -> DirectoryActivities | None:
        if self.directory is None:
            return None
        return DirectoryActivities(
            pool=self.ledger, keys=self.keys, settings=self.config, directory=self.directory
        )


def _main(given: Dependencies) -> list[Worker]:
    registrar = RegistrarActivities(
        registrar=given.registrar, keys=given.keys, settings=given.config
    )
    pins = PinActivities(
        pool=given.ledger,
        keys=given.keys,
        policy=given.config.policy,
        budget=given.config.send_budget,
    )
    records = LedgerActivities(pool=given.ledger, keys=given.keys, settings=given.config)
    insured = InsuranceActivities(pool=given.ledger, keys=given.keys, registrar=registrar)
    outbox = OutboxActivities(pool=given.ledger)
    swept = SweepActivities(
        pool=given.ledger,
        keys=given.keys,
        settings=given.config,
        delete_runs=partial(runs.delete_newest, given.client),
        ends_of=partial(runs.ends, given.client),
    )
    compared = RunActivities(
        pool=given.ledger,
        keys=given.keys,
        ends_of=partial(runs.not_running, given.client),
        open_runs=partial(runs.open_runs, given.client),
    )
    choosing = ChoosingActivities(
        pool=given.ledger, keys=given.keys, settings=given.config, registrar=given.registrar
    )
    served: tuple[Activities, ...] = (
        *(registrar, pins, records, insured),
        *(outbox, swept, compared, choosing),
    )
    every = [each for activities in served for each in activities.all()]
    if given.accounts:
        # With the directory's account at hand the workflow's own worker can resolve a username.
        every.remove(records.resolve_account)
        every.append(given.accounts.resolve_account)
    return [
        _worker(
            given,
            TaskQueue.MAIN,
            every,
            workflows=WORKFLOWS,
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_cached_workflows=_CACHED,
            sticky_queue_schedule_to_start_timeout=_STICKY,
        )
    ]


def _messaging(given: Dependencies) -> list[Worker]:
    messages = MessagingActivities(pool=given.ledger, keys=given.keys, settings=given.config)
    given.stack.push_async_callback(messages.close)
    desk = DeskActivities(pool=given.ledger, keys=given.keys, settings=given.config)
    given.stack.push_async_callback(desk.close)
    letter = partial(stuck_report.compose, given.client, given.config)
    reports = ReportActivities(pool=given.ledger, settings=given.config, stuck_letter=letter)
    given.stack.push_async_callback(reports.close)
    paces = {each.channel.queue: each.per_second(given.config) for each in wirings()}
    inviting = InvitingActivities(pool=given.ledger, keys=given.keys, settings=given.config)
    given.stack.push_async_callback(inviting.close)
    others: dict[str, list[Callable[..., Any]]] = {TaskQueue.MAIL: [*desk.all(), *reports.all()]}
    return [
        _worker(
            given,
            queue,
            [*messages.all(), *inviting.all(), *others.get(queue, [])],
            max_task_queue_activities_per_second=paces.get(queue),
        )
        for queue in dict.fromkeys(channel.queue for channel in Channel.all())
    ]


def _directory(given: Dependencies) -> list[Worker]:
    assert given.accounts and given.directory  # noqa: S101, PT018 - made for this role
    reconciled = ReconcileActivities(
        pool=given.ledger, keys=given.keys, settings=given.config, directory=given.directory
    )
    # As many slots as threads: tasks wait in Temporal's queue, where no time-out runs.
    slots = given.config.directory.pool_size
    return [
        _worker(
            given,
            TaskQueue.DIRECTORY,
            [*given.accounts.all(), *reconciled.all()],
            max_concurrent_activities=slots,
        )
    ]


_WORKERS = {
    WorkerRole.MAIN: _main,
    WorkerRole.MESSAGING: _messaging,
    WorkerRole.DIRECTORY: _directory,
}


def _worker(
    given: Dependencies, queue: str, activities: list[Callable[..., Any]], **options: Any
) -> Worker:
    return Worker(
        given.client,
        task_queue=queue,
        deployment_config=versions.deployed(given.config.workers),
        activities=activities,
        graceful_shutdown_timeout=_GRACE,
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        **options,
    )
