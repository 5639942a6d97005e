from temporalio.testing import ActivityEnvironment

from activities.pins import PinActivities
from domain.contracts.requests import CheckPin, PinOutcome
from tests.stack import TestStack

REFERENCE = "A-7K3F-92QD"


async def outcome(stack: TestStack, pin: str, reference: str = REFERENCE) -> PinOutcome:
    request = CheckPin(reference=reference, pin=pin, live=(2, 3), expired=(1,))
    check = PinActivities(keys=stack.keys).check_pin
    return (await ActivityEnvironment().run(check, request)).outcome


async def test_each_live_code_is_right(stack: TestStack) -> None:
    assert await outcome(stack, stack.keys.pin(REFERENCE, 2)) is PinOutcome.RIGHT
    assert await outcome(stack, stack.keys.pin(REFERENCE, 3)) is PinOutcome.RIGHT


async def test_an_old_code_is_expired_and_any_other_is_wrong(stack: TestStack) -> None:
    assert await outcome(stack, stack.keys.pin(REFERENCE, 1)) is PinOutcome.EXPIRED
    assert await outcome(stack, stack.keys.pin(REFERENCE, 4)) is PinOutcome.WRONG
    assert await outcome(stack, "١٢٣") is PinOutcome.WRONG


async def test_a_code_belongs_to_one_activation(stack: TestStack) -> None:
    pin = stack.keys.pin(REFERENCE, 2)
    assert await outcome(stack, pin, reference="A-0000-0000") is PinOutcome.WRONG
