"""Runs the engine's own programs as parts of the stack, by their command line."""

import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import httpx

from demo.part import Part
from demo.place import HOST
from demo.postgres import Postgres


def activation(*words: str) -> Sequence[str]:
    """Return the path of the engine's command line of this interpreter."""
    return (str(Path(sys.executable).with_name("activation")), *words)


class Program(Part):
    """A part that finds the stack by its settings file and answers probes on its own port.

    It uses the ledger with the rights of `role` alone.
    """

    poll_seconds = 0.1
    role: ClassVar[str]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.place.port(self.name)}"

    def environment(self) -> Mapping[str, str]:
        return {
            "ACTIVATION_CONFIG": str(self.place.settings_file),
            **Postgres(self.place).process_environment(self.role),
        }

    def is_ready(self) -> bool:
        try:
            return self._is_fine()
        except httpx.TransportError:
            return False

    @abstractmethod
    def _is_fine(self) -> bool: ...


class Portal(Program):
    name = "portal"
    role = "portal"

    def command(self) -> Sequence[str]:
        return activation("portal")

    def _is_fine(self) -> bool:
        return httpx.get(f"{self.url}/healthz", timeout=2).is_success


class Support(Program):
    """The console of staff."""

    name = "support"
    role = "console"

    def command(self) -> Sequence[str]:
        return activation("support", "serve")

    def _is_fine(self) -> bool:
        return httpx.get(f"{self.url}/healthz", timeout=2).is_success


class Alerts(Program):
    """The process that alerts operators."""

    name = "alerts"
    role = "alerts"

    def command(self) -> Sequence[str]:
        return activation("support", "alerts", "--health-port", str(self.place.port(self.name)))

    def _is_fine(self) -> bool:
        return httpx.get(f"{self.url}/healthz", timeout=2).is_success


class Worker(Program):
    """The worker; ready when it serves every task queue, even while the ledger is away."""

    name = "worker"
    role = "worker"
    stopped_within = 35.0

    @property
    def words(self) -> Sequence[str]:
        return ("--health-port", str(self.place.port(self.name)))

    def command(self) -> Sequence[str]:
        return activation("worker", *self.words)

    def _is_fine(self) -> bool:
        queues: bool = httpx.get(f"{self.url}/readyz", timeout=5).json()["queues"]
        return queues
