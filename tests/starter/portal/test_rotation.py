"""Epochs follow one another while portal and worker have key folders of their own.

Whatever order an operator takes, files copied one by one included: no page ends in an error of
ours, no submission is lost, and no try of a PIN is counted without the student being told.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from domain.contracts.message_io import SendPin
from domain.contracts.pin_io import CheckPin
from postgres import Pool
from security import rotation
from security.keys import KeyRing
from settings import Settings
from starter.client import connect
from starter.client.activations import Activations
from starter.portal.app import assemble, create
from tests.server import client, hurried, working
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser, healthy
from tests.starter.portal.test_happy_path import Walker
from tests.workflows.engine import World, pin_of

__all__ = ["client"]

FILES = ("active", "epochs/2026-12.key", "seal/2026-12.pub")
FINE = {200, 303, 422, 503}


@dataclass
class Scene:
    """A student in front of a portal, and the key folders of portal and worker."""

    browser: Browser
    world: World
    portal: Path
    worker: Path

    async def waits_for_the_pin(self) -> None:
        await self.browser.give_contact()
        async with asyncio.timeout(20):
            while not self.world.made(SendPin):  # noqa: ASYNC110 - the world tells nobody
                await asyncio.sleep(0.05)
        await self.seen("/pin")

    async def seen(self, path: str) -> httpx.Response:
        page = await self.browser.get(path)
        assert page.status_code in FINE, page.text
        return page

    async def guesses(self, pin: str) -> httpx.Response:
        """Post a PIN; whoever is told that it was not taken has lost no try by it."""
        counted = len(self.world.made(CheckPin))
        page = await self.browser.post("/pin", pin=pin)
        assert page.status_code in FINE, page.text
        if page.status_code == 503:
            await asyncio.sleep(0.5)
            assert len(self.world.made(CheckPin)) == counted
        return page

    async def finishes(self) -> None:
        async with asyncio.timeout(60):
            path = "/progress"
            while path != "/done":
                page = await self.seen(path)
                if page.status_code == 200 and path != "/progress":
                    page = await Walker(self.browser, self.world)._answer(path)
                    assert page.status_code == 303, page.text
                elif page.status_code != 303:
                    await asyncio.sleep(0.1)
                path = page.headers.get("location", path).partition("?")[0]


def rotate(folder: Path, times: int = 1) -> None:
    for _ in range(times):
        rotation.distribute(folder)
        rotation.activate(folder)


def bring(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)


@pytest.fixture
async def scene(
    stack: TestStack, client: Client, settings: Settings, pool: Pool, tmp_path: Path
) -> AsyncIterator[Scene]:
    del client  # It has prepared the namespace.
    portal, worker = tmp_path / "portal", tmp_path / "worker"
    for folder in (portal, worker):
        bring(stack.settings.keys_dir, folder)
        (folder / "active").write_text("2026-11")
    keys = KeyRing(portal)
    engine = Activations(hurried(await connect.connect(settings, keys)))
    browser = Browser(create(assemble(settings, keys, pool, engine, healthy)))
    world = World()
    works = await connect.connect(settings, KeyRing(worker), answers=True)
    async with working(works, world):
        yield Scene(browser, world, portal, worker)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("wrong_first", [True, False])
async def test_a_worker_that_is_ahead_is_understood_by_a_portal_that_is_behind(
    scene: Scene, times: int, wrong_first: bool
) -> None:
    await scene.waits_for_the_pin()
    rotate(scene.worker, times)
    if wrong_first:
        told = await scene.guesses("999999")
        assert told.status_code == 422
        assert len(scene.world.made(CheckPin)) == 1
    await scene.seen("/pin")
    assert (await scene.guesses(pin_of(1))).status_code == 303
    await scene.finishes()


@pytest.mark.parametrize("times", [1, 2])
async def test_what_a_portal_that_is_ahead_hands_in_waits_for_the_workers_file(
    scene: Scene, times: int
) -> None:
    await scene.waits_for_the_pin()
    rotate(scene.portal, times)
    for _ in range(2):
        told = await scene.guesses(pin_of(1))
        assert told.headers["location"] == "/progress?received"
    assert scene.world.made(CheckPin) == []
    assert (await scene.seen("/progress")).status_code == 200
    bring(scene.portal, scene.worker)
    await scene.finishes()
    assert len(scene.world.made(CheckPin)) == 1


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("to", "order"),
    [("portal", order) for order in permutations(FILES)] + [("worker", FILES)],
    ids=str,
)
async def test_files_come_one_by_one_in_any_order(
    scene: Scene, to: str, order: tuple[str, ...]
) -> None:
    """Also half a file at a time, as a copy over a network writes it."""
    await scene.waits_for_the_pin()
    ahead, behind = (scene.worker, scene.portal) if to == "portal" else (scene.portal, scene.worker)
    rotation.distribute(ahead)
    rotation.activate(ahead)
    wrong = 999_999
    for name in order:
        content = (ahead / name).read_bytes()
        (behind / name).write_bytes(content[:20])
        told = await scene.guesses(str(wrong))
        wrong -= 1
        if to == "portal":
            assert told.status_code == 422
        (behind / name).write_bytes(content)
        await scene.seen("/pin")
    await scene.guesses(pin_of(1))
    await scene.finishes()


async def test_the_two_phases_are_noticed_by_nobody(scene: Scene) -> None:
    await scene.waits_for_the_pin()
    rotation.distribute(scene.portal)
    bring(scene.portal, scene.worker)
    assert (await scene.guesses("999999")).status_code == 422
    rotation.activate(scene.portal)
    assert (await scene.guesses("999998")).status_code == 422
    rotation.activate(scene.worker)
    assert (await scene.guesses(pin_of(1))).status_code == 303
    await scene.finishes()


async def test_a_portal_without_any_usable_epoch_says_so_and_keeps_the_form(
    scene: Scene,
) -> None:
    await scene.waits_for_the_pin()
    key = scene.portal / "epochs/2026-11.key"
    content = key.read_bytes()
    for broken in (b"", content[:30], None):
        key.unlink()
        if broken is not None:
            key.write_bytes(broken)
        told = await scene.guesses("999999")
        assert told.status_code == 503
        assert 'name="pin"' in told.text
        assert (await scene.seen("/pin")).status_code == 503
        key.write_bytes(content)
    assert (await scene.guesses(pin_of(1))).status_code == 303
    await scene.finishes()


async def test_another_portals_newer_words_keep_nobody_from_going_on(
    scene: Scene, settings: Settings, pool: Pool
) -> None:
    """The answer to a second click was given in an epoch that this portal does not have."""
    await scene.waits_for_the_pin()
    rotate(scene.worker)
    keys = KeyRing(scene.worker)
    ahead = Activations(await connect.connect(settings, keys))
    other = Browser(create(assemble(settings, keys, pool, ahead, healthy)))
    other.http.cookies, other.hidden = scene.browser.http.cookies, scene.browser.hidden
    assert (await other.post("/pin", pin="999999")).status_code == 422
    again = await scene.browser.post("/pin", pin="999999")
    assert again.headers["location"] == "/progress?received"
    assert len(scene.world.made(CheckPin)) == 1
    assert (await scene.guesses(pin_of(1))).status_code == 303
    await scene.finishes()
