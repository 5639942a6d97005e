"""What the tests of this room share: a real Temporal, and activations to look at."""

from tests.server import client, reference, world

__all__ = ["client", "reference", "world"]
