"""Ready answers to requests for help, which staff edit before they send them.

They are in the student's language, with the institution's addresses filled in; the letter has the
reference already. No name or username is: anybody may have written it, with anybody's address. An
institution's own stand beside the built-in ones, and in place of those that have the same name.
"""

from collections.abc import Mapping

from domain.contracts.vocabulary import Language
from settings import Settings
from starter import ready_answers
from starter.ready_answers import Replies, Reply, addresses
from translations import N_, translator

BUILT_IN: Mapping[str, Reply] = {
    "not_found": Reply(
        N_("Not found"),
        N_(
            "The secretariat of your department has no mobile or e-mail of yours that fits what you"
            " typed. Please tell them the right one, and try again a day later at %(portal_url)s."
        ),
    ),
    "waiting": Reply(
        N_("It waits for our systems"),
        N_(
            "What you completed is kept, and your activation continues automatically as soon as our"
            " systems answer. You can look at it at %(portal_url)s with the same mobile or e-mail."
        ),
    ),
    "code": Reply(
        N_("No six-digit code (pin) arrives"),
        N_(
            "Please look for our newest message, also in your spam folder. If there is none, open"
            " %(portal_url)s again and give the other contact that you declared, mobile or e-mail."
            " Never tell anybody the six-digit code (pin), not even us."
        ),
    ),
    "details": Reply(
        N_("Wrong details"),
        N_(
            "Only the secretariat of your department can correct your details. Please ask them, and"
            " press “The details are wrong” on the page that shows your details, at %(portal_url)s."
            " You will get a message once they are corrected."
        ),
    ),
    "username": Reply(
        N_("Forgotten username"),
        N_(
            "Open %(portal_url)s and give the mobile or e-mail that you declared. After the"
            " six-digit code (pin) the page shows your username."
        ),
    ),
    "password": Reply(
        N_("Forgotten password"),
        N_("You can choose a new password at %(password_reset_url)s, with your username."),
    ),
    "telephone": Reply(
        N_("We have to know who it is"),
        N_(
            "We cannot answer this by e-mail, because we have to know that it is you. Please write"
            " to %(support_email)s when we can reach you, and have your student number ready."
        ),
    ),
}


_NO_RESET: Mapping[str, str] = {
    "password": N_(
        "Please write to %(support_email)s from the e-mail that you declared, and support will"
        " tell you how to set a new password."
    ),
}
"""What is said instead where the institution has no page for new passwords."""


def replies(settings: Settings) -> Replies:
    """Return all ready answers in both languages; raises `Failed` on a mistake in one's own."""
    built_in = {
        name: {language: _said(name, settings, language) for language in Language}
        for name in BUILT_IN
    }
    found = built_in | dict(ready_answers.own(settings))
    return {name: each for name, each in found.items() if each}


def _said(name: str, settings: Settings, language: Language) -> Reply:
    say, named = translator(language).gettext, addresses(settings)
    title, text = BUILT_IN[name]
    if not named["password_reset_url"]:
        text = _NO_RESET.get(name, text)
    return Reply(say(title), say(text) % named)
