"""Clocks that differ and password times that say nothing: whose password it is stays known."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from temporalio.exceptions import ApplicationError

from activities.accounts import DirectoryActivities
from adapters.directory.entries import CODES, codes
from domain.contracts.account_io import (
    AccountOutcome,
    ApplyWithdrawal,
    Provisioned,
    ProvisionOutcome,
)
from postgres import Pool
from tests.activities.case import ACTIVE, PASSWORD, Case, begun
from tests.activities.conftest import ruled, writing
from tests.adapters.between import SET_PASSWORD, STUDENTS_BIND, Moment, between
from tests.stack import TestStack

_FIRST_RULE = 'access to dn.subtree="ou=people,dc=university,dc=example" attrs=userPassword'
_NO_TIME = f"access to attrs=pwdChangedTime by * none\n{_FIRST_RULE}"


@pytest.mark.parametrize("seconds", [-600, -30, 30, 600])
async def test_a_worker_whose_clock_is_wrong_writes(
    activities: DirectoryActivities, case: Case, seconds: int
) -> None:
    sealed, environment = await case.choose(PASSWORD), begun()
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds)):
        assert await case.provision(activities, sealed, within=environment) == ACTIVE
        withdrawal = ApplyWithdrawal(reference=case.reference)
        await environment.run(activities.apply_withdrawal, withdrawal)


@pytest.mark.parametrize("lost", [SET_PASSWORD, STUDENTS_BIND])
async def test_a_lost_answer_is_ours_where_no_password_time_is_told(
    stack: TestStack, pool: Pool, case: Case, lost: Moment
) -> None:
    """As with a directory whose attribute is another one, or stands still."""
    sealed = await case.choose(PASSWORD)
    with ruled(stack, _FIRST_RULE, _NO_TIME), between(stack) as middle:
        async with writing(stack, pool, urls=[middle.url], active_when="pwdHistory") as far:
            middle.lose_answer(lost)
            with pytest.raises(ApplicationError):
                await case.provision(far, sealed)
            assert (await case.resolve(far)).outcome is AccountOutcome.USERNAME
            assert await case.provision(far, sealed) == ACTIVE
    assert case.can_bind(PASSWORD)


async def test_a_password_set_elsewhere_after_the_consent_is_not_touched(
    activities: DirectoryActivities, case: Case
) -> None:
    """By the directory's clock it may be older or newer: nothing of ours was sent."""
    await elsewhere(case)
    assert (await case.resolve(activities)).outcome is AccountOutcome.ALREADY_ACTIVE
    made = await case.provision(activities, await case.choose(PASSWORD))
    assert made == Provisioned(outcome=ProvisionOutcome.ALREADY_ACTIVE)
    assert case.can_bind("Chosen-elsewhere-44")


async def test_a_password_set_elsewhere_while_ours_was_not_taken_is_not_touched(
    stack: TestStack, pool: Pool, case: Case
) -> None:
    sealed = await case.choose(PASSWORD)
    with between(stack) as middle:
        async with writing(stack, pool, urls=[middle.url]) as far:
            middle.answer(SET_PASSWORD, 51)
            with pytest.raises(ApplicationError):
                await case.provision(far, sealed)
            case.ldap.set_password(case.dn, b"Chosen-elsewhere-44")
            made = await case.provision(far, sealed)
    assert made == Provisioned(outcome=ProvisionOutcome.ALREADY_ACTIVE)
    assert case.can_bind("Chosen-elsewhere-44")


async def elsewhere(case: Case) -> None:
    case.plant(case.name, **{CODES: codes(case.person, case.domain)})
    case.ldap.set_password(case.dn, b"Chosen-elsewhere-44")
