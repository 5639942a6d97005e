"""Normalises mobiles to E.164 and e-mails to lower-case ASCII, the forms that are compared.

`mobile` and `email` read what a student typed and raise `InvalidInput` with the broken rule.
`mobiles_on_file` and `emails_on_file` read free text that secretaries typed into the registrar
over twenty years: they return what is usable and never raise.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from itertools import repeat

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from domain import blanks, usernames
from domain.memo import OF_A_REGISTRAR, remembered
from domain.reasons import Reason
from domain.rules import InputRule, InvalidInput
from domain.text import has_greek, is_greek_only, plain

_MOBILE_TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
# Students from Cyprus leave out their country code more often than all others together.
_FREQUENT_REGIONS = ("CY",)
_PHONE_CHARACTERS = re.compile(r"[+\d\s()./\-\u2010-\u2015]+")
# Secretaries write several numbers in one field, with words about whose they are.
_MOBILE_SEPARATORS = re.compile(r"[^+\d ().\-\u2010-\u2015]+|\s[-–]\s")
_DIGIT_GROUP = re.compile(r"[+\d]+")
_FEWEST_DIGITS = 8
_MOST_DIGITS = 18
# Digit groups of one number, as in 00 30 69 12 34 56 78.
_MOST_GROUPS = 7
_LONGEST_FIELD = 255
_MOST_TRIES = 64
"""Rows of digit groups that are parsed of a field, which holds 17 numbers of three tries each."""
AROUND_EMAILS = "'.{}"
"""Characters that spreadsheets and sentences leave around an address; valid inside one too."""
_NOT_PERSONAL = {
    *("no", "nomail", "noemail", "nil", "nan", "na", "notvalid", "test", "mail", "email"),
    *("gram", "grammateia", "gramateia", "secretariat", "students", "foitites", "library"),
    *("bibliothiki", "erasmus"),
}
_EMAIL_SEPARATORS = re.compile(r"[\s,;:|/<>()\[\]\"«»‹›“”„‘’]+")
# As in email=a@b.org. An address may contain "=", so only known or non-ASCII labels are removed.
_LABEL = re.compile(r"^(?:(?:e[-_.]?)?mail(?:to)?|[^@=]*[^\x00-\x7f@=][^@=]*)=", re.IGNORECASE)


def mobile(raw: str, region: str) -> str:
    """Return the E.164 form of a mobile number typed in `region`."""
    text = plain(raw)
    if not _PHONE_CHARACTERS.fullmatch(text):
        raise InvalidInput(InputRule.MOBILE_INVALID)
    number = _parse(text, region)
    if number is None:
        raise InvalidInput(InputRule.MOBILE_FOREIGN if _foreign(text) else InputRule.MOBILE_INVALID)
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.FIXED_LINE:
        raise InvalidInput(InputRule.MOBILE_LANDLINE)
    if kind not in _MOBILE_TYPES:
        raise InvalidInput(InputRule.MOBILE_INVALID)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def phone(raw: str, region: str) -> str:
    """Return the E.164 form of any telephone number, a landline too, typed in `region`."""
    text = plain(raw)
    number = _parse(text, region) if _PHONE_CHARACTERS.fullmatch(text) else None
    if number is None:
        raise InvalidInput(InputRule.MOBILE_FOREIGN if _foreign(text) else InputRule.PHONE_INVALID)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def email(raw: str) -> str:
    """Return the address in lower case, its domain in ASCII."""
    text = plain(raw)
    local, _, domain = text.rpartition("@")
    if has_greek(local) or _mixes_scripts(domain):
        raise InvalidInput(InputRule.EMAIL_GREEK)
    try:
        checked = validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        raise InvalidInput(InputRule.EMAIL_INVALID) from None
    if checked.ascii_email is None:
        raise InvalidInput(InputRule.EMAIL_INVALID)
    return checked.ascii_email.lower()


def email_elsewhere(raw: str, own: Collection[str]) -> str:
    """Return the address as `email` does; raise also for one at the university's own domains."""
    address = email(raw)
    if is_at(address, own):
        raise InvalidInput(InputRule.EMAIL_OWN)
    return address


