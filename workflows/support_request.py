"""A student's request reaches the support desk, however long the mail server is away.

Only its number travels: what was written stays encrypted in the ledger.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.requests import MailSupportRequest
    from domain.contracts.vocabulary import SUPPORT_WORKFLOW
    from workflows import calls


@workflow.defn(name=SUPPORT_WORKFLOW)
class SupportRequest:
    @workflow.run
    async def run(self, request: MailSupportRequest) -> None:
        await calls.mail_support_request(request)
