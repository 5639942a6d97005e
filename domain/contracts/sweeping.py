"""Models of the sweep, which ends what the ledger has kept long enough."""

from typing import Literal

from domain.contracts import Model


class SweepExpired(Model):
    """Delete or empty for some seconds what has expired."""

    kind: Literal["sweep_expired"] = "sweep_expired"


class SweptExpired(Model):
    """`complete`: nothing that has expired is left."""

    kind: Literal["swept_expired"] = "swept_expired"
    complete: bool = True
