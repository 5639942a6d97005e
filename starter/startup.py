"""What a process that serves pages does before it listens, and how it listens."""

import postgres
from ledger import key_checks, pooler
from security import redaction
from security.keys import KeyRing
from security.purposes import User
from settings import Console, Portal, Settings


async def compare_keys(config: Settings, *users: User) -> None:
    """Raise `KeyUnavailable` where the keys are not complete, or not the other processes'.

    Raises `SharedSessions` where a pooler keeps the ledger's sessions from being ours.
    """
    ring = KeyRing(config.keys_dir)
    ring.require(*users)
    async with await postgres.connect(config.ledger_dsn.get_secret_value()) as ledger:
        await key_checks.compare(ledger, ring.checks())
        await pooler.refuse(ledger, "ledger_dsn")


def serve(app: str, place: Portal | Console, log_level: str) -> None:
    """Serve an application, named as `module:factory`, until the process is told to end."""
    import uvicorn  # noqa: PLC0415 - half the start-up time of every other command

    from web import serving  # noqa: PLC0415 - as above

    redaction.configure(log_level)
    uvicorn.run(
        app,
        factory=True,
        host=place.host,
        port=place.port,
        forwarded_allow_ips=place.trusted_proxies,
        log_config=None,
        server_header=False,
        access_log=False,
        http=serving.PromptProtocol,
        timeout_graceful_shutdown=serving.STOP_WITHIN,
    )
