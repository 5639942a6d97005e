"""Models of the reconciler: positions and counts, nothing that names a person."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from domain.contracts import Model


class LookStage(StrEnum):
    """The stages of one look, in their order.

    `entries` of the directory and `accounts` of the ledger are compared with each other, `live`
    activations and open `runs` as well; `end` closes the look.
    """

    ENTRIES = "entries"
    ACCOUNTS = "accounts"
    LIVE = "live"
    RUNS = "runs"
    END = "end"


IN_DIRECTORY = frozenset({LookStage.ENTRIES, LookStage.ACCOUNTS})
"""The stages that read the directory."""


class CompareStage(Model):
    """Go on with a stage for some seconds from an opaque position, which is empty at first.

    `began` is the ledger's time at the beginning of the look; None: it begins now. Also what the
    workflow goes on from in its next run.
    """

    kind: Literal["compare_stage"] = "compare_stage"
    look: int = 1
    stage: LookStage = LookStage.ENTRIES
    position: str = ""
    began: datetime | None = None


class StageCompared(Model):
    """`position` is where the stage goes on; None: it is complete.

    At the end of a look, `suspected` were seen for the first time, and `standing` are confirmed and
    neither mended nor settled.
    """

    kind: Literal["stage_compared"] = "stage_compared"
    began: datetime
    position: str | None = None
    suspected: int = 0
    standing: int = 0


class Reconciled(Model):
    """The result of a run: how many findings stand."""

    kind: Literal["reconciled"] = "reconciled"
    standing: int
