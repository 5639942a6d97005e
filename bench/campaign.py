"""Measures the look-ups of a campaign among 20,000: `python -m bench.campaign [ROWS] [STUDENTS]`.

Loads invented rows into a PostgreSQL of its own and judges the same students one by one and
together, in turn and in the same run, so that the ratio is comparable between machines. Exits with
1 unless they are judged alike, and together faster.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import time as clock_time

import settings
from activities.choosing import TOGETHER
from activities.judging import Judgement, StudentJudge
from adapters.registrar.wiring import registrar_of
from bench.accounts import registered
from bench.console import say
from demo.students import DEPARTMENTS
from domain.campaigns import QuietHours
from domain.contracts.channels import Channel
from domain.registrar.rows import enrolment, is_live
from ledger import campaigns, invitations
from ledger.campaigns import CampaignPlan, CampaignRow
from ledger.invitations import PlannedInvitation
from settings import Settings
from starter import databases

ROWS, STUDENTS = 20_000, 1_000
_CAMPAIGN = "bench"
_IN_TURN = 50
_HERE = DEPARTMENTS[0].id
_ANY_HOUR = QuietHours(clock_time(0), clock_time(0))
_PLAN = CampaignPlan((_HERE,), (Channel.SMS, Channel.EMAIL), 60, _ANY_HOUR, None, 10_000)


async def _timed(
    judge: StudentJudge, campaign: CampaignRow, due: Sequence[PlannedInvitation], together: int
) -> tuple[float, list[Judgement]]:
    """Judge these students so many at a time; returns the seconds as well."""
    judged: list[Judgement] = []
    begun = time.perf_counter()
    for first in range(0, len(due), together):
        judged += await judge.judge(campaign, due[first : first + together])
    return time.perf_counter() - begun, judged


async def measure(config: Settings, students: int) -> bool:
    async with (
        databases.ledger(config, seconds=60) as (pool, keys),
        registrar_of(config.registrar, config.institution.mail_domains) as registrar,
    ):
        numbers = [
            enrolment(row)
            async for batch in registrar.batches(_HERE)
            for row in batch
            if is_live(row)
        ][:students]
        await campaigns.create(pool, _CAMPAIGN, _PLAN)
        planned = [(keys.index("person", number), number, _HERE) for number in numbers]
        await invitations.add(pool, keys, _CAMPAIGN, planned)
        campaign = await campaigns.read(pool, _CAMPAIGN)
        assert campaign  # noqa: S101 - it was just made
        due = await invitations.following(pool, keys, _CAMPAIGN, students)
        judge = StudentJudge(pool=pool, keys=keys, settings=config, registrar=registrar)
        alone = together = 0.0
        for first in range(0, len(due), _IN_TURN):
            some = due[first : first + _IN_TURN]
            seconds, expected = await _timed(judge, campaign, some, 1)
            alone += seconds
            seconds, judged = await _timed(judge, campaign, some, TOGETHER)
            together += seconds
            if judged != expected:
                say("They are judged otherwise together.")
                return False
    each_ms = [1000 * seconds / len(due) for seconds in (alone, together)]
    say(f"{len(due)} students: {each_ms[0]:.1f} ms each alone, {each_ms[1]:.1f} together")
    say(f"{TOGETHER} together are {alone / together:.2f} times as fast as one by one")
    return alone > together


def main(rows: int, students: int) -> int:
    with registered(rows):
        config = settings.load()
        return int(not asyncio.run(measure(config, students)))


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]]
    sys.exit(main(*given, *(ROWS, STUDENTS)[len(given) :]))
