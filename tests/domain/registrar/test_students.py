from dataclasses import replace
from datetime import date

import pytest

from adapters.directory.entries import attributes
from domain import insurance
from domain.consent import review
from domain.contracts.vocabulary import Language
from domain.registrar.rows import Row, birth_date, insurance_of
from domain.registrar.students import ContactQuery, holders, persons

ME = ContactQuery("+306912345678", "me@mail.example", "GR")
AMKA = "01010500013"


def row(number: str, **more: str | None) -> Row:
    return {
        "systemid": "SIS",
        "registrationid": number,
        "firstnameel": "Νίκος",
        "firstnameen": "Nikos",
        "lastnameel": "Παππάς",
        "lastnameen": "Pappas",
        "birthdate": "20050101",
        "enrollmentstatus": "active",
        "mobilephone": "6912345678",
        "inscriptionacyear": "2026",
        **more,
    }


def found(*rows: Row, typed: ContactQuery = ME) -> list[tuple[str, list[str]]]:
    return [
        (person.person_key, [each.registration_id for each in person.enrolments])
        for person in persons(rows, typed, lambda value: value)
    ]


def test_rows_with_one_number_are_one_person_newest_enrolment_first() -> None:
    old = row("1", ssn=AMKA, inscriptionacyear="2020", lastnameel="Παππας-Άλλος")
    new = row("2", ssn="010105-00013", ssncountry="GR")
    assert found(old, new) == [("SIS/1", ["2", "1"])]


def test_the_key_is_the_first_enrolment_even_when_it_has_ended() -> None:
    old = row("9", ssn=AMKA, inscriptionacyear="2020", enrollmentstatus="graduated")
    assert found(row("1", ssn=AMKA), old) == [("SIS/9", ["1"])]


def test_a_person_keeps_the_key_they_had_when_an_older_enrolment_comes_or_goes() -> None:
    old = row("9", ssn=AMKA, inscriptionacyear="2020", enrollmentstatus="graduated")
    (before,), (after,) = (persons(rows, ME, str) for rows in ([row("1")], [row("1"), old]))
    assert before.person_key != after.person_key
    assert before.person_key in after.keys


def test_ended_enrolments_are_remembered_newest_first() -> None:
    ended = {"ssn": AMKA, "enrollmentstatus": "graduated"}
    rows = [row("1", ssn=AMKA), row("2", inscriptionacyear="2015", **ended)]
    (person,) = persons([*rows, row("3", inscriptionacyear="2019", **ended)], ME, str)
    assert [each.registration_id for each in person.enrolments] == ["1"]
    assert [each.registration_id for each in person.former] == ["3", "2"]


@pytest.mark.parametrize("number", ["000000", "9999", "UNKNOWN", "AAAAAAA", "12345", "0000000000"])
def test_strangers_with_the_same_placeholder_are_not_one_person(number: str) -> None:
    placeholder = {"ssn": number, "ssncountry": "CY"}
    me = row("1", **placeholder)
    stranger = row("2", **placeholder, lastnameel="Άλλη", firstnameel="Άννα", birthdate="20040303")
    assert insurance_of(me) is None
    assert found(me, stranger) == [("SIS/1", ["1"]), ("SIS/2", ["2"])]
    (person,) = persons([me, {**stranger, "mobilephone": None}], ME, str)
    assert (person.last_name_el, person.former) == ("Παππάς", ())


@pytest.mark.parametrize("number", [{"ssn": AMKA}, {"ssn": "00123456", "ssncountry": "CY"}])
@pytest.mark.parametrize(
    "other",
    [
        {"lastnameel": "Άλλη", "firstnameel": "Άννα", "birthdate": "20040303"},
        {"lastnameel": "Άλλη", "firstnameel": "Άννα"},
        {"lastnameel": "Άλλη", "birthdate": "20040303"},
        {"lastnameel": None, "lastnameen": None, "firstnameel": None, "firstnameen": None},
    ],
)
def test_a_number_on_two_different_persons_rows_is_neithers(
    other: dict[str, str | None], number: dict[str, str]
) -> None:
    """Unless it begins with the birth date of one of them."""
    both = persons([row("1", **number), row("2", **number | other)], ME, str)
    assert [person.person_key for person in both] == ["SIS/1", "SIS/2"]
    told = number["ssn"] == AMKA and "birthdate" in other
    assert [person.insurance_number for person in both] == [AMKA if told else None, None]


def test_a_strangers_copy_of_a_number_does_not_part_a_persons_own_rows() -> None:
    stranger = row("3", ssn=AMKA, lastnameel="Άλλη", firstnameel="Άννα", birthdate="20040303")
    own = {"ssn": AMKA, "extemail": "pappas@mail.example"}
    rows = [row("1", **own), row("2", **own), stranger]
    assert found(*rows) == [("SIS/1", ["2", "1"]), ("SIS/3", ["3"])]


