"""The staff's use cases: `cases.py` reads, `actions.py` changes, `sentences.py` explains in text.

No verb needs a worker or a workflow query: a case is built from Temporal's description and event
history, decoded with the engine's own keys, so it can be read while every worker is down.
"""
