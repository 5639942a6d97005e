"""The privacy notice and docs/privacy.md name each kind of data with the time of the settings."""

import re

import pytest

from domain.contracts.vocabulary import Language
from settings import Settings
from settings.rules import Retention
from settings.section import TREE
from starter.portal.texts import Texts
from tests.stack import TestStack


def notice(settings: Settings, language: Language) -> str:
    text = Texts(settings).find("privacy")
    assert text
    return str(text.pages[language])


@pytest.mark.few(6)
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", Retention.model_fields)
def test_the_notice_tells_each_time(stack: TestStack, language: Language, name: str) -> None:
    settings = stack.settings
    assert "4.321" not in notice(settings, language).replace(",", ".")
    kept = settings.retention.model_copy(update={name: 4_321})
    changed = settings.model_copy(update={"retention": kept})
    assert "4.321" in notice(changed, language).replace(",", ".")


@pytest.mark.parametrize(
    ("language", "said"),
    [(Language.EL, "μία πρόσκληση και μία υπενθύμιση"), (Language.EN, "one invitation and one")],
)
def test_the_notice_tells_of_invitations_and_whom_to_ask(
    stack: TestStack, language: Language, said: str
) -> None:
    limits = stack.settings.campaigns.model_copy(update={"apart_days": 4_321})
    changed = stack.settings.model_copy(update={"campaigns": limits})
    lines = notice(changed, language).replace(",", ".").splitlines()
    (line,) = [line for line in lines if said in line]
    assert "4.321" in line
    assert stack.settings.institution.support_email in line


def test_the_document_tells_each_default_and_no_other() -> None:
    page = (TREE / "docs" / "privacy.md").read_text("utf-8")
    named = dict(re.findall(r"`retention\.(\w+)` \((\d+)\)", page))
    assert named == {name: str(value) for name, value in Retention()}
    assert set(re.findall(r"`retention\.(\w+)`", page)) == set(named)
