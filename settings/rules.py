"""The numbers and words that rules go by: usernames, identity, messages, alerts, the policy."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    Field,
)

from domain.contracts.submissions import Policy
from domain.rules import Unfit
from domain.usernames import check_pattern
from settings.section import Count, Section


class Usernames(Section):
    """Patterns tried in order when the registrar and the directory name none."""

    patterns: list[Annotated[str, AfterValidator(check_pattern)]] = [
        "{first1}{last}",
        "{first}.{last}",
        "{last}{first1}",
        "{number}",
    ]
    reserved: list[str] = []


class IdentitySettings(Section):
    """With `always_ask` a proved contact is not enough: one datum of the record is asked too."""

    always_ask: bool = False


class SendBudget(Section):
    """PIN messages per contact, per person and, as SMS cost money, SMS of the whole institution.

    Those of `kept_` are for who also gives a second datum, where the ordinary ones of a contact or
    a person are spent; those of staff are held back by no other limit. Both are for one contact.
    """

    per_hour: Count = 3
    per_day: Count = 6
    per_person_day: Count = 10
    kept_per_hour: Count = 1
    kept_per_day: Count = 3
    staff_per_hour: Count = 1
    sms_per_hour: Count = 2_000
    sms_per_day: Count = 10_000


class Alerts(Section):
    """Whom to tell what keeps activations from going on; nobody where neither is given."""

    webhook_url: str = ""
    webhook_token_file: Path | None = None
    email: str = ""
    after_seconds: int = Field(60, ge=0)


MAY_BE_ZERO = frozenset({"resend_after", "repeat_code_if_left", "notify_after"})


def check_policy(policy: Policy) -> Policy:
    """Refuse numbers with which no code could be typed and nothing be waited for.

    Here and not in the contract, which an activation under way must be able to read again.
    """
    nothing = {int: 1, timedelta: timedelta.resolution}
    for name, value in policy:
        if type(value) in nothing:
            least = type(value)() if name in MAY_BE_ZERO else nothing[type(value)]
            if value < least:
                raise Unfit(f"policy.{name} must be more than nothing")
    return policy
