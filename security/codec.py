"""The payload codec: whatever goes into Temporal is encrypted for one workflow of one namespace.

A payload that fails authentication is *replaced* by one that cannot be decoded: Temporal's SDK
then drops a forged signal and rejects a forged update, while the run goes on. Raising instead
would fail the run's every task for ever. Only an epoch whose key may still
come raises, so that the task waits for the key file. The messages of this module are fixed texts.

Who calls chooses the epoch; a worker answers in the epoch it was called in, which the caller can
read for certain. So no order in which processes get a new epoch's files leaves a caller without
the answer to what counted.
"""

import asyncio
from collections.abc import MutableMapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidTag
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from security.keys import KeyRing, UnknownEpoch, decrypt, encrypt

ENCODING = b"binary/encrypted"
_REFUSED = {"encoding": b"binary/refused"}

Called = MutableMapping[asyncio.Task[Any] | None, str]
"""The oldest epoch that each task has read; the SDK runs a task for each call of a worker."""


class Codec(PayloadCodec, WithSerializationContext):
    """Encrypts and decrypts for one workflow; with `called` it answers in the caller's epoch."""

    def __init__(
        self,
        keys: KeyRing,
        namespace: str = "",
        workflow_id: str = "",
        called: Called | None = None,
    ) -> None:
        self._keys = keys
        self._namespace = namespace
        self._workflow_id = workflow_id
        self._called = called

    def with_context(self, context: SerializationContext) -> "Codec":
        match context:
            case (
                WorkflowSerializationContext(namespace=namespace, workflow_id=workflow_id)
                | ActivitySerializationContext(namespace=namespace, workflow_id=workflow_id)
            ):
                return Codec(self._keys, namespace, workflow_id or "", self._called)
        raise TypeError("payloads belong to a workflow")

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        called = None if self._called is None else self._called.get(asyncio.current_task())
        epoch = called or self._keys.epoch
        return [self._encode(payload, epoch) for payload in payloads]

    def _encode(self, payload: Payload, epoch: str) -> Payload:
        box = encrypt(self._key(epoch), payload.SerializeToString(), self._context(epoch))
        named = {"epoch": epoch.encode(), "workflow": self._workflow_id.encode()}
        return Payload(metadata={"encoding": ENCODING, **named}, data=box)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._decode(payload) for payload in payloads]

    def _decode(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return Payload(metadata=_REFUSED)
        epoch = payload.metadata.get("epoch", b"").decode(errors="replace")
        try:
            clear = Payload.FromString(
                decrypt(self._key(epoch), payload.data, self._context(epoch))
            )
        except (InvalidTag, DecodeError, ValueError):
            return Payload(metadata=_REFUSED)
        except UnknownEpoch:
            if self._keys.may_come(epoch):
                raise
            return Payload(metadata=_REFUSED)
        self._note(epoch)
        return clear

    def _note(self, epoch: str) -> None:
        if self._called is not None:
            task = asyncio.current_task()
            self._called[task] = min(epoch, self._called.get(task, epoch))

    def _key(self, epoch: str) -> bytes:
        if not self._workflow_id:
            raise TypeError("payloads belong to a workflow")
        return self._keys.payload_key(epoch, self._namespace, self._workflow_id)

    def _context(self, epoch: str) -> bytes:
        return f"{self._namespace}\0{self._workflow_id}\0{epoch}".encode()


def workflow_of(payload: Payload) -> str:
    """Return the workflow that a payload says it belongs to; empty where it says none."""
    return payload.metadata.get("workflow", b"").decode(errors="replace")


def data_converter(keys: KeyRing, *, answers: bool = False) -> DataConverter:
    """Pydantic models, encrypted; failure messages and stack traces encrypted too.

    `answers` is for workers.
    """
    return DataConverter(
        payload_converter_class=PydanticPayloadConverter,
        payload_codec=Codec(keys, called=WeakKeyDictionary() if answers else None),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
