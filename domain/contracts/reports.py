"""Models of the reports to staff that schedules send."""

from typing import Literal

from domain.contracts import Model


class MailStuckReport(Model):
    """Mail support what cannot go on, once a day."""

    kind: Literal["mail_stuck_report"] = "mail_stuck_report"


class StuckReported(Model):
    """`activations`: how many the letter told of; zero if none was sent now."""

    kind: Literal["stuck_reported"] = "stuck_reported"
    activations: int = 0
