"""Activity that sends the messages of a campaign, one after another at its pace.

Each is claimed in the ledger before it is handed over, and its result is written after. A message
that was certainly not taken is due again; of another one that failed nobody knows, so it is in
doubt, unless the gateway deduplicates. After a failure the batch ends: the campaign tries again
later, with students who are judged anew. A batch that a slow relay would bring near its time-out
ends too: in the middle of a message, the time-out would put that one in doubt.
"""

import asyncio
import math
import time
from datetime import timedelta

from temporalio import activity

from activities.errors import alarm, failure, guarded
from activities.metrics import MESSAGES
from activities.registered import Activities
from adapters.errors import AdapterError
from adapters.messaging import wiring
from domain import gsm
from domain.campaigns import InvitationState
from domain.contracts.campaigns import InvitationsSent, Recipient, SendInvitations
from domain.contracts.message_io import Delivery
from domain.contracts.vocabulary import ActivityName, FailureType
from ledger import invitations
from ledger.invitations import Claim
from postgres import UNAVAILABLE, Pool
from security import receipt_tokens
from security.keys import KeyRing
from settings import Settings

_MINUTE = 60.0


class InvitingActivities(Activities):
    def __init__(self, *, pool: Pool, keys: KeyRing, settings: Settings) -> None:
        self._pool = pool
        self._keys = keys
        self._apart = timedelta(settings.campaigns.apart_days)
        self._again = wiring.deduplicating(settings)
        # A second gateway may send what the first one took, so there is none.
        self._clients = wiring.opened(settings.model_copy(update={"sms_fallback": None}), alarm)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.channel.close()

    @activity.defn(name=ActivityName.SEND_INVITATIONS)
    async def send_invitations(self, request: SendInvitations) -> InvitationsSent:
        sent, most = 0, activity.info().start_to_close_timeout
        enough = time.monotonic() + most.total_seconds() / 2 if most else math.inf
        for recipient in request.recipients:
            activity.heartbeat()
            begun = time.monotonic()
            if sent and begun > enough:
                break
            client = self._clients[recipient.destination.channel]
            name = "invitation_again" if request.reminder else "invitation"
            with guarded(FailureType.CONFIGURATION, ()):
                content = client.write(name, recipient.language, reference=None)
            with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
                claimed = await invitations.claim(
                    self._pool,
                    self._keys,
                    recipient,
                    parts=gsm.parts(content) if recipient.destination.channel.paid else 0,
                    until=request.until,
                    apart=self._apart,
                )
            if claimed is Claim.HALT:
                break
            if claimed is Claim.CLAIMED:
                await self._send(recipient, content)
                sent += 1
                # The time that the gateway took is part of the pace.
                await asyncio.sleep(_MINUTE / request.per_minute - (time.monotonic() - begun))
        return InvitationsSent(sent=sent)

    async def _send(self, recipient: Recipient, content: object) -> None:
        to = recipient.destination
        client = self._clients[to.channel]
        key = invitations.message_key(recipient.invitation)
        message_id = receipt_tokens.token(self._keys, key)
        try:
            outcome = await client.channel.send(to=to.to, content=content, message_id=message_id)
        except AdapterError as error:
            due_again = error.not_sent or to.channel in self._again
            await self._settle(
                recipient, InvitationState.PLANNED if due_again else InvitationState.IN_DOUBT
            )
            raise failure(error) from None
        MESSAGES.labels(to.channel, "invitation", outcome).inc()
        arrived = outcome is Delivery.SENT
        await self._settle(
            recipient, InvitationState.SENT if arrived else InvitationState.UNDELIVERABLE
        )

    async def _settle(self, recipient: Recipient, result: InvitationState) -> None:
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            await invitations.settle(self._pool, recipient.invitation, result)
