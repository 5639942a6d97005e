"""A student's request reaches the desk, and its answer the student, however long mail is away.

Only the request's number travels: what was written stays encrypted in the ledger.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.message_io import MailSupportAnswer, MailSupportRequest
    from domain.contracts.vocabulary import ANSWER_WORKFLOW, SUPPORT_WORKFLOW
    from workflows import calls
    from workflows.inbox import one_payload


@workflow.defn(name=SUPPORT_WORKFLOW)
class SupportRequest:
    @workflow.run
    async def run(self, *given: object) -> None:
        await calls.mail_support_request(one_payload(MailSupportRequest, given))


@workflow.defn(name=ANSWER_WORKFLOW)
class SupportAnswer:
    @workflow.run
    async def run(self, *given: object) -> None:
        await calls.mail_support_answer(one_payload(MailSupportAnswer, given))
