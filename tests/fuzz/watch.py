"""What an activation is in Temporal and in the ledger, and which requests may change it how.

The tables here say it a second time, by `design.md` and not by `workflows/steps.py`: a fault there
is not repeated here.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from domain.contracts.vocabulary import Step
from postgres import Pool
from starter.client import pending_retries
from tests.fuzz.grammar import Shot
from workflows.search_attributes import STEP

_FACTS = """
SELECT (SELECT count(*) FROM claim WHERE reference = $1) AS claims,
    (SELECT count(*) FROM consent WHERE reference = $1) AS consents,
    (SELECT count(*) FROM insurance WHERE reference = $1) AS numbers,
    (SELECT count(*) FROM sealed_password WHERE reference = $1) AS passwords,
    (SELECT count(*) FROM message WHERE reference = $1 AND key LIKE '%:pin:%') AS codes,
    (SELECT coalesce(end_step, '') FROM activation WHERE reference = $1) AS ended
"""
_AFTER_PROOF = frozenset({"insurance", "review", "already_active", "joined", "needs_support"})
MOVES: Mapping[tuple[str, str], frozenset[str]] = {
    ("pin", "/pin"): _AFTER_PROOF | {"pin", "identify"},
    ("pin", "/pin/resend"): frozenset({"pin", "needs_support"}),
    ("identify", "/identify"): _AFTER_PROOF | {"identify"},
    ("insurance", "/insurance"): _AFTER_PROOF,
    ("insurance", "/insurance/other"): _AFTER_PROOF,
    ("review", "/review"): frozenset({"review", "password", "already_active", "needs_support"}),
    ("review", "/review/insurance"): frozenset({"review", "insurance"}),
    ("password", "/password"): frozenset(
        {"password", "provisioning", "active", "already_active", "review", "needs_support"}
    ),
    # While staff hold it, what the student sends waits; a code may still be sent.
    ("needs_support", "/pin/resend"): frozenset({"needs_support"}),
}
"""Which steps may follow which by which POST of a student."""
_NEEDS: Mapping[str, str] = {"/pin": "pin", "/identify": "answer"}
"""Routes that lead to another step by the right answer alone, and its field."""
_FACTS_OF: Mapping[str, frozenset[str]] = {
    "/pin": frozenset({"claims", "ended"}),
    "/pin/resend": frozenset({"codes"}),
    "/identify": frozenset({"claims", "ended"}),
    "/insurance": frozenset({"claims", "ended"}),
    "/insurance/other": frozenset({"claims", "ended"}),
    "/review": frozenset({"consents", "numbers", "claims", "ended"}),
    "/password": frozenset({"passwords", "claims", "ended"}),
}
"""What of the ledger a POST may change, at a step where it may be sent."""
_DECIDED: Mapping[str, str] = {
    "agree": "WAITING_CONSENT",
    "dispute": "WAITING_CONSENT",
    "withdraw": "DATA_DISPUTED",
}
"""For which reason the review must wait for each decision."""
_STAFF_MOVES: Mapping[str, frozenset[str]] = {
    "retry": frozenset({"needs_support"}),
    "unlock": frozenset({"pin"}),
    "unlock_send": frozenset({"pin"}),
    "resend": frozenset({"pin", "needs_support"}),
    "reread": frozenset({"insurance", "review"}),
    "resolve": frozenset({"review"}),
    "insurance": frozenset({"review", "password", "active"}),
    "hold": frozenset({"pin", "identify", "insurance", "review", "password"}),
    "release": frozenset({"needs_support"}),
    "cancel": frozenset({"pin", "identify", "insurance", "review", "password", "needs_support"}),
    "withdraw": frozenset({"active"}),
    "erase": frozenset({"active", "already_active", "cancelled", "not_found", "joined", "expired"}),
}
"""At which steps an action of staff changes anything."""
_SETTLED_AFTER = 0.05
_LOOKS = 200


@dataclass(frozen=True)
class Observed:
    """Step and reason as Temporal has them, and facts of the ledger; events count the history.

    `busy`: the engine has work at hand that may change any of them.
    """

    step: str
    reason: str
    facts: tuple[tuple[str, object], ...]
    events: int = 0
    busy: bool = field(default=False, compare=False)

    @property
    def stands(self) -> tuple[str, str, tuple[tuple[str, object], ...]]:
        return self.step, self.reason, self.facts

    def changed_facts(self, later: "Observed") -> set[str]:
        return {name for ((name, _),) in zip(set(self.facts) ^ set(later.facts))}


class Watcher:
    def __init__(self, client: Client, pool: Pool) -> None:
        self._client = client
        self._pool = pool

    async def look(self, reference: str) -> Observed:
        # In this order: where nothing is at work, what is read afterwards does not change.
        described = await self._described(reference)
        row = await self._pool.fetchrow(_FACTS, reference)
        facts = tuple(dict(row or {}).items())
        if described is None:
            return Observed("", "", facts)
        step = described.typed_search_attributes.get(STEP) or Step.LOOKUP.value
        if described.status is not WorkflowExecutionStatus.RUNNING and step not in ENDS:
            return Observed(f"terminated {step}", "", facts)
        reason = pending_retries.waits_for(described) or ""
        busy = _is_busy(described.raw_description)
        return Observed(step, reason, facts, described.history_length, busy)

    async def _described(self, reference: str) -> WorkflowExecutionDescription | None:
        try:
            return await self._client.get_workflow_handle(reference).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise

    async def settled(self, reference: str) -> Observed:
        """Return how it stands once nothing moves any more."""
        seen = await self.look(reference)
        for _ in range(_LOOKS):
            await asyncio.sleep(_SETTLED_AFTER)
            last, seen = seen, await self.look(reference)
            # Between two steps the engine works for its own reasons, of which None is one.
            rests = seen.reason or not seen.step or seen.step in ENDS
            if rests and seen == last and not (seen.busy or last.busy):
                break
        return seen

    async def events_sent(self, reference: str, since: int) -> int:
        """Return how many signals and updates a history got after so many events."""
        try:
            history = await self._client.get_workflow_handle(reference).fetch_history()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return 0
            raise
        kinds = ("workflow_execution_signaled", "workflow_execution_update_accepted")
        return sum(
            any(event.HasField(f"{kind}_event_attributes") for kind in kinds)  # type: ignore[arg-type] # by name
            for event in history.events[since:]
        )


def _is_busy(described: DescribeWorkflowExecutionResponse) -> bool:
    """Tell whether a task or a first attempt is at hand; what is retried waits for a system."""
    first = any(activity.attempt <= 1 for activity in described.pending_activities)
    return first or described.HasField("pending_workflow_task")


ENDS = frozenset({"active", "already_active", "joined", "not_found", "expired", "cancelled"})


def why_illegal(shot: Shot, right: Mapping[str, str], before: Observed, after: Observed) -> str:
    """Return what is wrong about this change by a student's request; empty if nothing is."""
    if before.stands == after.stands:
        return ""
    change = f"{before.step}/{before.reason} -> {after.step}/{after.reason}"
    facts = before.changed_facts(after)
    if facts:
        change += f" ({', '.join(sorted(facts))})"
    moved = after.step != before.step
    needed = _NEEDS.get(shot.route, "")
    right_answer = not needed or shot.one(needed).strip() == right.get(needed)
    # The last wrong answer to the question leads to support.
    locked_out = after.step == "needs_support" and shot.route == "/identify"
    decision = shot.one("decision")
    agreed = decision == "agree" and shot.one("shown_hash") == right.get("shown_hash")
    faults = {
        "a forged request": shot.forged or shot.method != "POST",
        shot.route: after.step not in MOVES.get((before.step, shot.route), ())
        or bool(facts - _FACTS_OF.get(shot.route, frozenset())),
        f"{shot.route} without the right answer": moved and not (right_answer or locked_out),
        "no decision": shot.route == "/review" and _DECIDED.get(decision) != before.reason,
        "no agreement to what was shown": moved and after.step == "password" and not agreed,
    }
    return next((f"{what} changed {change}" for what, found in faults.items() if found), "")


def why_illegal_of_staff(shot: Shot, *, may: bool, before: Observed, after: Observed) -> str:
    """Return the same for a request to the console, whose sender may do this or not."""
    if before.stands == after.stands:
        return ""
    change = f"{before.step}/{before.reason} -> {after.step}/{after.reason}"
    action = shot.route.rpartition("/")[2]
    kept_step = (
        action in ("unlock", "unlock_send", "withdraw", "resend") and before.step != after.step
    )
    other_end = action == "cancel" and after.step != "cancelled"
    faults = {
        "a forged request": shot.forged or shot.method != "POST",
        f"{shot.route} of a role that may not": not may,
        shot.route: before.step not in _STAFF_MOVES.get(action, frozenset())
        or kept_step
        or other_end,
        f"{shot.route} without a reason": not shot.one("reason").strip(),
    }
    return next((f"{what} changed {change}" for what, found in faults.items() if found), "")
