"""Writes the SQL queries of the registrar's view; pure.

SQL preselects the rows and Python decides: a condition here matches every row that Python could
match, and may match more. `docs/registrar.md` lists the indexes that these queries use.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import get_args

from adapters.registrar.names_sql import GREEK, by_surname
from domain import blanks, dates
from domain.contacts import AROUND_EMAILS
from domain.registrar.row_facts import MOST_ROWS
from domain.registrar.rows import LIVE
from domain.text import student_number
from settings.systems import MAY_LACK, Column, RegistrarSettings

_MOST_SEARCHED = 2_000
"""Limit of rows with several contacts each that are read to find one."""
COLUMNS: tuple[Column, ...] = get_args(Column)
_INDEXED_DIGITS = 8


@dataclass(frozen=True)
class Statements:
    """Every query of the view."""

    by_contact: str
    holding: str
    by_identity: str
    by_number: str
    by_login_name: str
    by_surname: str
    undated_by_surname: str
    everything: str
    crowded_mobiles: str
    crowded_emails: str


def statements(settings: RegistrarSettings) -> Statements:
    """Return the queries; table and column names come from the settings, values never do.

    Each condition is a query of its own, joined by UNION ALL: PostgreSQL uses an index for each,
    whereas OR would make it scan the whole table.
    """
    actual = {column: _quoted(settings.columns.get(column, column)) for column in COLUMNS}
    value = {column: f"{name}::text" for column, name in actual.items()}
    selected = ", ".join(f"{value[column]} AS {column}" for column in COLUMNS)
    view = ".".join(_quoted(part) for part in settings.view.split("."))
    lacking = ", ".join(f"NULL::text AS {actual[column]}" for column in MAY_LACK)

    def rows(condition: str) -> str:
        """Return a query of rows; a column that the view lacks resolves outside it, as NULL."""
        read = f"SELECT {selected} FROM {view} {condition}"  # noqa: S608 - quoted names
        return f"SELECT found.* FROM (SELECT {lacking}) AS lacking, LATERAL ({read}) AS found"  # noqa: S608 - as above

    status = f"lower(regexp_replace({value['enrollmentstatus']}, '[^A-Za-z]', '', 'g'))"
    bare = "regexp_replace({}, '[^[:alnum:]]', '', 'g')"
    in_department = f"{bare.format(value['departmentid'])} = {bare.format('$1')}"
    of_no_date = undated(value["birthdate"])
    begun = by_surname(
        (value["lastnameel"], value["lastnameen"]),
        ("$1::text[]", "$2::text[]"),
        blanks.known(settings.blank_words),
    )

    def any_of(*conditions: str) -> str:
        return " UNION ALL ".join(rows(f"WHERE {condition}") for condition in conditions)

    def crowded(sample: str, by: str) -> str:
        return (
            f"SELECT {by} AS part, min({sample}) AS sample FROM {view}"  # noqa: S608 - as above
            f" WHERE {status} IN {LIVE} GROUP BY 1 HAVING count(*) > $1"
        )

    def of_contact(only: str) -> str:
        return " UNION ALL ".join(
            rows(f"WHERE {only} {condition} LIMIT {most}")
            for compared, searched in (
                by_mobile(value["mobilephone"], "$1::text"),
                by_email(value["extemail"], "$2::text", "$3::text"),
            )
            for most, condition in ((MOST_ROWS + 1, compared), (_MOST_SEARCHED, searched))
        )

    return Statements(
        by_contact=of_contact(f"{status} IN {LIVE} AND"),
        holding=of_contact(""),
        by_identity=any_of(
            f"{number(value['ssn'])} = ANY($1::text[])",
            f"{born(value['birthdate'])} = ANY($2::text[])",
        ),
        by_number=any_of(f"{number(value['registrationid'])} = ANY($1::text[])"),
        by_login_name=" UNION ALL ".join(
            rows(f"WHERE {condition} LIMIT {most}")
            for most, condition in zip(
                (MOST_ROWS + 1, _MOST_SEARCHED),
                by_login_name(value["loginname"], "$1::text", "$2::text"),
                strict=True,
            )
        ),
        by_surname=any_of(*begun),
        undated_by_surname=any_of(*(f"{condition} AND {of_no_date}" for condition in begun)),
        everything=rows(f"WHERE $1::text IS NULL OR {in_department}"),
        crowded_mobiles=crowded(value["mobilephone"], last_digits(value["mobilephone"])),
        crowded_emails=crowded(value["extemail"], f"lower({value['extemail']})"),
    )


def by_mobile(column: str, ending: str) -> tuple[str, str]:
    """Return conditions for a mobile with this ending: an indexed one, and one for odd fields.

    One mobile may be followed by one or two groups of digits that belong to no number. Fields with
    more groups, other signs, or digits for two numbers are odd.
    """
    cut = (column, *(rf"regexp_replace({column}, '(\D+\d+){{{n}}}\D*$', '')" for n in (1, 2)))
    ends = ", ".join(f"right({_digits(each)}, {_INDEXED_DIGITS})" for each in cut)
    odd = (
        f"({column} ~ '[^-+0-9 ]' OR length({_digits(column)}) > 14"
        rf" OR {column} ~ '\d(\D*\d){{7}}(\D+\d+){{3}}')"
    )
    searched = _has(_digits(column), ending, or_strange=column)
    return f"ARRAY[{ends}] @> ARRAY[{ending}]", f"{odd} AND {searched}"


def last_digits(column: str) -> str:
    """Return SQL for the digits of a field by which a mobile is searched."""
    return f"right({_digits(column)}, {_INDEXED_DIGITS})"


def by_email(column: str, address: str, mailbox: str) -> tuple[str, str]:
    """Return conditions for an e-mail address: an indexed one, and one for odd fields."""
    mail = f"lower({column})"
    around = f"[{AROUND_EMAILS}]".replace("'", "''")
    odd = f"""{mail} ~ '[^!-~]|[][,;:|/<>()"=]|^{around}|{around}$'"""
    ascii_only = f"regexp_replace({mail}, '[^!-~]', '', 'g')"
    return f"{mail} = {address}", f"{odd} AND {_has(ascii_only, mailbox, or_strange=column)}"


def by_login_name(column: str, name: str, part: str) -> tuple[str, str]:
    """Return conditions for a login name: an indexed one, and one for odd fields."""
    login = f"lower({column})"
    ascii_only = f"regexp_replace({login}, '[^!-~]', '', 'g')"
    odd = f"{login} ~ '[^!-~]'"
    return f"{login} = {name}", f"{odd} AND {_has(ascii_only, part, or_strange=column)}"


def number(column: str) -> str:
    """Return SQL that does what `spelled` does to a student's or an insurance number."""
    squashed = rf"upper(regexp_replace({column}, '[^0-9A-Za-zΆΈ-ώ]', '', 'g'))"
    folded = {c: student_number(c) for c in GREEK}
    changed = {c: bare for c, bare in folded.items() if bare != c}
    return f"translate({squashed}, '{''.join(changed)}', '{''.join(changed.values())}')"


