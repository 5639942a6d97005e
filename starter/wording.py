"""The texts of rules, verdicts, wait reasons and statuses: one table each.

Every table covers its whole vocabulary (a test checks it), so that no student reads a code.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from babel.dates import format_timedelta
from babel.support import NullTranslations

from domain.contracts.channels import Channel
from domain.contracts.vocabulary import ContactKind, Language, PasswordRefusal, Step, WaitReason
from domain.rules import InputRule
from translations import N_, translator

_RULES: Mapping[InputRule, str] = {
    InputRule.CONTACT_NONE: N_("Enter your mobile or your e-mail"),
    InputRule.MOBILE_INVALID: N_("Enter a whole mobile number, for example 691 234 5678"),
    InputRule.MOBILE_LANDLINE: N_("This is a landline. Enter a mobile number"),
    InputRule.MOBILE_FOREIGN: N_("For a foreign number start with +, for example +357 99 123456"),
    InputRule.PHONE_INVALID: N_(
        "Enter a whole telephone number, for example 691 234 5678 or 2710 123456"
    ),
    InputRule.EMAIL_INVALID: N_("Enter a whole e-mail address, for example name@example.com"),
    InputRule.EMAIL_GREEK: N_("The e-mail has Greek letters. Switch the keyboard to English"),
    InputRule.EMAIL_OWN: N_(
        "This is an address of the institution: you can read it only when the account is"
        " active. Enter your mobile or another e-mail that the secretariat has. If it has"
        " neither, ask it to record one"
    ),
    InputRule.PIN_FORMAT: N_("Enter the six digits of the code (pin)"),
    InputRule.IDENTITY_DATE: N_("Enter a whole date of birth, for example 31/12/2007"),
    InputRule.IDENTITY_FOUR_DIGITS: N_(
        "Enter the last four digits of the AMKA, or the last four digits or Latin letters of the"
        " number of another country"
    ),
    InputRule.IDENTITY_STUDENT_NUMBER: N_("Enter your whole student number, with its digits"),
    InputRule.IDENTITY_SECOND: N_("Enter your date of birth, for example 31/12/2007"),
    InputRule.AMKA_LENGTH: N_("The AMKA has 11 digits"),
    InputRule.AMKA_CHECKSUM: N_("The AMKA is not correct. Check the digits"),
    InputRule.AMKA_DATE: N_("The AMKA does not start with a date of birth. Check the digits"),
    InputRule.EHIC_FORMAT: N_("The number of the card has 10 to 20 letters and digits"),
    InputRule.FOREIGN_FORMAT: N_("The number has 6 to 30 letters and digits, in Latin script"),
    InputRule.INSURANCE_PLACEHOLDER: N_("Enter your own number, as it is on your card or document"),
    InputRule.PASSWORD_SHORT: N_("The password must have at least 12 characters"),
    InputRule.PASSWORD_LONG: N_("The password must have at most 128 characters"),
    InputRule.PASSWORD_GREEK: N_("The password has Greek letters. Switch the keyboard to English"),
    InputRule.PASSWORD_CHARACTERS: N_(
        "The password has a character that cannot be typed on every keyboard"
    ),
    InputRule.PASSWORD_BLANK: N_(
        "The password begins or ends with a space or an invisible character. Remove it"
    ),
    InputRule.PASSWORD_COMMON: N_("This password is too common"),
    InputRule.PASSWORD_CONTEXT: N_(
        "The password contains your name, your username or a number of yours"
    ),
    InputRule.PASSWORD_INSTITUTION: N_("The password contains the name of the institution"),
    InputRule.PASSWORD_WEAK: N_("This password is easy to guess. Add another word or two"),
}

_REFUSALS: Mapping[PasswordRefusal, str] = {
    PasswordRefusal.TOO_SHORT: N_(
        "The directory found this password too short. Choose a longer one"
    ),
    PasswordRefusal.USED_BEFORE: N_("This password was used before. Choose another"),
    PasswordRefusal.POLICY: N_("The directory did not accept this password. Choose another"),
    PasswordRefusal.PERSONAL: N_(
        "The password contains your name, your username or a number of yours. Choose another"
    ),
    PasswordRefusal.EXPIRED: N_(
        "We kept your password for a limited time only, and it has been deleted. Choose one again"
    ),
}

_WAITS: Mapping[WaitReason, str] = {
    WaitReason.WAITING_PIN: N_("We are waiting for the six-digit code (pin)."),
    WaitReason.PIN_LOCKED: N_(
        "There were too many wrong codes, so you cannot try again for a while."
    ),
    WaitReason.SEND_LIMIT: N_(
        "We have sent as many codes as we can for now, so we did not send one to you."
    ),
    WaitReason.WAITING_IDENTITY: N_("We are waiting for your answer to a question."),
    WaitReason.WAITING_INSURANCE: N_("We are waiting for your insurance number."),
    WaitReason.WAITING_CONSENT: N_("We are preparing your details."),
    WaitReason.DATA_DISPUTED: N_("Your details are being corrected."),
    WaitReason.WAITING_PASSWORD: N_("We are waiting for your password."),
    WaitReason.REGISTRAR_DOWN: N_(
        "The records of the secretariat do not answer at the moment, so we have not"
        " looked for you yet."
    ),
    WaitReason.LEDGER_DOWN: N_("A part of our system does not answer at the moment."),
    WaitReason.DIRECTORY_DOWN: N_("The directory of accounts does not answer at the moment."),
    WaitReason.SMS_DOWN: N_(
        "The SMS service does not answer at the moment. Your six-digit code (pin) will be late."
    ),
    WaitReason.MAIL_DOWN: N_(
        "The mail service does not answer at the moment. Your six-digit code (pin) will be late."
    ),
    WaitReason.MESSAGES_DOWN: N_(
        "The service that sends your six-digit code (pin) does not answer at the moment."
        " Your code will be late."
    ),
    WaitReason.CONFIGURATION: N_("There is a fault on our side. Support can see it."),
    WaitReason.USERNAME_CONFLICT: N_("Support has to check your username."),
    WaitReason.INSURANCE_CONFLICT: N_("Support has to check your insurance number."),
    WaitReason.FOREIGN_ENTRY: N_("Support has to check an older entry in the directory."),
    WaitReason.UNDELIVERABLE: N_(
        "Our message could not be delivered to the contact the secretariat has on file."
    ),
    WaitReason.NO_LONGER_ENROLLED: N_(
        "Your details at the secretariat have changed in the meantime. Support has to check them."
    ),
    WaitReason.ACCOUNT_GONE: N_(
        "You had an account, which is no longer in the directory. Support has to decide"
        " whether to create it again."
    ),
    WaitReason.SHARED_BY_MANY: N_(
        "The secretariat has this mobile or e-mail on file for many students, so it cannot prove"
        " who you are. Type another contact, or ask the secretariat to correct yours"
    ),
    WaitReason.NOT_ME: N_(
        "Whoever got our message told us that they had not asked for it, so the activation was"
        " stopped."
    ),
    WaitReason.HELD: N_("Support has stopped your activation for a check. They can tell you more."),
}

_SENDING: Mapping[str, str] = {
    Channel.SMS: N_("We are sending a six-digit code (pin) by SMS to your mobile"),
    Channel.EMAIL: N_("We are sending a six-digit code (pin) to your e-mail"),
}
_SENT: Mapping[str, str] = {
    Channel.SMS: N_("We sent a six-digit code (pin) by SMS to your mobile"),
    Channel.EMAIL: N_("We sent a six-digit code (pin) to your e-mail"),
}
_SEND: Mapping[str, str] = {
    Channel.SMS: N_("Send it to my mobile by SMS"),
    Channel.EMAIL: N_("Send it to my e-mail"),
}
_SENDING_BY: Mapping[ContactKind, str] = {
    ContactKind.MOBILE: N_("We are sending a six-digit code (pin) by %(channel)s to your mobile"),
    ContactKind.EMAIL: N_("We are sending a six-digit code (pin) by %(channel)s to your e-mail"),
}
"""For a channel without a text of its own; `_SENT_BY` and `_SEND_BY` likewise."""
_SENT_BY: Mapping[ContactKind, str] = {
    ContactKind.MOBILE: N_("We sent a six-digit code (pin) by %(channel)s to your mobile"),
    ContactKind.EMAIL: N_("We sent a six-digit code (pin) by %(channel)s to your e-mail"),
}
_SEND_BY: Mapping[ContactKind, str] = {
    ContactKind.MOBILE: N_("Send it to my mobile by %(channel)s"),
    ContactKind.EMAIL: N_("Send it to my e-mail by %(channel)s"),
}

_STEPS: Mapping[Step, str] = {
    Step.LOOKUP: N_("We are looking for you in the records of the secretariat."),
    Step.PROVISIONING: N_("We are creating your account."),
    Step.NEEDS_SUPPORT: N_("Support has to look at your activation."),
}
_AT: Mapping[tuple[Step | None, WaitReason | None], str] = {
    (Step.NEEDS_SUPPORT, WaitReason.WAITING_IDENTITY): N_(
        "The answers given for this mobile or e-mail do not match the secretariat's"
        " records. Support has to confirm with you who you are."
    ),
    (Step.INSURANCE, WaitReason.REGISTRAR_DOWN): N_(
        "The records of the secretariat do not answer at the moment. We keep your"
        " insurance number and check it as soon as they do."
    ),
}
_ELSE = N_("We are getting the next page ready.")

NO_MORE_ANSWERS = N_(
    "You have tried this as often as you can for now. Try again at %(time)s, or ask for help"
)
LOCKED_PIN = N_("Too many wrong codes. Try again at %(time)s, or ask for help")
TOO_SOON = N_("You can ask for a new message after %(time)s")

_LATER = N_("More answers were sent for this activation than anybody needs in an hour.")
_NO_MORE = N_(
    "More answers were sent for this activation than anybody needs, so it accepts no"
    " more. Ask for help: support can let you continue."
)
_STATUSES: Mapping[int, tuple[str, str]] = {
    400: (N_("This is not our address"), N_("Open the page from the address of this service.")),
    403: (
        N_("This form can no longer be used"),
        N_("It was open too long, or came from another page. Nothing has changed. Start again."),
    ),
    404: (N_("There is no such page"), N_("Check the address, or start from the first page.")),
    405: (N_("You cannot use this page like that"), N_("Start again from the first page.")),
    408: (
        N_("That took too long"),
        N_("Your connection was too slow or broke off, so we received nothing. Send it again."),
    ),
    413: (
        N_("That is too long"),
        N_("What you sent is longer than any of our forms allows. Nothing has changed."),
    ),
    429: (
        N_("Too many attempts from your network"),
        N_("There is nothing wrong with your details."),
    ),
    500: (
        N_("Something went wrong on our side"),
        N_("What you completed is safe. Try again in a little while."),
    ),
    503: (
        N_("The service does not answer at the moment"),
        N_("What you completed is safe. Try again in a minute."),
    ),
}


class Wording:
    """The tables, in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.texts: NullTranslations = translator(language)

    def rule(self, rule: InputRule) -> str:
        return self.say(_RULES[rule])

    def rules(self, rules: Iterable[InputRule]) -> list[str]:
        return [self.rule(rule) for rule in rules]

    def refusal(self, refusal: PasswordRefusal) -> str:
        return self.say(_REFUSALS[refusal])

    def sending_by(self, channel: Channel, *, sent: bool) -> str:
        """Return the text that a code is being or was sent; the masked contact follows it."""
        own, by = (_SENT, _SENT_BY) if sent else (_SENDING, _SENDING_BY)
        return self.say(own.get(channel, by[channel.contact]), channel=channel.label)

    def within(self, left: timedelta) -> str:
        """Return about how long it is until something, such as `in 5 minutes`."""
        return format_timedelta(
            left, granularity="minute", threshold=2, add_direction=True, locale=self.language
        )

    def send_by(self, channel: Channel) -> str:
        """Return the text of the button that asks for a message by this channel."""
        return self.say(_SEND.get(channel, _SEND_BY[channel.contact]), channel=channel.label)

    def wait(self, step: Step | None, reason: WaitReason | None) -> str:
        """Return one sentence about the step or wait of an activation."""
        if (step, reason) in _AT:
            return self.say(_AT[step, reason])
        if reason in (None, WaitReason.WAITING_CONSENT):
            return self.say(_STEPS.get(step, _ELSE) if step else _ELSE)
        return self.say(_WAITS[reason])

    def status(self, status: int) -> tuple[str, str]:
        """Return the heading and the sentence of an error page."""
        heading, sentence = _STATUSES[status if status in _STATUSES else 500]
        return self.say(heading), self.say(sentence)

    def flood(self, *, over: bool) -> tuple[str, str]:
        """Return heading and sentence for too many in an hour, or (`over`) in the activation."""
        return self.say(N_("Too many answers were sent")), self.say(_NO_MORE if over else _LATER)

    def wrong_pin(self, tries_left: int) -> str:
        return self.texts.ngettext(
            "The six-digit code (pin) is not correct. %(n)d attempt left",
            "The six-digit code (pin) is not correct. %(n)d attempts left",
            tries_left,
        ) % {"n": tries_left}

    def wrong_answer(self, tries_left: int) -> str:
        return self.texts.ngettext(
            "That is not what the secretariat has on file. %(n)d attempt left",
            "That is not what the secretariat has on file. %(n)d attempts left",
            tries_left,
        ) % {"n": tries_left}

    def not_found(self, reason: WaitReason | None) -> str:
        if reason is WaitReason.SHARED_BY_MANY:
            return self.say(_WAITS[reason])
        return self.say(N_("No student was found with these details"))

    def role(self) -> str:
        return self.say(N_("Select “I am a student”, or ask support"))

    def say(self, text: str, /, **values: object) -> str:
        """Return this text in the page's language, with its placeholders filled in."""
        translated = self.texts.gettext(text)
        return translated % values if values else translated
