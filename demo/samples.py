"""The demo's well-known students, each with one thing special, and what each would type."""

from dataclasses import dataclass
from datetime import date

from demo.names import Spelled
from demo.students import DEPARTMENTS, Row, amka, invented_rows, make_row


@dataclass(frozen=True)
class Sample:
    """`mobile`, `email` and `number` are what the student types; `number` goes with `scheme`."""

    key: str
    name: str
    special_el: str
    special_en: str
    rows: tuple[Row, ...]
    mobile: str | None = None
    email: str | None = None
    scheme: str | None = None
    number: str | None = None


_INFORMATICS, _NURSING, _PHILOLOGY, _ECONOMICS = DEPARTMENTS


def _complete() -> Sample:
    born = date(2008, 3, 14)
    number = amka(born, 101, gender="F")
    row = make_row(
        "202690001",
        Spelled("Ελένη", "Eleni"),
        Spelled("Παπαδοπούλου", "Papadopoulou"),
        born,
        _INFORMATICS,
        ssn=number,
        ssncountry="GR",
        gender="F",
        mobilephone="6940000001",
        extemail="eleni.papadopoulou@mail.example",
        loginname="epapadopoulou",
    )
    return Sample(
        "complete",
        "Ελένη Παπαδοπούλου",
        "όλα τα στοιχεία υπάρχουν στη γραμματεία",
        "everything is on file",
        (row,),
        "6940000001",
        "eleni.papadopoulou@mail.example",
    )


def _without_amka() -> Sample:
    born = date(2008, 11, 2)
    row = make_row(
        "202690002",
        Spelled("Νικόλαος", "Nikolaos"),
        Spelled("Καραγιάννης", "Karagiannis"),
        born,
        _NURSING,
        gender="M",
        mobilephone="+30 694 000 0002",
        extemail="nikos.karagiannis@mail.example",
        loginname="nkaragiannis",
    )
    return Sample(
        "no_amka",
        "Νικόλαος Καραγιάννης",
        "λείπει ο ΑΜΚΑ: ζητείται",
        "the AMKA is missing: it is asked for",
        (row,),
        "6940000002",
        "nikos.karagiannis@mail.example",
        "GR",
        amka(born, 102, gender="M"),
    )


def _email_only() -> Sample:
    born = date(2007, 7, 21)
    row = make_row(
        "202690003",
        Spelled("Δανάη", "Danai"),
        Spelled("Οικονόμου", "Oikonomou"),
        born,
        _PHILOLOGY,
        ssn=amka(born, 103, gender="F"),
        ssncountry="GR",
        gender="F",
        extemail="Danai.Oikonomou@mail.example",
        loginname="doikonomou",
    )
    return Sample(
        "email_only",
        "Δανάη Οικονόμου",
        "μόνο e-mail: ο κωδικός έρχεται με μήνυμα",
        "e-mail only: the code comes by mail",
        (row,),
        None,
        "danai.oikonomou@mail.example",
    )


def _no_login() -> Sample:
    born = date(2008, 1, 30)
    row = make_row(
        "202690004",
        Spelled("Χαράλαμπος", "Charalampos"),
        Spelled("Μπακογιάννης", "Bakogiannis"),
        born,
        _ECONOMICS,
        firstnameen=None,
        lastnameen=None,
        ssn=amka(born, 104, gender="M"),
        ssncountry="GR",
        gender="M",
        mobilephone="00306940000004",
        extemail="xaris@mail.example",
    )
    return Sample(
        "no_login",
        "Χαράλαμπος Μπακογιάννης",
        "χωρίς όνομα χρήστη και λατινικά: παράγονται",
        "no login name, no Latin name: both are made",
        (row,),
        "6940000004",
        "xaris@mail.example",
    )


