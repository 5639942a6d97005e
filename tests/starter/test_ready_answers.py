"""An institution's own ready answers: read from a folder, with mistakes told when it is read."""

from pathlib import Path

import pytest

from domain.contracts.vocabulary import Language
from settings import Settings
from starter.output import Failed
from starter.ready_answers import LONGEST_ANSWER, own
from tests.stack import TestStack


@pytest.fixture
def settings(stack: TestStack) -> Settings:
    return stack.settings


def with_folder(settings: Settings, folder: Path | None) -> Settings:
    institution = settings.institution.model_copy(update={"replies_folder": folder})
    return settings.model_copy(update={"institution": institution})


def test_there_are_none_without_a_folder(settings: Settings) -> None:
    assert own(with_folder(settings, None)) == {}


def test_both_languages_are_read_with_the_settings_filled_in(
    settings: Settings, tmp_path: Path
) -> None:
    told = "Δίκτυο\n\n{{ institution }}\n{{ support_email }}\n"
    # As editors of Windows save it.
    (tmp_path / "wi-fi.el.txt").write_text(told, "utf-8-sig", newline="\r\n")
    (tmp_path / "wi-fi.en.txt").write_text("Network\n{{ portal_url }} {{ password_reset_url }}")
    (tmp_path / ".swp").touch()
    (reply,) = own(with_folder(settings, tmp_path)).values()
    place = settings.institution
    assert reply[Language.EL] == ("Δίκτυο", f"{place.name_el}\n{place.support_email}")
    text = f"{settings.portal.public_url} {place.password_reset_url}"
    assert reply[Language.EN] == ("Network", text)


def test_a_pair_of_empty_files_is_a_name_without_an_answer(
    settings: Settings, tmp_path: Path
) -> None:
    for language in Language:
        (tmp_path / f"username.{language}.txt").write_text("\n")
    assert own(with_folder(settings, tmp_path)) == {"username": {}}


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [
        ("a.en.txt", "A\n{{ name }}", "'name' is undefined"),
        ("a.en.txt", "A\n{{ portal_url", "a.en.txt: "),
        ("a.en.txt", "A", "no text follows"),
        ("a.en.txt", "A\n" + "x" * (LONGEST_ANSWER + 1), "longer than 2,000 characters"),
        ("a.en.txt", "", "empty in one language"),
        ("b.en.txt", "B\nb", "b.el.txt"),
        ("a.fr.txt", "A\na", "NAME.el.txt or NAME.en.txt"),
        ("a.md", "A\na", "NAME.el.txt or NAME.en.txt"),
        ("a b.en.txt", "A\na", "NAME.el.txt or NAME.en.txt"),
    ],
)
def test_a_mistake_is_named_with_its_file(
    settings: Settings, tmp_path: Path, name: str, words: str, told: str
) -> None:
    for language in Language:
        (tmp_path / f"a.{language}.txt").write_text("A\na")
    (tmp_path / name).write_text(words)
    with pytest.raises(Failed, match=told) as failed:
        own(with_folder(settings, tmp_path))
    assert str(tmp_path) in str(failed.value)
