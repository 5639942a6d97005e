"""What a university has already, for a machine that is installed by the documentation.

`python -m tests.install.around servers FOLDER` runs an SMS gateway and a mail relay with TLS, and
their inbox; `records DSN` fills the registrar's table; `student FOLDER` plays the first student.
Each is run in the network of the machine, and knows nothing of its inside.
"""

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg
import uvicorn

from demo import walkthrough
from demo.part import python
from demo.place import HOST
from demo.registrar import SQL
from demo.samples import all_rows
from demo.sms import create
from demo.students import COLUMNS
from tests.progress import say

DOMAIN = "campus.internal"
BASE = "dc=campus,dc=internal"
PEOPLE = f"ou=people,{BASE}"
HOSTS = tuple(
    f"{name}.{DOMAIN}" for name in ("db", "sis", "ldap", "sms", "relay", "activation", "desk")
)
SMS_PORT, INBOX_PORT = 8600, 8601
TOKEN, PASSWORD = "sms-token", "directory-password"


def servers(folder: Path) -> None:
    """Run gateway, relay and inbox until this process ends."""
    inbox, tls = folder / "inbox", folder / "tls"
    inbox.mkdir()
    others = (
        python("demo.smtp_server", "25", str(inbox), str(tls)),
        python("demo.inbox", str(INBOX_PORT), str(inbox)),
    )
    running = [subprocess.Popen(words) for words in others]  # noqa: S603 - our own words
    uvicorn.run(
        create(inbox, (folder / TOKEN).read_text()),
        host=HOST,
        port=SMS_PORT,
        access_log=False,
        ssl_certfile=str(tls / "server.pem"),
        ssl_keyfile=str(tls / "server.key"),
    )
    for each in running:
        each.terminate()


async def records(dsn: str) -> None:
    """Make the table behind the view, without the indexes that the documentation shows."""
    server = await asyncpg.connect(dsn)
    try:
        await server.execute(SQL.read_text("utf-8").split("CREATE INDEX", 1)[0])
        rows = [tuple(row[column] for column in COLUMNS) for row in all_rows()]
        await server.copy_records_to_table("v_vd_sis", records=rows, columns=COLUMNS)
    finally:
        await server.close()


def student(folder: Path) -> None:
    """Play a student through the proxy, up to a bind with the new password."""
    (folder / "activation.toml").write_text(f"""
[directory]
urls = ["ldaps://ldap.{DOMAIN}"]
ca_file = "{folder}/tls/ca.pem"
bind_dn = "cn=activation,ou=services,{BASE}"
bind_password_file = "{folder}/{PASSWORD}"
people_dn = "{PEOPLE}"
""")
    env = {
        "PORTAL_URL": f"https://activation.{DOMAIN}",
        "INBOX_URL": f"http://{HOST}:{INBOX_PORT}",
        "LDAP_URL": f"ldaps://ldap.{DOMAIN}",
        "LDAPS_URL": f"ldaps://ldap.{DOMAIN}",
        "LDAP_CA_FILE": f"{folder}/tls/ca.pem",
        "LDAP_PEOPLE_DN": PEOPLE,
    }
    walkthrough.play(folder, "el", say, env=env)


if __name__ == "__main__":
    what, given = sys.argv[1:]
    if what == "servers":
        servers(Path(given))
    elif what == "records":
        asyncio.run(records(given))
    else:
        student(Path(given))
