"""Ready answers to requests for help, which staff edit before they send them.

They are in the student's language, with the institution's addresses filled in; the letter has the
reference already. No name or username is: anybody may have written it, with anybody's address.
"""

from collections.abc import Mapping
from typing import NamedTuple

from domain.contracts.vocabulary import Language
from settings import Settings
from translations import N_, translator


class Reply(NamedTuple):
    """A ready answer: its name for staff, its text, and the one without a page for passwords."""

    title: str
    text: str
    no_reset: str = ""


REPLIES: Mapping[str, Reply] = {
    "not_found": Reply(
        N_("Not found"),
        N_(
            "The secretariat of your department has no mobile or e-mail of yours that fits what you"
            " typed. Please tell them the right one, and try again a day later at %(portal)s."
        ),
    ),
    "waiting": Reply(
        N_("It waits for our systems"),
        N_(
            "What you completed is kept, and your activation continues automatically as soon as our"
            " systems answer. You can look at it at %(portal)s with the same mobile or e-mail."
        ),
    ),
    "code": Reply(
        N_("No six-digit code (pin) arrives"),
        N_(
            "Please look for our newest message, also in your spam folder. If there is none, open"
            " %(portal)s again and give the other contact that you declared, mobile or e-mail."
            " Never tell anybody the six-digit code (pin), not even us."
        ),
    ),
    "details": Reply(
        N_("Wrong details"),
        N_(
            "Only the secretariat of your department can correct your details. Please ask them, and"
            " press “The details are wrong” on the page that shows your details, at %(portal)s. You"
            " will get a message once they are corrected."
        ),
    ),
    "username": Reply(
        N_("Forgotten username"),
        N_(
            "Open %(portal)s and give the mobile or e-mail that you declared. After the six-digit"
            " code (pin) the page shows your username."
        ),
    ),
    "password": Reply(
        N_("Forgotten password"),
        N_("You can choose a new password at %(password_reset)s, with your username."),
        N_(
            "Please write to %(support_email)s from the e-mail that you declared, and support will"
            " tell you how to set a new password."
        ),
    ),
    "telephone": Reply(
        N_("We have to know who it is"),
        N_(
            "We cannot answer this by e-mail, because we have to know that it is you. Please write"
            " to %(support_email)s when we can reach you, and have your student number ready."
        ),
    ),
}


def reply(name: str, language: Language, settings: Settings) -> str:
    """Return the text of a ready answer in this language; empty for an unknown name."""
    if name not in REPLIES:
        return ""
    named, ready = addresses(settings), REPLIES[name]
    text = ready.text if named["password_reset"] else ready.no_reset or ready.text
    return translator(language).gettext(text) % named


def addresses(settings: Settings) -> dict[str, str]:
    """Return the addresses that ready texts name; that of new passwords may be empty."""
    return {
        "portal": settings.portal.public_url,
        "password_reset": settings.institution.password_reset_url,
        "support_email": settings.institution.support_email,
    }
