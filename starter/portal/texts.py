"""The longer pages: terms, privacy notice, accessibility statement, password advice, help.

Each text is a folder of Markdown files, one per version and language: `terms/2026-09.el.md`, whose
first line is the date of publication. A new version is a new pair of files. Old versions stay
readable, because a consent names the terms by version and by a digest of their text. Versions in
the institution's own folder take precedence over ours. All files are read when the portal starts,
so that mistakes in them are found then.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from babel.dates import format_date
from babel.units import format_unit
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from domain import passwords, personal
from domain.contracts.submissions import Policy
from domain.contracts.vocabulary import Language
from settings import Settings
from settings.section import TREE
from starter.output import Failed
from web.markdown import html

OURS = TREE / "templates" / "pages" / "texts"
_TERMS = "terms"
_DIGITS = 12


@dataclass(frozen=True)
class Text:
    """One version; `mark`, version and digest, is what a consent records."""

    version: str
    published: date
    mark: str
    pages: Mapping[Language, Markup]


class Texts:
    """Every version of every text, rendered with the settings; raises `Failed` on a mistake."""

    def __init__(self, settings: Settings) -> None:
        own = settings.institution.texts_folder
        folders = [own, OURS] if own else [OURS]
        names = {folder.name for folder in OURS.iterdir()}
        # Kubernetes has names with a dot beside the files that it mounts.
        shown = {each.name for each in folders[0].iterdir() if not each.name.startswith(".")}
        unknown = shown - names
        if unknown:
            raise Failed(f"{own}: no text is called {min(unknown)}")
        self._in_force: dict[str, dict[str, Text]] = {}
        self._all: dict[str, dict[str, Text]] = {}
        for name in names:
            found = [dict(_read(each / name, settings)) for each in folders]
            self._in_force[name] = next(filter(None, found))
            self._all[name] = found[-1] | found[0]
        self._current = {name: max(texts) for name, texts in self._in_force.items()}
        self._current[_TERMS] = settings.policy.terms_version
        if self.find(_TERMS) is None:
            raise Failed(f"policy.terms_version: there are no terms {self._current[_TERMS]}")

    def find(self, name: str, version: str | None = None) -> Text | None:
        """Return a version by its name or its mark; without one, the current version."""
        wanted = (version or self._current[name]).partition(".")[0]
        return self._all[name].get(wanted)

    def earlier(self, name: str, text: Text) -> list[Text]:
        """Return the versions that were in force before this one, newest first."""
        texts = self._in_force[name].values()
        before = [each for each in texts if each.published < text.published]
        return sorted(before, key=lambda each: each.published, reverse=True)

    def named_in(self, policy: Policy) -> Policy:
        """Return the policy with the mark as terms version, so that consents record the text."""
        terms = self.find(_TERMS)
        assert terms is not None  # noqa: S101 - checked when the portal starts
        return policy.model_copy(update={"terms_version": terms.mark})


def _read(folder: Path, settings: Settings) -> Iterator[tuple[str, Text]]:
    for version in {file.name.partition(".")[0] for file in folder.glob("*.md")}:
        words, days = {}, set()
        for language in Language:
            day, words[language] = _filled(folder / f"{version}.{language}.md", settings, language)
            days.add(day)
        if len(days) > 1:
            raise Failed(f"{folder / version}: the languages are of different days")
        digest = hashlib.sha256("\0".join(words.values()).encode()).hexdigest()
        pages = {language: html(text) for language, text in words.items()}
        yield version, Text(version, days.pop(), f"{version}.{digest[:_DIGITS]}", pages)


def _filled(file: Path, settings: Settings, language: Language) -> tuple[date, str]:
    """Return the date and the rendered Markdown of a file; raises `Failed`."""
    try:
        first, _, words = file.read_text("utf-8-sig").partition("\n")
        day = date.fromisoformat(first)
        values = _values(settings, language) | {"published": format_day(day, language)}
        environment = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True)
        return day, environment.from_string(words).render(values)
    except (OSError, TemplateError, ValueError) as error:
        raise Failed(f"{file}: {error}") from None


def format_day(day: date, language: Language) -> str:
    return format_date(day, "d MMMM y", locale=language)


def _values(settings: Settings, language: Language) -> dict[str, object]:
    """Return the placeholders that a text may use."""
    institution = settings.institution
    greek = language is Language.EL
    lasting = partial(format_unit, locale=language)
    return {
        "institution": institution.name(language),
        "postal_address": (
            institution.postal_address_el if greek else institution.postal_address_en
        ),
        "support_email": institution.support_email,
        "service_desk_url": institution.service_desk_url,
        "dpo_email": institution.dpo_email,
        "security_contact": institution.security_contact,
        "security_link": institution.security_uri,
        "sms_provider": institution.sms_provider,
        "domain": institution.domain,
        "portal_url": settings.portal.public_url.rstrip("/"),
        "password_reset_url": institution.password_reset_url,
        "password_length": passwords.MIN_LENGTH,
        "password_word": personal.SHORTEST_WORD,
        "password_digits": personal.DIGITS_IN_A_ROW,
        "lag": lasting(institution.registrar_sync_lag_hours, "hour"),
        "pin_life": lasting(settings.policy.pin_ttl / timedelta(minutes=1), "minute"),
        "deadline": lasting(settings.policy.deadline / timedelta(hours=1), "hour"),
        "password_life": lasting(settings.sealed_password_hours, "hour"),
        "invitations_apart": lasting(settings.campaigns.apart_days, "day"),
        "history_life": lasting(settings.retention.histories_days, "day"),
        "kept": {
            name: lasting(length, name.rpartition("_")[2].removesuffix("s"))
            for name, length in settings.retention
        },
    }
