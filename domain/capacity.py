"""Computes what a number of students needs, from the measured cost of one journey.

The costs were measured by `make bench` (docs/performance.md). CPU times are those of one core of
the machine it ran on; on another machine `make bench` tells them anew.
"""

from dataclasses import dataclass
from math import ceil

_SECONDS_AN_HOUR = 3_600


@dataclass(frozen=True)
class JourneyCost:
    """What one journey costs: CPU in milliseconds by part, space in kilobytes, and counts."""

    worker_ms: float
    portal_ms: float
    temporal_ms: float
    ledger_ms: float
    directory_ms: float
    transitions: int
    history_kb: float
    ledger_kb: float


@dataclass(frozen=True)
class Load:
    """The students who activate within `days`, and how unevenly they come.

    `busiest_hour` is the part of a day's students who come in its busiest hour. `messages` is how
    many messages with a code a student needs, and `by_sms` the part of them that are SMS.
    """

    students: int
    days: float
    busiest_hour: float = 0.2
    messages: float = 1.3
    by_sms: float = 0.8

    @property
    def peak(self) -> float:
        """Return the journeys a second in the busiest hour."""
        return self.students / self.days * self.busiest_hour / _SECONDS_AN_HOUR

    @property
    def sms(self) -> float:
        """Return the number of SMS over all days."""
        return self.students * self.messages * self.by_sms


@dataclass(frozen=True)
class Ceilings:
    """How far one of each part goes: the share of a core that is used, and counts a second.

    A process of Python computes on one core. `development_server` and `cluster` are journeys and
    state transitions a second.
    """

    busy: float = 0.6
    development_server: float = 4.0
    cluster_transitions: float = 1_000.0
    ledger_cores: float = 16.0
    sms_per_second: float = 10.0


@dataclass(frozen=True)
class Capacity:
    """What the load needs at its peak; `cores` by part, `stops` names what is beyond its limit."""

    peak: float
    workers: int
    portals: int
    cores: dict[str, float]
    transitions: float
    sms_per_second: float
    sms: int
    history_gb: float
    ledger_gb: float
    stops: tuple[str, ...]


DEVELOPMENT_SERVER = "Temporal's development server: use a cluster on PostgreSQL"
CLUSTER = "one Temporal cluster on a PostgreSQL of two cores: give it more, or use Temporal Cloud"
LEDGER = "one PostgreSQL: move the reads of the console to a replica"
GATEWAY = "the SMS gateway's rate: ask for more, or let e-mail go first"


def plan(load: Load, cost: JourneyCost, ceilings: Ceilings) -> Capacity:
    """Return the number of processes, the cores and the space that this load needs."""
    peak = load.peak
    cores = {
        "worker": peak * cost.worker_ms / 1000,
        "portal": peak * cost.portal_ms / 1000,
        "temporal": peak * cost.temporal_ms / 1000,
        "ledger": peak * cost.ledger_ms / 1000,
        "directory": peak * cost.directory_ms / 1000,
    }
    sms_per_second = peak * load.messages * load.by_sms
    transitions = peak * cost.transitions
    beyond = {
        DEVELOPMENT_SERVER: peak > ceilings.development_server,
        CLUSTER: transitions > ceilings.cluster_transitions,
        LEDGER: cores["ledger"] > ceilings.ledger_cores * ceilings.busy,
        GATEWAY: sms_per_second > ceilings.sms_per_second,
    }
    return Capacity(
        peak=peak,
        workers=_processes(cores["worker"], ceilings),
        portals=_processes(cores["portal"], ceilings),
        cores=cores,
        transitions=transitions,
        sms_per_second=sms_per_second,
        sms=ceil(load.sms),
        history_gb=load.students * cost.history_kb / 1e6,
        ledger_gb=load.students * cost.ledger_kb / 1e6,
        stops=tuple(name for name, is_beyond in beyond.items() if is_beyond),
    )


def _processes(cores: float, ceilings: Ceilings) -> int:
    """Return how many processes; two at least, so that one may be restarted."""
    return max(2, ceil(cores / ceilings.busy))
