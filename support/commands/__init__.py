"""`activation support ...`: the verbs on the command line."""
