"""Whoever asks for their data gets each column of each table, but for those listed here."""

import re

from ledger import persons
from postgres import Pool

KEYED = re.compile(r"\w+_index|(\w+_)?keys?|\w+_marks|(\w+_)?hash|found_by|empty_entry_of|seal")
"""Keyed hashes, which say nothing without the keys of the engine, and seals of rows."""
OF_NOBODY = {
    *("alert", "alert_channel", "audit_head", "audit_sent", "audit_start", "campaign", "missed"),
    *("key_check", "migration", "part_last", "part_minute", "pause", "reconciled", "restored"),
    *("report_sent", "swept"),
}
OF_STAFF = {"second_factor", "sign_in_under_way", "staff_session"}
LEFT_OUT = {
    "budget": "keyed, for a day at most",
    "claim": "keyed",
    "code": "`attempt` has each try",
    "key_used_again": "keyed",
    "password_try": "the number of a password",
    "rekeyed": "keyed",
    "sealed_password": "a secret",
    "start_under_way": "minutes",
    "suggestion": "secrets, under the index of a page",
    "told_apart": "keyed",
    "tries": "`attempt` has each try",
}
COLUMNS_LEFT_OUT = {
    "activation": {"posts": "counts `post`", "asked_at": "the engine's own"},
    "attempt": dict.fromkeys(("tries_left", "locked_until"), "follows from the outcomes")
    | {"submission_id": "random"},
    "audit": {"id": "the row's", "reason": "staff's own words, also on others"},
    "case_note": {"id": "random", "read_at": "of staff"},
    "consent": {"id": "the row's"},
    "finding": {"subject": "the reference, or keyed"},
    "invitation": {"id": "the row's"},
    "message": dict.fromkeys(("run_id", "purse"), "the engine's own")
    | {f"{name}_no": "the engine's own" for name in ("request", "send", "code")},
    "post": {"submission_id": "random"},
    "session": {
        **dict.fromkeys(("typed", "progress", "proofs"), "the history has it"),
        **{f"progress_{name}": "the engine's own" for name in ("run", "version", "at")},
        **dict.fromkeys(("rotated_at", "rotated_for", "superseded"), "the engine's own"),
    },
    "support_request": {"settled_id": "random"},
    "username": {"empty_entry": "the engine's own"},
}


async def test_each_column_is_told_or_left_out_on_purpose(pool: Pool) -> None:
    rows = await pool.fetch(
        "SELECT table_name, array_agg(column_name::text) AS columns"
        " FROM information_schema.columns WHERE table_schema = 'public' GROUP BY table_name"
    )
    columns = {row["table_name"]: {*row["columns"]} for row in rows}
    apart = OF_NOBODY | OF_STAFF | LEFT_OUT.keys()
    assert columns.keys() == apart | persons.TOLD.keys()
    assert not apart & persons.TOLD.keys()
    for table, told in persons.TOLD.items():
        open_to_all = {name for name in columns[table] if not KEYED.fullmatch(name)}
        left_out = COLUMNS_LEFT_OUT.get(table, {}).keys()
        assert {*told.columns} == open_to_all - left_out, table
        assert left_out <= open_to_all, table
