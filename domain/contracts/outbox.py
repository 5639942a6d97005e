"""What the ledger keeps for Temporal to take over: requests for help, and their answers."""

from typing import Literal

from domain.contracts import Model


class FindLeftBehind(Model):
    """Ask which requests and answers should have been handed over by now."""

    kind: Literal["find_left_behind"] = "find_left_behind"


class LeftBehind(Model):
    """The ids of some requests that were not mailed, and of some whose answer was not."""

    kind: Literal["left_behind"] = "left_behind"
    requests: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
