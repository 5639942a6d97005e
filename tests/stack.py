"""Real parts for tests: PostgreSQL, slapd and the two sinks, in a folder and on ports of their own.

Nothing here knows of a running demo, and nothing starts before a test asks for the fixture.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import ledger.migrate
import security.keys
from demo.messages import Message, all_messages
from demo.part import Part, aside
from demo.place import Place
from demo.samples import SAMPLES, Sample
from demo.stack import Stack
from settings import Settings


class TestStack:
    """The started parts and how code under test reaches them; parts may be stopped and started."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = Stack(Place(folder))
        self.samples: Mapping[str, Sample] = {sample.key: sample for sample in SAMPLES}

    @property
    def _parts(self) -> Sequence[Part]:
        stack = self._stack
        return (stack.postgres, stack.directory, stack.sms, stack.smtp)

    def begin(self) -> None:
        """Bring all parts up, the ledger migrated, the keys made, the registrar filled."""
        self._stack.write_files()
        # Settings are read from the file named here, never from a demo beside the tests.
        os.environ["ACTIVATION_CONFIG"] = str(self._stack.place.settings_file)
        security.keys.create(self._stack.place.keys, "2026-11")
        for part in self._parts:
            part.prepare()
            part.spawn()
        for part in self._parts:
            part.wait_ready()
        aside(ledger.migrate.migrate(self._stack.postgres.ledger_dsn))

    def end(self) -> None:
        for part in reversed(self._parts):
            part.stop()

    def stop(self, name: str) -> None:
        self._stack.parts[name].stop()

    def start(self, name: str) -> None:
        self._stack.parts[name].start()

    @cached_property
    def settings(self) -> Settings:
        return Settings()

    @cached_property
    def keys(self) -> security.keys.KeyRing:
        return security.keys.KeyRing.load(self._stack.place.keys)

    @property
    def registrar_dsn(self) -> str:
        """The owner of the records, who may insert rows."""
        return self._stack.postgres.registrar_dsn

    @property
    def ledger_dsn(self) -> str:
        return self._stack.postgres.ledger_dsn

    @property
    def inbox(self) -> Path:
        return self._stack.place.inbox

    def messages(self, to: str | None = None) -> list[Message]:
        return all_messages(self.inbox, to)
