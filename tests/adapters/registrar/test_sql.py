"""What Python reads from a field, SQL finds; and more may be found than read."""

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime

import asyncpg
import pytest

from adapters.registrar import names_sql
from adapters.registrar import sql as registrar_sql
from domain import blanks, dates, surnames
from domain.contacts import emails_on_file, mobiles_on_file
from domain.elot743 import ascii_fold
from domain.text import student_number
from tests.stack import TestStack

FIELDS = 800
"""Of each kind; one statement judges all of them."""

NUMBERS: tuple[str, ...] = (
    "6971234567",
    "697 123 4567",
    "+30 6971234567",
    "0030-697-123-4567",
    "+306971234567",
)
NUMBERS += (
    "69 71 23 45 67",
    "6971.234.567",
    "99123456",
    "+357 99 123456",
    "2710372128",
    "６97١٢٣4567",
)
NUMBERS += ("00306971234568", "+49 151 12345678", "697①234567")
JUNK: tuple[str, ...] = (
    "",
    " ",
    "-",
    " - ",
    "/",
    "; ",
    ", ",
    "ή",
    "2",
    "12",
    " 0",
    "-8",
    " 2 3",
    " 4 5 6",
    ".0",
    "'",
    "κιν.=",
    "tel=",
)
JUNK += ("\u00a0", "\ufeff", "\u200b", "\u202e", "\n", "(μητέρα)", "κιν. ", "(", ")", '"', "x", "٢")
MAILS: tuple[str, ...] = (
    "a@b.org",
    "A.B@C-D.Org",
    "o'neil@b.org",
    "e4@παράδειγμα.gr",
    "ｎｉｋｏｓ@b.org",
    "x_y%z@b.org",
)
MAILS += ("e4@xn--hxajbheg2az3al.gr", "nikos@", "@b.org", "ﬁ@b.org", "a＠b.org")
AROUND: tuple[str, ...] = (
    "",
    "",
    " ",
    "'",
    '"',
    "(",
    ")",
    "[",
    "]",
    "mailto:",
    "MAILTO:",
    "<",
    ">",
    ".",
    ":",
    "; ",
    ",",
)
AROUND += (
    "/",
    "\u00a0",
    "\ufeff",
    "\u00ad",
    "\u200b",
    "(μητέρα)",
    "email:",
    "E-mail: ",
    "μέιλ:",
    "：",
    "«",
    "»",
    "“",
    "”",
    "#",
    "{",
    "}",
    "=",
    "mail=",
    "E-mail = ",
    "μέιλ=",
)
DATES: tuple[str, ...] = (
    "1/2/2005",
    "2005-02-01",
    "01.02.05",
    "20050201",
    "01022005",
    "2005/2/1",
    "1-2-05",
    "200511",
)
DATES += ("2005111", "00000000", "19000101", "31/2/2005", "２/1/2005", "29/2/2004", "1 2 2005")
DATES += (
    "01-FEB-05",
    "1 Φεβρουαρίου 2005",
    "Feb 1 2005",
    "2005 Φεβ 1",
    "Tue Feb 1 2005",
    "1:2:2005",
)
DATES += ("01FEB2005", "20 ΙΟΥΛ 2004", "2003-12-31T22:00:00Z", "1/II/2005", "Ιούν 3 2004", "Τρ.")
TIMES: tuple[str, ...] = (
    "",
    "",
    " 00:00:00",
    "T00:00",
    " 12.00.00.000000 AM",
    "Z",
    "Feb",
    "Ü",
    " ",
    "'",
    "\u00a0",
    "\ufeff",
    "0",
    " π.μ.",
    ".",
    "/",
)
SSNS: tuple[str, ...] = (
    "01010500013",
    "010105-00013",
    "010105 00013",
    "ΑΒ123456",
    "αb-123456",
    "ab.123/456",
    "",
)
SSNS += ("ΠΛΗ/2026 - 69", "Πλή2026_69", "26·1", "AM–26", "ςΐώ1")
SURNAMES: tuple[str, ...] = (
    *("Παππάς", "ΠΑΠΠΑΣ", "Mπαξεβάνης", "∆ημουλάς", "Υψηλάντης", "НΛΙΑΔΗΣ", "Сonstantinou"),
    *("Иванов", "ИВАНОВ", "Йованович", "Ёлкина", "Шевченко", "Щербак", "Їжак", "Николаев", "Маki"),
    *("Şahin", "Yılmaz", "Ünal", "Đorđević", "Łukasz", "Müller", "O'Neil", "Suhartono", "KOUVELIS"),
)
TODAY = datetime.now(UTC).date


def fields(parts: tuple[str, ...], around: tuple[str, ...], seed: int) -> Iterator[str]:
    """Yield fields of one part or two, with what people leave around them."""
    draw = random.Random(seed)  # noqa: S311 - invented fields need no secrecy
    for _ in range(FIELDS):
        written = [draw.choice(parts) for _ in range(draw.choice((1, 1, 2)))]
        mixed = [each for part in written for each in (part, draw.choice(around))]
        yield draw.choice(around) + "".join(mixed) + draw.choice(around)


@pytest.fixture
async def judge(stack: TestStack) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(stack.registrar_dsn)
    yield connection
    await connection.close()


async def missed(
    judge: asyncpg.Connection, condition: str, *columns: Sequence[str | None]
) -> list[str]:
    """Return the fields that the condition does not find."""
    names = ", ".join(f"c{n}" for n in range(len(columns)))
    arrays = ", ".join(f"${n + 1}::text[]" for n in range(len(columns)))
    query = f"SELECT c0 FROM unnest({arrays}) AS t({names}) WHERE ({condition}) IS NOT TRUE"  # noqa: S608
    return [row[0] for row in await judge.fetch(query, *columns)]


