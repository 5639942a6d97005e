"""Has support told each morning what cannot go on by itself. A schedule starts a run each day."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.vocabulary import STUCK_REPORT_WORKFLOW
    from workflows import calls


@workflow.defn(name=STUCK_REPORT_WORKFLOW)
class StuckReport:
    @workflow.run
    async def run(self, *_: object) -> None:
        await calls.mail_stuck_report()
