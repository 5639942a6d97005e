"""Defines the staff's roles and actions, and the table of which role allows which action."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from translations import N_


class StaffRole(StrEnum):
    VIEWER = "viewer"
    HELPDESK = "helpdesk"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class Action(StrEnum):
    """What staff read or do; the value is also the action's name in the audit."""

    QUEUE = "queue"
    CASE = "case"
    SEARCH = "search"
    REGISTRAR = "registrar"
    CALLER = "caller"
    REQUESTS = "requests"
    NOTE = "note"
    RETRY = "retry"
    RETRY_ALL = "retry_all"
    RESEND = "resend"
    UNLOCK = "unlock"
    REREAD = "reread"
    RESOLVE = "resolve"
    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"
    ERASE = "erase"
    FUNNEL = "funnel"
    AUDIT = "audit"
    OPERATE = "operate"
    DECODE = "decode"


_VIEWER = frozenset({Action.QUEUE, Action.CASE})
_HELPDESK = _VIEWER | {
    Action.SEARCH,
    Action.REGISTRAR,
    Action.CALLER,
    Action.REQUESTS,
    Action.NOTE,
    Action.RETRY,
    Action.RESEND,
    Action.UNLOCK,
    Action.REREAD,
}
_SUPERVISOR = _HELPDESK | {
    Action.RETRY_ALL,
    Action.RESOLVE,
    Action.HOLD,
    Action.RELEASE,
    Action.CANCEL,
    Action.WITHDRAW,
    Action.FUNNEL,
}

ALLOWED: Mapping[StaffRole, frozenset[Action]] = {
    StaffRole.VIEWER: _VIEWER,
    StaffRole.HELPDESK: _HELPDESK,
    StaffRole.SUPERVISOR: _SUPERVISOR,
    StaffRole.AUDITOR: frozenset({Action.AUDIT}),
    StaffRole.OPERATOR: _VIEWER
    | {
        Action.NOTE,
        Action.RETRY,
        Action.RETRY_ALL,
        Action.ERASE,
        Action.FUNNEL,
        Action.OPERATE,
        Action.DECODE,
    },
}


class NotAllowed(Exception):
    """None of this person's roles allows the action; the text says so."""

    def __init__(self) -> None:
        super().__init__(N_("Your role does not allow this."))


@dataclass(frozen=True)
class Staff:
    """One member of staff; `departments` None: all of them."""

    name: str
    roles: frozenset[StaffRole]
    departments: frozenset[str] | None = None

    def may(self, action: Action) -> bool:
        return any(action in ALLOWED[role] for role in self.roles)

    def check(self, action: Action) -> None:
        """Raise `NotAllowed` unless one of this person's roles allows the action."""
        if not self.may(action):
            raise NotAllowed

    def sees(self, department: str | None) -> bool:
        """Whether this person may see the department's cases; an unknown one only if all."""
        return self.departments is None or department in self.departments
