"""Temporal activities: what workflows do to outside systems; every activity is idempotent.

errors.py     turns an error of a driver or adapter into a Temporal failure
fencing.py    keeps an attempt that has timed out from writing
registrar.py  find_student, reading the registrar's view
pins.py       check_pin, unlock_pin, and the attempts at the identity question
records.py    claims, consents, insurance numbers, send budgets, the close: the ledger's activities
accounts.py   check_account, resolve_account and provision_account, on directory and ledger;
              writes.py adds an entry and sets its password
desk.py       mail_support_request and mail_support_answer: mail between students and support
messages.py   send_pin and send_notice

A worker registers what `all()` of its classes returns; each class has its own credentials only.
"""
