"""Numbers of the ledger's advisory locks: one for each duty that only one process does.

Each is taken for a transaction, as connections return to their pool without being reset; a backup
has a connection of its own, and takes that of migrations for all of it. Any role of the database
may take them; duties of staff and alerts have locks on tables that others cannot take.
"""

MIGRATIONS = 7_263_401
STARTS = 7_263_403
"""Held by the function `admit_start` while it counts."""
