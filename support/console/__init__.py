"""The console: pages in a browser that only call the verbs of `support/verbs`."""
