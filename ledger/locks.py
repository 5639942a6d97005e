"""The numbers of the ledger's advisory locks, each for one duty that only one process does."""

MIGRATIONS = 7_263_401
AUDIT = 7_263_402
"""Held while a row is added, so that the chain of hashes has one order."""
ALERTS = 7_263_408
"""Held by the leader, for as long as its session lives."""
