"""Generates students with realistic untidy rows, and the expected results of each.

Each student is of one kind, which determines the result of a comparison with the directory and the
end of an activation. The writing of fields is drawn independently of the kind.
"""

import base64
import hashlib
import random
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count

from adapters.directory.entries import CODES
from demo.names import MEN, SURNAMES, WOMEN, Spelled
from demo.slapd import PEOPLE_DN
from demo.students import DEPARTMENTS, Row, amka, make_row
from domain.contracts.vocabulary import Step, WaitReason
from domain.registrar.readiness import Obstacle
from recognition.comparison import Plan

OLD_PASSWORD = "Palaia-thalassa-kymata-41"  # noqa: S105 - of invented people
ACTIVE = frozenset({Step.ACTIVE.value})
ALREADY = frozenset({Step.ALREADY_ACTIVE.value})
CONFLICT = frozenset({WaitReason.USERNAME_CONFLICT.value})
DOUBT = frozenset({WaitReason.FOREIGN_ENTRY.value})
NOTHING = ("-", ".", "0", "NULL", "N/A", "", None, "\u200b", " - ")
_GREECE = (None, "GR", "EL", "ΕΛ", "gr")
_MOBILES: Sequence[Callable[[str], str]] = (
    lambda m: m,
    lambda m: f"+30{m}",
    lambda m: f"0030{m}",
    lambda m: f"{m[:3]} {m[3:6]} {m[6:]}",
    lambda m: f"{m} 2",
    lambda m: f"{m}-8",
    lambda m: f"{m} (μητέρα)",
    lambda m: f"'{m}",
    lambda m: f"+30-{m[:3]}.{m[3:6]}.{m[6:]}",
    lambda m: f"{m}.0",
    lambda m: f"\ufeff{m[:5]}\u00a0{m[5:]}",
    lambda m: f"{m} / 2710123456",
)
_MAILS: Sequence[Callable[[str], str]] = (
    str,
    str.upper,
    lambda m: f'"{m}"',
    lambda m: f"({m})",
    lambda m: f"mailto:{m}",
    lambda m: f"'{m}",
    lambda m: f"<{m}>",
    lambda m: f"{m}; other.{m}",
    lambda m: f"{m}(mother)",
    lambda m: f"\ufeff {m}",
)
_DATES: Sequence[Callable[[date], str]] = (
    lambda d: f"{d:%Y%m%d}",
    lambda d: f"{d:%Y-%m-%d}",
    lambda d: f"{d.day}/{d.month}/{d.year}",
    lambda d: f"{d:%d-%m-%Y}",
    lambda d: f"{d:%Y/%m/%d}",
    lambda d: f"{d:%d.%m.%Y}",
    lambda d: f"{d:%Y-%m-%d} 00:00:00",
)
_LOOK_ALIKES = str.maketrans("ΑΒΕΗΚΜΝΟΡΤΧοΔμ", "ABEHKMNOPTXo∆µ")
_NAMES: Sequence[Callable[[str], str]] = (
    str,
    lambda name: unicodedata.normalize("NFD", name),
    lambda name: name.translate(_LOOK_ALIKES),
    lambda name: f"  {name} ",
    lambda name: f"{name[:2]}\u00ad{name[2:]}\u200e",
    lambda name: "".join(
        c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c)
    ),
)
_FOREIGN = (Spelled("", "Oluwaseun"), Spelled("", "Nguyen"), Spelled("", "Þórdís"))


@dataclass
class Human:
    """A student with expected `plan` and `ends`; `typed` is what the student types.

    `turn` counts how often every kind was drawn before. `old_name` is the name of the entry made by
    other means, `old_password` whether it has a password.
    """

    kind: str
    rows: list[Row]
    typed: dict[str, str]
    born: date
    insured: str
    plan: Plan = Plan.NEW
    ends: frozenset[str] = ACTIVE
    old_name: str | None = None
    old_password: bool = False
    obstacle: Obstacle | None = None
    turn: int = 0
    entry: list[str] = field(default_factory=list)

    @property
    def numbers(self) -> set[str]:
        return {f"{row['systemid']}/{row['registrationid']}" for row in self.rows}

    @property
    def newest(self) -> Row:
        return self.rows[-1]


