"""What is done to many activations at once."""

from datetime import datetime
from typing import Literal

from domain.contracts import Model


class RetryBatch(Model):
    """Activations to try now, each at a random moment within `over_seconds`.

    `request_id` names the batch: an activation takes one retry of it. `taken`: how many have taken
    theirs in earlier runs of the same workflow.
    """

    kind: Literal["retry_batch"] = "retry_batch"
    request_id: str
    references: tuple[str, ...]
    over_seconds: float
    received_at: datetime
    taken: int = 0


class BatchRetried(Model):
    """`taken`: how many activations were still open and took the retry in."""

    kind: Literal["batch_retried"] = "batch_retried"
    taken: int
