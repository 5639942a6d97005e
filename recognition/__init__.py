"""Finds out who has an account, from registrar, ledger and directory together; without Temporal.

Activities and commands use the same functions.
"""