def spelled(text: str) -> str:
    """Return a number in the form of `number`."""
    return re.sub(r"[^0-9A-ZΑ-Ω]", "", student_number(text))


def born(column: str) -> str:
    """Return SQL that does what `dates.key` does."""
    reduced = "translate({}, '{}', '{}')".format(column, *dates.FOLDED)
    for pattern, by in dates.REDUCED:
        reduced = f"regexp_replace({reduced}, '{pattern}', '{by}', 'g')"
    return f"translate(substring({reduced} from '{dates.KEY}'), ':', '-')"


def undated(column: str) -> str:
    """Return the condition that a field may hold no date, or words that say so."""
    return f"(({born(column)} ~ '{dates.SURE}') IS NOT TRUE OR {column} !~ '^[0-9]')"


def ending(mobile: str) -> str:
    """Return the digits by which an E.164 number is searched."""
    return re.sub(r"\D", "", mobile)[-_INDEXED_DIGITS:]


def like(value: str) -> str:
    """Escape a text for LIKE."""
    return re.sub(r"([\\%_])", r"\\\1", value)


def _has(text: str, part: str, *, or_strange: str) -> str:
    strange = f"{part} IS NOT NULL AND {or_strange} ~ '{_strange()}'"
    return f"({text} LIKE '%' || {part} || '%' OR {strange})"


def _digits(column: str) -> str:
    return rf"regexp_replace({column}, '\D', '', 'g')"


@cache
def _strange() -> str:
    """Return the class of characters that Python reads as a digit, letter or @, and SQL does not.

    Rows with one in a contact are always read: full-width letters, digits of other alphabets.
    """
    return "[" + "".join(map(_escaped, _runs(filter(_becomes_ascii, range(0x80, 0x10000))))) + "]"


def _becomes_ascii(code: int) -> bool:
    read = unicodedata.normalize("NFKC", chr(code))
    digit = unicodedata.decimal(chr(code), None) is not None
    return digit or any(c.isascii() and (c.isalnum() or c == "@") for c in read)


def _runs(codes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last code of each contiguous run."""
    for _, run in groupby(enumerate(codes), key=lambda at: at[1] - at[0]):
        neighbours = [code for _, code in run]
        yield neighbours[0], neighbours[-1]


def _escaped(run: tuple[int, int]) -> str:
    return "-".join(f"\\u{code:04X}" for code in dict.fromkeys(run))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
