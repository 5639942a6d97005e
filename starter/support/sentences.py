"""Says in one sentence why an activation stands where it stands, and whether anyone must act."""

from babel.support import NullTranslations

from domain.contracts.vocabulary import Step, WaitReason
from starter.support.cases import Line
from translations import N_

_BY_REASON = {
    WaitReason.WAITING_PIN: N_("Waits for the student to type the six-digit code."),
    WaitReason.PIN_LOCKED: N_(
        "Locked for a while after too many wrong codes. It opens by itself; nobody has to act."
    ),
    WaitReason.WAITING_IDENTITY: N_(
        "Waits for the student to answer the question that tells apart who share a contact."
    ),
    WaitReason.WAITING_INSURANCE: N_("Waits for the student's insurance number."),
    WaitReason.WAITING_CONSENT: N_("Waits for the student to check the details and agree."),
    WaitReason.DATA_DISPUTED: N_(
        "The student says the details are wrong. The secretariat must correct them; the"
        " registrar is read again every few hours, and at once when staff say so. When they are"
        " right as they are, staff resolve it."
    ),
    WaitReason.WAITING_PASSWORD: N_("Waits for the student to choose a password."),
    WaitReason.REGISTRAR_DOWN: N_(
        "The registrar does not answer. It goes on by itself; nobody has to act."
    ),
    WaitReason.LEDGER_DOWN: N_(
        "The engine's database does not answer. It goes on by itself; nobody has to act."
    ),
    WaitReason.DIRECTORY_DOWN: N_(
        "The directory does not answer. It goes on by itself; nobody has to act."
    ),
    WaitReason.SMS_DOWN: N_(
        "The SMS gateway does not answer. It goes on by itself; nobody has to act."
    ),
    WaitReason.MAIL_DOWN: N_(
        "The mail server does not answer. It goes on by itself; nobody has to act."
    ),
    WaitReason.CONFIGURATION: N_(
        "A system refuses the engine, or the engine fails. An operator must mend what the worker's"
        " log names; then it goes on by itself."
    ),
    WaitReason.USERNAME_CONFLICT: N_("No username can be given. Staff must act, then retry."),
    WaitReason.INSURANCE_CONFLICT: N_(
        "The insurance number belongs to another person. Staff must act, then retry."
    ),
    WaitReason.FOREIGN_ENTRY: N_(
        "The directory has an entry that is in the way. Staff must act, then retry."
    ),
    WaitReason.UNDELIVERABLE: N_(
        "No message can be delivered. The secretariat must check the contacts, then retry."
    ),
    WaitReason.NO_LONGER_ENROLLED: N_(
        "The registrar no longer has an enrolled student with this contact. The secretariat must"
        " check it, then retry or cancel."
    ),
    WaitReason.HELD: N_("Held by staff. It goes on when staff release it."),
}
_BY_STEP = {
    Step.LOOKUP: N_("Looks the student up in the registrar."),
    Step.REVIEW: N_("Finds the username."),
    Step.PROVISIONING: N_("Makes the account."),
    Step.ACTIVE: N_("The account is active."),
    Step.ALREADY_ACTIVE: N_("Ended: the student already has an active account."),
    Step.JOINED: N_("Ended: the student goes on in another activation."),
    Step.NOT_FOUND: N_("Ended: no student has this contact."),
    Step.EXPIRED: N_("Ended: the student left it for too long."),
    Step.CANCELLED: N_("Ended: it was cancelled."),
}
_AT_SUPPORT = {
    WaitReason.WAITING_IDENTITY: N_(
        "Several students share the contact, and the answers fitted none of them."
        " Staff must find out who it is, then retry."
    ),
    WaitReason.CONFIGURATION: N_(
        "A system refused the engine, or the engine failed. An operator must mend what the"
        " worker's log names, then retry."
    ),
}


def sentence(line: Line, texts: NullTranslations) -> str:
    """Return the sentence in the catalogue's language."""
    if line.wait_reason is None:
        return texts.gettext(_BY_STEP[line.step])
    by_reason = _BY_REASON | (_AT_SUPPORT if line.step is Step.NEEDS_SUPPORT else {})
    return texts.gettext(by_reason[line.wait_reason])
