"""Names of the rules for typed values, and the exception for a broken one.

Exceptions, messages and logs carry only the name of the rule, never what was typed.
"""

from enum import StrEnum


class InputRule(StrEnum):
    CONTACT_NONE = "contact_none"
    MOBILE_INVALID = "mobile_invalid"
    MOBILE_LANDLINE = "mobile_landline"
    MOBILE_FOREIGN = "mobile_foreign"
    PHONE_INVALID = "phone_invalid"
    EMAIL_INVALID = "email_invalid"
    EMAIL_GREEK = "email_greek"
    EMAIL_OWN = "email_own"
    PIN_FORMAT = "pin_format"
    IDENTITY_DATE = "identity_date"
    IDENTITY_FOUR_DIGITS = "identity_four_digits"
    IDENTITY_STUDENT_NUMBER = "identity_student_number"
    IDENTITY_SECOND = "identity_second"
    AMKA_LENGTH = "amka_length"
    AMKA_CHECKSUM = "amka_checksum"
    AMKA_DATE = "amka_date"
    EHIC_FORMAT = "ehic_format"
    FOREIGN_FORMAT = "foreign_format"
    INSURANCE_PLACEHOLDER = "insurance_placeholder"
    PASSWORD_SHORT = "password_short"  # noqa: S105 - the name of a rule
    PASSWORD_LONG = "password_long"  # noqa: S105 - the name of a rule
    PASSWORD_GREEK = "password_greek"  # noqa: S105 - the name of a rule
    PASSWORD_CHARACTERS = "password_characters"  # noqa: S105 - the name of a rule
    PASSWORD_BLANK = "password_blank"  # noqa: S105 - the name of a rule
    PASSWORD_COMMON = "password_common"  # noqa: S105 - the name of a rule
    PASSWORD_CONTEXT = "password_context"  # noqa: S105 - the name of a rule
    PASSWORD_INSTITUTION = "password_institution"  # noqa: S105 - the name of a rule
    PASSWORD_WEAK = "password_weak"  # noqa: S105 - the name of a rule


class InvalidInput(ValueError):
    """Raised for typed input that breaks `rule`; does not keep the value."""

    def __init__(self, rule: InputRule) -> None:
        super().__init__(rule.value)
        self.rule = rule


class Unfit(ValueError):
    """Raised for a setting that cannot work; the text says why and quotes no value."""