def _inactive() -> Sample:
    born = date(2003, 5, 5)
    row = make_row(
        "202090005",
        Spelled("Πέτρος", "Petros"),
        Spelled("Ξένος", "Xenos"),
        born,
        _ECONOMICS,
        ssn=amka(born, 105, gender="M"),
        ssncountry="GR",
        gender="M",
        mobilephone="6940000005",
        enrollmentstatus="inactive",
        loginname="pxenos",
        inscriptionacyear="2020",
    )
    return Sample(
        "inactive",
        "Πέτρος Ξένος",
        "ανενεργός: δεν βρίσκεται",
        "not active any more: is not found",
        (row,),
        "6940000005",
    )


def _two_enrolments() -> Sample:
    born = date(2002, 9, 17)
    bachelor = make_row(
        "202090006",
        Spelled("Αγγελική", "Angeliki"),
        Spelled("Ψαρρά", "Psarra"),
        born,
        _PHILOLOGY,
        ssn=amka(born, 106, gender="F"),
        ssncountry="GR",
        gender="F",
        mobilephone="694 000 0006",
        extemail="angeliki.psarra@mail.example",
        loginname="apsarra",
        enrollmentstatusdate="20200915",
        inscriptionacyear="2020",
    )
    master = bachelor | {
        "registrationid": "202690006",
        "departmentid": _INFORMATICS.id,
        "departmentel": _INFORMATICS.el,
        "departmenten": _INFORMATICS.en,
        "enrollmenttype": "postgraduate",
        "enrollmentstatusdate": "20260915",
        "inscriptionacyear": "2026",
    }
    return Sample(
        "two_enrolments",
        "Αγγελική Ψαρρά",
        "δύο εγγραφές, ένας λογαριασμός",
        "two enrolments, one account",
        (bachelor, master),
        "6940000006",
        "angeliki.psarra@mail.example",
    )


def _cypriot() -> Sample:
    row = make_row(
        "202690007",
        Spelled("Ανδρέας", "Andreas"),
        Spelled("Χριστοδούλου", "Christodoulou"),
        date(2006, 12, 8),
        _NURSING,
        gender="M",
        citizenship="CY",
        mobilephone="0035799000007",
        extemail="andreas.christodoulou@mail.example",
    )
    return Sample(
        "cypriot",
        "Ανδρέας Χριστοδούλου",
        "από την Κύπρο, χωρίς ΑΜΚΑ: αριθμός άλλης χώρας",
        "from Cyprus, no AMKA: another country's number",
        (row,),
        "+35799000007",
        "andreas.christodoulou@mail.example",
        "CY",
        "1234567",
    )


def _siblings() -> Sample:
    mobile = "6940000008"
    sister = make_row(
        "202690008",
        Spelled("Ζωή", "Zoi"),
        Spelled("Ρούσσου", "Roussou"),
        date(2008, 6, 1),
        _NURSING,
        ssn=amka(date(2008, 6, 1), 108, gender="F"),
        ssncountry="GR",
        gender="F",
        mobilephone=mobile,
        loginname="zroussou",
    )
    brother = make_row(
        "202690009",
        Spelled("Ηλίας", "Ilias"),
        Spelled("Ρούσσος", "Roussos"),
        date(2007, 2, 11),
        _ECONOMICS,
        ssn=amka(date(2007, 2, 11), 109, gender="M"),
        ssncountry="GR",
        gender="M",
        mobilephone=mobile,
        loginname="iroussos",
    )
    return Sample(
        "siblings",
        "Ζωή και Ηλίας Ρούσσου",
        "αδέλφια με το ίδιο κινητό",
        "brother and sister on one mobile",
        (sister, brother),
        mobile,
    )


SAMPLES: tuple[Sample, ...] = (
    _complete(),
    _without_amka(),
    _email_only(),
    _no_login(),
    _two_enrolments(),
    _cypriot(),
    _siblings(),
    _inactive(),
)


def all_rows() -> tuple[Row, ...]:
    """Every row the demo's registrar starts with: the samples first, then the invented crowd."""
    return tuple(row for sample in SAMPLES for row in sample.rows) + invented_rows()
