"""Stores to whom of staff an activation or a request for help is assigned.

An assignment is changed only from the one that whoever changes it has seen: of two members of staff
at once the second changes nothing. Names of the provider's accounts are matched by their digest, as
their owners may be renamed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from postgres import Pool

_NAMED = "(assignee = $1 OR nullif(split_part(assignee, '~', 2), '') = split_part($1, '~', 2))"


@dataclass(frozen=True)
class Assignment:
    assignee: str
    assigned_by: str
    at: datetime


async def put(pool: Pool, reference: str, *, to: str, by: str, was: str | None) -> bool:
    """Assign an activation (idempotent); False: another than `was` has it by now."""
    done = await pool.fetchval(
        "INSERT INTO assignment AS a (reference, assignee, assigned_by) VALUES ($1, $2, $3)"
        " ON CONFLICT (reference) DO UPDATE SET assignee = $2, assigned_by = $3, at = now()"
        " WHERE a.assignee = $4 OR a.assignee = $2 RETURNING true",
        reference,
        to,
        by,
        was,
    )
    return bool(done)


async def drop(pool: Pool, reference: str, *, was: str | None) -> bool:
    """End an assignment (idempotent); False: another than `was` has it by now."""
    left = await pool.fetchval(
        "WITH gone AS (DELETE FROM assignment WHERE reference = $1 AND assignee = $2 RETURNING 1)"
        " SELECT EXISTS (SELECT FROM assignment WHERE reference = $1)"
        " AND NOT EXISTS (SELECT FROM gone)",
        reference,
        was,
    )
    return not left


async def put_request(pool: Pool, request_id: str, *, to: str | None, was: str | None) -> bool:
    """Assign a request for help, to nobody with None; returns as `put`."""
    done = await pool.fetchval(
        "UPDATE support_request SET assignee = $2 WHERE id = $1"
        " AND (assignee IS NOT DISTINCT FROM $3 OR assignee IS NOT DISTINCT FROM $2)"
        " RETURNING true",
        request_id,
        to,
        was,
    )
    return bool(done)


async def of(pool: Pool, references: Collection[str]) -> dict[str, Assignment]:
    """Return the assignments of these activations by reference."""
    rows = await pool.fetch("SELECT * FROM assignment WHERE reference = ANY($1)", references)
    return {row["reference"]: Assignment(*list(row.values())[1:]) for row in rows}


async def in_progress(pool: Pool, name: str | None = None) -> list[str]:
    """Return the activations in progress that are assigned to this name (None: to any)."""
    rows = await pool.fetch(
        "SELECT reference FROM assignment JOIN activation a USING (reference)"  # noqa: S608 - a constant of this module
        f" WHERE a.ended_at IS NULL AND ($1::text IS NULL OR {_NAMED})",
        name,
    )
    return [row["reference"] for row in rows]
