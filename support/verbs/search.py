"""Searches activations by anything that a caller can state, from one input field.

The text is tried as each kind of key that it can be. It is in no URL, log or audit; the audit
keeps only which kinds were searched, and for which hits the name was shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from domain import names
from domain.insurance import AMKA, EHIC
from domain.references import normalise
from domain.registrar.diagnosis import TypedContacts
from domain.text import identifier, plain
from ledger import activations
from ledger import search as ledger
from ledger.search import SearchQuery
from starter.client.connect import TemporalUnavailable
from support.verbs import cases, queue, staff_limits
from support.verbs.cases import CaseState, CaseSummary
from support.verbs.staff import Action, StaffContext
from web.countries import CODES

MOST = 20
_SCHEMES = (EHIC, AMKA, *sorted(CODES - {AMKA}))
_FEWEST = 3


@dataclass(frozen=True)
class SearchResult:
    """The hits; `more`: the result was cut off and the search must be narrowed.

    `names` are the students' names by reference, where stored. `alone`: the only hit, of a query
    that is no name, so that its case may be opened at once.
    """

    rows: tuple[CaseSummary, ...]
    more: bool
    names: Mapping[str, str] = field(default_factory=dict)
    alone: str | None = None


async def search(ctx: StaffContext, typed: str, *, opens: bool = False) -> SearchResult:
    """Write the audit row, then return the hits: those of a known person first, newest first.

    Another audit row is written before stored names are returned; where the caller `opens` the
    case of a hit that is `alone`, its name is not. Raises `RateLimited`.
    """
    sought = parse_query(typed, ctx.settings.registrar.phone_region)
    kinds = [each.name for each in fields(sought) if getattr(sought, each.name)]
    await staff_limits.count(ctx, Action.SEARCH)
    await ctx.record(Action.SEARCH, reason=", ".join(kinds) or "nothing")
    if not kinds:
        return SearchResult((), more=False)
    hits = await ledger.search(
        ctx.pool, ctx.keys, sought, departments=ctx.staff.departments, limit=MOST + 1
    )
    found = await lines(ctx, hits[:MOST])
    rows = tuple(line for line in found if ctx.staff.sees(line.department))
    if opens and len(rows) == len(hits) == 1 and not sought.names:
        return SearchResult(rows, more=False, alone=rows[0].reference)
    stored = await activations.names_of(ctx.pool, ctx.keys, [row.reference for row in rows])
    if stored:
        await ctx.record(Action.SEARCH, reason=f"names shown: {', '.join(sorted(stored))}")
    return SearchResult(rows, len(hits) > MOST, stored)


def parse_query(typed: str, region: str) -> SearchQuery:
    """Return each kind of key that this text can be; none for too few letters."""
    text = plain(typed)
    number = identifier(text)
    if len(number) < _FEWEST:
        return SearchQuery()
    contacts = TypedContacts(text, text).read(region)
    one_word = len(text.split()) == 1
    has_digit = any(char.isdigit() for char in number)
    return SearchQuery(
        reference=normalise(text),
        mobile=contacts.mobile,
        email=contacts.email,
        username=text.lower() if one_word else None,
        student_number=number if has_digit else None,
        insurance=tuple(f"{scheme}:{number}" for scheme in _SCHEMES) if has_digit else (),
        names=tuple(names.sought(text)),
    )


async def lines(ctx: StaffContext, hits: list[activations.ActivationRow]) -> list[CaseSummary]:
    """Return the summaries of the hits from Temporal's listing, else from the ledger."""
    if not hits:
        return []
    listed = ", ".join(f"'{hit.reference}'" for hit in hits)
    standing: dict[str, CaseSummary] = {}
    state = CaseState.FORGOTTEN
    try:
        found = await cases.listed(ctx.client, f"WorkflowId IN ({listed})")
        standing = {line.reference: line for line in found}
        rows = [standing.get(hit.reference) for hit in hits]
        told = await queue.described(ctx.client, [row for row in rows if row])
        standing = {row.reference: row for row in told}
    except TemporalUnavailable:
        state = CaseState.UNSEEN
    known = {hit.reference: None if hit.erased else standing.get(hit.reference) for hit in hits}
    return [known[hit.reference] or queue.of_ledger(hit, state=state) for hit in hits]
