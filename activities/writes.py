"""Adds a person's directory entry and sets its password in idempotent steps."""

from adapters.directory.entries import Attributes
from adapters.directory.port import AddOutcome, Directory, Entry, SetOutcome
from adapters.errors import Misconfigured
from domain.accounts import Outcome
from domain.contracts.account_io import ProvisionAccount, Provisioned, ProvisionOutcome
from domain.contracts.vocabulary import PasswordRefusal
from domain.identities import Identity
from domain.reasons import Reason


def conflict(why: str) -> Provisioned:
    return Provisioned(outcome=ProvisionOutcome.CONFLICT, why=why)


def own_entry(
    directory: Directory, request: ProvisionAccount, identity: Identity, domain: str
) -> Entry | Provisioned | None:
    """Return the person's entry of this name, None when the name is free, or the conflict.

    The name is searched before the person: an entry that another attempt adds between the two
    searches is then found as the person's own, and not as somebody else's.
    """
    in_use = directory.find_in_use(request.username, domain)
    found = directory.find_own(identity)
    if found.outcome in (Outcome.CANNOT_TELL, Outcome.ANOTHERS):
        return conflict(str(found.why))
    if any(not entry.is_named(request.username) for entry in found.own):
        return conflict(Reason.UNDER_ANOTHER_NAME.of(str(found.why)))
    own = {entry.dn for entry in found.own}
    if any(entry.dn not in own for entry in in_use):
        return _taken(request)
    return found.own[0] if found.own else None


def add(
    directory: Directory,
    request: ProvisionAccount,
    identity: Identity,
    domain: str,
    wanted: Attributes,
) -> Entry | Provisioned:
    """Add the entry; if one exists, perhaps from an earlier attempt, its content decides.

    A conflicting entry that cannot be read has the name, or one of the codes elsewhere.
    """
    added = directory.add(request.username, wanted)
    there = own_entry(directory, request, identity, domain)
    if there:
        return there
    match added.outcome:
        case AddOutcome.ADDED:
            raise Misconfigured("the directory does not show the entry")
        case AddOutcome.NO_RIGHT:
            raise Misconfigured(added.detail)
        case AddOutcome.NAME_IN_USE:
            return _taken(request)
        case AddOutcome.NAME_REFUSED:
            return conflict(Reason.LOGIN_REFUSED.of(code=added.code))
        case AddOutcome.VALUE_IN_USE:
            return conflict(Reason.UNIQUE_ELSEWHERE.of(code=added.code))


def give_password(
    directory: Directory, dn: str, password: bytes, *, again: bool = False
) -> Provisioned:
    """Set the password and verify it with a single bind, as the directory counts failed binds.

    A refusal may follow from an earlier attempt that succeeded and whose answer was lost; if so,
    the bind decides. `again`: this password may have been sent before.
    """
    answer = directory.set_password(dn, password, again=again)
    if answer.outcome is SetOutcome.REFUSED:
        return refused(answer.refusal)
    if directory.can_bind(dn, password):
        return Provisioned(outcome=ProvisionOutcome.ACTIVE)
    if answer.outcome is SetOutcome.SET:
        raise Misconfigured("the new password does not open the account")
    if answer.outcome is SetOutcome.NO_RIGHT:
        raise Misconfigured(answer.detail)
    return refused(answer.refusal)


def _taken(request: ProvisionAccount) -> Provisioned:
    """Return that another username is needed, or a conflict for the registrar's username."""
    if request.username == request.person.login_name:
        return conflict(Reason.LOGIN_IN_USE)
    return Provisioned(outcome=ProvisionOutcome.USERNAME_TAKEN)


def refused(why: PasswordRefusal) -> Provisioned:
    return Provisioned(outcome=ProvisionOutcome.PASSWORD_REFUSED, refusal=why)
