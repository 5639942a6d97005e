"""A whole campaign against a gateway that fails: `make campaign`."""
