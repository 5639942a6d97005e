"""Numbers of the ledger's advisory locks: one for each duty that only one process does.

Each is taken for a transaction: connections return to their pool without being reset.
"""

MIGRATIONS = 7_263_401
AUDIT = 7_263_402
"""Held while a row is appended, so that the chain of hashes has one order."""
STARTS = 7_263_403
"""Held by the function `admit_start` while it counts."""
MISSES = 7_263_409
"""Held while look-ups that found nobody are deleted and counted."""
ALERTS = 7_263_408
"""Leader election: held by the leader while it looks."""
