"""Settings of the rules: usernames, identity, rate limits of messages, alerts, policy."""

from datetime import time, timedelta
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
    """Tried in order if neither registrar nor directory has a username; placeholders `{first}`
    `{first1}` `{last}` `{number}`."""
    reserved: list[str] = []
    """Names that nobody gets, in addition to the built-in ones such as `root`."""


class IdentitySettings(Section):
    """What students are asked besides a proved contact."""

    always_ask: bool = False
    """Whether one datum is asked before any name is shown, also if only one student has the
    contact: the birth date, else the last four digits of the AMKA, else the student number. Mobile
    numbers are given to other people some months after they were given up. Turn it on if contacts
    may be old: for graduates or students of earlier years, or if the secretariat does not ask for
    contacts at enrolment. If it is off, whoever has the contact counts as the student."""


class SendBudget(Section):
    """Rate limits of PIN messages per contact and person, and of the institution's SMS and e-mails.

    `kept_`: further messages for whoever also gives a second datum, once the ordinary ones of a
    contact or person are spent. `staff_`: messages of staff, with no other limit. Both are per
    contact. `help_letters_`: letters to support's mailbox, one for each request for help.
    """

    per_hour: Count = 3
    """PIN messages per contact and hour, over all activations."""
    per_day: Count = 6
    """The same per day."""
    per_person_day: Count = 10
    """PIN messages per person and day, over all contacts; counted once the person is known."""
    guesses_per_day: Count = 15
    """Wrong codes that are compared for one contact in 24 hours, over all its activations. Then
    ordinary codes to it are neither sent nor compared; a kept message still goes to who gives a
    second datum, and staff can send one, each with five tries of its own."""
    kept_per_hour: Count = 1
    """Additional PIN messages per contact and hour when the limits of the contact or the person are
    exhausted, for a student who also gives the birth date, or without one in the registrar the
    student number. Three attempts a day for each browser, and for each contact and block of
    addresses (/24, IPv6 /64)."""
    kept_per_day: Count = 3
    """The same per day."""
    staff_per_hour: Count = 1
    """PIN messages per contact and hour that staff may send, with a reason, beyond every other
    limit; they do not count against the student's limits."""
    mail_per_hour: Count = 5_000
    """E-mails with codes of the whole institution per hour; any of these ceilings alerts at 50, 80
    and 100 %."""
    mail_per_day: Count = 30_000
    """Per day."""
    sms_per_hour: Count = 2_000
    """PIN messages by SMS per clock hour, over all students: what the institution is ready to pay.
    Set both to twice the need of your busiest day."""
    sms_per_day: Count = 10_000
    """The same per day (UTC)."""
    help_letters_per_hour: Count = 60
    """Letters to `institution.support_email`, one for each request for help, in any hour. Beyond
    this, or the next, requests wait in the console's list without a letter of their own, and one
    letter an hour says so."""
    help_letters_per_day: Count = 300
    """The same in any 24 hours."""


class Campaigns(Section):
    """Limits of campaigns, which invite students who have not activated yet; see docs/campaigns.md.

    They have an SMS budget of their own: no campaign uses up the messages with codes.
    """

    per_minute: Count = 60
    """Messages a minute of one campaign, at most and unless it is started with fewer."""
    quiet_from: time = time(21)
    """From when on no invitation is sent, by `institution.timezone`;"""
    quiet_until: time = time(9)
    """until then. The same as `campaigns.quiet_from`: at any time."""
    apart_days: Count = 60
    """Days within which a person gets the messages of one campaign only. At most
    `retention.messages_days`, after which the ledger does not know any more who was invited."""
    sms_total: Count = 20_000
    """Parts of SMS that all campaigns which began within `campaigns.apart_days` may send together.
    A campaign that is prepared with more is not started."""


class Retention(Section):
    """After how long Temporal and the ledger delete or empty what they have; see docs/privacy.md.

    Days count from the end of an activation, or from when a row was made, and never end what
    belongs to an activation that has not ended.
    """

    histories_days: Count = 30
    """Days for which Temporal keeps an activation's history after its end: those of a namespace
    that `activation temporal init` creates, and of another with its option `--set-retention`."""
    misses_hours: int = Field(12, ge=3, le=24)
    """Hours (3 to 24) after which a look-up that found nobody is deleted, with its run in Temporal.
    With `portal.disclosure` = `uniform` not less than `portal.session_absolute_minutes`: a session
    ends with its look-up."""
    misses_days: Count = 7
    """Days for which a keyed index of such a contact is kept, so that support can tell whether it
    was looked up."""
    without_account_days: Count = 90
    """Days after the end of an activation without an account (expired, cancelled, not found,
    joined) until its personal data are erased."""
    account_days: Count = 2_555
    """The same for an activation with an account: seven years, longer than studies, because a later
    activation of the same person is recognised by them. As long counts a wish for no invitations,
    from when it was noted."""
    tries_days: Count = 30
    """Days for which submissions and tries of ended activations are kept."""
    messages_days: Count = 180
    """Days after which contact and person of a message are deleted; at least the longest window of
    `send_budget`."""
    help_days: Count = 365
    """Days for which requests for help, answers and notes of staff are kept."""
    insurance_days: Count = 365
    """Days after which an insurance number is deleted; its keyed index stays until the person's
    last activation is erased."""
    imported_days: Count = 730
    """Days since the last import that confirmed it until the record of an imported account that was
    never activated is deleted; also of decisions and replaced keys of persons without any
    activation."""
    consents_days: int = Field(3_650, ge=1_827)
    """Days for which an emptied consent is kept as evidence; at least five years, below which the
    database refuses."""
    audit_days: int = Field(1_827, ge=366)
    """Days after which rows of the audit may be [cut](operations.md#heads-that-leave-the-machine);
    five years, in which claims for damages end. At least 366, below which the database refuses."""
    statistics_days: Count = 3_650
    """Days for which erased activations and messages are kept for the statistics, without a person.
    """


class Alerts(Section):
    """Where alerts are sent; nowhere if neither a webhook nor an address is set."""

    webhook_url: str = ""
    """Where alerts are sent as JSON; see [operations](operations.md#alerts). Empty for none."""
    webhook_token_file: Path | None = None
    """A file with the bearer token for the webhook."""
    email: str = ""
    """The address to which alerts are mailed as well."""
    audit_email: str = ""
    """The address to which each day's [head of the
    audit](operations.md#heads-that-leave-the-machine) is mailed; empty: `alerts.email`. Best of
    somebody who does not administer the database."""
    heartbeat_url: str = ""
    """The address of an [outside monitor](operations.md#who-watches-the-alerts) that alarms when it
    hears nothing. Empty for none."""
    certificate_days: int = Field(21, ge=1)
    """How many days before a [certificate](operations.md#certificates) ends there is an alert."""
    after_seconds: int = Field(60, ge=0)
    """How long a cause must last, or be over, before it is sent."""


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
