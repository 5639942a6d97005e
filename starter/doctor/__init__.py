"""`activation doctor`: checks everything that an activation needs, and says what to do.

One module per system. A check yields findings; a check that fails yields why, and the others
continue.
"""
