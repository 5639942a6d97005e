"""Clients of the systems outside: the student directory and the senders of messages.

They know neither Temporal nor the ledger, and raise the errors of `adapters.errors` alone.
"""
