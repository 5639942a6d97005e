"""Runs a real OpenLDAP server with the rules of a university's directory.

Password policy, unique names and student numbers, argon2 hashes, its own authority, LDAP and
LDAPS on loopback. The engine's account is not the root DN, so the policy binds it too.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from string import Template

from demo.part import Part, run
from demo.place import HOST
from demo.software import Slapd, find_slapd

HERE = Path(__file__).parent
ACCESS = HERE / "openldap-access.conf"
"""The rights of the engine's account, as a university takes them over."""
BASE_DN = "dc=university,dc=example"
PEOPLE_DN = f"ou=people,{BASE_DN}"
SERVICE_DN = f"cn=activation,ou=services,{BASE_DN}"
STAFF_DN = f"ou=staff,{BASE_DN}"
GROUPS_DN = f"ou=groups,{BASE_DN}"
SUPPORT_USER = "support"
ROLES = ("viewer", "helpdesk", "supervisor", "auditor", "operator", "secretariat")
MEMBERS = {role: [role] for role in ROLES} | {
    "supervisor": ["supervisor", SUPPORT_USER],
    "operator": ["operator", SUPPORT_USER],
}
"""Members of each role's group: one person of its own, and the demo's support in two."""


class Directory(Part):
    """The demo's OpenLDAP; with `stats` its log has all searches, contacts included."""

    name = "slapd"
    log_level = "none"

    @cached_property
    def _software(self) -> Slapd:
        return find_slapd()

    @property
    def folder(self) -> Path:
        return self.place.data("slapd")

    @property
    def config(self) -> Path:
        return self.folder / "slapd.conf"

    @property
    def ldap_url(self) -> str:
        return f"ldap://{HOST}:{self.place.port('ldap')}"

    @property
    def ldaps_url(self) -> str:
        return f"ldaps://{HOST}:{self.place.port('ldaps')}"

    @property
    def service_password_file(self) -> Path:
        return self.place.secret_file("ldap_service")

    @property
    def support_password(self) -> str:
        return self.place.secret("support")

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        # Written each time: the checkout or the server's programs may have moved.
        before = _indexes(self.config.read_text("utf-8")) if self.config.exists() else []
        config = self._filled("slapd.conf")
        self.config.write_text(config, encoding="utf-8")
        if not (self.folder / "db").exists():
            self._plant()
        elif before != _indexes(config):
            # Without reindexing, a search by a newly indexed attribute misses older entries.
            self._tool("slapindex", "-f", str(self.config))
        staffed = self.folder / "staffed"
        if not staffed.exists():
            self._add("\n".join(self._staff()))
            staffed.touch()

    def _filled(self, name: str, **more: str) -> str:
        words = {
            "base": BASE_DN,
            "people": PEOPLE_DN,
            "service": SERVICE_DN,
            "access": ACCESS.read_text("utf-8"),
            "support_user": SUPPORT_USER,
            "schemas": str(self._software.schemas),
            "own_schemas": str(HERE / "schema"),
            "modules": str(self._software.modules),
            "data": str(self.folder),
            "tls": str(self.place.tls),
        }
        text = (HERE / name).read_text("utf-8")
        return Template(text).substitute(words | more)

    def _plant(self) -> None:
        """Fill a new database with the tree; an existing database is complete."""
        database = self.folder / "db"
        database.mkdir(mode=0o700)
        try:
            self._add(
                self._filled(
                    "slapd.ldif",
                    service_hash=self._hash(self.service_password_file),
                    support_hash=self._hash(self.place.secret_file("support")),
                )
            )
        except BaseException:
            shutil.rmtree(database)
            raise

    def _staff(self) -> Iterator[str]:
        """Add a person and a group for each role, also to an older tree."""
        for role in ROLES:
            yield f"dn: uid={role},{STAFF_DN}\nobjectClass: inetOrgPerson\nuid: {role}"
            hashed = self._hash(self.place.secret_file(role))
            yield f"cn: {role}\nsn: {role}\nuserPassword: {hashed}\n"
        yield f"dn: {GROUPS_DN}\nobjectClass: organizationalUnit\nou: groups\n"
        for role, members in MEMBERS.items():
            yield f"dn: cn={role},{GROUPS_DN}\nobjectClass: groupOfNames\ncn: {role}"
            yield "".join(f"member: uid={member},{STAFF_DN}\n" for member in members)

    def _add(self, entries: str) -> None:
        ldif = self.folder / "tree.ldif"
        ldif.touch(mode=0o600)
        ldif.write_text(entries, encoding="utf-8")
        self._tool("slapadd", "-f", str(self.config), "-l", str(ldif))
        ldif.unlink()

    def _hash(self, password_file: Path) -> str:
        modules = f"module-path={self._software.modules}"
        options = ("-o", modules, "-o", "module-load=argon2", "-h", "{ARGON2}", "-n")
        return self._tool("slappasswd", *options, "-T", str(password_file))

    def _tool(self, name: str, *options: str) -> str:
        return run((self._software.tool(name), *options), what=name, env=self.environment())

    def environment(self) -> Mapping[str, str]:
        return self._software.environment

    def command(self) -> Sequence[str]:
        urls = f"{self.ldap_url} {self.ldaps_url}"
        # -d keeps it in the foreground and sends the log to the part's own file.
        slapd = self._software.tool("slapd")
        return (slapd, "-f", str(self.config), "-h", urls, "-d", self.log_level)

    @property
    def ports(self) -> Sequence[str]:
        return ("ldap", "ldaps")


def _indexes(config: str) -> list[str]:
    return [line for line in config.splitlines() if line.startswith("index ")]
