"""Who has an account: what registrar, ledger and directory know of a person, taken together.

Activities and commands ask here alike; Temporal is not known.
"""
