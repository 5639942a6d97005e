"""Finds a student's account for the registrar check, in the ledger and the directory.

It applies the engine's own rules to the directory, with an interactive time-out.
"""

from dataclasses import replace
from typing import TypeAlias

from adapters.directory import entries
from adapters.directory.port import Directory
from adapters.directory.wiring import directory_of
from adapters.errors import AdapterError
from domain import usernames
from domain.accounts import Outcome as Judged
from domain.contracts.account_io import AccountState
from domain.contracts.people import Person
from domain.identities import Identity
from domain.reasons import Reason
from domain.registrar.diagnosis import AccountSeen
from ledger import told_apart
from recognition import presence
from recognition.rekeyed import Known, recognition
from support.verbs.staff import StaffContext

_HASTE = {"connect_timeout_seconds": 1.5, "receive_timeout_seconds": 2.0, "pool_size": 1}

_NOTED = {
    AccountState.ACTIVE: AccountSeen.ACTIVE,
    AccountState.NO_PASSWORD: AccountSeen.NO_PASSWORD,
    AccountState.FOREIGN: AccountSeen.IN_THE_WAY,
    AccountState.GONE: AccountSeen.GONE,
}
"""The outcome for each presence in the directory of an account that the ledger calls active."""

Told: TypeAlias = tuple[AccountSeen, str | None, str | None]


async def account_of(ctx: StaffContext, again: Known, noted: str | None) -> Told:
    """Look up the account by the engine's rules; `noted` is the account in the ledger.

    If the directory is away, return what the ledger knows.
    """
    unknown = (AccountSeen.ACTIVE if noted else AccountSeen.UNKNOWN, noted, None)
    try:
        directory = directory_of(ctx.settings.directory.model_copy(update=_HASTE))
    except AdapterError:
        return unknown
    institution = ctx.settings.institution
    person = await told_apart.without(ctx.pool, again.person)
    own = replace(
        entries.identity(person, institution.domain, institution.code_country),
        used_again=bool(again.own_keys),
    )
    try:
        own = await recognition(ctx.pool, ctx.keys, directory, own, again.former)
        if noted:
            found = await directory.run(presence.state, directory, own, noted)
            why = (await directory.run(directory.find_own, own)).why
            return _NOTED[found.state], found.username or noted, why
        return await _unnoted(directory, person, own, institution.domain)
    except AdapterError:
        return unknown
    finally:
        await directory.close()


async def _unnoted(directory: Directory, person: Person, identity: Identity, domain: str) -> Told:
    """Search the directory by every rule, then by the registrar's username."""
    name = None if usernames.unusable(person.login_name or "") else person.login_name
    found = await directory.run(directory.find_own, identity)
    match found.outcome:
        case Judged.OWNED_BY_SAME:
            return AccountSeen.ACTIVE, found.own[0].uid, found.why
        case Judged.RESERVED_BY_SAME:
            (entry,) = found.own
            if entry.adoptable and (name is None or entry.is_named(name)):
                return AccountSeen.NO_PASSWORD, entry.uid, found.why
        case Judged.FREE:
            used = await directory.run(directory.find_in_use, name, domain) if name else []
            if not used:
                return AccountSeen.NONE, None, None
            return AccountSeen.IN_THE_WAY, used[0].uid, Reason.LOGIN_IN_USE
    in_the_way = ", ".join(filter(None, (each.uid for each in found.own or found.doubtful)))
    return AccountSeen.IN_THE_WAY, in_the_way or None, found.why
