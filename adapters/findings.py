"""The findings of `activation doctor`, as texts without secrets or personal data."""

from collections.abc import AsyncIterator
from typing import NamedTuple


class Finding(NamedTuple):
    """One line: what was checked, and in `mend` what to do; `mend` is empty when it is ok.

    A warning works as it is: `mend` says what would be better.
    """

    part: str
    about: str
    mend: str = ""
    is_warning: bool = False

    @property
    def ok(self) -> bool:
        return self.is_warning or not self.mend


Findings = AsyncIterator[Finding]
