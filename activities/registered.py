"""The base of the classes of activities: a worker registers all activities of an object."""

from collections.abc import Callable
from typing import Any

from domain.contracts.vocabulary import ActivityName


class Activities:
    def all(self) -> list[Callable[..., Any]]:
        """Return the activities of this object; each method has its activity's name."""
        return [getattr(self, name) for name in ActivityName if hasattr(self, name)]