def domain_of_mail(raw: str) -> str:
    """Return a mail domain in lower-case ASCII; "" where it is invalid."""
    with suppress(InvalidInput):
        return email(f"x@{raw.strip().strip('@.')}").rpartition("@")[2]
    return ""


def is_at(address: str, domains: Collection[str]) -> bool:
    """Tell whether the mailbox is at one of these domains, or at a sub-domain of one."""
    host = address.rpartition("@")[2]
    return any(f".{host}".endswith(f".{domain}") for domain in domains)


def is_of_nobody(address: str) -> bool:
    """Tell whether a mailbox is an office's or a placeholder by its name: info@, no@, none@."""
    name = address.partition("@")[0]
    reserved = usernames.unusable(name) is Reason.LOGIN_RESERVED
    return reserved or not blanks.value(name) or re.sub(r"[._+-]", "", name) in _NOT_PERSONAL


def country(number: str) -> str | None:
    """Return the country of a number in E.164 form, such as "GR"; None if it belongs to none."""
    read = _parse(number, "ZZ")
    return phonenumbers.region_code_for_number(read) if read else None


@remembered(OF_A_REGISTRAR)
def mobiles_on_file(raw: str | None, region: str) -> tuple[str, ...]:
    """Return every mobile in the registrar's field, in order, without duplicates."""
    text = plain((raw or "")[:_LONGEST_FIELD])
    pieces = _MOBILE_SEPARATORS.split(text)
    numbers = dict.fromkeys((text, *pieces, *_joined(pieces, region)))
    return _readable(numbers, lambda number: mobile(number, region))


def landline_on_file(raw: str | None, region: str) -> bool:
    """Tell whether the registrar's field holds a landline where a mobile belongs."""
    try:
        mobile((raw or "")[:_LONGEST_FIELD], region)
    except InvalidInput as broken:
        return broken.rule is InputRule.MOBILE_LANDLINE
    return False


@remembered(OF_A_REGISTRAR)
def emails_on_file(raw: str | None) -> tuple[str, ...]:
    """Return every e-mail in the registrar's field, in order, without duplicates."""
    pieces = _EMAIL_SEPARATORS.split(plain((raw or "")[:_LONGEST_FIELD]))
    return _readable((_stripped(_LABEL.sub("", _stripped(piece))) for piece in pieces), email)


def _stripped(piece: str) -> str:
    return piece.strip(f"{AROUND_EMAILS}=")


def _joined(pieces: Iterable[str], region: str) -> Iterator[str]:
    """Yield the numbers in rows of digit groups, each the longest valid one."""
    tries = repeat(None, _MOST_TRIES)
    for groups in map(_DIGIT_GROUP.findall, pieces):
        at = 0
        while at < len(groups):
            ends = range(min(at + _MOST_GROUPS, len(groups)), at, -1)
            rows = ((end, "".join(groups[at:end])) for end in ends)
            likely = ((end, row) for end, row in rows if _FEWEST_DIGITS <= len(row) <= _MOST_DIGITS)
            tried = (found for found, _ in zip(likely, tries, strict=False))
            end, row = next((each for each in tried if _parse(each[1], region)), (at + 1, ""))
            if row:
                yield row
            at = end


def _readable(pieces: Iterable[str], read: Callable[[str], str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for piece in pieces:
        try:
            found[read(piece)] = None
        except InvalidInput:
            continue
    return tuple(found)


@remembered(1024)
def _parse(text: str, region: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _foreign(text: str) -> bool:
    """Tell whether the digits are valid abroad, that is, lack only the country code."""
    if text.startswith(("+", "00")):
        return False
    abroad = (_parse("+" + text, "ZZ"), *(_parse(text, region) for region in _FREQUENT_REGIONS))
    return any(number is not None for number in abroad)


def _mixes_scripts(domain: str) -> bool:
    """Tell whether a label mixes scripts (a keyboard left in Greek); a Greek domain does not."""
    return any(has_greek(label) and not is_greek_only(label) for label in domain.split("."))
