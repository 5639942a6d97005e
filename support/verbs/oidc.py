"""Makes a member of staff of the verified claims of the OpenID Connect provider."""

import hashlib
import re
from dataclasses import dataclass

from adapters.oidc.tokens import Claims
from settings.pages import Oidc
from support.verbs.signin import NO_ROLE
from support.verbs.staff import PROVIDED, Staff, StaffRole
from translations import N_

_SHOWN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_WEAK = N_(
    "You signed in at the university without the second factor that the desk requires."
    " Sign out there, and sign in with it."
)
_ACCOUNT = re.compile(rf".*{PROVIDED}[0-9a-f]{{16}}")


@dataclass(frozen=True)
class Account:
    """Who signed in, whether or not they may; `name` stands in sessions and in the audit."""

    name: str
    issuer: str
    subject: str


class NotEnough(Exception):
    """The provider vouches for the person, but not for what the settings demand."""

    def __init__(self, account: Account, reason: str, text: str) -> None:
        super().__init__(text)
        self.account = account
        self.reason = reason


def account_of(claims: Claims) -> Account:
    """Return the account of verified claims.

    Only issuer and subject together are of one person for ever, so the name ends in a digest of
    both. No directory's or operator's name has its mark, so that accounts of two kinds never mix.
    """
    issuer, subject = claims["iss"], claims["sub"]
    digest = hashlib.sha256(f"{issuer}\0{subject}".encode()).hexdigest()[:16]
    shown = claims.get("preferred_username")
    known = isinstance(shown, str) and _SHOWN.fullmatch(shown)
    return Account(f"{str(shown).lower() if known else ''}{PROVIDED}{digest}", issuer, subject)


def is_provided(name: str) -> bool:
    """Whether the account of this name signs in by the provider."""
    return _ACCOUNT.fullmatch(name) is not None


def staff_by(claims: Claims, account: Account, settings: Oidc) -> Staff:
    """Return the member of staff with the roles of their groups; raises `NotEnough`."""
    for name, demanded in (("acr", settings.acr), ("amr", settings.amr)):
        if demanded and not _values(claims.get(name)) & {*demanded}:
            raise NotEnough(account, name, _WEAK)
    groups = _values(claims.get(settings.groups_claim))
    roles = frozenset(StaffRole(role) for role, group in settings.groups.items() if group in groups)
    if not roles:
        raise NotEnough(account, "no role", NO_ROLE)
    limits = [settings.departments[group] for group in groups if group in settings.departments]
    return Staff(account.name, roles, frozenset().union(*limits) if limits else None)


def _values(claim: object) -> frozenset[str]:
    """Return the values of a claim; of one that is neither a text nor a list of texts, none.

    A text is one value, as a provider writes a list of one, and is never taken apart.
    """
    listed = claim if isinstance(claim, list) else [claim]
    texts = frozenset(each for each in listed if isinstance(each, str))
    return texts if all(isinstance(each, str) for each in listed) else frozenset()
