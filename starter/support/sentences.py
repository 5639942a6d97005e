"""Says in one sentence why an activation stands where it stands, and whether anyone must act."""

from babel.support import NullTranslations

from domain.contracts import Step, WaitReason
from starter.support.cases import Standing


def sentence(standing: Standing, texts: NullTranslations) -> str:
    """Return the sentence in the catalogue's language."""
    _ = texts.gettext
    by_reason = {
        WaitReason.WAITING_PIN: _("Waits for the student to type the six-digit code."),
        WaitReason.PIN_LOCKED: _("Locked for an hour after too many wrong codes."),
        WaitReason.WAITING_IDENTITY: _(
            "Waits for the student to answer the question that tells apart who share a contact."
        ),
        WaitReason.WAITING_INSURANCE: _("Waits for the student's insurance number."),
        WaitReason.WAITING_CONSENT: _("Waits for the student to check the details and agree."),
        WaitReason.DATA_DISPUTED: _(
            "The student says the details are wrong. The secretariat must correct them; the"
            " registrar is read again every few hours, and at once on retry."
        ),
        WaitReason.WAITING_PASSWORD: _("Waits for the student to choose a password."),
        WaitReason.REGISTRAR_DOWN: _(
            "The registrar does not answer. It goes on by itself; nobody has to act."
        ),
        WaitReason.LEDGER_DOWN: _(
            "The engine's database does not answer. It goes on by itself; nobody has to act."
        ),
        WaitReason.DIRECTORY_DOWN: _(
            "The directory does not answer. It goes on by itself; nobody has to act."
        ),
        WaitReason.SMS_DOWN: _(
            "The SMS gateway does not answer. It goes on by itself; nobody has to act."
        ),
        WaitReason.MAIL_DOWN: _(
            "The mail server does not answer. It goes on by itself; nobody has to act."
        ),
        WaitReason.CONFIGURATION: _(
            "A system refuses the engine. An operator must mend its configuration."
        ),
        WaitReason.USERNAME_CONFLICT: _("No username can be given. Staff must act, then retry."),
        WaitReason.INSURANCE_CONFLICT: _(
            "The insurance number belongs to another person. Staff must act, then retry."
        ),
        WaitReason.FOREIGN_ENTRY: _(
            "The directory has an entry that is in the way. Staff must act, then retry."
        ),
        WaitReason.UNDELIVERABLE: _(
            "No message can be delivered. The secretariat must check the contacts, then retry."
        ),
    }
    by_step = {
        Step.LOOKUP: _("Looks the student up in the registrar."),
        Step.REVIEW: _("Finds the username."),
        Step.PROVISIONING: _("Makes the account."),
        Step.ACTIVE: _("The account is active."),
        Step.ALREADY_ACTIVE: _("Ended: the student already has an active account."),
        Step.JOINED: _("Ended: the student goes on in another activation."),
        Step.NOT_FOUND: _("Ended: no student has this contact."),
        Step.EXPIRED: _("Ended: the student left it for too long."),
        Step.CANCELLED: _("Ended: it was cancelled."),
    }
    if (standing.step, standing.wait_reason) == (Step.NEEDS_SUPPORT, WaitReason.WAITING_IDENTITY):
        return _(
            "Several students share the contact, and the answers fitted none of them."
            " Staff must find out who it is, then retry."
        )
    if standing.wait_reason:
        return by_reason[standing.wait_reason]
    return by_step[standing.step]
