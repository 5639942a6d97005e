"""The staff's side: what staff can do (`verbs/`), in a browser and on the command line."""