class Drawing:
    """Draws students; two with the same first name and birth date share nothing else."""

    def __init__(self, seed: int, domain: str) -> None:
        self.draw = random.Random(seed)  # noqa: S311 - invented people need no secrecy
        self._domain = domain
        self._seen: set[object] = set()
        self._n = self._names = 0

    def everybody(self, rows: int) -> Iterator[Human]:
        made = 0
        for turn in count():
            for kind, draw in KINDS.items():
                for human in draw(self):
                    human.kind, human.turn = kind, turn
                    made += len(human.rows)
                    yield human
            if made >= rows:
                return

    def human(self, **more: str | None) -> Human:
        """Draw a student with a single row; `more` overrides its columns."""
        self._n += 1
        n, draw = self._n, self.draw
        while True:
            men = bool(draw.randrange(2))
            first, last = draw.choice(MEN if men else WOMEN), draw.choice(SURNAMES)
            surname, father = last.man if men else last.woman, draw.choice(MEN)
            born = date(1999, 1, 1) + timedelta(days=draw.randrange(3200))
            one = {(first, surname, born), (first, father, born, "father")}
            if self._seen.isdisjoint(one):
                break
        self._seen |= one
        insured = self.number(born)
        mobile, mail = f"697{n:07d}", f"r{n}@mail.example"
        row = make_row(
            f"R{n:06d}",
            first,
            surname,
            born,
            draw.choice(DEPARTMENTS),
            ssn=insured,
            fatherfirstnameel=father.el,
            mobilephone=mobile,
            extemail=mail,
            inscriptionacyear="2025",
        )
        row |= more
        typed = {"mobile": f"+30{mobile}"} if n % 4 else {"email": mail}
        return Human("", [self.written(row, keep=more)], typed, born, insured)

    def written(self, row: Row, keep: dict[str, str | None]) -> Row:
        """Write a row in one of the ways of secretariats; columns of `keep` stay as they are."""
        draw = self.draw
        new = dict(row)
        if row["mobilephone"]:
            new["mobilephone"] = draw.choice(_MOBILES)(row["mobilephone"])
        if row["extemail"]:
            new["extemail"] = draw.choice(_MAILS)(row["extemail"])
        if row["birthdate"]:
            plain = row["birthdate"]
            born = date(int(plain[:4]), int(plain[4:6]), int(plain[6:]))
            new["birthdate"] = draw.choice(_DATES)(born)
        for column in ("firstnameel", "lastnameel", "fatherfirstnameel"):
            new[column] = draw.choice(_NAMES)(row[column] or "") or None
        if draw.randrange(4) == 0:
            new["firstnameen"], new["lastnameen"] = draw.choice(NOTHING), draw.choice(NOTHING)
        if row["ssn"]:
            new["ssncountry"] = draw.choice(_GREECE)
        new["loginname"] = row["loginname"] or draw.choice(NOTHING)
        new["citizenship"] = draw.choice(("GR", "EL", "UK", "ΕΛ", None, "-"))
        return new | keep

    def again(self, human: Human, **more: str | None) -> None:
        """Enrol the student once more, a year later."""
        self._n += 1
        row = dict(human.rows[0])
        for column, ways in (("firstnameel", _NAMES), ("lastnameel", _NAMES)):
            row[column] = self.draw.choice(ways)(unicodedata.normalize("NFC", row[column] or ""))
        row["birthdate"] = self.draw.choice(_DATES)(human.born)
        row["registrationid"] = f"R{self._n:06d}"
        human.rows.append(row | {"inscriptionacyear": "2026"} | more)

    def planted(
        self,
        human: Human,
        name: str,
        more: Mapping[str, str] | None = None,
        *,
        password: bool = False,
    ) -> Human:
        """Give the student an entry made by other means."""
        classes = ("inetOrgPerson", "schacLinkageIdentifiers", "schacPersonalCharacteristics")
        human.old_name, human.old_password = name, password
        human.entry = [f"dn: uid={name},{PEOPLE_DN}", f"uid: {name}", "cn: X", "sn: X"]
        human.entry += [f"objectClass: {each}" for each in classes]
        human.entry += [f"{attribute}: {value}" for attribute, value in (more or {}).items()]
        if password:
            human.entry.append(f"userPassword: {_hash(OLD_PASSWORD)}")
        return human

    def code(self, row: Row) -> dict[str, str]:
        urn = f"urn:schac:personalUniqueCode:gr:{self._domain}"
        return {CODES: f"{urn}:{row['systemid']}:{row['registrationid']}"}

    def name(self, form: str = "r{}") -> str:
        """Return a name of an entry, or a login name, that nobody else has."""
        self._names += 1
        return form.format(f"{self._names:06d}")

    def number(self, born: date) -> str:
        """Return an insurance number of this birth date that nobody else has."""
        while (number := amka(born, self.draw.randrange(1000), gender="M")) in self._seen:
            pass
        self._seen.add(number)
        return number


