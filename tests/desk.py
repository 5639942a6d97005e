"""A desk for tests: the connections they have, and somebody who may do everything."""

from typing import Any, cast

from temporalio.client import Client

import settings
from postgres import Pool
from security.keys import KeyRing
from settings import Settings
from support.verbs.staff import Staff, StaffContext, StaffRole

ANNA = Staff("anna", frozenset(StaffRole))


def desk(client: Client, pool: Pool, **more: Any) -> StaffContext:
    """Return Anna's desk; what a test's verb does not use may be left out."""
    given: dict[str, Any] = {
        "keys": more.get("keys") or KeyRing(settings.load().keys_dir),
        "settings": cast("Settings", None),
        "staff": ANNA,
    }
    return StaffContext(client=client, pool=pool, **given | more)
