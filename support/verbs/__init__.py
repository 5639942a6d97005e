"""What staff see and do. `cases.py` reads, `actions.py` acts, `sentences.py` puts it in words.

Nothing here asks a worker or a query: a case is Temporal's description and history, decoded with
the engine's own keys, so that it can be read with every worker down.
"""
