"""Registers e-mail: its relay, its letters, and what operators' commands ask of it."""

from collections.abc import Callable, Iterator

from adapters.findings import Findings
from adapters.messaging.mail import Letter, MailRelay
from adapters.messaging.mail_check import check
from adapters.messaging.message_templates import Words
from adapters.messaging.port import ChannelWiring, Preview, register
from domain.contracts.channels import Channel
from settings import Settings


class MailWiring(ChannelWiring[Letter]):
    sections = frozenset({"mail"})

    def writer(self, settings: Settings) -> Callable[..., Letter]:
        return Words(settings).letter

    def open(self, settings: Settings, alarm: Callable[[str], None] = lambda _: None) -> MailRelay:
        del alarm
        return MailRelay(settings.mail, settings.institution)

    def plain(self, settings: Settings, text: str) -> Letter:
        return Letter("Test", f"{text}\n", None, settings.institution.default_language)

    def preview(self, content: Letter) -> Preview:
        page = {} if content.html is None else {"html": content.html}
        html = ", also as HTML" if page else ""
        about = f"{html}: {content.subject}"
        return Preview(about, content.text, {"txt": content.text, **page}, content.subject)

    def checks(self, settings: Settings) -> Iterator[tuple[str, Findings]]:
        yield "mail", check(settings.mail)


register(MailWiring(Channel.EMAIL))
