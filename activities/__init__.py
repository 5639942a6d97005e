"""Temporal activities: what workflows do to outside systems; every activity is idempotent.

Each class has its own credentials only. `errors` turns errors of adapters into Temporal failures;
`fencing` keeps an attempt that has timed out from writing.
"""
