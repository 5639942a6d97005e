"""Payload codec: encrypts all data that goes into Temporal for one workflow of one namespace.

Each payload carries a MAC, under a key that does not rotate, over its metadata, its workflow and
its ciphertext. A payload without a valid MAC is *replaced* by one that cannot be decoded:
Temporal's SDK then drops a forged signal and rejects a forged update, while the run goes on.
Raising instead would fail every workflow task of the run for ever. Only a genuine payload whose
epoch's key is missing raises, so that the task is retried until the key file is here. Exceptions of
this module have constant texts.

The caller chooses the epoch; a worker answers in the epoch it was called in, which the caller can
certainly read. So processes may get a new epoch's files in any order: every caller can read the
answer to a call that took effect.
"""

import asyncio
import hmac
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Self, cast
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
_KEPT_CONVERTERS = 2048
_MAC = "mac"
_REFUSED = {"encoding": b"binary/refused"}

# Temporal replaces the failure of an attempt, if it is over 4 KB, by one without its type
# (limit.mutableStateActivityFailureSize.error), and the type is the wait reason.
_KEPT_CAUSES = 3
_MESSAGE_BYTES = 150
_TRACE_BYTES = 600

CallerEpochs = MutableMapping[asyncio.Task[Any] | None, str]
"""The oldest epoch that each task has decoded; the SDK runs one task per call of a worker."""


class Codec(PayloadCodec, WithSerializationContext):
    """Encrypts and decrypts for one workflow; with `caller_epochs`, encodes in the caller's."""

    def __init__(
        self,
        keys: KeyRing,
        namespace: str = "",
        workflow_id: str = "",
        caller_epochs: CallerEpochs | None = None,
    ) -> None:
        self._keys = keys
        self._namespace = namespace
        self._workflow_id = workflow_id
        self._caller_epochs = caller_epochs

    def with_context(self, context: SerializationContext) -> "Codec":
        return Codec(self._keys, *_place(context), self._caller_epochs)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        caller_epoch = (
            None if self._caller_epochs is None else self._caller_epochs.get(asyncio.current_task())
        )
        epoch = caller_epoch or self._keys.epoch
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
        """Return the decrypted payload, or one that nothing can decode; raises `UnknownEpoch`."""
        if not self._has_valid_mac(payload):
            return Payload(metadata=_REFUSED)
        epoch = payload.metadata["epoch"].decode()
        try:
            clear = Payload.FromString(
                decrypt(self._key(epoch), payload.data, self._context(epoch))
            )
        except (InvalidTag, DecodeError, ValueError):
            return Payload(metadata=_REFUSED)
        self._remember(epoch)
        return clear

    def _remember(self, epoch: str) -> None:
        if self._caller_epochs is not None:
            task = asyncio.current_task()
            self._caller_epochs[task] = min(epoch, self._caller_epochs.get(task, epoch))

    def _has_valid_mac(self, payload: Payload) -> bool:
        metadata = dict(payload.metadata)
        mac = metadata.pop(_MAC, b"")
        return hmac.compare_digest(mac, self._mac(metadata, payload.data))

    def _mac(self, metadata: Mapping[str, bytes], box: bytes) -> bytes:
        """Return the MAC over all parts, each after its length, so that no two lists collide."""
        named = (part for name in sorted(metadata) for part in (name.encode(), metadata[name]))
        parts = (self._namespace.encode(), self._workflow_id.encode(), box, *named)
        text = b"".join(each for part in parts for each in (len(part).to_bytes(8), part))
        return hmac.digest(self._keys.payload_mac_key, text, "sha256")

    def _key(self, epoch: str) -> bytes:
        if not self._workflow_id:
            raise TypeError("payloads belong to a workflow")
        return self._keys.payload_key(epoch, self._namespace, self._workflow_id)

    def _context(self, epoch: str) -> bytes:
        return f"{self._namespace}\0{self._workflow_id}\0{epoch}".encode()


def workflow_of(payload: Payload) -> str:
    """Return the workflow id that a payload claims to belong to; empty where it claims none."""
    return payload.metadata.get("workflow", b"").decode(errors="replace")


class FailureConverter(DefaultFailureConverter):
    """Encrypts messages and stack traces, and truncates them to the size that Temporal keeps.

    A forged failure is decoded as one with a constant text.
    """

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        DefaultFailureConverter().to_failure(exception, payload_converter, failure)
        kept = list(islice(_with_causes(failure), _KEPT_CAUSES))
        kept[-1].ClearField("cause")
        for each in kept:
            text = {
                "message": _first_bytes(each.message, _MESSAGE_BYTES),
                "stack_trace": _last_bytes(each.stack_trace, _TRACE_BYTES // len(kept)),
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


def _first_bytes(text: str, size: int) -> str:
    return text.encode(errors="replace")[:size].decode(errors="ignore")


def _last_bytes(text: str, size: int) -> str:
    return text.encode(errors="replace")[-size:].decode(errors="ignore")


def _place(context: SerializationContext) -> tuple[str, str]:
    """Return namespace and workflow id of a context, the workflow's own or one of its activities'.

    Raises TypeError for a context of neither.
    """
    if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
        return context.namespace, context.workflow_id or ""
    raise TypeError("payloads belong to a workflow")


@dataclass(frozen=True)
class ConverterByWorkflow(DataConverter):
    """A data converter that makes the one of each workflow once.

    Temporal's SDK asks for it up to three times for each payload, and makes every part of it anew.
    """

    made: dict[tuple[str, str], DataConverter] = field(
        default_factory=dict, repr=False, compare=False
    )

    def with_context(self, context: SerializationContext) -> Self:
        place = _place(context)
        if place not in self.made:
            if len(self.made) >= _KEPT_CONVERTERS:
                self.made.clear()
            self.made[place] = super().with_context(context)
        return cast("Self", self.made[place])


def data_converter(keys: KeyRing, *, answers: bool = False) -> DataConverter:
    """Return a converter of Pydantic models that encrypts payloads and the texts of failures.

    `answers` is for workers: encode in the epoch of the caller.
    """
    return ConverterByWorkflow(
        payload_converter_class=PydanticPayloadConverter,
        payload_codec=Codec(keys, caller_epochs=WeakKeyDictionary() if answers else None),
        failure_converter_class=FailureConverter,
    )
