"""Interprets the directory's result codes and the password policy's own error."""

from typing import Any, NamedTuple

from adapters.errors import Misconfigured, Refused, Unavailable
from domain.contracts.vocabulary import FailureType

SUCCESS = 0
REFERRAL = 10
NO_SUCH_ATTRIBUTE = 16
CONSTRAINT_VIOLATION = 19
NO_SUCH_OBJECT = 32
INVALID_CREDENTIALS = 49
NO_RIGHT = 50
UNWILLING = 53
ALREADY_EXISTS = 68
DRY_RUN_DONE = 16654
"""OpenLDAP's own result code: the dry run would have succeeded."""
NAMING = frozenset({21, 34, 64})
"""The directory does not accept this name: its syntax, its DN, or its place in the tree."""
ELSEWHERE = frozenset({REFERRAL, 51, 52, UNWILLING})
"""This server cannot serve it now: it is a replica, read-only, busy or shutting down."""

INSUFFICIENT_QUALITY = 5
TOO_SHORT = 6
IN_HISTORY = 8
"""Errors of the password policy."""

_MISCONFIGURED = frozenset({8, 13, 32, 48, 49, NO_RIGHT})
_OUR_BUG = frozenset({17, 21, 34, 64, 65})

PASSWORD_POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"  # noqa: S105 - the control's name
_POLICY_ERROR = 0x81


class LdapResult(NamedTuple):
    """A result code, and the password policy's own error if there is one.

    `refused`, for "unwilling" (53): the server accepts writes in general, but not this one.
    """

    code: int
    policy_error: int | None = None
    refused: bool = False

    @property
    def detail(self) -> str:
        return f"LDAP {self.code}"


def reject(answer: LdapResult, *allowed: int) -> None:
    """Raise the error for a result code that is not in `allowed`."""
    detail = answer.detail
    if answer.code in (SUCCESS, *allowed):
        return
    if answer.code in _OUR_BUG:
        raise Refused(detail)
    if answer.code in _MISCONFIGURED or answer.refused:
        raise Misconfigured(detail)
    # Read-only for a moment, or because the settings name only replicas.
    alarming = answer.code in (REFERRAL, UNWILLING)
    raise Unavailable(FailureType.DIRECTORY_DOWN, detail, alarming=alarming)


def read(result: dict[str, Any]) -> LdapResult:
    """Read the code of ldap3's result, and the policy's error from the response control."""
    control = (result.get("controls") or {}).get(PASSWORD_POLICY)
    return LdapResult(result["result"], control and _policy_error(control["value"] or b""))


def _policy_error(value: bytes) -> int | None:
    """Read the error from the control's BER: a sequence of an optional warning and error."""
    at = 2
    while at + 1 < len(value):
        tag, length = value[at], value[at + 1]
        if tag == _POLICY_ERROR:
            return int.from_bytes(value[at + 2 : at + 2 + length])
        at += 2 + length
    return None
