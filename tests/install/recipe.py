"""PostgreSQL and slapd of Debian, set up by the blocks that docs/deployment.md shows."""

import re
import shutil
from pathlib import Path

import asyncpg

from demo import registrar
from demo.part import aside
from demo.postgres import Postgres
from demo.slapd import ACCESS, BASE_DN, HERE, SERVICE_DN, Directory
from security.purposes import User

PAGE = Path(__file__).parents[2] / "docs" / "deployment.md"
SCHEMAS = Path("/etc/ldap/schema")
OWNER = "activation"
READER = "activation_reader"
_BEFORE = """
include "$schemas/core.schema"
include "$schemas/cosine.schema"
include "$schemas/inetorgperson.schema"
modulepath "$modules"
moduleload back_mdb
moduleload argon2
password-hash {ARGON2}
loglevel none
TLSCertificateFile "$tls/server.pem"
TLSCertificateKeyFile "$tls/server.key"
database mdb
suffix "$base"
rootdn "cn=admin,$base"
directory "$data/db"
maxsize 1073741824
"""
_AFTER = """
access to attrs=userPassword by self =w by anonymous auth by * none
access to * by users read by * search
database monitor
access to dn.subtree="cn=Time,cn=Monitor" by dn.exact="$service" read by * none
"""


def blocks(heading: str, language: str, page: Path = PAGE) -> list[str]:
    """Return the blocks of this section in the documentation."""
    (section,) = re.findall(
        rf"^##+ {heading}$(.+?)(?=^## |\Z)", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return re.findall(rf"^```{language}\n(.+?)^```", section, re.MULTILINE | re.DOTALL)


class DocumentedPostgres(Postgres):
    """A server with the ledger's roles as the documentation makes them, and the demo's records."""

    async def _finish(self) -> None:
        server = await asyncpg.connect(self.dsn("postgres", "postgres"))
        try:
            for block in blocks("The ledger", "sql"):
                shown = block.replace("'...'", f"'{self.place.secret(f'postgres_{OWNER}')}'")
                for statement in filter(str.strip, shown.split(";")):
                    await server.execute(statement)
            for process in User:
                role = f"activation_{process}"
                await server.execute(
                    f"ALTER ROLE {role} LOGIN PASSWORD '{self.place.secret(f'postgres_{role}')}'"
                )
            for role in ("registrar_owner", READER):
                secret = self.place.secret(f"postgres_{role}")
                await server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{secret}'")
            await server.execute("CREATE DATABASE registrar OWNER registrar_owner")
        finally:
            await server.close()
        await registrar.fill(self.registrar_dsn, reader=READER)

    def without_password(self, role: str, database: str) -> str:
        secret = self.place.secret(f"postgres_{role}")
        return self.dsn(role, database).replace(f":{secret}@", "@")

    def line(self, role: str, database: str) -> str:
        """Return the line of a password file."""
        at = f"127.0.0.1:{self.place.port('postgres')}:{database}"
        return f"{at}:{role}:{self.place.secret(f'postgres_{role}')}\n"

    def consents(self) -> int:
        return aside(self._consents())

    async def _consents(self) -> int:
        ledger = await asyncpg.connect(self.dsn(OWNER, "ledger"))
        try:
            return int(await ledger.fetchval("SELECT count(*) FROM consent"))
        finally:
            await ledger.close()


class DocumentedDirectory(Directory):
    """A directory with the documentation's lines, besides what every server of this kind has."""

    def prepare(self) -> None:
        SCHEMAS.mkdir(parents=True, exist_ok=True)
        for file in (HERE / "schema").glob("*.schema"):
            shutil.copy(file, SCHEMAS)
        shutil.copy(ACCESS, SCHEMAS.parent)
        super().prepare()

    def _filled(self, name: str, **more: str) -> str:
        if name != "slapd.conf":
            return super()._filled(name, **more)
        (shown,) = (each for each in blocks("The directory", "slapd") if "overlay ppolicy" in each)
        words = {
            "$schemas": str(self._software.schemas),
            "$modules": str(self._software.modules),
            "$tls": str(self.place.tls),
            "$data": str(self.folder),
            "$base": BASE_DN,
            "$service": SERVICE_DN,
        }
        around = (_BEFORE, shown, _AFTER)
        text = "\n".join(around)
        for word, value in words.items():
            text = text.replace(word, value)
        return text
