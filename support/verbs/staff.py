"""The staff's roles and actions, which role allows which, and what every verb depends on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from temporalio.client import Client

from ledger import audit, clock
from ledger.staff_sessions import SignedIn
from postgres import Pool
from security.keys import KeyRing
from settings import Settings
from starter.client.activations import Activations
from starter.os_user import remarked
from support.verbs.histories import UnknownReference
from translations import N_


class StaffRole(StrEnum):
    VIEWER = "viewer"
    HELPDESK = "helpdesk"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    SECRETARIAT = "secretariat"


class Action(StrEnum):
    """What staff read or do; the value is also the action's name in the audit."""

    QUEUE = "queue"
    CASE = "case"
    PAGE = "page"
    SEARCH = "search"
    REGISTRAR = "registrar"
    CALLER = "caller"
    OBJECTION = "objection"
    REQUESTS = "requests"
    NOTE = "note"
    ASSIGN = "assign"
    RETRY = "retry"
    RETRY_ALL = "retry_all"
    RESEND = "resend"
    UNLOCK = "unlock"
    REOPEN = "reopen"
    REREAD = "reread"
    RESOLVE = "resolve"
    INSURANCE = "insurance"
    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"
    ERASE = "erase"
    EXPORT = "export"
    SWEEP = "sweep"
    FUNNEL = "funnel"
    NOT_ACTIVATED = "not_activated"
    AUDIT = "audit"
    CUT = audit.CUT
    OPERATE = "operate"
    FINDINGS = "findings"
    CAMPAIGN = "campaign"
    CAMPAIGN_STOP = "campaign_stop"
    CAMPAIGN_START = "campaign_start"
    DECODE = "decode"
    SECOND_FACTOR = "second_factor_reset"


_VIEWER = frozenset({Action.QUEUE, Action.CASE})
_HELPDESK = _VIEWER | {
    Action.PAGE,
    Action.SEARCH,
    Action.REGISTRAR,
    Action.CALLER,
    Action.OBJECTION,
    Action.REQUESTS,
    Action.NOTE,
    Action.ASSIGN,
    Action.RETRY,
    Action.RESEND,
    Action.UNLOCK,
    Action.REOPEN,
    Action.REREAD,
    Action.INSURANCE,
}
_SUPERVISOR = _HELPDESK | {
    Action.RETRY_ALL,
    Action.RESOLVE,
    Action.HOLD,
    Action.RELEASE,
    Action.CANCEL,
    Action.WITHDRAW,
    Action.FUNNEL,
    Action.FINDINGS,
    Action.NOT_ACTIVATED,
    Action.CAMPAIGN,
    Action.CAMPAIGN_STOP,
}

ALLOWED: Mapping[StaffRole, frozenset[Action]] = {
    StaffRole.VIEWER: _VIEWER,
    StaffRole.HELPDESK: _HELPDESK,
    StaffRole.SUPERVISOR: _SUPERVISOR,
    StaffRole.AUDITOR: frozenset({Action.AUDIT}),
    StaffRole.SECRETARIAT: frozenset({Action.NOT_ACTIVATED, Action.CAMPAIGN}),
    StaffRole.OPERATOR: _VIEWER
    | {
        Action.NOTE,
        Action.RETRY,
        Action.RETRY_ALL,
        Action.ERASE,
        Action.EXPORT,
        Action.SWEEP,
        Action.CUT,
        Action.FUNNEL,
        Action.NOT_ACTIVATED,
        Action.OPERATE,
        Action.FINDINGS,
        Action.CAMPAIGN,
        Action.CAMPAIGN_STOP,
        Action.CAMPAIGN_START,
        Action.DECODE,
        Action.SECOND_FACTOR,
    },
}


OF_ALL_DEPARTMENTS = frozenset(
    {Action.OPERATE, Action.FINDINGS, Action.SWEEP, Action.CUT, Action.SECOND_FACTOR}
)
"""Acts on the whole institution, which nobody may do who is limited to departments."""

PROVIDED = "~"
"""Stands in the name of an account of the OpenID Connect provider, and in no other name."""


def lasting(name: str) -> str:
    """Return what stays of a name: of a provider's account the digest, as people may rename it."""
    return name.rpartition(PROVIDED)[2].casefold()


class NotAllowed(Exception):
    """None of this person's roles allows the action; the text says so."""

    def __init__(self) -> None:
        super().__init__(N_("Your role does not allow this."))


@dataclass(frozen=True)
class Staff:
    """One member of staff; `departments` None: all of them.

    `said` is what else is said of them: a remark for the audit, which nothing proves.
    """

    name: str
    roles: frozenset[StaffRole]
    departments: frozenset[str] | None = None
    said: str = ""

    def may(self, action: Action) -> bool:
        """Return whether a role allows the action, for the departments of this person."""
        if self.departments is not None and action in OF_ALL_DEPARTMENTS:
            return False
        return any(action in ALLOWED[role] for role in self.roles)

    def check(self, action: Action) -> None:
        """Raise `NotAllowed` unless one of this person's roles allows the action."""
        if not self.may(action):
            raise NotAllowed

    def sees(self, department: str | None) -> bool:
        """Whether this person may see the department's cases; an unknown one only if all."""
        return self.departments is None or department in self.departments


def staff_of(who: SignedIn) -> Staff:
    """Return the member of staff whom the ledger keeps as this."""
    departments = None if who.departments is None else frozenset(who.departments)
    return Staff(who.name, frozenset(map(StaffRole, who.roles)), departments)


@dataclass(frozen=True)
class StaffContext:
    """The connections, and the member of staff on whose behalf a verb runs."""

    client: Client
    pool: Pool
    keys: KeyRing
    settings: Settings
    staff: Staff

    @property
    def activations(self) -> Activations:
        return Activations(self.client)

    async def now(self) -> datetime:
        """Return the ledger's time, because the clock of this process may be wrong."""
        return await clock.now(self.pool)

    async def record(self, action: Action, reference: str | None = None, reason: str = "") -> None:
        """Check the role and write the audit row before the action; raises `NotAllowed`.

        No details are shown and nothing is changed without this row.
        """
        await self.record_each(action, [reference], reason)

    async def record_each(
        self, action: Action, references: Iterable[str | None], reason: str
    ) -> None:
        """Write one audit row for each reference in one transaction; raises `NotAllowed`."""
        self.staff.check(action)
        await self._write(action, references, reason)

    async def record_refusal(self, action: Action, reference: str | None) -> None:
        """Write an audit row that says that the action was refused and not done."""
        await self._write(audit.REFUSED, [reference], action)

    def check_sight(self, department: str | None) -> None:
        """Raise `UnknownReference` for a case that this person may not see, against enumeration."""
        if not self.staff.sees(department):
            raise UnknownReference

    async def _write(self, action: str, references: Iterable[str | None], reason: str) -> None:
        await audit.record_each(
            self.pool,
            self.keys,
            actor=self.staff.name,
            action=action,
            references=references,
            reason=remarked(reason, self.staff.said),
        )
