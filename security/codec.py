"""The payload codec: whatever goes into Temporal is encrypted for one workflow of one namespace.

Each payload carries a MAC, under a key that does not rotate, over its metadata, its workflow and
its ciphertext. A payload without a valid MAC is *replaced* by one that cannot be decoded:
Temporal's SDK then drops a forged signal and rejects a forged update, while the run goes on.
Raising instead would fail the run's every task for ever. Only a genuine payload whose epoch's key
is not here yet raises, so that the task waits for the key file. The messages of this module are
fixed texts.

Who calls chooses the epoch; a worker answers in the epoch it was called in, which the caller can
read for certain. So no order in which processes get a new epoch's files leaves a caller without
the answer to what counted.
"""

import asyncio
import hmac
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidTag
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    DefaultFailureConverter,
    PayloadCodec,
    PayloadConverter,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError

from security.keys import KeyRing, decrypt, encrypt

ENCODING = b"binary/encrypted"
_MAC = "mac"
_REFUSED = {"encoding": b"binary/refused"}

# Temporal replaces what a try failed by, where it is over 4 KB, by a failure without its type
# (limit.mutableStateActivityFailureSize.error), and the type is the wait reason.
_KEPT_CAUSES = 3
_MESSAGE_BYTES = 150
_TRACE_BYTES = 600

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
        metadata = {
            "encoding": ENCODING,
            "epoch": epoch.encode(),
            "workflow": self._workflow_id.encode(),
        }
        return Payload(metadata={**metadata, _MAC: self._mac(metadata, box)}, data=box)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._decode(payload) for payload in payloads]

    def _decode(self, payload: Payload) -> Payload:
        """Return the clear payload, or one that nothing can read; raises `UnknownEpoch`."""
        if not self._is_ours(payload):
            return Payload(metadata=_REFUSED)
        epoch = payload.metadata["epoch"].decode()
        try:
            clear = Payload.FromString(
                decrypt(self._key(epoch), payload.data, self._context(epoch))
            )
        except (InvalidTag, DecodeError, ValueError):
            return Payload(metadata=_REFUSED)
        self._note(epoch)
        return clear

    def _note(self, epoch: str) -> None:
        if self._called is not None:
            task = asyncio.current_task()
            self._called[task] = min(epoch, self._called.get(task, epoch))

    def _is_ours(self, payload: Payload) -> bool:
        metadata = dict(payload.metadata)
        mac = metadata.pop(_MAC, b"")
        return hmac.compare_digest(mac, self._mac(metadata, payload.data))

    def _mac(self, metadata: Mapping[str, bytes], box: bytes) -> bytes:
        """Return the MAC over every part, each behind its length, so that no two lists collide."""
        named = (part for name in sorted(metadata) for part in (name.encode(), metadata[name]))
        mac = hmac.new(self._keys.payload_mac_key, digestmod="sha256")
        for part in (self._namespace.encode(), self._workflow_id.encode(), box, *named):
            mac.update(len(part).to_bytes(8))
            mac.update(part)
        return mac.digest()

    def _key(self, epoch: str) -> bytes:
        if not self._workflow_id:
            raise TypeError("payloads belong to a workflow")
        return self._keys.payload_key(epoch, self._namespace, self._workflow_id)

    def _context(self, epoch: str) -> bytes:
        return f"{self._namespace}\0{self._workflow_id}\0{epoch}".encode()


def workflow_of(payload: Payload) -> str:
    """Return the workflow that a payload says it belongs to; empty where it says none."""
    return payload.metadata.get("workflow", b"").decode(errors="replace")


class FailureConverter(DefaultFailureConverter):
    """Encrypts messages and stack traces, and cuts them to the size that Temporal keeps.

    A forged failure is read as one that says nothing.
    """

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        DefaultFailureConverter().to_failure(exception, payload_converter, failure)
        kept = list(islice(_with_causes(failure), _KEPT_CAUSES))
        kept[-1].ClearField("cause")
        for each in kept:
            text = {
                "message": _first(each.message, _MESSAGE_BYTES),
                "stack_trace": _last(each.stack_trace, _TRACE_BYTES // len(kept)),
            }
            each.encoded_attributes.CopyFrom(payload_converter.to_payloads([text])[0])
            each.message, each.stack_trace = "Encoded failure", ""

    def from_failure(self, failure: Failure, payload_converter: PayloadConverter) -> BaseException:
        try:
            return super().from_failure(failure, payload_converter)
        except Exception:  # noqa: BLE001 - a forger may have written anything
            return ApplicationError("unreadable failure")


def _with_causes(failure: Failure) -> Iterator[Failure]:
    yield failure
    while failure.HasField("cause"):
        failure = failure.cause
        yield failure


def _first(text: str, size: int) -> str:
    return text.encode(errors="replace")[:size].decode(errors="ignore")


def _last(text: str, size: int) -> str:
    return text.encode(errors="replace")[-size:].decode(errors="ignore")


def data_converter(keys: KeyRing, *, answers: bool = False) -> DataConverter:
    """Pydantic models, encrypted; failure messages and stack traces encrypted too.

    `answers` is for workers.
    """
    return DataConverter(
        payload_converter_class=PydanticPayloadConverter,
        payload_codec=Codec(keys, called=WeakKeyDictionary() if answers else None),
        failure_converter_class=FailureConverter,
    )
