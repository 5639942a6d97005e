"""Start-up of processes that serve pages: compares the keys, then runs uvicorn."""

import postgres
from ledger import key_checks
from security import redaction
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


def serve(app: str, listen: Portal | Console, log_level: str) -> None:
    """Serve an application, named as `module:factory`, until the process is stopped."""
    import uvicorn  # noqa: PLC0415 - importing it would double the start-up of other commands

    from web import serving  # noqa: PLC0415 - as above

    redaction.configure(log_level)
    uvicorn.run(
        app,
        factory=True,
        host=listen.host,
        port=listen.port,
        forwarded_allow_ips=listen.trusted_proxies,
        log_config=None,
        server_header=False,
        access_log=False,
        http=serving.PromptProtocol,
        timeout_graceful_shutdown=serving.STOP_WITHIN,
    )
