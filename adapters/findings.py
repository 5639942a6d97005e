"""The findings of `activation doctor`, as texts without secrets or personal data."""

from collections.abc import AsyncIterator
from typing import NamedTuple


class Finding(NamedTuple):
    """One line: what was checked, and in `mend` what to do; `mend` is empty when it is ok."""

    part: str
    about: str
    mend: str = ""

    @property
    def ok(self) -> bool:
        return not self.mend


Findings = AsyncIterator[Finding]
