"""`brand preview` writes every page from the settings alone, and they open from the disk."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import settings
from starter.cli import app
from tests.commandline import run
from tests.stack import TestStack
from web.view import STATIC, Views

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'
LINK = re.compile(r'(?:href|src|action)="([^"]*)"')
PAGES = STATIC.parent / "pages"


@pytest.fixture
def preview(
    stack: TestStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[Path, str, set[str]]:
    """Return the folder that the command writes, what it says, and the templates it renders."""
    logo = tmp_path / "logo.svg"
    logo.write_text(LOGO)
    own = {"name_el": "Ίδρυμα Δοκιμών", "name_en": "Test Institute", "colour": "#004b87"}
    place = stack.settings.institution.model_copy(update={**own, "logo": logo})
    # What is not there cannot be asked.
    nowhere = {"institution": place, "keys_dir": tmp_path / "no-keys"}
    monkeypatch.setattr(
        settings, "load_for_pages", lambda: stack.settings.model_copy(update=nowhere)
    )
    rendered: set[str] = set()
    as_before = Views.page

    def noting(views: Views, template: str, *args: Any, **context: Any) -> str:
        rendered.add(template)
        return as_before(views, template, *args, **context)

    monkeypatch.setattr(Views, "page", noting)
    folder = tmp_path / "preview"
    done = CliRunner().invoke(app, ["brand", "preview", "--folder", str(folder)])
    assert done.exit_code == 0, done.output
    return folder, done.output, rendered


def test_every_page_opens_from_the_disk(preview: tuple[Path, str, set[str]]) -> None:
    folder, said, rendered = preview
    of_one_page = {
        file.stem for file in PAGES.glob("*.html") if "{% extends" in file.read_text("utf-8")
    } - {"layout"}
    assert rendered == of_one_page | {"index"}
    files = list(folder.rglob("*.html"))
    for file in files:
        html = file.read_text("utf-8")
        assert "Ίδρυμα Δοκιμών" in html or "Test Institute" in html
        assert '<img class="app-logo"' in html
        assert 'method="post"' not in html
        for link in LINK.findall(html):
            if not link.startswith(("https://", "mailto:", "#")):
                assert (file.parent / link.partition("#")[0]).is_file(), f"{file.name}: {link}"
    for scheme, other in (("light", "dark"), ("dark", "light")):
        styles = [file.read_text("utf-8") for file in (folder / scheme).rglob("*.css")]
        assert any("#004b87" in style for style in styles)
        assert any(f"color-scheme:{scheme}" in style for style in styles)
        assert not any(f"prefers-color-scheme:{other}" in style for style in styles)
    assert f"open {folder / 'index.html'}" in said
    heaviest = re.search(r": ([\d,]+) bytes", said)
    assert heaviest
    assert int(heaviest[1].replace(",", "")) < 60_000


@pytest.fixture
def laptop(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Give the command with this file of settings, where nothing else is set."""

    def preview(settings_file: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "activation.toml"
        file.write_text(settings_file, "utf-8")
        environ = {"PATH": os.environ["PATH"], "ACTIVATION_CONFIG": str(file)}
        return run("brand", "preview", "--folder", str(tmp_path / "out"), environ=environ)

    return preview


def test_a_designer_needs_the_settings_of_pages_alone(
    laptop: Callable[[str], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "logo.svg").write_text(LOGO)
    done = laptop(
        f"""
        [institution]
        name_el = "Ίδρυμα Δοκιμών"
        logo = "{tmp_path / "logo.svg"}"
        [portal]
        public_url = "https://activate.uni.gr"
        [campaigns]
        apart_days = 45
        # What pages do not show is not read, be it wrong or for another machine.
        [registrar]
        nothing = 1
        """
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out/light/start.el.html").read_text("utf-8")
    assert "Ίδρυμα Δοκιμών" in page
    assert '<img class="app-logo"' in page
    # The notice says how far apart two campaigns are.
    assert "45 ημέρες" in (tmp_path / "out/light/privacy.el.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("[institution]\ncolour = '#ffff00'", "institution.colour: its contrast"),
        ("[institution]\ncolor = '#004b87'", "institution.color: Extra inputs"),
        ("[institution]\nlogo = 'nowhere.svg'", "institution.logo: Path does not point to a file"),
        (
            "[[institution.services]]\nname_el = 'α'\nname_en = 'a'\nurl = 'mail'",
            "institution.services.0.url: Input should be a valid URL",
        ),
        ("[instituton]\ncolour = '#004b87'", "instituton: no such setting"),
        ("institution = 'Test'", "institution: "),
        ("[institution", "the settings file is no TOML"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(
    laptop: Callable[[str], subprocess.CompletedProcess[str]], given: str, says: str
) -> None:
    done = laptop(given)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr
