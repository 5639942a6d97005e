"""A third channel, written as one module: each mobile has a folder, each message is a file in it.

Whoever imports this module has registered the channel.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from adapters.errors import Misconfigured, Unavailable, translated
from adapters.findings import Finding, Findings
from adapters.messaging.message_templates import Words
from adapters.messaging.port import TextWiring, register
from domain.contracts.channels import Channel
from domain.contracts.message_io import Delivery
from domain.contracts.vocabulary import ContactKind, FailureType
from settings import Settings

BASE = "TEST_FOLDERS"
FOLDER = Channel.register(
    "folder", contact=ContactKind.MOBILE, label="Folder", down=FailureType.MESSAGES_DOWN
)


class Folders:
    def __init__(self, base: Path) -> None:
        self._base = base

    def of(self, to: str) -> Path:
        return self._base / hashlib.sha256(to.encode()).hexdigest()

    async def send(self, *, to: str, content: str, message_id: str) -> Delivery:
        if (self._base / "closed").exists():
            raise Misconfigured("closed")
        if (self._base / "busy").exists():
            raise Unavailable(FOLDER.down, "busy")
        folder = self.of(to)
        if not folder.is_dir():
            return Delivery.UNDELIVERABLE
        name = hashlib.sha256(message_id.encode()).hexdigest()
        with translated(FOLDER.down, (OSError,)):
            (folder / name).write_text(content, "utf-8")
        return Delivery.SENT

    async def close(self) -> None: ...


class FolderWiring(TextWiring):
    def writer(self, settings: Settings) -> Callable[..., str]:
        return partial(Words(settings).text, "sms")

    def open(self, settings: Settings, alarm: Callable[[str], None] = lambda _: None) -> Folders:
        del settings, alarm
        return Folders(Path(os.environ[BASE]))

    def checks(self, settings: Settings) -> Iterator[tuple[str, Findings]]:
        del settings
        yield "folder", _check(Path(os.environ[BASE]))


async def _check(base: Path) -> Findings:
    yield Finding("folder", "it is open", "open it" if (base / "closed").exists() else "")


register(FolderWiring(FOLDER))