def _hash(password: str) -> str:
    """Return a hash as old directories have them."""
    salt = b"untidy"
    digest = hashlib.sha1(password.encode() + salt).digest()  # noqa: S324 - as above
    return "{SSHA}" + base64.b64encode(digest + salt).decode()


def _plain(d: Drawing) -> list[Human]:
    return [d.human()]


def _no_number(d: Drawing) -> list[Human]:
    return [d.human(ssn=d.draw.choice(NOTHING))]


def _two_studies(d: Drawing) -> list[Human]:
    human = d.human()
    d.again(human)
    return [human]


def _two_systems(d: Drawing) -> list[Human]:
    """Draw two rows without the number, joined by names, birth date and father."""
    human = d.human(ssn=None)
    d.again(human, systemid="OLD")
    return [human]


def _unknown_father(d: Drawing) -> list[Human]:
    """Draw two rows, one without the father, joined by the contact."""
    human = d.human(ssn=None)
    d.again(human, fatherfirstnameel=d.draw.choice((*NOTHING, "ΑΓΝΩΣΤΟΣ")))
    return [human]


def _latin_only(d: Drawing) -> list[Human]:
    first, last = d.draw.choice(MEN), d.draw.choice(SURNAMES).man
    names = {"firstnameel": None, "lastnameel": None, "fatherfirstnameel": None}
    human = d.human(ssn=None, **names, firstnameen=first.latin, lastnameen=last.latin)
    d.again(human, **names)
    return [human]


def _foreign(d: Drawing) -> list[Human]:
    first, last = d.draw.choice(_FOREIGN), d.draw.choice(_FOREIGN)
    names = {"firstnameel": None, "lastnameel": "-", "fatherfirstnameel": None}
    return [d.human(ssn=None, **names, firstnameen=first.latin, lastnameen=last.latin)]


def _namesakes(d: Drawing) -> list[Human]:
    """Draw two people with one name and birth date and unknown fathers."""
    one = d.human(ssn=None, fatherfirstnameel=d.draw.choice(NOTHING))
    other = d.human(ssn=None, fatherfirstnameel=d.draw.choice(NOTHING))
    for column in ("firstnameel", "lastnameel", "firstnameen", "lastnameen", "birthdate"):
        other.rows[0][column] = one.rows[0][column]
    other.born, other.insured = one.born, d.number(one.born)
    return [one, other]


def _siblings(d: Drawing) -> list[Human]:
    """Draw two people with one mailbox, which both type."""
    one = d.human()
    while (other := d.human()).born == one.born:
        pass
    mail = f"family{one.rows[0]['registrationid']}@mail.example"
    for each in (one, other):
        each.rows[0]["extemail"] = d.draw.choice(_MAILS)(mail)
        each.rows[0]["lastnameel"] = one.rows[0]["lastnameel"]
        each.typed = {"email": mail.lower()}
    return [one, other]


def _login(d: Drawing) -> list[Human]:
    form = d.draw.choice(("r{}", "dit_{}", "2026{}", "r{}@university.example"))
    return [d.human(loginname=d.name(form))]


def _service_name(d: Drawing) -> list[Human]:
    human = d.human(loginname=d.draw.choice(("root", "postmaster", "ROOT")))
    human.plan, human.ends = Plan.CONFLICT, CONFLICT
    return [human]


def _one_login_for_two(d: Drawing) -> list[Human]:
    name = d.name("two{}")
    both = [d.human(loginname=name), d.human(loginname=name)]
    for each in both:
        each.plan, each.ends = Plan.CONFLICT, ACTIVE | CONFLICT
    return both


def _active_by_login(d: Drawing) -> list[Human]:
    name = d.name(d.draw.choice(("r{}", "dit_{}")))
    human = d.planted(d.human(loginname=name), name, password=True)
    human.plan, human.ends = Plan.ALREADY_ACTIVE, ALREADY
    return [human]


def _empty_by_login(d: Drawing) -> list[Human]:
    name = d.name()
    human = d.planted(d.human(loginname=name), name)
    human.plan = Plan.ADOPT
    return [human]


