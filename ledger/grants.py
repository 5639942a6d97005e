"""The one table of what each process may do in the ledger's tables; whoever makes a table adds it.

A column list is given where the rest of the row is no business of the process. The audit is
append-only: nobody but the owner has UPDATE or DELETE on it, and its oldest rows end by
`cut_audit` alone. Of consents, the sweep deletes what its trigger lets go, and changes nothing.
Functions need no row: they run with the rights of the caller, but for those that migrations make
SECURITY DEFINER.
"""

from collections.abc import Collection
from typing import NamedTuple

from security.purposes import User


class Grant(NamedTuple):
    """Privileges on a table as GRANT takes them, for each of these processes."""

    table: str
    users: Collection[User]
    privileges: str


_EVERY = tuple(User)
_WORKERS = (User.MAIN, User.MESSAGING, User.DIRECTORY)
_DESK = (User.CONSOLE, User.COMMANDS)
_SWEEP = (User.MAIN, User.COMMANDS)
_ERASERS = (User.MAIN, *_DESK)
_ALL = "SELECT, INSERT, UPDATE, DELETE"
_ERASE = "SELECT (reference), DELETE"
_ERASE_KEYS = "SELECT, DELETE"

GRANTS = (
    Grant("migration", _EVERY, "SELECT"),
    Grant("restored", _EVERY, "SELECT"),
    Grant("swept", _SWEEP, _ALL),
    Grant("missed", _SWEEP, _ALL),
    Grant("missed", [User.CONSOLE], "SELECT"),
    Grant("miss", _SWEEP, _ALL),
    Grant("miss", [User.CONSOLE], _ERASE_KEYS),
    Grant("swept", (User.CONSOLE, User.ALERTS), "SELECT (at, rule)"),
    Grant("key_check", _EVERY, "SELECT"),
    Grant("key_check", [user for user in User if user != User.ALERTS], "INSERT"),
    Grant(
        "activation",
        [User.PORTAL],
        "SELECT (reference, language, mobile_index, email_index, username, ended_at, end_step),"
        " INSERT (reference, language, mobile_index, email_index), UPDATE (language)",
    ),
    Grant("activation", [User.MAIN], "SELECT, INSERT, UPDATE"),
    Grant("activation", [User.MESSAGING], "SELECT (reference, department)"),
    Grant(
        "activation",
        [User.DIRECTORY],
        "SELECT, UPDATE (username, username_index, ended_at, end_step)",
    ),
    Grant("activation", _SWEEP, "DELETE"),
    Grant(
        "activation",
        _DESK,
        "SELECT, UPDATE (mobile_index, email_index, person_key, student_number_index,"
        " username_index, username, found_by, name)",
    ),
    Grant("activation", [User.COMMANDS], "UPDATE (ended_at, end_step, asked_at)"),
    Grant("session", [User.PORTAL], _ALL),
    Grant("session", _ERASERS, _ERASE),
    Grant("session", [User.COMMANDS], "SELECT (seen_at)"),
    Grant("session", _SWEEP, "SELECT (ctid, created_at), UPDATE (seen_at)"),
    Grant("suggestion", [User.PORTAL], "SELECT, INSERT, DELETE"),
    Grant("suggestion", _SWEEP, "SELECT (ctid, expires_at), UPDATE (expires_at), DELETE"),
    Grant("post", [User.PORTAL], "SELECT, INSERT"),
    Grant("post", _ERASERS, "SELECT, DELETE"),
    Grant("post", _SWEEP, "UPDATE (at)"),
    Grant("start_under_way", [User.PORTAL], _ALL),
    Grant("start_under_way", [User.MAIN, User.DIRECTORY, User.COMMANDS], _ERASE),
    Grant("pause", [User.PORTAL, User.MAIN], "SELECT"),
    Grant("pause", _DESK, _ALL),
    Grant("budget", [User.PORTAL, User.CONSOLE, User.MAIN, User.COMMANDS], _ALL),
    Grant("budget", [User.ALERTS], "SELECT"),
    Grant("claim", [User.MAIN], _ALL),
    Grant("claim", [User.DIRECTORY], _ERASE),
    Grant("claim", _DESK, _ERASE_KEYS),
    Grant("code", [User.MAIN], "SELECT, INSERT, UPDATE"),
    Grant("code", [User.MESSAGING], "SELECT"),
    Grant("code", _ERASERS, _ERASE),
    Grant("tries", [User.MAIN], "SELECT, INSERT, UPDATE"),
    Grant("tries", _ERASERS, _ERASE),
    Grant("attempt", [User.MAIN], "SELECT, INSERT"),
    Grant("attempt", _ERASERS, _ERASE),
    Grant("attempt", [User.COMMANDS], "SELECT (outcome)"),
    Grant("attempt", _SWEEP, "SELECT (ctid, at), UPDATE (at)"),
    Grant("message", [User.MAIN, User.MESSAGING], "SELECT, INSERT, UPDATE"),
    Grant("message", _DESK, "SELECT, UPDATE (contact_index, person_key)"),
    Grant("receipt", [User.PORTAL], "SELECT, INSERT, UPDATE"),
    Grant("receipt", _DESK, "SELECT"),
    Grant("receipt", [User.COMMANDS], "INSERT, UPDATE"),
    Grant("receipt", _SWEEP, "SELECT (ctid, told_at), UPDATE (told_at), DELETE"),
    Grant("insurance", [User.MAIN], "SELECT, INSERT, UPDATE (number_index)"),
    Grant("insurance", [User.DIRECTORY], "SELECT (number_index, person_key, scheme)"),
    Grant("insurance", [User.COMMANDS], "SELECT"),
    Grant("insurance", [User.CONSOLE], "SELECT (number_index, person_key, scheme, reference)"),
    Grant("message", _SWEEP, "DELETE"),
    Grant("insurance", _ERASERS, "UPDATE (reference), DELETE"),
    Grant("insurance", _SWEEP, "UPDATE (number)"),
    Grant("consent", [User.MAIN], "INSERT, SELECT (reference, shown_hash, accepted_at)"),
    Grant(
        "consent",
        [User.DIRECTORY],
        "SELECT (id, reference, person_key, choices, recorded_at, withdrawal)",
    ),
    Grant("consent", _DESK, "SELECT, INSERT"),
    Grant("consent", _SWEEP, "SELECT (ctid, id, recorded_at, shown), UPDATE (language), DELETE"),
    Grant(
        "sealed_password",
        [User.PORTAL],
        "SELECT (reference, sealed_id, expires_at), INSERT, UPDATE, DELETE",
    ),
    Grant("sealed_password", [User.DIRECTORY], "SELECT, DELETE"),
    Grant("sealed_password", _SWEEP, "SELECT (ctid, expires_at), UPDATE (expires_at)"),
    Grant("sealed_password", [User.MESSAGING], "SELECT (expires_at), DELETE"),
    Grant("sealed_password", _ERASERS, _ERASE),
    Grant("password_try", [User.DIRECTORY], _ALL),
    Grant("password_try", [User.MAIN], _ERASE_KEYS),
    Grant("password_try", _DESK, _ERASE),
    Grant("username", [User.MAIN, User.DIRECTORY, User.COMMANDS], _ALL),
    Grant("username", [User.CONSOLE], "SELECT, UPDATE (name, empty_entry_of, owner_marks)"),
    Grant("imported", [User.MAIN, User.DIRECTORY], "SELECT, UPDATE, DELETE"),
    Grant("imported", [User.CONSOLE], _ERASE_KEYS),
    Grant("imported", [User.COMMANDS], _ALL),
    Grant("rekeyed", [User.MAIN], _ALL),
    Grant("rekeyed", [User.DIRECTORY], "SELECT"),
    Grant("rekeyed", _DESK, _ERASE_KEYS),
    Grant("rekeyed", [User.COMMANDS], "UPDATE (noted_at)"),
    Grant("key_used_again", [User.MAIN], _ALL),
    Grant("key_used_again", [User.DIRECTORY], "SELECT"),
    Grant("key_used_again", _DESK, _ERASE_KEYS),
    Grant("told_apart", [User.MAIN, User.DIRECTORY], "SELECT, INSERT"),
    Grant("told_apart", _ERASERS, _ERASE_KEYS),
    Grant("told_apart", _SWEEP, "UPDATE (noted_at)"),
    Grant(
        "support_request",
        [User.PORTAL],
        "SELECT (id), INSERT (id, reference, step, language, name, reply_to, text, phone)",
    ),
    Grant("support_request", [User.MAIN], "SELECT"),
    Grant(
        "support_request",
        [User.MESSAGING],
        "SELECT, UPDATE (mailed_at, mail_outcome, answer_outcome)",
    ),
    Grant(
        "support_request",
        _DESK,
        "SELECT, UPDATE (answer, closing, settled_id, settled_by, settled_at, assignee), DELETE",
    ),
    Grant("support_request", _SWEEP, "UPDATE (created_at), DELETE"),
    Grant("finding", [User.MAIN, User.DIRECTORY], _ALL),
    Grant("finding", _DESK, "SELECT, UPDATE (settled_at), DELETE"),
    Grant("finding", [User.ALERTS], "SELECT (kind, confirmed_at, mended_at, settled_at, gone_at)"),
    Grant("reconciled", [User.MAIN], "SELECT, INSERT, UPDATE"),
    Grant("reconciled", [*_DESK, User.ALERTS], "SELECT"),
    Grant("campaign", [User.MAIN], "SELECT, UPDATE (ended_at)"),
    Grant("campaign", _DESK, "SELECT, UPDATE (started_at, stopped_at, stopped_why)"),
    Grant("campaign", [User.COMMANDS], "INSERT, UPDATE (left_out, sms_parts)"),
    Grant("campaign", _SWEEP, "UPDATE (ended_at), DELETE"),
    Grant("invitation", [User.MAIN, User.COMMANDS], _ALL),
    Grant("invitation", [User.CONSOLE], _ERASE_KEYS),
    Grant("objection", [User.MAIN], "SELECT"),
    Grant("objection", _DESK, "SELECT, INSERT, DELETE"),
    Grant("objection", _SWEEP, "SELECT, UPDATE (noted_at), DELETE"),
    Grant("case_note", _DESK, "SELECT, INSERT, UPDATE (read_at), DELETE"),
    Grant("case_note", _SWEEP, "SELECT (ctid, reference, at), UPDATE (at), DELETE"),
    Grant("assignment", _DESK, _ALL),
    Grant("assignment", [User.MAIN], "SELECT (ctid, reference, at), UPDATE (at), DELETE"),
    Grant("audit", _DESK, "SELECT, INSERT"),
    Grant("audit_head", _DESK, "SELECT, INSERT, UPDATE"),
    Grant("audit_head", [User.ALERTS], "SELECT (id, hash)"),
    Grant("audit_sent", [User.ALERTS], "SELECT, INSERT (day, id, hash), UPDATE (told)"),
    Grant("audit_sent", _DESK, "SELECT"),
    Grant("audit_start", _DESK, "SELECT"),
    Grant("audit_before", [], ""),
    Grant("staff_session", [User.CONSOLE], _ALL),
    Grant("staff_session", [User.COMMANDS], "SELECT (name)"),
    Grant("staff_session", _SWEEP, "SELECT (ctid, created_at), UPDATE (seen_at), DELETE"),
    Grant("second_factor", [User.CONSOLE], _ALL),
    Grant("second_factor", [User.COMMANDS], "SELECT (name), DELETE"),
    Grant("sign_in_under_way", [User.CONSOLE], _ALL),
    Grant("sign_in_under_way", [User.COMMANDS], "SELECT (name)"),
    Grant("sign_in_under_way", _SWEEP, "SELECT (ctid, created_at), UPDATE (created_at), DELETE"),
    Grant("report_sent", [User.MESSAGING], "SELECT, INSERT, UPDATE"),
    Grant("part_minute", [*_WORKERS, User.ALERTS], _ALL),
    Grant("part_minute", _DESK, "SELECT"),
    Grant("part_last", [*_WORKERS, User.ALERTS], "SELECT, INSERT, UPDATE"),
    Grant("part_last", _DESK, "SELECT"),
    Grant("alert", [User.ALERTS], _ALL),
    Grant("alert", _DESK, "SELECT"),
    Grant("alert_channel", [User.ALERTS], _ALL),
    Grant("alert_channel", _DESK, "SELECT"),
)
"""`audit_before` is there where an audit of the first version was kept; only the owner reads it."""

FUNCTIONS = {
    "empty_consents(text)": _ERASERS,
    "cut_audit(bigint,bytea)": (User.COMMANDS,),
    "attack_mode(integer,double precision,integer,double precision,interval)": (User.PORTAL,),
    "take_help_letter(text,integer,integer)": (User.MESSAGING,),
    "claim_invitation(bigint,text,text,text[],integer,timestamp with time zone,interval)": (
        User.MESSAGING,
    ),
    "claim_invitation(bigint,text,text,text,text[],integer,timestamp with time zone,interval)": (
        User.MESSAGING,
    ),
    "settle_invitation(bigint,text)": (User.MESSAGING,),
}
"""The SECURITY DEFINER functions: those of the owner's rights that a process needs."""
