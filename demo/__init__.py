"""The embedded stack: everything the engine needs, as real parts on this machine.

place.py       one stack's folder, ports and secrets
part.py        one program: prepared, started, ready, ended; listeners.py tells who has a port
postgres.py, slapd.py, temporal.py, sms.py, smtp.py, inbox.py, programs.py   the parts
software.py    finds slapd or unpacks it; certificates.py makes the servers' certificate
registrar.py   fills the view with students.py and samples.py, made of names.py
stack.py       all parts of one stack, and the files that tell others where it is
supervisor.py  owns the parts; leftovers.py ends those of a killed one; control.py is how commands
               ask it, cli.py the commands
walkthrough.py plays one student by visitor.py; table.py is what a person reads first
"""
