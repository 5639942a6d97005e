"""Tells who runs this process, by the system's own table of users.

The variables `LOGNAME` and `USER` are whatever the person sets, so the audit does not use them.
"""

import os
import pwd

from domain.text import note

_LONGEST = 64


def os_user() -> str:
    """Return the name of the user of this process; its number if the system knows no name."""
    user = os.getuid()
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"uid {user}"


def said_user() -> str:
    """Return who is said to act by sudo, as a remark for the audit: the variable proves nothing."""
    said = " ".join(note(os.environ.get("SUDO_USER", "")).split())[:_LONGEST]
    return f"said to be {said}" if said else ""


def remarked(reason: str, remark: str) -> str:
    """Return a reason with a remark behind it."""
    return f"{reason} ({remark})".lstrip() if remark else reason
