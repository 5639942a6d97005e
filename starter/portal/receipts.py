"""Takes delivery receipts of SMS gateways, and tells what became of a student's message."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl

from prometheus_client import Counter

from domain.receipts import Received, meaning, value_at
from ledger import messages, receipts
from ledger.refusals import passed_over
from postgres import UNAVAILABLE, Pool
from security import receipt_tokens
from security.keyfiles import KeyUnavailable
from security.keys import KeyRing
from settings import Settings
from settings.systems import Sms
from web import times

RECEIPTS = Counter(
    "activation_receipts",
    "Delivery receipts that told something new, by gateway and state; `unreadable` ones had no"
    " state that is known, `forged` ones no message of ours.",
    ["gateway", "state"],
)
_MOST_FIELDS = 50


class UnknownReceipt(Exception):
    """The receipt names no message of ours, or nobody takes receipts there."""


class ReceiptNotTaken(Exception):
    """The ledger or a key is away: the gateway should come again."""


@dataclass(frozen=True)
class ReceiptService:
    pool: Pool
    keys: KeyRing
    settings: Settings

    def gateway(self, name: str) -> Sms:
        """Return a gateway whose receipts are taken; raises `UnknownReceipt` without one."""
        known = {"sms": self.settings.sms, "sms_fallback": self.settings.sms_fallback}
        gateway = known.get(name)
        if gateway is None or not gateway.receipt_field:
            raise UnknownReceipt
        return gateway

    def named(self, gateway: str, token: str) -> str:
        """Return the index of the message that this token names; raises `UnknownReceipt`."""
        try:
            index = receipt_tokens.read(self.keys, token)
        except KeyUnavailable:
            raise ReceiptNotTaken from None
        if index is None:
            RECEIPTS.labels(gateway, "forged").inc()
            raise UnknownReceipt
        return index

    async def take(self, gateway: str, index: str, said: str) -> None:
        """Record what the gateway says of this message; raises `ReceiptNotTaken`."""
        state = meaning(said, self.gateway(gateway).receipt_states)
        if state is None:
            RECEIPTS.labels(gateway, "unreadable").inc()
            return
        try:
            async with asyncio.timeout(times.LEDGER_SECONDS):
                is_new = await receipts.record(self.pool, index, state)
        except UNAVAILABLE:
            raise ReceiptNotTaken from None
        if is_new:
            RECEIPTS.labels(gateway, state).inc()

    async def of(self, reference: str, send_no: int | None) -> Received | None:
        """Return what became of the code message of this number; None while that is not known."""
        if send_no is None:
            return None
        key = messages.pin_key(reference, send_no)
        with suppress(KeyUnavailable), passed_over():
            async with asyncio.timeout(times.RECEIPT_SECONDS):
                return (await receipts.of(self.pool, self.keys, [key])).get(key)
        return None


class Callback:
    """The fields of a callback: its query, and its body as JSON or as a form."""

    def __init__(self, query: Mapping[str, str], content_type: str, body: bytes) -> None:
        self._fields = dict(query)
        self._json: object = None
        if "json" in content_type or body.lstrip()[:1] in (b"{", b"["):
            try:
                self._json = json.loads(body)
            except (ValueError, RecursionError):
                return
        else:
            try:
                form = parse_qsl(body.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
            except ValueError:
                return
            self._fields |= dict(form)

    def at(self, path: str) -> str:
        """Return the value of a field, or at a path into JSON; empty if there is none."""
        if not path:
            return ""
        return value_at(self._json, path) or self._fields.get(path, "")
