"""Measures how fast the console shows 200 activations: `python -m bench.console [COUNT]`.

Starts a demo of its own, populates it, and requests each list and a case of each kind, with the
worker running and then killed. Every time is printed beside that of one listing of Temporal's
visibility in the same run, so that ratios are comparable between machines.
"""

import asyncio
import html
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx
from temporalio.client import Client

from demo import populate
from demo.control import ask
from demo.programs import activation
from demo.visitor import Page, Visitor
from demo.walkthrough import read_env
from domain.contracts.vocabulary import WORKFLOW
from security.keys import KeyRing
from settings import Settings
from starter.client import connect
from workflows.search_attributes import REASON, STEP

ROUNDS = 7
ACTIVATION = activation()
_READY_SECONDS = 180.0
_LIST = re.compile(r'href="(/list[^"]*)"')


class Watch(Visitor):
    """A browser that measures time; `lists` are the lists to which the last page links."""

    took = 0.0
    lists: tuple[str, ...] = ()

    def _look(self, response: httpx.Response) -> Page:
        self.took = 1000 * response.elapsed.total_seconds()
        found = map(html.unescape, _LIST.findall(response.text))
        self.lists = tuple(dict.fromkeys(found))
        response.raise_for_status()
        return super()._look(response)


@contextmanager
def running(folder: Path, program: Sequence[str] = ACTIVATION) -> Iterator[None]:
    """Run a demo in this folder during the block, by the command line of a checkout."""
    words = (*program, "demo", "up", "--folder", str(folder), "--any-ports")
    log = folder.with_suffix(".txt")
    with log.open("wb") as output:
        demo = subprocess.Popen(words, stdout=output, stderr=output)  # noqa: S603 - our own program
    try:
        deadline = time.monotonic() + _READY_SECONDS
        while "The demo is ready" not in log.read_text("utf-8"):
            if demo.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(log.read_text("utf-8"))
            time.sleep(0.2)
        yield
    finally:
        demo.terminate()
        demo.wait()


async def kinds(client: Client) -> dict[str, str]:
    """Return one reference for each step and wait reason of the activations."""
    found = {}
    async for execution in client.list_workflows(f"WorkflowType = '{WORKFLOW}'"):
        at = (execution.typed_search_attributes.get(key) for key in (STEP, REASON))
        found[" ".join(filter(None, at))] = execution.id
    return found


async def listing() -> tuple[float, dict[str, str]]:
    """Return the median time of one listing of everything, and what it finds."""
    settings = Settings()
    client = await connect.connect(settings, KeyRing(settings.keys_dir))
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        found = await kinds(client)
        took.append(1000 * (time.perf_counter() - begun))
    return median(took), found


def measure(watch: Watch, path: str) -> tuple[float, float]:
    """Return median and worst time of a page, in milliseconds."""
    took = []
    for _ in range(ROUNDS):
        watch.visit(path)
        took.append(watch.took)
    return median(took), max(took)


@contextmanager
def signed_in(env: Mapping[str, str]) -> Iterator[Watch]:
    """Yield a browser of the support desk."""
    with Watch(env["SUPPORT_URL"], "en") as watch:
        watch.visit("/sign-in")
        watch.submit(name=env["SUPPORT_USER"], password=env["SUPPORT_PASSWORD"])
        yield watch


def pages(watch: Watch, reference: str) -> dict[str, tuple[float, float]]:
    """Return median and worst time of the queue, of its slowest list, and of this case."""
    queue = measure(watch, "/queue")
    lists = [measure(watch, path) for path in watch.lists]
    return {"queue": queue, "list": max(lists), "case": measure(watch, f"/case/{reference}")}


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def report(watch: Watch, title: str) -> None:
    reference, cases = asyncio.run(listing())
    say(f"\n{title}\n{'one listing by Temporal':44} {reference:7.0f} ms")
    watch.visit("/queue")
    paths = {path: path for path in ("/queue", *watch.lists, "/search", "/requests")}
    paths |= {f"case at {kind}": f"/case/{cases[kind]}" for kind in sorted(cases)}
    for name, path in paths.items():
        middle, worst = measure(watch, path)
        say(f"{name:44} {middle:7.0f} ms {middle / reference:5.1f} x   worst {worst:5.0f} ms")


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "demo"
        with running(folder):
            populate.play(folder, count, populate.SEED, say)
            env = read_env(folder)
            os.environ["ACTIVATION_CONFIG"] = str(folder / "activation.toml")
            with signed_in(env) as watch:
                report(watch, "worker up")
                ask(folder, "kill", "worker")
                report(watch, "every worker killed")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else populate.COUNT)
