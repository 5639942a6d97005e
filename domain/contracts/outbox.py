"""Models of the outbox: requests for help and answers in the ledger, not yet sent."""

from typing import Literal

from domain.contracts import Model


class FindLeftBehind(Model):
    """Find requests and answers that should have been relayed to Temporal by now."""

    kind: Literal["find_left_behind"] = "find_left_behind"


class LeftBehind(Model):
    """Ids of some requests that were not mailed, and of some whose answer was not mailed."""

    kind: Literal["left_behind"] = "left_behind"
    requests: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
