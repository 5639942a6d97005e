"""The ids of workflows that are not activations, by which staff and scripts find them."""

from domain.contracts.vocabulary import (
    answer_workflow_id,
    support_workflow_id,
    withdrawal_workflow_id,
)


def test_each_kind_of_errand_has_its_own_id() -> None:
    assert support_workflow_id("7") == "support-7"
    assert answer_workflow_id("7") == "answer-7"
    assert withdrawal_workflow_id("A-7K3F-92QD", 4) == "withdrawal-A-7K3F-92QD-4"
