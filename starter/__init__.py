"""The clients of the engine: the Temporal client, the student portal and the command line.

`client/connect.py` makes the Temporal connection, `client/activations.py` has what a portal may
do, `portal/` the students' pages, `doctor/` the checks of a deployment, `cli.py` the command line.
"""
