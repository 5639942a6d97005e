"""Holds the texts of the console's error pages."""

from collections.abc import Mapping

from translations import N_

STATUSES: Mapping[int, tuple[str, str]] = {
    400: (N_("This address is not ours"), N_("Open the console by its own address.")),
    403: (
        N_("You may not do this"),
        N_("Your role does not allow it, or the form was open too long. Nothing was changed."),
    ),
    404: (
        N_("There is nothing here"),
        N_("No page and no activation of yours has this address. Check the reference."),
    ),
    405: (N_("This page cannot be used like that"), N_("Go to it from the queue.")),
    408: (
        N_("That took too long"),
        N_("Your connection was too slow or broke off, so nothing was taken. Send it again."),
    ),
    409: (N_("It is not possible any more"), N_("Nothing was changed.")),
    413: (N_("That is too long"), N_("Nothing was changed. Write less.")),
    429: (N_("Too many tries"), N_("Wait a little before you try again.")),
    503: (
        N_("A part of the system does not answer"),
        N_("Nothing was lost. Look again in a minute; the command line works meanwhile."),
    ),
}
ELSE = (
    N_("Something went wrong on our side"),
    N_("It is in the log. Nothing was changed as far as we know; look at the case again."),
)
