"""The second factor of staff who sign in by a password: time-based codes, and recovery codes.

A code is six digits of the time step of 30 seconds before, now or after, and counts once. Recovery
codes are drawn with 80 bits; the ledger keeps keyed hashes, each of which counts once.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyotp

from ledger import audit, clock, second_factors, staff_sessions
from postgres import Pool
from security.keys import KeyRing
from support.verbs.actions import ActionRefused
from support.verbs.signin import ByFile
from support.verbs.staff import Action, Staff, StaffContext, StaffRole
from translations import N_

RECOVERY_CODES = 10
_BYTES_OF_A_CODE = 10
_STEP_SECONDS = 30
_STEPS_OFF = (0, -1, 1)
_DIGITS = re.compile("[0-9]{6}")
Who = Literal["off", "operators", "all"]
_MUST: Mapping[Who, frozenset[StaffRole]] = {
    "off": frozenset(),
    "operators": frozenset({StaffRole.OPERATOR}),
    "all": frozenset(StaffRole),
}


def is_required(who: Who, staff: Staff) -> bool:
    """Whether the setting asks this person for a second factor after the password."""
    return not _MUST[who].isdisjoint(staff.roles)


@dataclass(frozen=True)
class SecondFactors:
    """The second factors in the ledger."""

    pool: Pool
    keys: KeyRing

    async def is_enrolled(self, name: str) -> bool:
        return await second_factors.has(self.pool, name)

    def draw(self, name: str) -> bytes:
        """Return a new secret, encrypted for this name."""
        return self.keys.encrypt("second_factor", name, pyotp.random_base32())

    def text(self, name: str, secret: bytes) -> str:
        """Return a secret in the letters that an authenticator takes."""
        return self.keys.decrypt("second_factor", name, secret)

    async def enrol(self, name: str, secret: bytes, typed: str) -> list[str] | None:
        """Enrol the authenticator that gave this code; return the recovery codes.

        Returns None for a wrong code, and if the name has got a second factor meanwhile.
        """
        step = await self._step(name, secret, typed)
        if step is None:
            return None
        codes = [_draw_code() for _ in range(RECOVERY_CODES)]
        hashes = [self._hash(name, code) for code in codes]
        enrolled = await second_factors.enrol(self.pool, name, secret, step, hashes)
        return codes if enrolled else None

    async def use_code(self, name: str, typed: str) -> bool:
        """Use a code of the authenticator; return whether it was right and new."""
        secret = await second_factors.secret_of(self.pool, name)
        step = await self._step(name, secret, typed) if secret else None
        if secret is None or step is None:
            return False
        return await second_factors.use_step(self.pool, name, secret, step)

    async def use_recovery_code(self, name: str, typed: str) -> int | None:
        """Use a recovery code; return how many are left, None if it was wrong."""
        return await second_factors.use_recovery_code(self.pool, name, self._hash(name, typed))

    async def _step(self, name: str, secret: bytes, typed: str) -> int | None:
        """Return the time step that this code is of, by the ledger's clock."""
        code = re.sub(r"\s", "", typed)
        if not _DIGITS.fullmatch(code):
            return None
        authenticator = pyotp.TOTP(self.text(name, secret))
        now = int((await clock.now(self.pool)).timestamp()) // _STEP_SECONDS
        for step in (now + off for off in _STEPS_OFF):
            if hmac.compare_digest(authenticator.at(step * _STEP_SECONDS), code):
                return step
        return None

    def _hash(self, name: str, code: str) -> str:
        plain = re.sub("[^A-Z2-7]", "", code.upper())
        return self.keys.index("recovery_code", f"{name}\0{plain}")


def address(secret: str, name: str, issuer: str) -> str:
    """Return the otpauth address from which an authenticator takes the secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def grouped(text: str) -> str:
    """Return letters in groups of four, to be read and typed."""
    return " ".join(re.findall(".{1,4}", text))


def _draw_code() -> str:
    return grouped(base64.b32encode(secrets.token_bytes(_BYTES_OF_A_CODE)).decode())


@dataclass(frozen=True)
class StaffAccount:
    """A name with which somebody signs in or may, and whether it has a second factor."""

    name: str
    second_factor: bool
    signed_in_at: datetime | None


async def accounts(ctx: StaffContext) -> list[StaffAccount]:
    """Return the accounts that this engine knows: of its file, enrolled, or ever signed in."""
    ctx.staff.check(Action.SECOND_FACTOR)
    file = ctx.settings.console.operators_file
    names = dict.fromkeys(ByFile(file).names()) if file else {}
    enrolled = await second_factors.names(ctx.pool)
    last = await audit.last_of_each(ctx.pool, "sign_in")
    known = sorted({*names, *enrolled, *last})
    return [StaffAccount(name, name in enrolled, last.get(name)) for name in known]


async def reset(ctx: StaffContext, name: str, reason: str) -> None:
    """Delete somebody's second factor and end their sessions; raises `ActionRefused`.

    They enrol anew at their next sign-in.
    """
    name = name.strip().lower()
    ctx.staff.check(Action.SECOND_FACTOR)
    if not await second_factors.has(ctx.pool, name):
        raise ActionRefused(N_("Nobody has a second factor by this name."))
    await ctx.record(Action.SECOND_FACTOR, reason=f"{name}: {reason}")
    await second_factors.drop(ctx.pool, name)
    await staff_sessions.drop_all(ctx.pool, name)
