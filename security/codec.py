"""The payload codec: whatever goes into Temporal is encrypted for one workflow of one namespace.

A payload that fails authentication is *replaced* by one that cannot be decoded: Temporal's SDK
then drops a forged signal and rejects a forged update, while the run goes on. Raising instead
would fail the run's every task for ever. Only an epoch whose key may still
come raises, so that the task waits for the key file. The messages of this module are fixed texts.
"""

from collections.abc import Sequence

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


class Codec(PayloadCodec, WithSerializationContext):
    def __init__(self, keys: KeyRing, namespace: str = "", workflow_id: str = "") -> None:
        self._keys = keys
        self._namespace = namespace
        self._workflow_id = workflow_id

    def with_context(self, context: SerializationContext) -> "Codec":
        match context:
            case (
                WorkflowSerializationContext(namespace=namespace, workflow_id=workflow_id)
                | ActivitySerializationContext(namespace=namespace, workflow_id=workflow_id)
            ):
                return Codec(self._keys, namespace, workflow_id or "")
        raise TypeError("payloads belong to a workflow")

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        epoch = self._keys.epoch
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
            clear = decrypt(self._key(epoch), payload.data, self._context(epoch))
            return Payload.FromString(clear)
        except (InvalidTag, DecodeError, ValueError):
            return Payload(metadata=_REFUSED)
        except UnknownEpoch:
            if self._keys.may_come(epoch):
                raise
            return Payload(metadata=_REFUSED)

    def _key(self, epoch: str) -> bytes:
        if not self._workflow_id:
            raise TypeError("payloads belong to a workflow")
        return self._keys.payload_key(epoch, self._namespace, self._workflow_id)

    def _context(self, epoch: str) -> bytes:
        return f"{self._namespace}\0{self._workflow_id}\0{epoch}".encode()


def workflow_of(payload: Payload) -> str:
    """Return the workflow that a payload says it belongs to; empty where it says none."""
    return payload.metadata.get("workflow", b"").decode(errors="replace")


def data_converter(keys: KeyRing) -> DataConverter:
    """Pydantic models, encrypted; failure messages and stack traces encrypted too."""
    return DataConverter(
        payload_converter_class=PydanticPayloadConverter,
        payload_codec=Codec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
