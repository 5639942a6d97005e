"""Models of the workflow that retries many activations at once."""

from datetime import datetime
from typing import Literal

from domain.contracts import Model


class RetryBatch(Model):
    """Activations to retry now, with a random jitter of up to `over_seconds` each.

    `request_id` makes the batch idempotent: an activation accepts one retry of it. `taken` is the
    number that accepted it in earlier runs of the same workflow (continue-as-new).
    """

    kind: Literal["retry_batch"] = "retry_batch"
    request_id: str
    references: tuple[str, ...]
    over_seconds: float
    received_at: datetime
    taken: int = 0


class BatchRetried(Model):
    """Result of a batch: `taken` activations were still open and accepted the retry."""

    kind: Literal["batch_retried"] = "batch_retried"
    taken: int
