"""Stores the inbox: one file for each message, written atomically, so sinks need no server.

A message is `{id, channel, to, subject, text, received_at}`; files outlive the sink that wrote
them, so the inbox shows them also while a sink is stopped.
"""

import hashlib
import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict


class Message(TypedDict):
    id: str
    channel: str
    to: str
    subject: str
    text: str
    received_at: str


def put(folder: Path, *, channel: str, key: str, to: str, text: str, subject: str = "") -> str:
    """Store a message, deduplicated by its key, and return its id."""
    message_id = hashlib.sha256(f"{channel} {key}".encode()).hexdigest()[:24]
    message = Message(
        id=message_id,
        channel=channel,
        to=to,
        subject=subject,
        text=text,
        received_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
    )
    draft = folder / f".{message_id}.{secrets.token_hex(4)}"
    draft.write_text(json.dumps(message, ensure_ascii=False), encoding="utf-8")
    try:
        os.link(draft, folder / f"{message_id}.json")
    except FileExistsError:
        return message_id
    finally:
        draft.unlink()
    return message_id


def all_messages(folder: Path, to: str | None = None) -> list[Message]:
    """Return the messages, newest last; `to` must match exactly."""
    found: list[Message] = [json.loads(path.read_bytes()) for path in folder.glob("*.json")]
    wanted = [message for message in found if to in (None, message["to"])]
    return sorted(wanted, key=lambda message: (message["received_at"], message["id"]))
