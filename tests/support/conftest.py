"""What the tests of this room share with those of the students' side."""

from tests.starter.conftest import client, pool, pools, reference, world

__all__ = ["client", "pool", "pools", "reference", "world"]
