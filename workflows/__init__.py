"""What happens and when. Read `activation.py` first, then `steps.py`.

`activation.py` is the student's way from top to bottom; `steps.py` says which step may follow
which. `proof.py` is the pin step, where `pins.py` counts codes and tries; `account.py` is the way
from the username to the account. `step_machine.py` moves the step and waits; `inbox.py` takes the
submissions; `calls.py` has one typed function an activity, with its patience. `support_request.py`
is a workflow of its own, which brings a request to the desk. `sandbox.py` is what workers and
replays run all this in. Nothing here touches a clock, a random number, settings or the outside
world.
"""
