"""Applies a withdrawal of consent to the directory, and retries until the directory is available.

The payload holds only the activation's reference: the ledger records what was withdrawn.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.account_io import ApplyWithdrawal
    from domain.contracts.vocabulary import WITHDRAWAL_WORKFLOW
    from workflows import calls
    from workflows.inbox import one_payload


@workflow.defn(name=WITHDRAWAL_WORKFLOW)
class Withdrawal:
    @workflow.run
    async def run(self, *given: object) -> None:
        await calls.apply_withdrawal(one_payload(ApplyWithdrawal, given))
