"""Decides who is invited by a campaign, in which language and at which hours; pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.contracts.vocabulary import Language
from domain.registrar import students
from domain.registrar.rows import Row, birth_date, first_names, insurance_of

_DAY = timedelta(days=1)
_GREEK_SPEAKING = frozenset({"GR", "CY"})


class InvitationState(StrEnum):
    """What became of an invitation.

    `sending` is written before the message is handed over. Whoever stays there, because a process
    died or the answer never came, is `in_doubt`: listed, and not sent to again.
    """

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    SKIPPED = "skipped"
    IN_DOUBT = "in_doubt"


class NotInvited(StrEnum):
    """Why a student gets no message.

    `invited`: by another campaign lately, or by another enrolment. `shared`: a message went to the
    same contact, which others have too. `objected`: told the desk that they want no invitations.
    """

    ACTIVE = "active"
    UNDER_WAY = "under_way"
    NO_CONTACT = "no_contact"
    INVITED = "invited"
    SHARED = "shared"
    NOT_ENROLLED = "not_enrolled"
    OBJECTED = "objected"


class StopCause(StrEnum):
    """Why a campaign was stopped before its end: by staff, its budget, or a restored ledger."""

    STAFF = "staff"
    BUDGET = "budget"
    RESTORED = "restored"


@dataclass(frozen=True)
class QuietHours:
    """The hours of a day without messages, from `begin` to `end`; none if both are the same."""

    begin: time
    end: time

    def until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when the quiet hours end if now is in them, in UTC; None if it is not."""
        local = now.astimezone(zone)
        at = local.time()
        over_midnight = self.begin > self.end
        since, still = at >= self.begin, at < self.end
        quiet = since or still if over_midnight else since and still
        return self._following(self.end, now, zone) if quiet else None

    def following(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when the next quiet hours begin, in UTC; None if there are none."""
        if self.begin == self.end:
            return None
        return self._following(self.begin, now, zone)

    def _following(self, at: time, now: datetime, zone: ZoneInfo) -> datetime:
        """Return when the clock next shows this time, which it does twice on a day in autumn."""
        today = now.astimezone(zone).date()
        return min(moment for moment in _moments(at, today, zone) if moment > now)


def _moments(at: time, today: date, zone: ZoneInfo) -> Iterator[datetime]:
    for day in (today, today + _DAY):
        for fold in (0, 1):
            yield datetime.combine(day, at.replace(fold=fold), zone).astimezone(UTC)


def language_of(chosen: Language | None, citizenship: str | None, default: Language) -> Language:
    """Return the language of an invitation: the one the student chose once, if any.

    A Greek text is of no use to most whose citizenship on file is foreign.
    """
    if chosen:
        return chosen
    return Language.EN if citizenship and citizenship not in _GREEK_SPEAKING else default


def marks(row: Row, region: str, own: Collection[str]) -> set[int]:
    """Return hashes of what tells that two enrolments are of one human, to invite them once.

    One mark in common is enough: the insurance number, or a contact with first name and birth date.
    """
    number, born = insurance_of(row), birth_date(row)
    found = {hash(number)} if number else set()
    if born:
        mobiles, emails = students.contacts([row], region, own)
        found |= {hash((born, first_names(row), each)) for each in (*mobiles, *emails)}
    return found