@pytest.mark.parametrize(
    "again",
    [
        {"lastnameel": "ΠΑΠΠΑΣ", "firstnameel": "ΝΙΚΟΣ"},
        {"lastnameel": "ΠΑΠΠΑΣ", "firstnameel": "ΝΙΚΟΣ", "birthdate": None},
        {"lastnameel": "Παππάς", "birthdate": "20050110"},
        {"lastnameel": "Παππά-Ρούσσου"},
        {"lastnameel": None, "firstnameel": ""},
    ],
)
def test_a_human_with_two_enrolments_stays_one_however_they_are_spelled(
    again: dict[str, str | None],
) -> None:
    (person,) = persons([row("1", ssn=AMKA), row("2", **{"ssn": AMKA} | again)], ME, str)
    assert person.person_key == "SIS/1"
    assert person.insurance_number == AMKA


def test_spellings_that_agree_one_by_one_are_one_person() -> None:
    first = row("1", ssn=AMKA, lastnameel="Ρούσσου")
    last = row("3", ssn=AMKA, birthdate="20050110")
    assert len(found(first, last)) == 2
    assert len(found(first, last, row("2", ssn=AMKA))) == 1


def test_a_row_alike_two_numbered_persons_joins_neither() -> None:
    rows = [row("1", ssn=AMKA), row("2", ssn="02010500011"), row("3")]
    assert len(found(*rows)) == 3


def test_a_number_that_arrives_later_does_not_change_the_key() -> None:
    assert found(row("1"))[0][0] == found(row("1", ssn=AMKA))[0][0]


def test_rows_without_a_number_join_whoever_is_alike() -> None:
    assert found(row("1", ssn=AMKA), row("2", lastnameel="ΠΑΠΠΑΣ")) == [("SIS/1", ["2", "1"])]
    assert found(row("1"), row("2")) == [("SIS/1", ["2", "1"])]


def test_siblings_and_strangers_with_one_contact_stay_apart() -> None:
    assert len(found(row("1"), row("2", firstnameel="Άννα"))) == 2
    assert len(found(row("1"), row("2", birthdate="20050102"))) == 2
    fathers = ({"fatherfirstnameel": name} for name in ("Πέτρος", "Παύλος"))
    assert len(found(*(row(str(n), **each) for n, each in enumerate(fathers)))) == 2
    assert len(found(row("1", birthdate=None), row("2", birthdate=None))) == 2
    assert len(found(row("1", ssn=AMKA), row("2", ssn="02010500011"))) == 2


def test_only_live_rows_with_the_typed_contact_count() -> None:
    assert found(row("1", enrollmentstatus="graduated")) == []
    assert found(row("1", mobilephone="6900000000")) == []
    assert found(row("1", enrollmentstatus="interim")) == [("SIS/1", ["1"])]


def test_contacts_are_those_on_file_and_the_typed_one_comes_first() -> None:
    rows = [
        row("2", ssn=AMKA, mobilephone="6900000000", extemail="Other@mail.example"),
        row(
            "1", ssn=AMKA, mobilephone="2710372128 / 0030 691 234 5678", extemail="me@MAIL.example"
        ),
    ]
    (person,) = persons(rows, ME, str)
    assert (person.sms_to, person.email_to) == (ME.mobile, ME.email)
    assert (person.mobile, person.email) == (ME.mobile, ME.email)
    (person,) = persons(rows, ContactQuery(ME.mobile, None, "GR"), str)
    assert (person.email_to, person.email) == (None, "other@mail.example")


def test_missing_names_are_made_up_from_the_others() -> None:
    (person,) = persons([row("1", firstnameen=" ", lastnameen=None)], ME, str)
    assert (person.first_name_latin, person.last_name_latin) == ("Nikos", "Pappas")
    (person,) = persons([row("1", firstnameel=None, lastnameel="")], ME, str)
    assert (person.first_name_el, person.last_name_el) == ("Nikos", "Pappas")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        *(("Αnna", "Anna"), ("Νίκη", "Niki"), ("ΝIKΗ", "NIKH"), ("Αn", "An")),
        *(("Хristos", "Xristos"), ("НLIADIS", "HLIADIS"), ("Иван", "Ivan"), ("José", "Jose")),
        *(("Аннa", "Anna"), ("李", "Li"), ("Xρήστος", "Christos"), ("O’Neil", "O'Neil")),
    ],
)
def test_a_latin_name_is_shown_as_it_is_written_to_the_directory(written: str, shown: str) -> None:
    columns = {"firstnameen": written, "lastnameen": f"{written}-{written}"}
    for names in (columns, {**columns, "firstnameel": None, "lastnameel": None}):
        (found,) = persons([row("1", **names)], ME, str)
        assert (found.first_name_latin, found.last_name_latin) == (shown, f"{shown}-{shown}")
        entry = attributes(found, "x", "uni.example", Language.EL)
        assert entry["cn"] == [review(found, "x", "1").name_latin]


