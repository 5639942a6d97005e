"""Invented students, the same ones on every machine: rows of `v_vd_sis` from a fixed seed.

Contacts are written as secretariats write them: mostly ten digits, sometimes `+30`, `0030`, with
spaces or hyphens; a few rows hold a landline or no contact at all. Numbers have right check digits.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from stdnum import luhn

from demo.names import FOREIGN, MEN, SURNAMES, WOMEN, Spelled

SEED = 20261001
COUNT = 320
Row = dict[str, str | None]
COLUMNS: Sequence[str] = tuple(
    """
    systemid registrationid ssn ssncountry tin tincountry firstnameel firstnameen lastnameel
    lastnameen fatherfirstnameel fatherfirstnameen motherfirstnameel motherfirstnameen birthdate
    birthyear gender citizenship departmentid departmentel departmenten enrollmentstatus
    enrollmentstatusdate enrollmenttype enrollmentterm extemail mobilephone accountstatus
    attendancetype loginname inscriptionacyear
    """.split()  # noqa: SIM905 - thirty-one names read better as words
)


@dataclass(frozen=True)
class Department:
    id: str
    el: str
    en: str


DEPARTMENTS = (
    Department("401", "Πληροφορικής και Τηλεπικοινωνιών", "Informatics and Telecommunications"),
    Department("402", "Νοσηλευτικής", "Nursing"),
    Department("403", "Φιλολογίας", "Philology"),
    Department("404", "Οικονομικών Επιστημών", "Economics"),
)


def amka(born: date, serial: int, *, gender: str) -> str:
    """Return the number: the date, a serial whose last digit has the gender, and a check digit.

    Of one day and gender, 5,000 serials give different numbers.
    """
    fives, three = divmod(serial, 1000)
    body = f"{born:%d%m%y}{three:03d}{((7 if gender == 'M' else 4) + 2 * fives) % 10}"
    return body + luhn.calc_check_digit(body)


def make_row(
    number: str,
    first: Spelled,
    last: Spelled,
    born: date,
    department: Department,
    **more: str | None,
) -> Row:
    """Give a live, complete row without contacts; `more` sets or clears single columns."""
    row: Row = dict.fromkeys(COLUMNS)
    row |= {
        "systemid": "SIS",
        "registrationid": number,
        "firstnameel": first.el,
        "firstnameen": first.latin,
        "lastnameel": last.el,
        "lastnameen": last.latin,
        "birthdate": f"{born:%Y%m%d}",
        "birthyear": f"{born:%Y}",
        "citizenship": "GR",
        "departmentid": department.id,
        "departmentel": department.el,
        "departmenten": department.en,
        "enrollmentstatus": "active",
        "enrollmentstatusdate": "20260915",
        "enrollmenttype": "undergraduate",
        "enrollmentterm": "1",
        "attendancetype": "full",
        "inscriptionacyear": "2026",
    }
    return row | more


class _Inventor:
    """Draws students one after the other; nothing but the seed decides."""

    def __init__(self) -> None:
        self._draw = random.Random(SEED)  # noqa: S311 - invented people need no secrecy

    def _one_in(self, n: int) -> bool:
        return self._draw.randrange(n) == 0

    def _mobile(self, n: int) -> str | None:
        """Draw a number that is unique by `n`; how it is written varies as in real records."""
        local = f"69{self._draw.choice('3478')}{5_000_000 + n * 7 + self._draw.randrange(7):07d}"
        written = (
            f"0030{local}",
            f"+30{local}",
            f"{local[:3]} {local[3:6]} {local[6:]}",
            f"{local[:4]}-{local[4:]}",
            None,
            f"2710{local[4:]}",
        )
        return self._draw.choice(written) if self._one_in(4) else local

    def _email(self, n: int, first: Spelled, last: Spelled) -> str | None:
        address = f"{first.latin}.{last.latin}.{n}@mail.example"
        if self._one_in(8):
            return None
        return address if self._one_in(6) else address.lower()

    def _login(self, n: int, first: Spelled, last: Spelled) -> str | None:
        # Of five students about three have a name that the secretariat's system has drawn.
        drawn = self._draw.randrange(5) < 3  # noqa: PLR2004 - said above
        return f"{first.latin[0]}{last.latin[:10]}{n}".lower() if drawn else None

    def _born(self) -> date:
        return date(2007, 1, 1) + timedelta(days=self._draw.randrange(730))

    def greek(self, n: int) -> Row:
        draw = self._draw
        gender = draw.choice("MF")
        first = draw.choice(MEN if gender == "M" else WOMEN)
        surname = draw.choice(SURNAMES)
        last = surname.man if gender == "M" else surname.woman
        born = self._born()
        father, mother = draw.choice(MEN), draw.choice(WOMEN)
        without_latin = {"firstnameen": None, "lastnameen": None} if self._one_in(10) else {}
        number = amka(born, n, gender=gender)
        return make_row(
            f"2026{n:05d}",
            first,
            last,
            born,
            draw.choice(DEPARTMENTS),
            ssn=None if self._one_in(8) else number,
            ssncountry="GR",
            fatherfirstnameel=father.el,
            fatherfirstnameen=father.latin,
            motherfirstnameel=mother.el,
            motherfirstnameen=mother.latin,
            gender=gender,
            mobilephone=self._mobile(n),
            extemail=self._email(n, first, last),
            loginname=self._login(n, first, last),
            enrollmentstatus=draw.choices(("active", "interim", "inactive"), (90, 6, 4))[0],
            **without_latin,
        )

    def foreign(self, n: int) -> Row:
        country, gender, first, last = self._draw.choice(FOREIGN)
        row = self.greek(n)
        mobile = f"0035799{n * 1009 % 1_000_000:06d}" if country == "CY" else row["mobilephone"]
        return row | {
            "firstnameel": first.el,
            "firstnameen": first.latin,
            "lastnameel": last.el,
            "lastnameen": last.latin,
            "gender": gender,
            "citizenship": country,
            "ssn": None,
            "ssncountry": None,
            "mobilephone": mobile,
            "extemail": self._email(n, first, last),
            "loginname": None,
        }


def _invented() -> Iterator[Row]:
    inventor = _Inventor()
    for n in range(1, COUNT + 1):
        yield inventor.foreign(n) if n % 13 == 0 else inventor.greek(n)


@cache
def invented_rows() -> tuple[Row, ...]:
    return tuple(_invented())
