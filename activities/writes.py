"""Adding a person's entry and giving it a password, step by step; every step may be repeated."""

from activities.answers import ALREADY_EXISTS, SUCCESS
from activities.directory import Directory, Entry
from activities.entries import CODES, Attributes
from activities.failures import failure
from domain.contracts.requests import ProvisionAccount, Provisioned, ProvisionOutcome
from domain.contracts.vocabulary import FailureType, PasswordRefusal

CONFLICT = Provisioned(outcome=ProvisionOutcome.CONFLICT)
_INSUFFICIENT_QUALITY = 5
_TOO_SHORT = 6
_IN_HISTORY = 8
_REFUSED_OUTRIGHT = {
    _INSUFFICIENT_QUALITY: PasswordRefusal.POLICY,
    _TOO_SHORT: PasswordRefusal.TOO_SHORT,
}


def entry(
    directory: Directory, request: ProvisionAccount, wanted: Attributes
) -> Entry | Provisioned:
    """Return the person's entry, added where there was none, or what stands in the way."""
    return _own_entry(directory, request, wanted) or _added(directory, request, wanted)


def _own_entry(
    directory: Directory, request: ProvisionAccount, wanted: Attributes
) -> Entry | Provisioned | None:
    """Return the person's entry of this name, None when free, or what stands in the way."""
    own_codes = wanted[CODES]
    own = directory.find_by_codes(own_codes)
    if any(entry.uid.lower() != request.username for entry in own) or len(own) > 1:
        return CONFLICT
    named = directory.find_by_uids([request.username])
    if any(not entry.belongs_to(own_codes) for entry in named):
        return _taken(request)
    return own[0] if own else None


def _added(
    directory: Directory, request: ProvisionAccount, wanted: Attributes
) -> Entry | Provisioned:
    """Add the entry; whoever was faster, perhaps an earlier try, what stands there decides.

    What is in the way and cannot be seen has the name, or one of the codes in another place.
    """
    answer = directory.add(request.username, wanted)
    there = _own_entry(directory, request, wanted)
    if there:
        return there
    if answer.code == SUCCESS:
        raise failure(FailureType.CONFIGURATION, "the directory does not show the entry")
    return _taken(request) if answer.code == ALREADY_EXISTS else CONFLICT


def give_password(directory: Directory, dn: str, password: bytes) -> Provisioned:
    """Set the password and prove it with one bind, never more: the directory counts failures.

    A refusal may be the echo of an earlier try that worked and whose answer was lost; where
    that is possible the bind decides.
    """
    answer = directory.set_password(dn, password)
    refusal = _REFUSED_OUTRIGHT.get(answer.policy_error or 0)
    if answer.code != SUCCESS and refusal:
        return refused(refusal)
    if directory.opens(dn, password):
        return Provisioned(outcome=ProvisionOutcome.ACTIVE)
    if answer.code == SUCCESS:
        raise failure(FailureType.CONFIGURATION, "the new password does not open the account")
    used_before = answer.policy_error == _IN_HISTORY
    return refused(PasswordRefusal.USED_BEFORE if used_before else PasswordRefusal.POLICY)


def _taken(request: ProvisionAccount) -> Provisioned:
    """Ask for another name, unless the registrar gave this one."""
    if request.username == request.person.login_name:
        return CONFLICT
    return Provisioned(outcome=ProvisionOutcome.USERNAME_TAKEN)


def refused(why: PasswordRefusal) -> Provisioned:
    return Provisioned(outcome=ProvisionOutcome.PASSWORD_REFUSED, refusal=why)
