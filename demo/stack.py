"""Builds one embedded stack: its parts in starting order, and the files with its addresses."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from demo.certificates import make_certificates
from demo.inbox import Inbox
from demo.institution import INSTITUTION
from demo.part import Part
from demo.place import HOST, Place
from demo.postgres import Postgres
from demo.programs import Alerts, Portal, Support, Worker
from demo.slapd import (
    BASE_DN,
    GROUPS_DN,
    PEOPLE_DN,
    ROLES,
    SERVICE_DN,
    STAFF_DN,
    SUPPORT_USER,
    Directory,
)
from demo.sms import BODY, Sms
from demo.smtp import Smtp
from demo.students import DEPARTMENTS
from demo.temporal import NAMESPACE, Temporal

# All students of the demo have the same address, so only there the limits by address are wide.
ANY_NUMBER = 100_000


class Stack:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.temporal = Temporal(place)
        self.postgres = Postgres(place)
        self.directory = Directory(place)
        self.sms = Sms(place)
        self.smtp = Smtp(place)
        self.inbox = Inbox(place)
        self.worker = Worker(place)
        self.portal = Portal(place)
        self.support = Support(place)
        self.alerts = Alerts(place)

    @property
    def outside(self) -> tuple[Part, ...]:
        """The systems around the engine, which do not depend on each other."""
        return (
            self.temporal,
            self.postgres,
            self.directory,
            self.sms,
            self.smtp,
            self.inbox,
        )

    @property
    def engine(self) -> tuple[Part, ...]:
        return (self.worker, self.portal, self.support, self.alerts)

    @property
    def parts(self) -> Mapping[str, Part]:
        return {part.name: part for part in (*self.outside, *self.engine)}

    def settings(self) -> Mapping[str, object]:
        """Return the engine's settings; all others keep their defaults."""
        return {
            "ledger_dsn": self.postgres.ledger_dsn,
            "keys_dir": str(self.place.keys),
            "temporal_config_file": str(self.place.temporal_file),
            "temporal_namespace": NAMESPACE,
            "registrar": {"dsn": self.postgres.registrar_reader_dsn},
            "directory": {
                "urls": [self.directory.ldaps_url],
                "ca_file": str(self.place.ca_file),
                "bind_dn": SERVICE_DN,
                "bind_password_file": str(self.directory.service_password_file),
                "people_dn": PEOPLE_DN,
            },
            "institution": INSTITUTION,
            # A student of the demo may leave the university a moment after the look-up.
            "policy": {"registrar_fresh_for": "PT0S"},
            "sms": {
                "url": self.sms.url,
                "token_file": str(self.sms.token_file),
                "body": BODY,
                "receipt_field": "status",
                "deduplicates": True,
            },
            "mail": {
                "host": HOST,
                "port": self.place.port("smtp"),
                "ca_file": str(self.place.ca_file),
            },
            "portal": {
                "public_url": self.portal.url,
                "port": self.place.port("portal"),
            },
            "limits": {
                "networks": {"127.0.0.0/8": ANY_NUMBER},
                "attack_misses_per_minute": ANY_NUMBER,
                "attack_wrong_codes": ANY_NUMBER,
            },
            "console": {
                "public_url": self.support.url,
                "port": self.place.port("support"),
                "user_dn": f"uid={{user}},{STAFF_DN}",
                "temporal_ui_url": self.temporal.ui_url,
                "operators_file": str(self.place.folder / "operators"),
                "groups": {role: f"cn={role},{GROUPS_DN}" for role in ROLES},
                # The secretariat of two departments, so that one sees that it has no other.
                "departments": {
                    f"cn=secretariat,{GROUPS_DN}": [each.id for each in DEPARTMENTS[:2]]
                },
            },
        }

    def environment(self) -> Mapping[str, str]:
        """Return the names and values of the env file, on which other scripts rely."""
        return {
            "PORTAL_URL": self.portal.url,
            "INBOX_URL": self.inbox.url,
            "SUPPORT_URL": self.support.url,
            "TEMPORAL_ADDRESS": self.temporal.address,
            "TEMPORAL_NAMESPACE": NAMESPACE,
            "TEMPORAL_UI_URL": self.temporal.ui_url,
            "LDAP_URL": self.directory.ldap_url,
            "LDAPS_URL": self.directory.ldaps_url,
            "LDAP_CA_FILE": str(self.place.ca_file),
            "LDAP_BASE_DN": BASE_DN,
            "LDAP_PEOPLE_DN": PEOPLE_DN,
            "LEDGER_DSN": self.postgres.ledger_dsn,
            "REGISTRAR_DSN": self.postgres.registrar_dsn,
            "SUPPORT_USER": SUPPORT_USER,
            "SUPPORT_PASSWORD": self.directory.support_password,
        }

    def write_files(self) -> None:
        """Write what parts and scripts read before anything starts, the certificate included."""
        make_certificates(self.place.tls)
        profile = {"address": self.temporal.address, "namespace": NAMESPACE}
        _write(self.place.settings_file, _toml(self.settings()))
        _write(self.place.temporal_file, _toml({"profile.default": profile}))
        lines = [f"{name}={shlex.quote(value)}" for name, value in self.environment().items()]
        _write(self.place.env_file, "\n".join(lines) + "\n")


def _write(path: Path, text: str) -> None:
    """Write a file atomically, because others may read it at the same time."""
    new = path.with_name(f".{path.name}.new")
    new.touch(mode=0o600)
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _toml(values: Mapping[str, object], prefix: str = "") -> str:
    """Write the values of one table, and the tables in it."""
    lines = [
        f"{name if name.isidentifier() else json.dumps(name)} = {_value(v)}"
        for name, v in values.items()
        if not isinstance(v, dict)
    ]
    for name, table in values.items():
        if isinstance(table, dict):
            lines += ["", f"[{prefix}{name}]", _toml(table, f"{prefix}{name}.").strip()]
    return "\n".join(lines).strip() + "\n"


def _value(value: object) -> str:
    """Write strings, numbers, flags and lists as JSON does, and a table in one line."""
    match value:
        case dict():
            return f"{{{', '.join(f'{name} = {_value(inner)}' for name, inner in value.items())}}}"
        case list():
            return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value)
