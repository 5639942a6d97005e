"""The Temporal workflows. Read `activation.py` first, then `steps.py`.

`activation.py` is the student's journey from top to bottom; `steps.py` is its transition table.
`proof.py` is the pin step, whose codes `code_check.py` checks; `account.py` goes from the username
to the account. `step_machine.py` moves the step and waits; `inbox.py` collects the submissions;
`calls.py` has one typed function per activity, `attempts.py` their retries in windows.
`support_request.py` is a separate workflow, which delivers a request to support staff.
Workflow code is deterministic: it reads no clock, random number, settings or outside system except
through Temporal. `tests/determinism.py` checks that, since running workers have no sandbox.
"""
