import asyncio
import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from typer.testing import CliRunner

from domain.contracts.account_io import RecordInsurance
from domain.contracts.people import Enrolment, Person
from domain.contracts.vocabulary import Language
from ledger import audit, claims, insurance
from postgres import Pool
from starter.cli import app
from tests.stack import TestStack
from tests.workbooks import Workbook

UNUSUAL = "1234567890"


async def record(stack: TestStack, pool: Pool, reference: str, number: str, *warnings: str) -> None:
    key = stack.keys.index("person", reference)
    enrolment = Enrolment(
        system_id="SIS",
        registration_id=reference,
        department_id="403",
        department_el="",
        department_en="",
    )
    person = Person(
        person_key=key,
        enrolments=(enrolment,),
        first_name_el="Άννα",
        last_name_el="Δοκιμή",
        first_name_latin="Anna",
        last_name_latin="Dokimi",
        **dict.fromkeys(
            (
                "birth_date",
                "citizenship",
                "login_name",
                "insurance_scheme",
                "insurance_number",
                "mobile",
                "email",
                "sms_to",
                "email_to",
            )
        ),
    )
    await claims.note_and_claim(
        pool, stack.keys, reference=reference, person=person, language=Language.EL
    )
    request = RecordInsurance(
        reference=reference, person_key=key, scheme="EHIC", number=number, warnings=warnings
    )
    assert await insurance.record(pool, stack.keys, request)


async def export(*words: str) -> tuple[int, str]:
    """Run the command as a person does, where no loop runs; return exit code and output."""

    def run() -> tuple[int, str]:
        done = CliRunner().invoke(app, ["insurance", "export", *words])
        return done.exit_code, done.stdout

    return await asyncio.to_thread(run)


async def test_numbers_with_a_warning_are_exported_masked_and_audited(
    stack: TestStack, pool: Pool, tmp_path: Path
) -> None:
    await record(stack, pool, "A-EXPO-RT01", UNUSUAL, "ehic.unusual", "foreign.checksum")
    await record(stack, pool, "A-EXPO-RT02", "80380000900090510553")
    begun = datetime.now(UTC)
    code, output = await export("--reason", "start of term")
    assert code == 0
    rows = {row["reference"]: row for row in csv.DictReader(io.StringIO(output))}
    assert "A-EXPO-RT02" not in rows
    assert rows["A-EXPO-RT01"] == {
        "reference": "A-EXPO-RT01",
        "department": "403",
        "scheme": "EHIC",
        "number": "••••••••890",
        "warnings": "ehic.unusual foreign.checksum",
    }
    book = tmp_path / "numbers.xlsx"
    assert await export("--reason", "again", "--xlsx", str(book)) == (0, "")
    cells = {row[0]: row for row in Workbook(book).rows}
    assert cells["A-EXPO-RT01"] == [*rows["A-EXPO-RT01"].values()]
    _, row = await audit.page(pool, stack.keys, action="insurance_export")
    assert row.reason == "start of term"
    assert row.at >= begun
    assert row.actor


async def test_an_export_needs_a_reason_and_a_ledger_that_writes_it_down(
    stack: TestStack, pool: Pool
) -> None:
    del pool
    assert (await export())[0] != 0
    owner = await asyncpg.connect(stack.ledger_dsn)
    await owner.execute("ALTER TABLE audit RENAME TO audit_away")
    try:
        code, output = await export("--reason", "unwritten")
    finally:
        await owner.execute("ALTER TABLE audit_away RENAME TO audit")
        await owner.close()
    assert code != 0
    assert UNUSUAL[-3:] not in output
