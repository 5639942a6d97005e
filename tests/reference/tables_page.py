"""Writes the page of the ledger's tables, from a ledger that was migrated."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ledger.grants import GRANTS
from ledger.retention import ERASURES, RULES
from postgres import Pool
from tests.reference.markdown import code, page, table

_HEAD = """Tables of the ledger, as `activation ledger migrate` makes them. A text that ends in \
`_index` or `_key` is a keyed hash, `bytea` is encrypted or sealed ([privacy](../privacy.md) has \
each table's personal data). Rights are those that `activation ledger roles` grants to the role \
of each process; nobody but the owner has others. What ends, and when, is told by the setting of \
`retention`; [When data end](../operations.md#when-data-end) explains the sweep."""
_TABLES = """
SELECT c.relname, coalesce(obj_description(c.oid, 'pg_class'), '') AS about,
    array_agg(a.attname::text ORDER BY a.attnum) AS names,
    array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS types,
    array_agg(a.attnotnull ORDER BY a.attnum) AS needed,
    array_agg(coalesce(pg_get_expr(d.adbin, d.adrelid), '') ORDER BY a.attnum) AS defaults,
    array_agg(coalesce(a.attnum = ANY(i.indkey), false) ORDER BY a.attnum) AS keys
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    AND NOT c.relispartition
GROUP BY c.oid ORDER BY c.relname
"""
_SHORT = {"timestamp with time zone": "timestamptz"}


async def write(pool: Pool) -> str:
    rows = await pool.fetch(_TABLES)
    return page("Tables", _HEAD, *(_table(dict(row)) for row in rows))


def _table(row: Mapping[str, Any]) -> str:
    name = row["relname"]
    columns = zip(
        *(row[part] for part in ("names", "types", "needed", "defaults", "keys")), strict=True
    )
    parts = [
        f"## {code(name)}",
        row["about"],
        table(["column", "type", "may be empty", "default"], map(_column, columns)),
        *_ends(name),
        table(["process", "rights"], _rights(name)),
    ]
    return "\n\n".join(filter(None, parts))


def _column(column: Sequence[Any]) -> tuple[str, str, str, str]:
    name, kind, needed, default, is_key = column
    about = code(_SHORT.get(kind, kind)) + (", primary key" if is_key else "")
    return code(name), about, "" if needed else "yes", code(default) if default else ""


def _ends(name: str) -> Iterator[str]:
    if name == "activation":
        terms = " or ".join(code(term) for term in ERASURES)
        yield f"Its personal data end by {terms}."
    for rule in RULES:
        if rule.table == name:
            term = code(rule.term) if isinstance(rule.term, str) else f"{rule.term} days"
            ended = "emptied" if rule.emptied else "deleted"
            yield f"Rows are {ended} {term} after {code(rule.since)}."
    if name == "audit":
        yield f"Rows older than {code('audit_days')} end by `activation support audit cut` alone."


def _rights(name: str) -> Iterator[tuple[str, str]]:
    found: dict[str, list[str]] = {}
    for grant in GRANTS:
        if grant.table == name:
            for user in grant.users:
                found.setdefault(user.value, []).append(grant.privileges)
    for process, privileges in found.items():
        yield process, ", ".join(privileges)
