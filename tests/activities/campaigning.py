"""A campaign in the real ledger and registrar, with the activities as their workers run them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from secrets import token_hex

import asyncpg
from temporalio.testing import ActivityEnvironment

from activities.choosing import ChoosingActivities
from activities.inviting import InvitingActivities
from adapters.registrar.wiring import registrar_of
from demo.names import SURNAMES, WOMEN
from demo.students import Department, Row, make_row
from domain.campaigns import QuietHours
from domain.contracts.campaigns import InvitationBatch, NextInvitations, SendInvitations
from domain.contracts.channels import Channel
from ledger import campaigns, invitations
from ledger.campaigns import CampaignPlan
from postgres import Pool, connect
from security.purposes import User
from settings import Settings
from tests.stack import TestStack

HERE = Department("yy1", "Τμήμα", "Department")
ALWAYS = QuietHours(time(0), time(0))
APART = timedelta(days=60)
PLAN = CampaignPlan((HERE.id,), (Channel.SMS, Channel.EMAIL), 6_000, ALWAYS, None, 100)


def student(number: int, **more: str | None) -> Row:
    """Make a student whose name, birth date and contacts are nobody else's."""
    first, last = WOMEN[number % len(WOMEN)], SURNAMES[number % len(SURNAMES)].woman
    row = make_row(f"YY{number}", first, last, date(2004, 1, 1 + number % 28), HERE, ssn=None)
    contact = {"mobilephone": f"69810{number:05}", "extemail": f"yy{number}@mail.example"}
    return {**row, "loginname": None, "citizenship": "GR", **contact, **more}


async def leave(stack: TestStack) -> None:
    records = await asyncpg.connect(stack.registrar_dsn)
    await records.execute("DELETE FROM v_vd_sis WHERE departmentid LIKE 'yy%'")
    await records.close()


def mobile(number: int) -> str:
    return f"+3069810{number:05}"


def address(number: int) -> str:
    return f"yy{number}@mail.example"


@dataclass
class Campaigning:
    """One campaign, and the two activities with the rights of their workers and no others."""

    stack: TestStack
    pool: Pool
    choosing: ChoosingActivities
    inviting: InvitingActivities
    id: str

    async def chosen(self, most: int = 25) -> InvitationBatch:
        request = NextInvitations(campaign=self.id, most=most)
        return await ActivityEnvironment().run(self.choosing.next_invitations, request)

    async def send(
        self, batch: InvitationBatch, *, within: timedelta = timedelta(minutes=10)
    ) -> int:
        request = SendInvitations(
            recipients=batch.recipients,
            per_minute=batch.per_minute,
            reminder=batch.reminder,
            until=batch.until,
        )
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, start_to_close_timeout=within)
        return (await environment.run(self.inviting.send_invitations, request)).sent

    async def counts(self) -> dict[str, int]:
        found = await invitations.counts(self.pool, self.id)
        return {f"{each.round} {each.why or each.state}": each.number for each in found}


@asynccontextmanager
async def campaigning(
    stack: TestStack,
    pool: Pool,
    numbers: Sequence[int],
    plan: CampaignPlan = PLAN,
    **changes: object,
) -> AsyncIterator[Campaigning]:
    """Start a campaign of these students; `changes` replace settings."""
    settings = stack.settings.model_copy(update=changes)
    made = token_hex(4)
    await campaigns.create(pool, made, plan)
    enrolments = [f"SIS/YY{number}" for number in numbers]
    planned = [(stack.keys.index("person", each), each, HERE.id) for each in enrolments]
    await invitations.add(pool, stack.keys, made, planned)
    await campaigns.start(pool, made, apart=APART, total=1_000_000)
    async with serving(stack, pool, settings, made) as all_of_it:
        yield all_of_it


@asynccontextmanager
async def serving(
    stack: TestStack, pool: Pool, settings: Settings, campaign: str
) -> AsyncIterator[Campaigning]:
    async with (
        await connect(stack.ledger_dsn_of(User.MAIN)) as main,
        await connect(stack.ledger_dsn_of(User.MESSAGING)) as messaging,
        registrar_of(settings.registrar, settings.institution.mail_domains) as registrar,
    ):
        choosing = ChoosingActivities(
            pool=main, keys=stack.keys_of(User.MAIN), settings=settings, registrar=registrar
        )
        inviting = InvitingActivities(
            pool=messaging, keys=stack.keys_of(User.MESSAGING), settings=settings
        )
        try:
            yield Campaigning(stack, pool, choosing, inviting, campaign)
        finally:
            await inviting.close()
