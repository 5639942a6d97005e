"""Renders the texts of messages from templates, in the student's language, for SMS and e-mail.

`templates/sms/NAME.txt` is one text; `templates/mail/NAME.txt` also sets the subject, and
`templates/mail/NAME.html` is the same in HTML. An undefined variable in a template is an error.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from adapters.messaging.mail import Letter
from domain import addresses, usernames
from domain.contracts.vocabulary import Language
from domain.gsm import to_gsm_greek
from settings import Settings
from settings.section import TREE
from translations import translator
from translations.standing import LANGUAGES, standing

Word: TypeAlias = str | int | None
_TEMPLATES = TREE / "templates"


class Words:
    def __init__(self, settings: Settings, templates: Path = _TEMPLATES) -> None:
        self._settings = settings
        self._environments = {language: _environment(templates, language) for language in Language}

    def sms(self, name: str, language: Language, /, **words: Word) -> str:
        """Render one SMS part of 7-bit characters: Greek in capitals without accents."""
        template = self._environments[language].get_template(f"sms/{name}.txt")
        institution = self._settings.institution.sms_name
        return to_gsm_greek(template.render(self._common(), institution=institution, **words))

    def text(self, folder: str, name: str, language: Language, /, **words: Word) -> str:
        """Render `templates/FOLDER/NAME.txt` without limits of length or characters."""
        template = self._environments[language].get_template(f"{folder}/{name}.txt")
        institution = self._settings.institution.name(language)
        return template.render(self._common(), institution=institution, **words)

    def letter(self, name: str, language: Language, /, **words: Word) -> Letter:
        return self._letter(name, language, words, html=True)

    def plain_letter(self, name: str, language: Language, /, **words: Word) -> Letter:
        """Render a letter without HTML."""
        return self._letter(name, language, words, html=False)

    def _letter(
        self, name: str, language: Language, words: Mapping[str, Word], *, html: bool
    ) -> Letter:
        environment = self._environments[language]
        named = self._settings.institution.name(language)
        context = {**self._common(), "institution": named, "lang": language.value, **words}
        text = environment.get_template(f"mail/{name}.txt")
        subject = str(text.make_module(context).subject)  # type: ignore[attr-defined] # set there
        page = None
        if html:
            page = environment.get_template(f"mail/{name}.html").render(context, subject=subject)
        body = text.render(context).strip() + "\n"
        return Letter(" ".join(subject.split()), body, page, language)

    def _common(self) -> dict[str, str | None]:
        settings = self._settings
        return {
            "host": urlsplit(settings.portal.public_url).hostname or "",
            "portal_address": addresses.typed(settings.portal.public_url),
            "portal_url": settings.portal.public_url,
            "not_me_url": f"{settings.portal.public_url.rstrip('/')}/not-me",
            "support": settings.institution.support_email,
            "domain": settings.institution.domain,
            "password_reset_url": settings.institution.password_reset_url,
            "address": None,
        }


def _environment(templates: Path, language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        autoescape=select_autoescape(("html",), default=False),
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    # The i18n extension puts this on at run time, where no type can know it.
    install = environment.install_gettext_translations  # type: ignore[attr-defined]
    install(translator(language.value), newstyle=True)
    environment.filters["address"] = usernames.address
    environment.filters["standing"] = partial(standing, language=language)
    environment.filters["named"] = LANGUAGES.__getitem__
    return environment
