"""Examples are judged by their outcome: how long one takes depends on who else is busy."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
