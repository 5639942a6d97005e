"""Reads Temporal's own environment configuration, and refuses what would fail or be ignored later.

That is `TEMPORAL_*` and the TOML file that `temporal_config_file`, `TEMPORAL_CONFIG_FILE` or
Temporal's default names. Texts of errors quote no value of it.
"""

import asyncio
import hmac
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from temporalio.client import Client
from temporalio.envconfig import ClientConfigProfile, ClientConnectConfig
from temporalio.service import TLSConfig

from domain import addresses
from settings import Settings, UnreadableSettings

log = structlog.get_logger(__name__)

KEY_EVERY = 60.0
_ADDRESS = re.compile(r"(?:[^\s/:\[\]@]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}")
_UNKNOWN_FIELD = re.compile(r"unknown field `\w+`")
_PLACE = re.compile(r"line \d+, column \d+")


def profile(settings: Settings) -> ClientConfigProfile:
    """Return the profile as it stands now in file and variables; raises `UnreadableSettings`."""
    named = settings.temporal_config_file or os.environ.get("TEMPORAL_CONFIG_FILE")
    file = Path(named) if named else None
    if file and not file.is_file():
        raise UnreadableSettings(f"the configuration file of Temporal, {file}, is missing")
    try:
        return ClientConfigProfile.load(config_source=file, config_file_strict=True)
    except OSError as error:
        raise UnreadableSettings(f"{file}: {error.strerror}") from None
    except Exception as error:  # noqa: BLE001 - the SDK's own class cannot be imported
        cause = _described(str(error))
        raise UnreadableSettings(f"the configuration of Temporal: {cause}") from None


def server(settings: Settings) -> ClientConnectConfig:
    """Return what to connect with, files read; raises `UnreadableSettings`."""
    found = profile(settings)
    if not found.address:
        raise UnreadableSettings(
            "TEMPORAL_ADDRESS is not set, nor an address in the configuration file of Temporal"
        )
    if not _ADDRESS.fullmatch(found.address):
        raise UnreadableSettings("TEMPORAL_ADDRESS must be a host and a port, as in host:7233")
    try:
        config = found.to_client_connect_config()
    except OSError as error:
        raise UnreadableSettings(f"{error.filename}: {error.strerror}") from None
    if not config.get("namespace"):
        config["namespace"] = settings.temporal_namespace
    tls, key = config.get("tls"), (config.pop("api_key", None) or "").strip()
    if isinstance(tls, TLSConfig) and (tls.client_cert is None) != (tls.client_private_key is None):
        raise UnreadableSettings(
            "TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH are set together"
        )
    if key:
        if not (tls or addresses.is_loopback(f"//{found.address}")):
            raise UnreadableSettings("TEMPORAL_API_KEY is sent over TLS only: unset TEMPORAL_TLS")
        if not key.isascii() or not key.isprintable():
            raise UnreadableSettings("TEMPORAL_API_KEY has characters that no key has")
        config["api_key"] = key
    return config


@asynccontextmanager
async def keeping_key(settings: Settings, client: Client) -> AsyncIterator[None]:
    """Give the client an API key that is renewed in Temporal's own file, within a minute.

    Certificates are read once: a client takes none while it runs.
    """
    following = asyncio.create_task(_follow_key(settings, client))
    try:
        yield
    finally:
        following.cancel()


async def _follow_key(settings: Settings, client: Client) -> None:
    while client.api_key:
        await asyncio.sleep(KEY_EVERY)
        try:
            key = server(settings).get("api_key")
        except UnreadableSettings as error:
            log.warning("the API key of Temporal cannot be read again", cause=str(error))
            continue
        if key and not hmac.compare_digest(key, client.api_key):
            client.api_key = key
            log.info("the API key of Temporal was renewed")


def _described(text: str) -> str:
    """Return what the SDK says of its configuration, without the line that it quotes."""
    if "TOML parse error" not in text:
        return text.removeprefix("Invalid configuration: ").removeprefix(
            "Configuration loading error: "
        )
    found = (_PLACE.search(text), _UNKNOWN_FIELD.search(text))
    return ", ".join(["no TOML as it should be", *(each[0] for each in found if each)])
