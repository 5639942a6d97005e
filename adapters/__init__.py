"""Clients of the systems outside: registrar, student directory and senders of messages.

They use neither Temporal nor the ledger, and raise only the errors of `adapters.errors`.
"""
