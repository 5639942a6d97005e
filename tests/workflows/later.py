"""The activation of a later version, with one command more."""

from collections.abc import Sequence

from temporalio import workflow

from domain.contracts.people import Destination, Person
from domain.contracts.submissions import ActivationResult
from domain.contracts.vocabulary import WORKFLOW
from workflows.activation import Activation


@workflow.defn(name=WORKFLOW)
class Later(Activation):
    @workflow.init
    def __init__(self, *given: object) -> None:
        super().__init__(*given)

    @workflow.run
    async def run(self, *given: object) -> ActivationResult:
        return await super().run(*given)

    async def _identify(self, persons: Sequence[Person], contact: Destination) -> Person:
        if workflow.patched("a-moment-before"):
            await workflow.sleep(0.01)
        return await super()._identify(persons, contact)
