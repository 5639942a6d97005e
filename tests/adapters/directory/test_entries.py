import pytest

from adapters.directory.entries import CODES, address_told, attributes, chosen, codes, missing
from domain.contracts.people import Enrolment
from domain.contracts.vocabulary import Choice, Language
from tests.activities.conftest import MakePerson
from tests.people import MARIA

DOMAIN = "university.example"


def test_each_enrolment_has_a_code_with_odd_characters_encoded(make_person: MakePerson) -> None:
    enrolment = Enrolment(
        system_id="SIS:1",
        registration_id="ΠΛ/2026 *",
        department_id="1",
        department_el="",
        department_en="",
    )
    person = make_person(enrolments=(enrolment,))
    assert codes(person, DOMAIN) == [
        "urn:schac:personalUniqueCode:gr:university.example:SIS%3A1:%CE%A0%CE%9B%2F2026%20%2A"
    ]


def test_names_stand_in_both_scripts(make_person: MakePerson) -> None:
    entry = attributes(make_person(), "tester", DOMAIN, Language.EL)
    assert entry["cn"] == entry["cn;lang-en"] == ["Evangelos Chatzigeorgiou"]
    assert entry["sn;lang-el"] == ["Χατζηγεωργίου"]
    assert entry["displayName"] == ["Ευάγγελος Χατζηγεωργίου"]
    assert entry["mail"] == entry["eduPersonPrincipalName"] == ["tester@university.example"]


def test_neither_insurance_numbers_nor_contacts_are_written(make_person: MakePerson) -> None:
    person = make_person(insurance_scheme="GR", insurance_number="01010500013")
    written = repr(attributes(person, "tester", DOMAIN, Language.EL))
    for value in (person.insurance_number, person.mobile, person.email):
        assert str(value) not in written


def test_what_is_unknown_is_left_out(make_person: MakePerson) -> None:
    person = make_person(
        birth_date=None,
        citizenship="Ελλάδα",
        first_name_el="Ahmed",
        last_name_el="Ali",
        first_name_latin="",
        last_name_latin="",
    )
    entry = attributes(person, "tester", DOMAIN, Language.EN)
    for name in ("schacDateOfBirth", "schacCountryOfCitizenship", "sn;lang-el", "givenName"):
        assert name not in entry
    assert entry["sn"] == ["tester"]


def test_an_adopted_entry_keeps_what_it_has(make_person: MakePerson) -> None:
    wanted = attributes(make_person(), "tester", DOMAIN, Language.EL)
    present = {
        "objectclass": ["top", "INETORGPERSON"],
        "displayname": ["Somebody's own choice"],
        CODES.lower(): [wanted[CODES][0].upper()],
        "edupersonaffiliation": ["alum"],
    }
    lacking = missing(wanted, present, {})
    assert "eduPerson" in lacking["objectClass"]
    assert "inetOrgPerson" not in lacking["objectClass"]
    assert not lacking.keys() & {"displayName", CODES, "eduPersonAffiliation"}
    assert missing(wanted, {name.lower(): values for name, values in wanted.items()}, {}) == {}


@pytest.mark.parametrize(
    ("username", "mail", "told"),
    [
        ("tester", [], None),
        ("tester", ["Tester@University.Example"], None),
        ("tester", ["t.ester@university.example", "tester@university.example"], None),
        ("tester", ["t.ester@university.example"], "t.ester@university.example"),
        ("tester", ["x@mail.example", "T@Lab.University.Example"], "T@Lab.University.Example"),
        ("tester", ["x@mail.example"], ""),
        ("tester@mail.example", ["x@university.example"], "x@university.example"),
        ("tester@mail.example", [], None),
    ],
)
def test_an_address_is_told_where_it_is_another_than_the_username_tells(
    username: str, mail: list[str], told: str | None
) -> None:
    assert address_told({"mail": mail}, username, DOMAIN, (DOMAIN,)) == told
    assert address_told({}, username, DOMAIN, (DOMAIN,)) is None


def test_choices_write_what_the_settings_say_and_nothing_that_is_unknown(
    make_person: MakePerson,
) -> None:
    person = make_person(email=None, mobile="+306940000001")
    mapping = {
        Choice.RECOVERY_EMAIL: "labeledURI=mailto:{email}",
        Choice.RECOVERY_MOBILE: "description=call={mobile} at {domain}",
        Choice.DIRECTORY_LISTING: "description=listed",
    }
    both = ["call=+306940000001 at university.example", "listed"]
    assert chosen(person, DOMAIN, Choice, mapping) == {"description": both}
    assert chosen(person, DOMAIN, [], mapping) == {}
    assert chosen(person, DOMAIN, Choice, {Choice.DIRECTORY_LISTING: ""}) == {}


@pytest.mark.parametrize(("first", "last"), [("Madonna", ""), ("", "Suharto")])
def test_who_has_one_name_is_called_by_it_once(first: str, last: str) -> None:
    update = {"first_name_el": first, "last_name_el": last}
    latin = {"first_name_latin": first, "last_name_latin": last}
    entry = attributes(MARIA.model_copy(update=update | latin), "x", "uni.example", Language.EL)
    assert entry["cn"] == entry["sn"] == entry["displayName"] == [first or last]
    assert entry.get("givenName") == ([first] if first else None)