def test_the_english_name_of_a_department_is_in_latin_letters() -> None:
    (found,) = persons([row("1", departmenten="Τourism Ѕtudies in Πάτρα, café")], ME, str)
    assert found.enrolments[0].department_en == "Tourism Studies in Patra, café"


def test_the_number_is_taken_only_when_it_can_be_one() -> None:
    (person,) = persons([row("1", ssn="010105 00013")], ME, str)
    assert (person.insurance_scheme, person.insurance_number) == ("GR", AMKA)
    assert insurance_of(row("1", ssn="01010500014")) is None
    assert insurance_of(row("1", ssn="-")) is None
    for greece in ("Ελλάδα", "EL", "ΕΛ", "GRC", "gr", "-", None):
        assert insurance_of(row("1", ssn=AMKA, ssncountry=greece)) == ("GR", AMKA)
        assert insurance_of(row("1", ssn="01010500014", ssncountry=greece)) is None
    assert insurance_of(row("1", ssn="QQ123456C", ssncountry="uk")) == ("GB", "QQ123456C")
    assert insurance_of(row("1", ssn="120456789", ssncountry="XK")) == ("XK", "120456789")
    assert insurance_of(row("1", ssn="80300123456789012345", ssncountry="EHIC")) is not None
    assert insurance_of(row("1", ssn=AMKA, ssncountry="Νησί")) is None
    assert insurance_of(row("1", ssn="00123456", ssncountry="cy")) == ("CY", "00123456")


def test_a_birth_date_is_read_from_its_column() -> None:
    assert birth_date(row("1", birthdate="31/12/2005")) == date(2005, 12, 31)
    assert birth_date(row("1", birthdate=None)) is None


def test_login_name_and_departments() -> None:
    greek_only = row("1", loginname=" NPappas ", departmentel="Φιλολογίας", citizenship="gr")
    (person,) = persons([greek_only], ME, str)
    assert person.login_name == "npappas"
    assert person.citizenship == "GR"
    assert person.enrolments[0].department_en == "Filologias"


NOTHING = ("-", ".", "0", "NULL", "N/A", "\u200b", "\u202e", "--")


@pytest.mark.parametrize("nothing", NOTHING)
def test_what_stands_for_nothing_is_nothing_in_any_column(nothing: str) -> None:
    columns = ("firstnameen", "lastnameen", "loginname", "citizenship", "ssn", "departmenten")
    (person,) = persons([row("1", **dict.fromkeys(columns, nothing))], ME, str)
    assert (person.first_name_latin, person.last_name_latin) == ("Nikos", "Pappas")
    assert (person.login_name, person.citizenship, person.insurance_number) == (None, None, None)
    (person,) = persons([row("1", lastnameel=nothing, lastnameen=nothing)], ME, str)
    assert (person.first_name_el, person.last_name_el, person.last_name_latin) == ("Νίκος", "", "")


def test_invisible_characters_in_names_are_dropped_and_the_letters_stay() -> None:
    (person,) = persons(
        [row("1", firstnameel="\ufeffΔη\u00adµήτρης", lastnameel="\u202eΠ")], ME, str
    )
    assert (person.first_name_el, person.last_name_el) == ("Δηµήτρης", "Π")


@pytest.mark.parametrize("number", ["0", "-", "\u200b1"])
def test_a_key_is_never_taken_for_empty(number: str) -> None:
    assert found(row(number, systemid="0")) == [(f"0/{number}", [number])]


def test_no_message_goes_to_an_address_at_the_institution() -> None:
    own = {"extemail": "me@uni.example, me@mail.example", "mobilephone": ME.mobile}
    for typed in (ME, replace(ME, email=None)):
        (found,) = persons([row("1", **own)], replace(typed, own=("uni.example",)), str)
        assert found.email == "me@mail.example"
    (alone,) = persons([row("1", **own | {"extemail": "me@uni.example"})], ME, str)
    assert alone.email == "me@uni.example"
    typed = replace(ME, own=("uni.example",))
    (alone,) = persons([row("1", **own | {"extemail": "me@uni.example"})], typed, str)
    assert (alone.email, alone.email_to) == (None, None)


def test_everybody_on_whose_rows_a_number_stands_is_a_holder() -> None:
    rows = [row("1", ssn=AMKA), row("2", ssn=None, firstnameel="Νίκος", firstnameen="Nikos")]
    rows.append(row("3", ssn=AMKA, lastnameel="Ξένου", firstnameel="Άννα", birthdate="19990101"))
    assert holders(rows, (insurance.AMKA, AMKA), "GR", str) == {"SIS/1", "SIS/3"}
