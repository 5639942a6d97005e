import json

from typer.testing import CliRunner

from starter.cli import app
from tests.stack import TestStack


def test_the_report_tells_who_cannot_activate_and_nothing_personal(stack: TestStack) -> None:
    done = CliRunner().invoke(app, ["registrar", "report", "--json"])
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    reasons = {each["registration_id"]: each["reason"] for each in found["findings"]}
    sister, brother = stack.samples["siblings"].rows
    assert reasons[str(sister["registrationid"])] == "shared_contact"
    assert reasons[str(brother["registrationid"])] == "shared_contact"
    assert "landline" in reasons.values()
    assert str(stack.samples["no_amka"].rows[0]["registrationid"]) not in reasons
    assert str(stack.samples["inactive"].rows[0]["registrationid"]) not in reasons
    assert {"401", "402", "403", "404"} <= {each["department_id"] for each in found["departments"]}
    for row in (sister, brother):
        for column in ("lastnameel", "mobilephone", "ssn", "birthdate"):
            assert str(row[column]) not in done.stdout


def test_the_report_for_people_has_a_line_a_student(stack: TestStack) -> None:
    done = CliRunner().invoke(app, ["registrar", "report"])
    assert done.exit_code == 0
    sister = stack.samples["siblings"].rows[0]["registrationid"]
    assert f"402  SIS/{sister}  shared_contact with 1\n" in done.stdout
