"""Lists the demo's sample students, each with one special property, and what each types."""

from dataclasses import dataclass
from datetime import date

from demo.names import Spelled
from demo.students import DEPARTMENTS, Department, Row, amka, invented_rows, make_row

_INFORMATICS, _NURSING, _PHILOLOGY, _ECONOMICS = DEPARTMENTS


@dataclass(frozen=True)
class Sample:
    """`mobile`, `email` and `number` are what the student types; `number` goes with `scheme`."""

    key: str
    special_el: str
    special_en: str
    rows: tuple[Row, ...]
    mobile: str | None = None
    email: str | None = None
    scheme: str | None = None
    number: str | None = None

    @property
    def name(self) -> str:
        return " & ".join(dict.fromkeys(f"{r['firstnameel']} {r['lastnameel']}" for r in self.rows))


def _student(
    number: str, name: str, born: date, gender: str, department: Department, **more: str | None
) -> Row:
    """Return a live row with an AMKA; `name` is two words in Greek and the same two in Latin."""
    first, last, first_latin, last_latin = name.split()
    row = make_row(
        number,
        Spelled(first, first_latin),
        Spelled(last, last_latin),
        born,
        department,
        gender=gender,
        ssn=amka(born, 100 + int(number[-2:]), gender=gender),
        ssncountry="GR",
    )
    return row | more


_WITHOUT_AMKA = {"ssn": None, "ssncountry": None}
_PSARRA = _student(
    "202090006",
    "Αγγελική Ψαρρά Angeliki Psarra",
    date(2002, 9, 17),
    "F",
    _PHILOLOGY,
    mobilephone="694 000 0006",
    extemail="angeliki.psarra@mail.example",
    loginname="apsarra",
    enrollmentstatusdate="20200915",
    inscriptionacyear="2020",
)

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "complete",
        "όλα τα στοιχεία υπάρχουν στη γραμματεία",
        "everything is on file",
        (
            _student(
                "202690001",
                "Ελένη Παπαδοπούλου Eleni Papadopoulou",
                date(2008, 3, 14),
                "F",
                _INFORMATICS,
                mobilephone="6940000001",
                extemail="eleni.papadopoulou@mail.example",
                loginname="epapadopoulou",
            ),
        ),
        mobile="6940000001",
        email="eleni.papadopoulou@mail.example",
    ),
    Sample(
        "no_amka",
        "λείπει ο Α.Μ.Κ.Α.: ζητείται",
        "the AMKA is missing: it is asked for",
        (
            _student(
                "202690002",
                "Νικόλαος Καραγιάννης Nikolaos Karagiannis",
                date(2008, 11, 2),
                "M",
                _NURSING,
                mobilephone="+30 694 000 0002",
                extemail="nikos.karagiannis@mail.example",
                loginname="nkaragiannis",
                **_WITHOUT_AMKA,
            ),
        ),
        mobile="6940000002",
        email="nikos.karagiannis@mail.example",
        scheme="GR",
        number=amka(date(2008, 11, 2), 102, gender="M"),
    ),
    Sample(
        "email_only",
        "μόνο e-mail: ο κωδικός έρχεται με μήνυμα",
        "e-mail only: the code comes by mail",
        (
            _student(
                "202690003",
                "Δανάη Οικονόμου Danai Oikonomou",
                date(2007, 7, 21),
                "F",
                _PHILOLOGY,
                extemail="Danai.Oikonomou@mail.example",
                loginname="doikonomou",
            ),
        ),
        email="danai.oikonomou@mail.example",
    ),
    Sample(
        "no_login",
        "χωρίς όνομα χρήστη και λατινικά: παράγονται",
        "no login name, no Latin name: both are made",
        (
            _student(
                "202690004",
                "Χαράλαμπος Μπακογιάννης Charalampos Bakogiannis",
                date(2008, 1, 30),
                "M",
                _ECONOMICS,
                firstnameen=None,
                lastnameen=None,
                mobilephone="00306940000004",
                extemail="xaris@mail.example",
            ),
        ),
        mobile="6940000004",
        email="xaris@mail.example",
    ),
    Sample(
        "two_enrolments",
        "δύο εγγραφές, ένας λογαριασμός",
        "two enrolments, one account",
        (
            _PSARRA,
            _PSARRA
            | {
                "registrationid": "202690006",
                "departmentid": _INFORMATICS.id,
                "departmentel": _INFORMATICS.el,
                "departmenten": _INFORMATICS.en,
                "enrollmenttype": "postgraduate",
                "enrollmentstatusdate": "20260915",
                "inscriptionacyear": "2026",
            },
        ),
        mobile="6940000006",
        email="angeliki.psarra@mail.example",
    ),
    Sample(
        "cypriot",
        "από την Κύπρο, χωρίς Α.Μ.Κ.Α.: αριθμός άλλης χώρας",
        "from Cyprus, no AMKA: another country's number",
        (
            _student(
                "202690007",
                "Ανδρέας Χριστοδούλου Andreas Christodoulou",
                date(2006, 12, 8),
                "M",
                _NURSING,
                citizenship="CY",
                mobilephone="0035799000007",
                extemail="andreas.christodoulou@mail.example",
                **_WITHOUT_AMKA,
            ),
        ),
        mobile="+35799000007",
        email="andreas.christodoulou@mail.example",
        scheme="CY",
        number="1045672",
    ),
    Sample(
        "siblings",
        "αδέλφια με το ίδιο κινητό",
        "brother and sister on one mobile",
        (
            _student(
                "202690008",
                "Ζωή Ρούσσου Zoi Roussou",
                date(2008, 6, 1),
                "F",
                _NURSING,
                mobilephone="6940000008",
                loginname="zroussou",
            ),
            _student(
                "202690009",
                "Ηλίας Ρούσσος Ilias Roussos",
                date(2007, 2, 11),
                "M",
                _ECONOMICS,
                mobilephone="6940000008",
                loginname="iroussos",
            ),
        ),
        mobile="6940000008",
    ),
    Sample(
        "inactive",
        "ανενεργός: δεν βρίσκεται",
        "not active any more: is not found",
        (
            _student(
                "202090005",
                "Πέτρος Ξένος Petros Xenos",
                date(2003, 5, 5),
                "M",
                _ECONOMICS,
                mobilephone="6940000005",
                loginname="pxenos",
                enrollmentstatus="inactive",
                inscriptionacyear="2020",
            ),
        ),
        mobile="6940000005",
    ),
)


def all_rows() -> tuple[Row, ...]:
    """Return the initial rows of the demo's registrar: the samples, then the invented crowd."""
    return tuple(row for sample in SAMPLES for row in sample.rows) + invented_rows()
