"""Settings of the rules: usernames, identity, rate limits of messages, alerts, policy."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.contracts.submissions import Policy
from domain.rules import Unfit
from domain.usernames import check_pattern
from settings.section import Count, Section


class Usernames(Section):
    """Patterns tried in order when neither registrar nor directory gives a username."""

    patterns: list[Annotated[str, AfterValidator(check_pattern)]] = [
        "{first1}{last}",
        "{first}.{last}",
        "{last}{first1}",
        "{number}",
    ]
    reserved: list[str] = []


class IdentitySettings(Section):
    """`always_ask`: besides a proved contact, ask for one datum of the registrar's record too."""

    always_ask: bool = False


class SendBudget(Section):
    """Rate limits of PIN messages per contact and person, and of the institution's SMS and e-mails.

    `kept_`: further messages for whoever also gives a second datum, once the ordinary ones of a
    contact or person are spent. `staff_`: messages of staff, with no other limit. Both are per
    contact. `guesses_per_day`: wrong codes that are compared for a contact in 24 hours, outside the
    kept messages and those of staff. `help_letters_`: letters to support's mailbox, one for each
    request for help; beyond them one an hour says that more wait in the console.
    """

    per_hour: Count = 3
    per_day: Count = 6
    per_person_day: Count = 10
    guesses_per_day: Count = 15
    kept_per_hour: Count = 1
    kept_per_day: Count = 3
    staff_per_hour: Count = 1
    mail_per_hour: Count = 5_000
    mail_per_day: Count = 30_000
    sms_per_hour: Count = 2_000
    sms_per_day: Count = 10_000
    help_letters_per_hour: Count = 60
    help_letters_per_day: Count = 300


class Retention(Section):
    """After how many days the ledger deletes or empties what it has; docs/privacy.md has reasons.

    Days count from the end of an activation (`account_days`, `without_account_days`), or from when
    a row was made, and never end what belongs to an activation that has not ended. A look-up that
    found nobody ends after hours, its contact's keyed index after `misses_days`.
    """

    misses_hours: int = Field(12, ge=3, le=24)
    misses_days: Count = 7
    without_account_days: Count = 90
    account_days: Count = 2_555
    tries_days: Count = 30
    messages_days: Count = 180
    help_days: Count = 365
    insurance_days: Count = 365
    imported_days: Count = 730
    consents_days: int = Field(3_650, ge=1_827)
    audit_days: int = Field(1_827, ge=366)
    statistics_days: Count = 3_650


class Alerts(Section):
    """Where alerts are sent once they have lasted `after_seconds`; nowhere if neither is set.

    Each day's head of the audit goes to the webhook as well, and to `audit_email` or, without it,
    to `email`. A monitor at `heartbeat_url` hears each minute that alerts are looked after.
    """

    webhook_url: str = ""
    webhook_token_file: Path | None = None
    email: str = ""
    audit_email: str = ""
    heartbeat_url: str = ""
    after_seconds: int = Field(60, ge=0)


MAY_BE_ZERO = frozenset(
    {"resend_after", "repeat_code_if_left", "notify_after", "registrar_fresh_for"}
)


def check_policy(policy: Policy) -> Policy:
    """Reject numbers too small for any code to be typed or for anything to be waited for.

    Checked here and not in the contract, which a live activation must still be able to decode.
    """
    nothing = {int: 1, timedelta: timedelta.resolution}
    for name, value in policy:
        if type(value) in nothing:
            least = type(value)() if name in MAY_BE_ZERO else nothing[type(value)]
            if value < least:
                raise Unfit(f"policy.{name} must be more than nothing")
    return policy
