"""Registers SMS: its gateways, its texts, and what operators' commands ask of it."""

from collections.abc import Callable, Iterator

from adapters.findings import Findings
from adapters.messaging.message_templates import Words
from adapters.messaging.port import Preview, TextWiring, register
from adapters.messaging.sms import SmsGateways
from adapters.messaging.sms_check import check
from domain import gsm
from domain.contracts.channels import Channel
from settings import Settings


class SmsWiring(TextWiring):
    sections = frozenset({"sms", "sms_fallback"})

    def writer(self, settings: Settings) -> Callable[..., str]:
        return Words(settings).sms

    def open(
        self, settings: Settings, alarm: Callable[[str], None] = lambda _: None
    ) -> SmsGateways:
        receipts = f"{settings.portal.public_url.rstrip('/')}/hooks/sms"
        return SmsGateways(settings.sms, settings.sms_fallback, alarm, receipts)

    def preview(self, content: str) -> Preview:
        parts = gsm.parts(content)
        size = f"{gsm.places(content)} places, {parts} part{'s' * (parts > 1)}"
        return Preview(f": {size}", content, {"sms.txt": content})

    def checks(self, settings: Settings) -> Iterator[tuple[str, Findings]]:
        yield "sms", check("sms", settings.sms)
        if settings.sms_fallback:
            yield "sms_fallback", check("sms_fallback", settings.sms_fallback)

    def per_second(self, settings: Settings) -> float:
        return settings.sms.per_second

    def deduplicates(self, settings: Settings) -> bool:
        return settings.sms.deduplicates


register(SmsWiring(Channel.SMS))
