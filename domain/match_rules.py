"""Match rules of a university: by which attributes an entry is recognised as a person's."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from string import Formatter
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.rules import Unfit

Attributes = Mapping[str, Sequence[str]]

_NAMES = frozenset({"first_name", "last_name"})
_PLACEHOLDERS = _NAMES | {
    *("system", "number", "login_name", "email", "birth_date", "insurance_number", "domain"),
}
_OF_A_MAILBOX = _NAMES | {"email", "domain"}
_OF_A_NUMBER = _NAMES | {"number", "domain"}
_IDENTIFYING = (
    {"login_name"},
    {"insurance_number"},
    {"system", "number"},
    {"number", "birth_date", "last_name"},
)
_OF_MANY = ({"system", "domain"}, {"birth_date", "domain"}, _NAMES | {"domain"})
_UNCERTAIN = (
    "this is never certain; a certain rule has {login_name}, or {insurance_number}, or {system} and"
    " {number}, or {number}, {birth_date} and {last_name}"
)


class Rule(BaseModel):
    """Templates of attribute values; an entry matches when it has all of them.

    `certain`: a match is enough. Otherwise support staff decide.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    attributes: Annotated[
        dict[Annotated[str, Field(pattern=r"^[A-Za-z][\w-]*$")], str], Field(min_length=1)
    ]
    certain: bool = False

    @property
    def name(self) -> str:
        return "+".join(self.attributes)

    @cached_property
    def placeholders(self) -> frozenset[str]:
        return frozenset().union(*map(fields, self.attributes.values()))

    @model_validator(mode="after")
    def _check(self) -> Self:
        for template in self.attributes.values():
            used = fields(template)
            if not used - {"domain"} or used - _PLACEHOLDERS:
                known = ", ".join(sorted(_PLACEHOLDERS))
                raise Unfit(f"a value needs placeholders in braces; there are {known}")
        if any(self.placeholders <= shared for shared in _OF_MANY):
            raise Unfit("a system, a birth date or a name by itself is that of many")
        if self.certain and not self._identifies():
            raise Unfit(_UNCERTAIN)
        return self

    def _identifies(self) -> bool:
        """Tell whether the rule may be certain: no two persons have the same values.

        Siblings share a mailbox and a surname; a number is unique only within its system.
        """
        return any(needed <= self.placeholders for needed in _IDENTIFYING)

    @property
    def of_a_login_name(self) -> bool:
        """Tell whether only the login name makes the rule certain."""
        others = (needed for needed in _IDENTIFYING if needed != {"login_name"})
        return "login_name" in self.placeholders and not any(
            needed <= self.placeholders for needed in others
        )

    @property
    def of_a_mailbox(self) -> bool:
        """Tell whether the rule uses only e-mail and names, which siblings may share."""
        return self.placeholders <= _OF_A_MAILBOX

    @property
    def of_a_number(self) -> bool:
        """Tell whether the rule uses a student number without its system, so it is not unique."""
        return self.placeholders <= _OF_A_NUMBER


def insurance_numbers(rule: Rule, entry: Attributes) -> Iterator[str]:
    """Yield the entry's values at the place of `{insurance_number}` in a rule's templates."""
    for name, template in rule.attributes.items():
        parts = re.split(r"\{(\w+)\}", folded(template))
        if "insurance_number" in parts[1::2]:
            parts[::2] = map(re.escape, parts[::2])
            parts[1::2] = ("(.+)" if each == "insurance_number" else ".+" for each in parts[1::2])
            for value in held(entry, name):
                if found := re.fullmatch("".join(parts), value):
                    yield found[1]


def held(entry: Attributes, name: str) -> set[str]:
    """Return an entry's folded values of an attribute, with and without options (`;lang-el`)."""
    wanted = name.lower()
    return {
        folded(value)
        for described, values in entry.items()
        if described.partition(";")[0] == wanted
        for value in values
    }


def folded(value: str) -> str:
    return " ".join(value.split()).casefold()


def fields(template: str) -> frozenset[str]:
    return frozenset(_named(template))


def _named(template: str) -> Iterator[str]:
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        raise Unfit("a brace stands alone; a placeholder is a name in braces") from None
    for _, name, form, conversion in parts:
        if form or conversion:
            raise Unfit("a placeholder is a name in braces and nothing more")
        if name is not None:
            yield name
