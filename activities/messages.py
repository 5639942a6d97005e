"""Activities that send PINs and notices to students by any channel, deduplicated by a key.

A PIN is derived when its message is written and is stored nowhere. The ledger records the outcome
under the idempotency key, so a retry finds it done; the text is never stored.
"""

from datetime import timedelta

from temporalio import activity

from activities.errors import alarm, guarded
from activities.metrics import MESSAGES
from activities.registered import Activities
from adapters.messaging import wiring
from adapters.messaging.message_templates import Word
from domain.contracts.message_io import SendNotice, SendPin, Sent
from domain.contracts.vocabulary import ActivityName, FailureType
from domain.references import first_group
from ledger import codes, messages
from postgres import UNAVAILABLE, Pool
from security import receipt_tokens
from security.keys import KeyRing
from settings import Settings


class MessagingActivities(Activities):
    def __init__(self, *, pool: Pool, keys: KeyRing, settings: Settings) -> None:
        self._pool = pool
        self._keys = keys
        self._policy = settings.policy
        self._clients = wiring.opened(settings, alarm)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.channel.close()

    @activity.defn(name=ActivityName.SEND_PIN)
    async def send_pin(self, request: SendPin) -> Sent:
        key = messages.pin_key(request.reference, request.send_no)
        code = self._keys.pin(request.reference, request.code_no)
        minutes = request.valid_for // timedelta(minutes=1)
        sent = await self._once(key, request, "pin", code=code, minutes=minutes)
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            expires = await codes.expires_at(
                self._pool, request.reference, request.code_no, self._policy
            )
        expires_at, told_at = expires or (None, None)
        return sent.model_copy(update={"expires_at": expires_at, "told_at": told_at})

    @activity.defn(name=ActivityName.SEND_NOTICE)
    async def send_notice(self, request: SendNotice) -> Sent:
        key = messages.notice_key(request.reference, request.notice_no)
        words = {"username": request.username, "address": request.address}
        return await self._once(key, request, request.notice.value, **words)

    async def _once(
        self, key: str, request: SendPin | SendNotice, name: str, **words: Word
    ) -> Sent:
        """Send unless the ledger has an outcome for this key, and record the outcome."""
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            known = await messages.sent(self._pool, key)
        if known:
            return Sent(outcome=known)
        reference = request.reference
        words |= {"reference": reference, "group": first_group(reference)}
        to = request.destination
        client = self._clients[to.channel]
        with guarded(FailureType.CONFIGURATION, ()):
            named = receipt_tokens.token(self._keys, key)
            content = client.write(name, request.language, **words)
            outcome = await client.channel.send(to=to.to, content=content, message_id=named)
        kind = "pin" if isinstance(request, SendPin) else "notice"
        MESSAGES.labels(to.channel, kind, outcome).inc()
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            await messages.record(
                self._pool,
                self._keys,
                key=key,
                reference=reference,
                destination=to,
                outcome=outcome,
            )
        return Sent(outcome=outcome)
