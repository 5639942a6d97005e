"""What a case says is in the way: which attribute or fact, and nobody's data."""

import pytest
from temporalio.api.common.v1 import Payloads
from temporalio.api.history.v1 import HistoryEvent
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.contracts import Model
from domain.contracts.account_io import (
    AccountChecked,
    AccountOutcome,
    AccountResolved,
    AccountState,
    Claimed,
    ClaimOutcome,
    ConsentRecorded,
    InsuranceOutcome,
    InsuranceRecorded,
    Provisioned,
    ProvisionOutcome,
)
from domain.contracts.vocabulary import ActivityName, WaitReason
from domain.reasons import Reason
from support.verbs import facts
from support.verbs.reason_texts import reason

CONFLICT = AccountResolved(outcome=AccountOutcome.CONFLICT, why=Reason.LOGIN_IN_USE)
IN_THE_WAY = Provisioned(outcome=ProvisionOutcome.CONFLICT, why=Reason.NOT_ADOPTED)
ANOTHERS = InsuranceRecorded(outcome=InsuranceOutcome.BELONGS_TO_ANOTHER)
AGREED_SECOND = ConsentRecorded(insurance=InsuranceOutcome.BELONGS_TO_ANOTHER)
KEPT = InsuranceRecorded(outcome=InsuranceOutcome.RECORDED)
WITH_ACCOUNT = Claimed(outcome=ClaimOutcome.NUMBER_OF_ANOTHER)
FOREIGN = AccountChecked(state=AccountState.FOREIGN)
ANSWERS: dict[Reason | str, tuple[WaitReason, list[tuple[ActivityName, Model]]]] = {
    Reason.LOGIN_IN_USE: (
        WaitReason.USERNAME_CONFLICT,
        [(ActivityName.CHECK_ACCOUNT, FOREIGN), (ActivityName.RESOLVE_ACCOUNT, CONFLICT)],
    ),
    Reason.NOT_ADOPTED: (
        WaitReason.FOREIGN_ENTRY,
        [(ActivityName.RESOLVE_ACCOUNT, CONFLICT), (ActivityName.PROVISION_ACCOUNT, IN_THE_WAY)],
    ),
    Reason.ANOTHERS.of("uid"): (
        WaitReason.FOREIGN_ENTRY,
        [(ActivityName.CHECK_ACCOUNT, FOREIGN)],
    ),
    Reason.NUMBER_OF_ANOTHER: (
        WaitReason.INSURANCE_CONFLICT,
        [(ActivityName.CLAIM_PERSON, WITH_ACCOUNT), (ActivityName.RECORD_INSURANCE, ANOTHERS)],
    ),
    Reason.NUMBER_WITH_ACCOUNT: (
        WaitReason.INSURANCE_CONFLICT,
        [(ActivityName.RECORD_INSURANCE, KEPT), (ActivityName.CLAIM_PERSON, WITH_ACCOUNT)],
    ),
}


CASES = [
    *((why, *answer) for why, answer in ANSWERS.items()),
    (
        Reason.NUMBER_OF_ANOTHER,
        WaitReason.INSURANCE_CONFLICT,
        [(ActivityName.RECORD_INSURANCE, KEPT), (ActivityName.RECORD_CONSENT, AGREED_SECOND)],
    ),
]


@pytest.mark.parametrize(("why", "waits", "answers"), CASES)
async def test_the_newest_answer_says_what_is_in_the_way(
    why: str, waits: WaitReason, answers: list[tuple[ActivityName, Model]]
) -> None:
    events = [HistoryEvent(event_id=1)]
    for activity, answer in answers:
        asked, done = HistoryEvent(), HistoryEvent()
        asked.activity_task_scheduled_event_attributes.activity_type.name = activity
        told = done.activity_task_completed_event_attributes
        told.scheduled_event_id = len(events) + 1
        told.result.CopyFrom(Payloads(payloads=await pydantic_data_converter.encode([answer])))
        events += [asked, done]
    read = await facts.read(pydantic_data_converter, events, waits)
    assert read.shown == {"match": why}
    assert reason(why, "el") != why