@pytest.mark.parametrize("region", ["GR", "CY"])
async def test_a_mobile_that_is_read_is_found(judge: asyncpg.Connection, region: str) -> None:
    read = [(f, m) for f in fields(NUMBERS, JUNK, 1) for m in mobiles_on_file(f, region)]
    assert len(read) > FIELDS / 4
    condition = " OR ".join(registrar_sql.by_mobile("c0", "c1"))
    held, sought = zip(*((f, registrar_sql.ending(m)) for f, m in read), strict=True)
    assert await missed(judge, condition, [*held], [*sought]) == []


async def test_an_email_that_is_read_is_found(judge: asyncpg.Connection) -> None:
    read = [(f, m) for f in fields(MAILS, AROUND, 2) for m in emails_on_file(f)]
    assert len(read) > FIELDS / 4
    condition = " OR ".join(registrar_sql.by_email("c0", "c1", "c2"))
    boxes = [registrar_sql.like(mail.split("@")[0] + "@") for _, mail in read]
    assert await missed(judge, condition, [f for f, _ in read], [m for _, m in read], boxes) == []


async def test_a_birth_date_that_is_read_is_found_in_every_form(judge: asyncpg.Connection) -> None:
    written = [*fields(DATES, TIMES, 3)]
    read = [(f, born) for f in written if (born := dates.on_file(f, TODAY()))]
    assert {born for _, born in read} >= {date(2005, 2, 1), date(2004, 2, 29)}
    keys = [",".join(dates.keys(born)) for _, born in read]
    condition = f"{registrar_sql.born('c0')} = ANY(string_to_array(c1, ','))"
    assert await missed(judge, condition, [f for f, _ in read], keys) == []
    same = f"coalesce({registrar_sql.born('c0')}, '') = c1"
    assert await missed(judge, same, written, [dates.key(f) for f in written]) == []


UNREADABLE = (
    *("31/2/2005", "0000-00-00", "00000000", "δεν υπάρχει", "", "-", "19000101", "1/1/1850"),
    *("45/13/2005", "1/13/2005", "200511", "1/II/2005", "1 Φλ 2005", "32-JAN-05", "29/2/2003"),
    *("1/1/2099", "20991231", "31022005", "1-1-0001", "άγνωστη", "31 Απριλίου 2004", "12:00"),
)


async def test_a_field_without_a_date_that_is_read_is_found_as_undated(
    judge: asyncpg.Connection,
) -> None:
    written = [*UNREADABLE, *fields((*UNREADABLE, *DATES), TIMES, 5)]
    undated = [
        each for each in written if not (blanks.value(each) and dates.on_file(each, TODAY()))
    ]
    assert {*undated} >= {*UNREADABLE}
    assert await missed(judge, registrar_sql.undated("c0"), [*undated, None]) == []
    dated = ["1/2/2005", "2005-02-01 00:00:00", "01-FEB-05", "20050201", "1 Φεβρουαρίου 2005"]
    assert await missed(judge, registrar_sql.undated("c0"), dated) == dated


async def test_a_number_is_folded_by_sql_as_by_python(judge: asyncpg.Connection) -> None:
    written = [*fields(SSNS, JUNK[:-1], 4)]
    folded = [registrar_sql.spelled(each) for each in written]
    plain = [n for n, each in enumerate(written) if student_number(each) == folded[n]]
    assert len(plain) > FIELDS / 4
    condition = f"{registrar_sql.number('c0')} = c1"
    held = [written[n] for n in plain]
    assert await missed(judge, condition, held, [folded[n] for n in plain]) == []


async def test_a_surname_that_begins_so_is_found_in_every_alphabet(
    judge: asyncpg.Connection,
) -> None:
    spelled = [(name, ascii_fold(name)) for name in SURNAMES]
    typed = [surnames.prefix(each[:n]) for pair in spelled for each in pair for n in (3, 5)]
    rows = [
        row
        for name, latin in spelled
        for row in ((name, None), (name, "-"), (None, name), (".", name), (name, latin))
    ]
    read = [
        (greek, latin, "|".join(names_sql.heads(begun)), "|".join(names_sql.initials(begun)))
        for greek, latin in rows
        for begun in filter(None, dict.fromkeys(typed))
        if surnames.begins((blanks.value(greek), blanks.value(latin)), begun)
    ]
    assert len(read) > 5 * len(rows) / 2
    sought = [f"string_to_array(c{n}, '|')" for n in (2, 3)]
    condition = " OR ".join(names_sql.by_surname(("c0", "c1"), (sought[0], sought[1])))
    assert await missed(judge, condition, *zip(*read, strict=True)) == []


async def test_a_latin_name_that_counts_as_none_is_found(judge: asyncpg.Connection) -> None:
    own = blanks.known(("to be announced", "Άδηλο"))
    words = [
        *blanks.WORDS,
        *own,
        "father unknown",
        "ΑΓΝΩΣΤΟΣ",
        "αγνώστου πατρός",
        "xxx",
        "ＮＵＬＬ",
        *("aaa", "b b b", "N U L L", "not recorded", "no name", "test name", "unknown unknown"),
    ]
    words = [each for word in words for each in (word, word.title(), f"({word})", f"-{word}.")]
    written = [*words, "-", "", "\u200b", "000", *(word.replace(" ", "/") for word in words)]
    none = [each for each in written if not blanks.value(each, own)]
    assert len(none) > len(written) / 2
    assert await missed(judge, names_sql.no_latin("c0", own), none) == []
    sure = ["Papadopoulou", "Nanou", "Keno", "Jean Andre", "Alexa", "Knapp-Unknownski"]
    assert await missed(judge, names_sql.no_latin("c0"), sure) == sure
