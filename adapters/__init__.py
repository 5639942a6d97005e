"""Clients of the systems outside: registrar, student directory and senders of messages.

They know neither Temporal nor the ledger, and raise the errors of `adapters.errors` alone.
"""
