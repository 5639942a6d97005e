"""What workflows have done outside; every activity may be repeated and ends the same.

errors.py     how an error of a driver or adapter becomes a failure that Temporal keeps
fencing.py    keeps a try that has outlived its time from writing
registrar.py  find_student, reading the registrar's view
pins.py       check_pin, unlock_pin, and the tries of the question who it is
records.py    claims, consents, insurance numbers, send budgets, the close: the ledger's activities
accounts.py   check_account, resolve_account and provision_account, on directory and ledger;
              presence.py tells an account that is gone from one that is not seen, writes.py
              makes an entry and gives it a password
desk.py       mail_support_request: what students write to support
messages.py   send_pin and send_notice; words.py writes them

A worker registers what `all()` of the classes gives, each class with its own credentials only.
"""
