"""Start-up of processes that serve pages: compares the keys, then runs uvicorn."""

import postgres
from ledger import key_checks
from security.keys import KeyRing
from security.purposes import User
from settings import Settings
from settings.pages import Console, Portal


async def compare_keys(config: Settings, *users: User) -> None:
    """Check the keys of these processes against the ledger.

    Raises `KeyUnavailable` if keys are missing or differ from those of other processes, and
    `SharedSessions` if a connection pooler shares the ledger's sessions.
    """
    ring = KeyRing(config.keys_dir)
    ring.require(*users)
    async with await postgres.connect(config.ledger_dsn.get_secret_value()) as ledger:
        await key_checks.compare(ledger, ring.checks())
        await postgres.refuse_shared_sessions(ledger, "ledger_dsn")


def serve(app: str, listen: Portal | Console, log_level: str, processes: int = 1) -> None:
    """Serve an application, named as `module:factory`, until the process is stopped."""
    from web import serving  # noqa: PLC0415 - uvicorn would double the start-up of other commands

    serving.run(
        app,
        host=listen.host,
        port=listen.port,
        trusted_proxies=listen.trusted_proxies,
        log_level=log_level,
        processes=processes,
    )
