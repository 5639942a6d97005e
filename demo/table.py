"""Makes the text shown when the demo is ready: addresses, sample students, and commands to try."""

import sys
from collections.abc import Iterable

from demo.samples import SAMPLES, Sample
from demo.stack import Stack
from settings.section import DEMO, TREE

COMMANDS = (
    ("activation demo walkthrough", "plays one student through the portal"),
    ("activation demo populate", "makes 200 activations in mixed states for the desk"),
    ("activation demo stop slapd", "takes the directory away; `start slapd` brings it back"),
    ("activation demo kill worker", "kills the engine in mid-work; `start worker` goes on"),
    ("activation demo status", "says what runs"),
    ("activation support list", "shows every activation and why it waits"),
    ("activation support show REF", "shows one of them"),
)


def aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return one line per row, with aligned cells."""
    lines = list(rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  " + "  ".join(f"{cell:<{w}}" for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _contact(sample: Sample) -> str:
    return sample.mobile or sample.email or ""


def _student_numbers(sample: Sample) -> str:
    return ", ".join(str(row["registrationid"]) for row in sample.rows)


def _insurance(sample: Sample) -> str:
    return f"{sample.scheme} {sample.number}" if sample.number else ""


def address_table(stack: Stack) -> str:
    env = stack.environment()
    places = (
        ("Portal (students)", env["PORTAL_URL"]),
        (
            "Console (staff)",
            f"{env['SUPPORT_URL']}  {env['SUPPORT_USER']}, password in the file below",
        ),
        ("Inbox (SMS and mail)", env["INBOX_URL"]),
        ("Temporal web page", env["TEMPORAL_UI_URL"]),
        ("Directory", f"{env['LDAP_URL']}  {env['LDAPS_URL']}"),
        ("All of it for scripts", str(stack.place.env_file)),
    )
    students = (
        (_contact(s), _student_numbers(s), _insurance(s), s.name, s.special_el, s.special_en)
        for s in SAMPLES
    )
    programs = ".venv/bin" if DEMO.parent == TREE else f"{sys.prefix}/bin"
    commands = ((f"{programs}/{command}", text) for command, text in COMMANDS)
    return "\n".join(
        (
            "",
            "The demo is ready. Ctrl-C stops it; its data stays.",
            "",
            *aligned(places),
            "",
            "Sample students: contact, student number, insurance number where one is asked for",
            *aligned(students),
            "",
            "Commands to try in another terminal",
            *aligned(commands),
            "",
        )
    )
