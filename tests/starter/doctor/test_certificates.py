"""`activation doctor` has a line for each certificate, and warns before it ends."""

from pathlib import Path

import pytest

from adapters.findings import Finding
from security.purposes import User
from settings import Settings
from starter.doctor import certificates
from tests.certified_servers import in_days, showing, written
from tests.stack import TestStack


async def found(settings: Settings, *needed: str) -> list[Finding]:
    users = (User.PORTAL,)
    return [each async for each in certificates.check(settings, users, frozenset(needed))]


@pytest.mark.parametrize(
    ("days", "mend", "warns"), [(30, "", False), (20, "it ends on", True), (-1, "it ended", False)]
)
async def test_a_certificate_is_told_before_it_ends(
    stack: TestStack, tmp_path: Path, days: int, mend: str, *, warns: bool
) -> None:
    async with showing(written(tmp_path, in_days(days))) as shown:
        directory = stack.settings.directory.model_copy(update={"urls": [f"ldaps://{shown}"]})
        settings = stack.settings.model_copy(update={"directory": directory})
        (told,) = await found(settings, "directory")
        assert await found(settings) == []
    assert told.part == "directory"
    assert str(shown) in told.about
    assert told.mend.startswith(mend)
    assert bool(told.mend) is bool(mend)
    assert told.is_warning is warns
    assert told.ok is (days > 0)
