"""The ledger, the directory and the activities that ask this room."""

from tests.activities.conftest import activities, case, make_person, pool, records, reference

__all__ = ["activities", "case", "make_person", "pool", "records", "reference"]
