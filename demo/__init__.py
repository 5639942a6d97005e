"""Runs the embedded stack: every system that the engine needs, as real servers on this machine.

place.py       one stack's folder, ports and secrets
part.py        the life cycle of one program; listeners.py finds the process that uses a port
postgres.py, slapd.py, temporal.py, sms.py, smtp.py, inbox.py, programs.py   the parts
software.py    finds slapd or unpacks it; certificates.py makes the servers' certificate
registrar.py   fills the view with students.py and samples.py, made of names.py
stack.py       all parts of one stack, and the files with its addresses
supervisor.py  owns the parts; leftovers.py ends those of a killed supervisor; control.py is the
               protocol of the commands in cli.py
walkthrough.py plays one student by visitor.py; table.py prints the overview
"""
