"""Finds activations by what a caller states: exact values by keyed index, names by prefix."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ledger.activations import COLUMNS, ActivationRow, read
from postgres import Pool
from security.keys import KeyRing


@dataclass(frozen=True)
class SearchQuery:
    """Search terms: an activation is found by any one of them, where all `names` count as one.

    Each of `names` is a collection of prefixes, of which one must match.
    """

    reference: str | None = None
    mobile: str | None = None
    email: str | None = None
    username: str | None = None
    student_number: str | None = None
    insurance: Sequence[str] = ()
    names: Sequence[Collection[str]] = ()


async def search(
    pool: Pool,
    keys: KeyRing,
    query: SearchQuery,
    *,
    departments: Collection[str] | None,
    limit: int,
) -> list[ActivationRow]:
    """Return the matches in these departments; None: in all, also where none is known yet.

    Activations whose person is known come first, then the newest: anybody can begin any number of
    others with a contact that is not theirs.
    """

    def index(purpose: str, value: str | None) -> str | None:
        return keys.index(purpose, value) if value else None

    mobile, email = index("mobile", query.mobile), index("email", query.email)
    numbers = [keys.index("insurance", each) for each in query.insurance]
    exact = [mobile, email, index("found_number", query.student_number), *numbers]
    persons = await pool.fetch(
        "SELECT person_key FROM username WHERE name = $1"
        " UNION SELECT person_key FROM insurance WHERE number_index = ANY($2)",
        query.username,
        numbers,
    )
    named = [[keys.index("name", each) for each in prefixes] for prefixes in query.names]
    all_names = " AND ".join(f"found_by && ${at}::text[]" for at in range(9, 9 + len(named)))
    rows = await pool.fetch(
        f"SELECT {COLUMNS} FROM activation WHERE ($8::text[] IS NULL"  # noqa: S608 - no values
        " OR department = ANY($8)) AND (reference = $1"
        " OR mobile_index = $2 OR email_index = $3 OR username_index = $4 OR person_key = ANY($5)"
        f" OR found_by && $6::text[] OR ({all_names or 'false'}))"
        " ORDER BY person_key IS NULL, started_at DESC, reference LIMIT $7",
        query.reference,
        mobile,
        email,
        index("username", query.username),
        [row["person_key"] for row in persons],
        [each for each in exact if each],
        limit,
        departments,
        *named,
    )
    return [read(row) for row in rows]
