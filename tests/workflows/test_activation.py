from domain.contracts import Step, Verdict
from tests.workflows.conftest import Begin
from tests.workflows.engine import World


async def test_a_student_walks_from_contact_to_account(begin: Begin, world: World) -> None:
    student = await begin()
    await student.sent()

    pin = await student.pin()
    consent = await student.consent()
    password = await student.password()

    assert [pin.verdict, consent.verdict, password.verdict] == [Verdict.ACCEPTED] * 3
    assert consent.progress.step is Step.PASSWORD
    assert password.progress.step is Step.PROVISIONING
    assert await student.end() is Step.ACTIVE
