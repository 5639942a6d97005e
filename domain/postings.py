"""Index in memory of a directory's entries by the values that match rules search for; pure."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Generic

from domain.accounts import E
from domain.entry_values import CODES
from domain.identities import Identity
from domain.match_rules import Rule, folded, held

UID = "uid"


class Postings(Generic[E]):
    """Inverted index that returns the entries a directory search by all rules would find."""

    def __init__(self, rules: Sequence[Rule], entries: Sequence[E]) -> None:
        self._rules = rules
        self._entries = entries
        self._at: dict[tuple[str, str], list[int]] = defaultdict(list)
        names = {CODES, UID, *(next(iter(rule.attributes)) for rule in rules)}
        for at, entry in enumerate(entries):
            for name in names:
                for value in held(entry.attributes, name):
                    self._at[name, value].append(at)

    def of(self, identity: Identity) -> list[E]:
        """Return the candidates of an identity in entry order, by the first attribute of rules."""
        looked_for = [next(iter(each.items())) for each in identity.searched(self._rules)]
        found = {at for name, value in looked_for for at in self._at.get((name, folded(value)), ())}
        return [self._entries[at] for at in sorted(found)]