def _empty_by_code(d: Drawing) -> list[Human]:
    name, human = d.name("old{}"), d.human()
    human.plan = Plan.ADOPT
    return [d.planted(human, name, d.code(human.newest))]


def _active_by_former_code(d: Drawing) -> list[Human]:
    """Give the row a new number, and keep the old one as a former one."""
    human = d.human()
    name = d.name("old{}")
    d.planted(human, name, d.code(human.rows[0]), password=True)
    human.rows[0]["enrollmentstatus"] = "transferred"
    d.again(human, enrollmentstatus="active")
    human.plan, human.ends = Plan.ALREADY_ACTIVE, ALREADY
    return [human]


def _rekeyed(d: Drawing) -> list[Human]:
    """Give the row a new number; only the entry's code has the old one."""
    name = d.name()
    human = d.human(loginname=name)
    gone = human.newest | {"registrationid": f"X{name}"}
    d.planted(human, name, d.code(gone), password=True)
    human.plan, human.ends = Plan.CONFLICT, CONFLICT
    return [human]


def _former_login(d: Drawing) -> list[Human]:
    """Leave the old login name only on the former row."""
    name = d.name("former{}")
    human = d.human(loginname=name, enrollmentstatus="graduated")
    d.again(human, loginname=d.draw.choice(NOTHING), enrollmentstatus="active")
    d.planted(human, name, password=True)
    human.plan, human.ends = Plan.ALREADY_ACTIVE, ALREADY
    return [human]


def _old_number(d: Drawing) -> list[Human]:
    human = d.human()
    number = str(human.newest["registrationid"])
    d.planted(human, d.name("old{}"), {"employeeNumber": number})
    human.plan, human.ends = Plan.CANNOT_TELL, DOUBT
    return [human]


def _old_mail(d: Drawing) -> list[Human]:
    human = d.human()
    number = str(human.newest["registrationid"])
    mail = f"r{int(number[1:])}@mail.example"
    d.planted(human, d.name("old{}"), {"mail": mail}, password=True)
    human.plan, human.ends = Plan.CANNOT_TELL, DOUBT
    return [human]


def _recycled_login(d: Drawing) -> list[Human]:
    """Give the entry of this name to a person with another birth date."""
    name = d.name("re{}")
    human = d.human(loginname=name)
    d.planted(human, name, {"schacDateOfBirth": "19820304"}, password=True)
    human.plan, human.ends = Plan.CONFLICT, CONFLICT
    return [human]


def _sibling_of_an_old_student(d: Drawing) -> list[Human]:
    """Put the family's mailbox and a birth date into the old student's entry."""
    old, young = _siblings(d)
    name = d.name("old{}")
    old.rows[0]["loginname"] = name
    marks = {"mail": old.typed["email"], "schacDateOfBirth": f"{old.born:%Y%m%d}"}
    d.planted(old, name, marks, password=True)
    old.plan, old.ends = Plan.ALREADY_ACTIVE, ALREADY
    return [old, young]


def _landline(d: Drawing) -> list[Human]:
    human = d.human(mobilephone="2710123456", extemail=d.draw.choice(NOTHING))
    human.obstacle, human.ends = Obstacle.LANDLINE, frozenset()
    return [human]


def _no_contact(d: Drawing) -> list[Human]:
    human = d.human(mobilephone=d.draw.choice(NOTHING), extemail=d.draw.choice(NOTHING))
    human.obstacle, human.ends = Obstacle.NO_CONTACT, frozenset()
    return [human]


KINDS: dict[str, Callable[[Drawing], list[Human]]] = {
    "plain": _plain,
    "no insurance number": _no_number,
    "two studies, one number": _two_studies,
    "two systems, no number": _two_systems,
    "father on one row only": _unknown_father,
    "Latin names only, two rows": _latin_only,
    "foreign": _foreign,
    "namesakes, no fathers": _namesakes,
    "siblings, one mailbox": _siblings,
    "login name": _login,
    "login name for services": _service_name,
    "one login name for two": _one_login_for_two,
    "entry by login name, password": _active_by_login,
    "entry by login name, empty": _empty_by_login,
    "entry by code, empty": _empty_by_code,
    "new number, former row": _active_by_former_code,
    "new number, no former row": _rekeyed,
    "login name of a former row": _former_login,
    "entry with student number": _old_number,
    "entry with e-mail": _old_mail,
    "another's entry of the name": _recycled_login,
    "sibling of an old student": _sibling_of_an_old_student,
    "landline only": _landline,
    "no contact": _no_contact,
}
