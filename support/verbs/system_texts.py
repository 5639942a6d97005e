"""What staff read of each system: its name, and what its outage means."""

from collections.abc import Mapping
from typing import NamedTuple

from domain.contracts.vocabulary import System
from translations import N_


class SystemText(NamedTuple):
    """A system's name, and the sentence of a case (of Temporal: of an alert) during its outage."""

    name: str
    away: str


TEXTS: Mapping[System, SystemText] = {
    System.REGISTRAR: SystemText(
        N_("Registrar"),
        N_(
            "The registrar does not answer. The activation continues automatically;"
            " nobody has to act."
        ),
    ),
    System.LEDGER: SystemText(
        N_("Ledger"),
        N_(
            "The engine's database does not answer. The activation continues"
            " automatically; nobody has to act."
        ),
    ),
    System.SMS: SystemText(
        N_("SMS gateway"),
        N_(
            "The SMS gateway does not answer. The activation continues automatically;"
            " nobody has to act."
        ),
    ),
    System.MAIL: SystemText(
        N_("Mail relay"),
        N_(
            "The mail server does not answer. The activation continues automatically;"
            " nobody has to act."
        ),
    ),
    System.MESSAGES: SystemText(
        N_("Other channels"),
        N_(
            "The channel that sends the message does not answer. The activation"
            " continues automatically; nobody has to act."
        ),
    ),
    System.DIRECTORY: SystemText(
        N_("Directory"),
        N_(
            "The directory does not answer. The activation continues automatically;"
            " nobody has to act."
        ),
    ),
    System.TEMPORAL: SystemText(N_("Temporal"), N_("Temporal does not answer.")),
}
