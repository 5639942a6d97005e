"""A third channel, written as one module: each mobile has a folder, each message is a file in it.

Whoever imports this module has registered the channel.
"""

import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from adapters.errors import Misconfigured, Unavailable, translated
from adapters.messaging.message_templates import Words
from adapters.messaging.port import Client, opens
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


@opens(FOLDER)
def _folders(settings: Settings, _alarm: Callable[[str], None]) -> Client[str]:
    return Client(partial(Words(settings).text, "sms"), Folders(Path(os.environ[BASE])))
