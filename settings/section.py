"""Defines a section of the settings, and the types and checks that several sections share."""

import re
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from domain.rules import Unfit

TREE = Path(__file__).resolve().parents[1]
"""The folder of all packages: a checkout, or where an installation has them."""
DEMO = (TREE if (TREE / "pyproject.toml").is_file() else Path(sys.prefix)) / ".demo"
"""Where this checkout's or environment's own demo lives."""
SMS_PRESETS = TREE / "adapters" / "messaging" / "sms_presets.toml"


def check_regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error:
        raise Unfit("not a regular expression") from None
    return text


MOST = 2**31 - 1
"""What the integers of the ledger can hold."""
Count = Annotated[int, Field(ge=1, le=MOST)]
SessionMinutes = Annotated[int, Field(ge=1, le=24 * 60)]
"""At most a day, after which the sweep deletes sessions (`ledger.retention`)."""
Port = Annotated[int, Field(ge=1, lt=2**16)]
Seconds = Annotated[float, Field(gt=0)]
Mailbox = Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")]
Text = Annotated[str, Field(pattern=r"\S")]
"""What people read in the middle of a sentence, so that it may not be empty."""
PageAddress = Annotated[str, Field(pattern=r"^https?://[^\s<>\"/]+")]
Expression = Annotated[str, AfterValidator(check_regular_expression)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


def _check_dsn(dsn: SecretStr) -> SecretStr:
    """Reject what the driver would reject only at the first connection."""
    try:
        fits = _is_dsn(dsn.get_secret_value())
    except ValueError:
        fits = False
    if not fits:
        raise Unfit("not an address like postgresql://user@host:5432/database")
    return dsn


def _is_dsn(dsn: str) -> bool:
    """Return whether this names a database; raises `ValueError` for a malformed host or port."""
    parts = urlsplit(dsn)
    named = [urlsplit(f"//{host}") for host in parts.netloc.rpartition("@")[2].split(",")]
    ports = [one.port for one in named] + [
        int(port) for ports in parse_qs(parts.query).get("port", []) for port in ports.split(",")
    ]
    for one in named:
        if not (host := unquote(one.hostname or "")).startswith("/"):
            host.encode("idna")
    return (
        parts.scheme in {"postgresql", "postgres"}
        and bool(parts.path.strip("/") or parts.query)
        and all(port is None or 0 < port < 2**16 for port in ports)
    )


RolePrefix = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Dsn = Annotated[SecretStr, AfterValidator(_check_dsn)]
