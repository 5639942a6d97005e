"""The outside world, one module a system; every activity may be repeated and ends the same.

failures.py   how a driver's error becomes a failure that names a part and holds no personal data
registrar.py  find_student, reading the registrar's view; students.py groups its rows into persons,
              reach.py tells which of them cannot activate
pins.py       check_pin, unlock_pin, and the tries of the question who it is
records.py    claims, consents, insurance numbers, send budgets, the close: the ledger's activities
accounts.py   check_account, resolve_account and provision_account, on directory and ledger;
              presence.py tells an account that is gone from one that is not seen, writes.py
              makes an entry and gives it a password
directory.py  what is asked of and written to the directory; ldap.py is the wire, answers.py what it
              answers, entries.py the map
desk.py       mail_support_request: what students write to support
messages.py   send_pin and send_notice; words.py writes them, sms.py and mail.py hand them over,
              sms_auth.py proves the engine to a gateway

A worker registers what `all()` of the classes gives, each class with its own credentials only.
"""
