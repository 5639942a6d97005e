"""The dependencies that all requests of one portal process share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from domain.contracts.vocabulary import Language
from postgres import Pool
from security.keys import KeyRing
from settings import Settings
from starter.page_state import Engine
from starter.portal.admission import Admission
from starter.portal.attack_mode import AttackMode
from starter.portal.help_service import HelpService
from starter.portal.password_service import PasswordService
from starter.portal.pause import Pauses
from starter.portal.receipts import ReceiptService
from starter.portal.sessions import Sessions
from starter.portal.start_service import StartService
from starter.portal.stop_service import StopService
from starter.portal.texts import Texts
from starter.portal.tickets import Tickets
from starter.wording import Wording
from web.context import Site

Health = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class PortalContext:
    site: Site
    settings: Settings
    pool: Pool
    engine: Engine
    sessions: Sessions
    wordings: Mapping[Language, Wording]
    pauses: Pauses
    texts: Texts
    admission: Admission
    attack_mode: AttackMode
    tickets: Tickets
    starts: StartService
    stops: StopService
    help_requests: HelpService
    passwords: PasswordService
    receipts: ReceiptService
    health: Health

    @property
    def keys(self) -> KeyRing:
        return self.site.keys
