"""A small campaign of guesses, as `make abuse` plays a large one."""

from bench.abuse import ACTIVATIONS, GUESSES, LIMITS, play
from domain.contracts.pin_io import PinOutcome
from postgres import Pool
from settings.rules import SendBudget
from tests.stack import TestStack


async def test_a_campaign_gains_no_more_than_arithmetic_allows_and_students_finish(
    stack: TestStack, pool: Pool
) -> None:
    await pool.execute("UPDATE attempt SET at = at - interval '1 day'")
    await pool.execute("DELETE FROM budget WHERE bucket = 'attack_mode' OR bucket LIKE 'mail:%'")
    campaign = await play(pool, stack.keys, 60, 900)
    await pool.execute("UPDATE attempt SET at = at - interval '1 day'")
    await pool.execute("DELETE FROM budget WHERE bucket = 'attack_mode' OR bucket LIKE 'mail:%'")
    assert campaign.holds, campaign
    assert campaign.contacts == 20
    assert campaign.guesses[PinOutcome.WRONG] == 20 * SendBudget().guesses_per_day
    assert campaign.students == {PinOutcome.RIGHT: 90}


def test_the_ceilings_of_the_institution_do_not_end_the_whole_campaign() -> None:
    budget = LIMITS.budget
    assert min(budget.mail_per_hour, budget.mail_per_day) > ACTIVATIONS + GUESSES // 10
