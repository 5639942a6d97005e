"""`activation temporal`: the namespace, and the versions of the workers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer
from temporalio.client import Client

import settings
from security.keys import KeyRing
from settings import Settings
from starter.client import connect, namespace, schedules, versions
from starter.client.namespace import Unprepared
from starter.client.versions import NoSuchVersion, Version
from starter.output import Failed, Json, local, show_json, tell
from starter.progress import working

commands = typer.Typer(help="The Temporal namespace.", no_args_is_help=True)


@commands.command()
def init(
    create_namespace: Annotated[
        bool, typer.Option("--create-namespace", help="Create the namespace if there is none.")
    ] = False,
    set_retention: Annotated[
        bool,
        typer.Option("--set-retention", help="Give it retention.histories_days, if it has others."),
    ] = False,
) -> None:
    """Prepare the namespace: register the search attributes, create the schedules, and wait.

    Each line says what was done or was there; what is there is not changed.
    """
    try:
        asyncio.run(_prepare(create=create_namespace, set_retention=set_retention))
    except Unprepared as error:
        raise Failed(str(error)) from None


@commands.command("versions")
def list_versions(json: Json = False) -> None:
    """List the versions that workers reported, and which of them is given the activations."""
    found = asyncio.run(_versions())
    if json:
        show_json([asdict(each) for each in found])
        return
    for each in found:
        running = f"{each.running} running"
        used = "in use" if each.current else ""
        tell(f"{each.build:<24} {used:<6} {running:>14}  since {local(each.since)}")
    if not found:
        tell("No worker has reported a version; they do with workers.deployment set.")


@commands.command()
def use(build: Annotated[str, typer.Argument(help="As `temporal versions` lists it.")]) -> None:
    """Give every activation to the workers of this version, from its next step on."""
    try:
        asyncio.run(_use(build))
    except NoSuchVersion as error:
        raise Failed(str(error)) from None
    tell(f"Activations go to version {build} now.")


async def _prepare(*, create: bool, set_retention: bool) -> None:
    async with connected() as (config, client):
        retention = timedelta(days=config.retention.histories_days)
        with connect.asking():
            await namespace.make_ready(
                client, retention, create=create, set_retention=set_retention, say=tell
            )
        created = await schedules.create_all(client, config.institution.timezone)
        for each in schedules.SCHEDULES:
            tell(f"schedule {each.id}: {'created' if each.id in created else 'was there'}")


async def _versions() -> Sequence[Version]:
    async with connected() as (config, client):
        return await versions.versions(client, config.workers.deployment)


async def _use(build: str) -> None:
    async with connected() as (config, client):
        await versions.use(client, config.workers.deployment, build)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Settings, Client]]:
    config = settings.load()
    with working("Temporal is asked"):
        yield config, await connect.connect(config, KeyRing(config.keys_dir))
