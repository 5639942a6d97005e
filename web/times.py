"""The times of portal and console: how long pages wait, time-outs of calls, hedges and polls.

Names that end in `_SECONDS` are numbers of seconds, all others are `timedelta`. Times that settings
or `domain.contracts.submissions.Policy` set, and time-outs of HTTP connections, are not here.
"""

from datetime import timedelta

# The portal's pages, in seconds from the beginning of the request where nothing else is said.
PAGE_SECONDS = 2.75
"""Every page answers by then; students are promised three seconds."""
ENGINE_SECONDS = 2.4
"""For calls to the engine; the rest of a page's time is for the ledger and for rendering."""
ENGINE_LEAST_SECONDS = 0.3
"""For one call, however late it begins: less would never get an answer."""
AFTER_SUBMISSION_SECONDS = 1.0
"""Left at least after a submission was accepted, for the new token and the page."""
LEDGER_SECONDS = 1.5
"""For one ledger call of the portal, so that a page still answers in time after its failure."""
REFERENCE_SECONDS = 0.2
"""For the reference on an error page, which is better without it than late."""
HELP_SECONDS = 1.0
"""For each optional call of the help page, which must work when other systems do not."""
KEEP_SECONDS = 0.3
"""For keeping an answer of the engine, as the page after it can ask again."""
RECEIPT_SECONDS = 0.3
"""For reading what became of a message, without which the page is as useful."""
PAUSE_READ_SECONDS = 0.5
"""For reading whether activations are paused, which must not delay the first page."""
ATTACK_FRESH_SECONDS = 5.0
"""How long a portal uses what it knows of attack mode."""
PAUSE_FRESH_SECONDS = 3.0
"""How long that is cached, so that a crowd does not query the ledger for each page."""
PAUSE_KEPT_SECONDS = 15.0
"""How long a pause that cannot be read again is still shown; then a start is worth a try."""
SESSION_WARNING = timedelta(minutes=5)
"""Before a session ends its page asks whether to continue; people need at least 20 seconds."""

# Calls of the portal to Temporal.
QUERY = timedelta(seconds=1.5)
"""For a worker's answer to a query: a page has time left to show what Temporal has recorded."""
RPC = timedelta(seconds=2)
"""For one call to Temporal, within the time of a page."""
SUBMIT = timedelta(seconds=2.9)
"""For a submission whose caller gives no time, just within what students are promised."""
SIGNAL_RESERVE = timedelta(seconds=0.8)
"""Kept of a submission's time for the signal that follows an unanswered update."""
BUSY = timedelta(seconds=12)
"""For a busy Temporal to accept a signal, as only then it is known whether it was accepted."""
BUSY_PAGE = BUSY + timedelta(seconds=1)
"""For the page that waits for `BUSY`, which is rarely needed."""
SILENCE = timedelta(seconds=1)
"""Temporal counts as unavailable when it has answered no call for so long."""
POLL_SECONDS = 0.08
"""Between two looks at whether a slow Temporal still answers, and left at least for an update."""
HEDGE = timedelta(milliseconds=400)
"""Until Temporal's record is read beside a query that has no answer yet."""
FIND_STATE = timedelta(seconds=1.6)
"""For reading the state of a page, so that time is left for its submission."""
TASK = timedelta(seconds=10)
"""Temporal gives a workflow task to another worker after this time, as the first may have died."""
READY = timedelta(seconds=2)
"""For each check of /readyz, within the time-out of usual probes."""
CLOCK = timedelta(seconds=1)
"""For reading Temporal's clock, which a page can do without."""

# A crowd of starts.
SLOT_SECONDS = 1.5
"""For a free slot; a start without one must still be refused within the page's time."""
REFUSAL_SECONDS = 5.0
"""Added to a request for its refusal, as a crowd's refusals are rendered one at a time."""
START_LEASE = timedelta(seconds=10)
"""How long a start counts if its end is not reported, as workers or registrar are away."""
RELEASE_SECONDS = 0.2
"""For releasing the lease of a failed request; otherwise it expires by itself."""

# Enumeration protection: responses that would differ in time are held until then, in seconds from
# the beginning of the request.
CONCEALED_SECONDS = 0.5
"""Where only the state is read, which takes longer for a contact on file."""
LOOKED_UP = timedelta(seconds=1.0)
"""For the look-up of a contact, the same for everybody."""
GIVEN_BACK = timedelta(seconds=10)
"""Until a look-up under way has mostly found its student, and no longer counts as a miss."""
ANSWERED_SECONDS = 1.2
"""After a look-up, a code or a resend: longer than any of them takes."""
RECEIVED_SECONDS = 2.2
"""After a submission that no worker answered, whose signal follows an update that timed out."""
SENT_WITHIN = timedelta(seconds=10)
"""Added to the wait for another message, which the engine counts from when one has left."""

# The console; its staff wait longer than students, and read more.
CONSOLE_PAGE_SECONDS = 8.0
"""Every page answers by then: several calls follow one another on the slowest one."""
CONSOLE_LEDGER_SECONDS = 3.0
"""For one ledger call: searches and figures read many rows."""
CONSOLE_COUNTS_SECONDS = 4.0
"""For counts that are made in the background: after it a page says that they are being made."""
CONSOLE_SHEET_SECONDS = 25.0
"""For a spreadsheet of a whole department's students or of the audit; less than a proxy waits."""
CONSOLE_RPC = timedelta(seconds=3)
"""For one call to Temporal: lists and histories are larger than what a page of the portal reads."""
BATCH_SECONDS = 30.0
"""Over which the retries of a batch are spread, so that they do not overload what has returned."""
BATCH_BEYOND_SECONDS = 10.0
"""Added to the spread of a batch for its result; without a worker it completes later."""
