"""The desk in a browser: pages that only call the verbs of `starter/support`."""
