"""Everything that starts, steers or looks at activations; the only room that knows Temporal's API.

`connect.py` is the one connection, `activations.py` what a portal may do, `support/` what staff
may do, `portal/` the students' pages, `cli.py` the command line.
"""
