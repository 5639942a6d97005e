import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.registrar import RegistrarActivities
from domain.contracts import FindStudent, Person
from tests.stack import TestStack

MOBILE = "+306955000123"
EMAIL = "several@mail.example"


@pytest.fixture(scope="module")
async def registrar(stack: TestStack) -> AsyncIterator[RegistrarActivities]:
    activities = RegistrarActivities(settings=stack.settings, keys=stack.keys)
    yield activities
    await activities.close()


def other(stack: TestStack, **changes: object) -> RegistrarActivities:
    section = stack.settings.registrar.model_copy(update=changes)
    settings = stack.settings.model_copy(update={"registrar": section})
    return RegistrarActivities(settings=settings, keys=stack.keys)


async def find(
    registrar: RegistrarActivities, mobile: str | None = None, email: str | None = None
) -> tuple[Person, ...]:
    request = FindStudent(mobile=mobile, email=email)
    return (await ActivityEnvironment().run(registrar.find_student, request)).persons


async def insert(stack: TestStack, number: str, **columns: str) -> None:
    row = {
        "systemid": "TEST",
        "registrationid": number,
        "firstnameel": "Άννα",
        "lastnameel": "Δοκιμή" + number,
        "birthdate": "20050101",
        "enrollmentstatus": "active",
        "departmentel": "Φιλολογίας",
        **columns,
    }
    connection = await asyncpg.connect(stack.registrar_dsn)
    names, places = ", ".join(row), ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await connection.execute(f"INSERT INTO v_vd_sis ({names}) VALUES ({places})", *row.values())  # noqa: S608 - invented here
    await connection.close()


async def test_a_sample_student_is_found_by_either_contact(registrar: RegistrarActivities) -> None:
    by_mobile = await find(registrar, mobile="+306940000001")
    by_email = await find(registrar, email="eleni.papadopoulou@mail.example")
    assert by_mobile[0].person_key == by_email[0].person_key
    assert by_mobile[0].last_name_el == "Παπαδοπούλου"
    assert by_mobile[0].sms_to == "+306940000001"
    assert by_mobile[0].email_to is None
    assert by_mobile[0].insurance_scheme == "GR"
    assert await find(registrar, mobile="+306940000001") == by_mobile


async def test_nobody_is_found_by_an_unknown_contact(registrar: RegistrarActivities) -> None:
    assert await find(registrar, mobile="+306999999999", email="nobody@mail.example") == ()
    assert await find(registrar, email="%@mail.example") == ()


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("w1", "6955000001"),
        ("w2", "+30 695 500 0002"),
        ("w3", "00306955000003"),
        ("w4", "6955-00.00.04"),
        ("w5", "2710372128 / 6955000005"),
        ("w6", "6955000006 (μητέρα), 6955000099"),
    ],
)
async def test_a_mobile_is_found_however_it_is_written(
    stack: TestStack, registrar: RegistrarActivities, number: str, written: str
) -> None:
    await insert(stack, number, mobilephone=written)
    found = await find(registrar, mobile=f"+30695500000{number[1]}")
    assert [person.enrolments[0].registration_id for person in found] == [number]


@pytest.mark.parametrize(
    ("number", "written", "typed"),
    [
        ("e1", "E1@Mail.Example", "e1@mail.example"),
        ("e2", " e2@mail.example ", "e2@mail.example"),
        ("e3", "other@mail.example; e3@mail.example", "e3@mail.example"),
        ("e4", "e4@παράδειγμα.gr", "e4@xn--hxajbheg2az3al.gr"),
        ("e5", "e_5@mail.example,x@mail.example", "e_5@mail.example"),
    ],
)
async def test_an_email_is_found_however_it_is_written(
    stack: TestStack, registrar: RegistrarActivities, number: str, written: str, typed: str
) -> None:
    await insert(stack, number, extemail=written)
    found = await find(registrar, email=typed)
    assert [person.enrolments[0].registration_id for person in found] == [number]


async def test_all_enrolments_come_along_also_those_with_another_contact(
    stack: TestStack, registrar: RegistrarActivities
) -> None:
    same = {"ssn": "01010500013", "ssncountry": "GR"}
    await insert(stack, "s1", mobilephone="6955000123", inscriptionacyear="2026", **same)
    await insert(stack, "s2", mobilephone="6955000124", inscriptionacyear="2020", **same)
    await insert(stack, "s3", enrollmentstatus="graduated", inscriptionacyear="2015", **same)
    (person,) = await find(registrar, mobile=MOBILE)
    assert [each.registration_id for each in person.enrolments] == ["s1", "s2"]
    assert person.person_key == stack.keys.index("person", "TEST/s3")


async def test_two_persons_with_one_contact_are_both_found(
    stack: TestStack, registrar: RegistrarActivities
) -> None:
    await insert(stack, "t1", extemail=EMAIL, firstnameel="Άννα")
    await insert(stack, "t2", extemail=f"{EMAIL}, twin@mail.example", firstnameel="Μαρία")
    assert {person.first_name_el for person in await find(registrar, email=EMAIL)} == {
        "Άννα",
        "Μαρία",
    }


async def test_columns_may_have_other_names(stack: TestStack) -> None:
    connection = await asyncpg.connect(stack.registrar_dsn)
    await connection.execute(
        'CREATE VIEW "Other Students" AS SELECT *, mobilephone AS "Κινητό" FROM v_vd_sis'
    )
    await connection.execute('GRANT SELECT ON "Other Students" TO PUBLIC')
    await connection.close()
    renamed = other(stack, view="public.Other Students", columns={"mobilephone": "Κινητό"})
    assert len(await find(renamed, mobile="+306940000001")) == 1
    await renamed.close()


async def test_the_reader_cannot_write(stack: TestStack) -> None:
    connection = await asyncpg.connect(stack.settings.registrar.dsn.get_secret_value())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("DELETE FROM v_vd_sis")
    await connection.close()


async def test_an_absent_registrar_is_told_as_such(stack: TestStack) -> None:
    away = other(stack, dsn=SecretStr("postgresql://reader:secret@127.0.0.1:9/none"))
    with pytest.raises(ApplicationError) as raised:
        await find(away, mobile=MOBILE)
    assert raised.value.type == "REGISTRAR_DOWN"
    assert MOBILE not in repr(raised.value)
    assert "secret" not in repr(raised.value)


@pytest.mark.parametrize("change", [{"view": "no_such_view"}, {"columns": {"ssn": "no_such"}}])
async def test_a_wrong_view_is_something_to_mend(
    stack: TestStack, change: dict[str, object]
) -> None:
    wrong = other(stack, **change)
    with pytest.raises(ApplicationError) as raised:
        await find(wrong, mobile=MOBILE)
    assert raised.value.type == "CONFIGURATION"
    assert not raised.value.non_retryable
    await wrong.close()


async def test_many_lookups_share_one_pool(registrar: RegistrarActivities) -> None:
    lookups = [find(registrar, mobile="+306940000001") for _ in range(20)]
    assert {len(found) for found in await asyncio.gather(*lookups)} == {1}
