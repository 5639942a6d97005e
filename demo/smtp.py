"""The demo's mail server, a program of its own (`demo.smtp_server`).

Nothing here needs what only the extra `demo` installs, so that every installation has all commands.
"""

from collections.abc import Sequence

from demo.part import Part, python

NO_MAILBOX = "@gone.example"


class Smtp(Part):
    name = "smtp"

    def command(self) -> Sequence[str]:
        port, place = str(self.place.port("smtp")), self.place
        return python("demo.smtp_server", port, str(place.inbox), str(place.tls))
