"""`activation ledger roles`: makes the roles of the database, and grants each its rights."""

import asyncio

import settings
from ledger import roles
from starter import databases
from starter.output import Json, show_json, tell
from starter.progress import working


def command(json: Json = False) -> None:
    """Make a role for each process, with no more rights than it needs; run it as the owner."""
    config = settings.load()
    with databases.ledger_errors(), working("Roles are made"):
        made = asyncio.run(roles.make(config.ledger_dsn.get_secret_value(), config.ledger_roles))
    if json:
        show_json([{"role": each.name, "made": each.made, "rights": each.rights} for each in made])
        return
    for role in made:
        tell(f"{role.name}{' (new)' if role.made else ''}")
        for table, privileges in role.rights.items():
            tell(f"  {table}: {privileges}")
