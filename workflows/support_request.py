"""Mails a student's request to support staff, and their answer to the student, until it succeeds.

The payload holds only the request's number: the text stays encrypted in the ledger.
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
