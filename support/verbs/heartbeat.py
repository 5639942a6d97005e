"""Tells an outside monitor that alerts are looked after; it alarms when it hears nothing.

That is the case when the process or the machine is dead, when the look hangs or fails, and when no
channel takes alerts any more.
"""

import asyncio
import time
from datetime import timedelta

import httpx
import structlog

from adapters.web_address import trusted
from settings.rules import Alerts

_EVERY = timedelta(minutes=1)
_PATIENCE = timedelta(seconds=5)

log = structlog.get_logger(__name__)


class Heartbeat:
    """POSTs to `alerts.heartbeat_url`, at most once a minute; without an address to nowhere."""

    def __init__(self, alerts: Alerts) -> None:
        self._url = alerts.heartbeat_url
        self._next = 0.0

    async def beat(self) -> None:
        """Beat if that is due; a monitor that does not answer is logged, without its address."""
        now = time.monotonic()
        if not self._url or now < self._next:
            return
        self._next = now + _EVERY.total_seconds()
        try:
            async with (
                asyncio.timeout(_PATIENCE.total_seconds()),
                httpx.AsyncClient(verify=trusted()) as http,
            ):
                (await http.post(self._url)).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            log.warning("heartbeat not taken", failure=type(error).__name__)
