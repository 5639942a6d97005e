"""Decodes payloads for operators, without what a student proves their identity with.

`SHOWN` is an allow-list: codes, answers, insurance numbers and ids of sealed passwords are never
shown, and a new field is hidden until somebody adds it.
"""

import json
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from ledger import activations, audit
from security.codec import ENCODING, Codec, workflow_of
from security.keys import UnknownEpoch
from support.verbs import staff_limits
from support.verbs.staff import Action, StaffContext

SEALED = "[sealed]"
UNREADABLE = "[cannot be decoded]"
# fmt: off
SHOWN = frozenset({
    "accepted_at", "act", "activated_by", "activations", "address", "alike", "allowed",
    "always_ask",
    "apart", "ask_directory", "began", "carries_code", "channel", "channels", "choices",
    "citizenship",
    "close", "closed", "code_no", "complete", "deadline",
    "deadline_at", "department_el", "department_en", "department_id", "destination", "email",
    "email_to", "emails", "end", "enrolments", "expires_at", "first_name_el", "first_name_latin",
    "former", "gone", "holder", "identify", "identity_tries", "insurance", "insurance_scheme",
    "joined_to",
    "kept_at", "kind", "language", "last_name_el", "last_name_latin", "last_sent_at",
    "locked_until", "login_name", "look", "login_shared", "shared_logins", "masked", "message",
    "mobile",
    "name_el", "name_latin",
    "needs_insurance",
    "next_try_at", "not_before", "note", "notice", "notice_no", "notify_after", "of_alike",
    "of_many", "on_request", "opens_at", "other_channel", "other_channels",
    "other_keys", "outcome", "over_seconds",
    "password_refusal", "person", "person_key", "person_keys", "persons", "pin_lock", "pin_tries",
    "pin_tries_per_code", "pin_ttl", "policy", "position", "progress",
    "proved_by", "purse", "question",
    "received_at", "recreate_missing", "reference", "references", "refusal",
    "registrar_fresh_for", "remind_after", "renews", "repeat_code_if_left", "replies",
    "request_id", "request_no", "requests",
    "reread_disputed_every", "resend_after", "resend_at", "right", "review", "review_before",
    "revision", "run",
    "scheme", "send_no", "shared", "short", "shown", "shown_hash", "since", "sms_to", "spent",
    "stack_trace", "stage", "standing", "suspected", "state", "step", "stops", "studies",
    "submission_id", "system_id", "taken",
    "terms_version", "to", "told_at", "too_many", "tries_left", "username", "utc_offset",
    "valid_for", "verdict", "version", "wait_reason", "warnings", "why", "woken_by", "wrong",
    # Of campaigns.
    "campaign", "failures", "invitation", "most", "over", "per_minute", "recipients", "reminder",
    "sent", "until", "wait",
})
"""The fields of contracts, and of failures, that are shown."""
_OF_TEMPORAL = frozenset({
    "currentDetails", "definition", "description", "name", "queryDefinitions",
    "signalDefinitions", "type", "updateDefinitions",
})
# fmt: on
"""Query results that Temporal's web UI needs from each workflow; it fails without them."""
_ANEW = timedelta(minutes=5)


async def decode(ctx: StaffContext, payloads: Sequence[Payload]) -> list[Payload]:
    """Return the payloads decoded and filtered; raises `NotAllowed`, and `RateLimited`.

    The audit row is written first, deduplicated by staff member and workflow for a few minutes.
    """
    ctx.staff.check(Action.DECODE)
    theirs = await _theirs(ctx, {workflow_of(payload) for payload in payloads})
    shown = [await _decode(ctx, payload, theirs) for payload in payloads]
    named = {
        workflow_of(box)
        for box, clear in zip(payloads, shown, strict=True)
        if clear and box.metadata.get("encoding") == ENCODING
    }
    for workflow in sorted(named):
        await staff_limits.count(ctx, Action.DECODE, once=f"decoded {workflow}")
        await _record(ctx, workflow)
    return [clear or _plain(UNREADABLE) for clear in shown]


async def _theirs(ctx: StaffContext, workflows: Collection[str]) -> Collection[str]:
    """Return the workflows this person may read; one without department needs sight of all."""
    noted = await activations.noted(ctx.pool, workflows)
    departments = {name: noted[name].department if name in noted else None for name in workflows}
    return {name for name in workflows if ctx.staff.sees(departments[name])}


async def _decode(ctx: StaffContext, box: Payload, theirs: Collection[str]) -> Payload | None:
    workflow = workflow_of(box)
    if box.metadata.get("encoding") != ENCODING:
        return box  # Not encrypted: Temporal's web UI sends search attributes, too.
    if not workflow or workflow not in theirs:
        return None
    context = WorkflowSerializationContext(namespace=ctx.client.namespace, workflow_id=workflow)
    try:
        (clear,) = await Codec(ctx.keys).with_context(context).decode([box])
        if clear.metadata.get("encoding") == b"binary/null":
            return clear
        return _plain(unsealed(json.loads(clear.data)))
    except (UnknownEpoch, ValueError):
        return None


def unsealed(value: Any) -> Any:
    """Return a value without the fields that are not shown."""
    match value:
        case dict():
            return {name: _field(name, inner) for name, inner in value.items()}
        case list():
            return [unsealed(inner) for inner in value]
        case None | bool():
            return value
    return SEALED


def _field(name: str, value: Any) -> Any:
    shown = name in SHOWN | _OF_TEMPORAL
    if isinstance(value, dict):
        return unsealed(value)
    if isinstance(value, list) and shown:
        return [unsealed(each) if isinstance(each, (dict, list)) else each for each in value]
    return value if shown or value is None else SEALED


def _plain(value: Any) -> Payload:
    data = json.dumps(value, ensure_ascii=False).encode()
    return Payload(metadata={"encoding": b"json/plain"}, data=data)


async def _record(ctx: StaffContext, workflow: str) -> None:
    newest = await audit.page(
        ctx.pool, ctx.keys, actor=ctx.staff.name, action=Action.DECODE, reference=workflow, limit=1
    )
    if not newest or newest[0].at < await ctx.now() - _ANEW:
        await ctx.record(Action.DECODE, workflow)
